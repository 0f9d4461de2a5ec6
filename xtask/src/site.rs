//! `cargo xtask site`: a folder for any static host, with the demo, the guide and the API references.

use std::fs;
use std::path::{Path, PathBuf};

use crate::toolchain::{self, TARGET};
use crate::{build, npm, process, workspace};

/// A crate in the reference of the Rust API.
struct Crate {
    /// Folder of its pages below `rust/`.
    folder: &'static str,
    package: &'static str,
    /// Half of `tpa-session` exists for wasm only.
    for_wasm: bool,
}

const CRATES: [Crate; 2] = [
    Crate {
        folder: "session",
        package: "tpa-session",
        for_wasm: true,
    },
    Crate {
        folder: "cloud",
        package: "tpa-cloud",
        for_wasm: false,
    },
];

/// Relative links in the documentation of other crates that rustdoc copies without resolving them,
/// and their targets.
const UNRESOLVED: [(&str, &str); 3] = [
    (
        "dispatcher#",
        "https://docs.rs/tracing/latest/tracing/dispatcher/index.html#",
    ),
    (
        "prim@char\"",
        "https://doc.rust-lang.org/std/primitive.char.html\"",
    ),
    (
        "%60ascii::Char%60\"",
        "https://doc.rust-lang.org/std/ascii/enum.Char.html\"",
    ),
];

/// Link behind `Back` on the pages for help and settings.
const BACK: &str = r#"href="javascript:void(0)" onclick="history.back();""#;

/// Makes the site and prints its path.
pub fn run() -> Result<(), String> {
    let out = build()?;
    println!("  {}", out.join("index.html").display());
    Ok(())
}

/// Makes the site; returns its folder.
pub fn build() -> Result<PathBuf, String> {
    build::run()?;
    let out = workspace::target().join("site");
    // It empties the folder first.
    typedoc(&out)?;
    for part in &CRATES {
        rustdoc(part, &out.join("rust").join(part.folder))?;
    }
    demo(&out.join("demo"))?;
    Ok(out)
}

/// Generates the guide, the other documents and the reference of the npm packages.
fn typedoc(out: &Path) -> Result<(), String> {
    let mut typedoc = npm::program("typedoc");
    typedoc.arg("--out").arg(out).current_dir(workspace::root());
    process::run("typedoc", &mut typedoc)?;
    Ok(())
}

/// Generates the reference of a crate.
fn rustdoc(part: &Crate, out: &Path) -> Result<(), String> {
    // Not the folder of the lints, whose pages include private items.
    let target = workspace::target().join("site-doc");
    let mut cargo = process::command("cargo");
    let mut pages = target.clone();
    if part.for_wasm {
        toolchain::get()?.apply(&mut cargo);
        pages.push(TARGET);
    }
    cargo.args(["doc", "--locked", "--no-deps", "--lib"]);
    cargo.args(["--package", part.package]);
    if part.for_wasm {
        cargo.args(["--target", TARGET]);
    }
    cargo.arg("--target-dir").arg(&target);
    process::run(&format!("rustdoc {}", part.package), &mut cargo)?;

    copy(&pages.join("doc"), out, &adapted)?;
    let library = part.package.replace('-', "_");
    write(
        &out.join("index.html"),
        &redirect(&format!("{library}/index.html")),
    )
}

/// Adds the demo, and the cloud that runs inside its page.
fn demo(out: &Path) -> Result<(), String> {
    copy(&workspace::root().join("www"), out, &|html, _| {
        html.to_owned()
    })?;
    let declarations = out.join("globals.d.ts");
    fs::remove_file(&declarations)
        .map_err(|e| format!("cannot remove {}: {e}", declarations.display()))?;
    let package = out.join("pkg");
    create(&package)?;
    copy_file(
        &workspace::package().join("index.js"),
        &package.join("index.js"),
    )?;
    let mut node = npm::node();
    node.arg("site/bundle-cloud.mjs")
        .arg(workspace::cloud_package())
        .arg(out.join("pkg-cloud"))
        .current_dir(workspace::root());
    process::run("cloud in the page", &mut node)?;
    write(
        &out.join("cloud/site.js"),
        "export const HAS_CLOUD_IN_PAGE = true;\n",
    )
}

/// Page that forwards to another one.
fn redirect(to: &str) -> String {
    format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Redirect</title>\
         <meta http-equiv=\"refresh\" content=\"0; url={to}\"><a href=\"{to}\">{to}</a>\n"
    )
}

/// A page of rustdoc as a strict Content-Security-Policy allows it: without the script that loads
/// fonts early, and with a link instead of the script behind `Back`. Links to nowhere are mended.
fn adapted(html: &str, folder: &Path) -> String {
    let mut page = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, script)) = rest.split_once("<script") {
        page.push_str(before);
        let (script, after) = script.split_once("</script>").unwrap_or((script, ""));
        // Implementations in other crates have no file if there are none.
        if source(script).is_some_and(|file| folder.join(file).is_file()) {
            page.push_str(&format!("<script{script}</script>"));
        }
        rest = after;
    }
    page.push_str(rest);
    let mut page = page.replace(BACK, r#"href="index.html""#);
    for (link, target) in UNRESOLVED {
        page = page.replace(&format!("href=\"{link}"), &format!("href=\"{target}"));
    }
    page
}

/// File of a script, given what follows `<script`.
fn source(script: &str) -> Option<&str> {
    let (tag, _) = script.split_once('>')?;
    let (_, from) = tag.split_once("src=\"")?;
    Some(from.split_once('"')?.0)
}

/// Copies a folder; pages are changed by `edit`.
fn copy(from: &Path, to: &Path, edit: &dyn Fn(&str, &Path) -> String) -> Result<(), String> {
    create(to)?;
    let entries = fs::read_dir(from).map_err(|e| format!("cannot read {}: {e}", from.display()))?;
    for entry in entries.flatten() {
        let (source, copied) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &copied, edit)?;
        } else if source.extension().is_some_and(|end| end == "html") {
            let html = fs::read_to_string(&source)
                .map_err(|e| format!("cannot read {}: {e}", source.display()))?;
            write(&copied, &edit(&html, from))?;
        } else {
            copy_file(&source, &copied)?;
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to)
        .map(|_| ())
        .map_err(|e| format!("cannot copy {}: {e}", from.display()))
}

fn create(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|e| format!("cannot create {}: {e}", folder.display()))
}

fn write(path: &Path, content: &str) -> Result<(), String> {
    fs::write(path, content).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_in_a_page_and_links_to_nowhere_are_removed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let html = r#"<script>a("<b>")</script><script src="Cargo.toml" async></script><script src="none.js"></script><p><a href="prim@char">"#;
        assert_eq!(
            adapted(html, folder),
            r#"<script src="Cargo.toml" async></script><p><a href="https://doc.rust-lang.org/std/primitive.char.html">"#
        );
    }
}
