//! `cargo xtask example`: one of the examples on a cloud of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cloud::{self, Cloud};
use crate::demo::{self, Options};
use crate::{build, npm, process, rust_pages, workspace};

/// Builds all, starts the cloud and the example, and stays until ctrl-c.
pub fn run(arguments: &[&str]) -> Result<(), String> {
    let names = names();
    let (name, options) = match arguments {
        [name, options @ ..] if names.iter().any(|known| known == name) => (*name, options),
        _ => return Err(format!("name one of the examples: {}", names.join(", "))),
    };
    let options = Options::parse(options)?;
    cloud::require_free(options.port, &format!("cargo xtask example {name}"))?;
    let folder = workspace::root().join("examples").join(name);
    if folder.join("main.rs").exists() {
        return native(name, options.port);
    }
    let out = rust_pages::out().join(name);
    if rust_pages::pages().iter().any(|page| page == name) {
        rust_pages::build()?;
    } else {
        bundle(name, &out)?;
    }

    let program = cloud::build()?;
    let cloud = Cloud::serve(&program, options.port, &[format!("/={}", out.display())])?;
    if out.join("index.html").exists() {
        let url = format!("{}/", cloud.url);
        if options.open {
            demo::open(&url);
        }
        println!("\n{name}: {url}");
        return cloud.wait();
    }
    let mut app = npm::node();
    app.arg(out.join("app.mjs"));
    show(name, &cloud, &mut app)
}

/// One in JavaScript.
fn bundle(name: &str, out: &Path) -> Result<(), String> {
    build::run()?;
    let mut bundle = npm::node();
    bundle.args(["examples/build.mjs", name]).arg(out);
    bundle
        .current_dir(workspace::root())
        .env("TPA_PKG", workspace::package());
    process::run("bundle", &mut bundle)?;
    Ok(())
}

/// One in Rust without a page.
fn native(name: &str, port: u16) -> Result<(), String> {
    let program = cloud::build()?;
    let mut app = process::command("cargo");
    app.args(["run", "--quiet", "--package", "tpa-session"])
        .args(["--example", name]);
    let cloud = Cloud::serve(&program, port, &[])?;
    show(name, &cloud, &mut app)
}

/// Runs one that has no page, until it ends.
fn show(name: &str, cloud: &Cloud, app: &mut Command) -> Result<(), String> {
    println!("\n{name}: on {}", cloud.url);
    let socket = format!("{}/tpa-ws", cloud.url.replace("http", "ws"));
    let status = app.env("CLOUD_URL", socket).status();
    let status = status.map_err(|e| format!("cannot start {name}: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{name} ended: {status}"))
    }
}

/// The folders of the examples, in order.
fn names() -> Vec<String> {
    let entries = fs::read_dir(workspace::root().join("examples"));
    let entries = entries.into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != "node_modules" && name != "rust-pages")
        .collect();
    names.extend(rust_pages::pages());
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_example_is_refused_with_the_list() {
        for wrong in [&[][..], &["captions"], &["--port", "1"]] {
            let error = run(wrong).unwrap_err();
            assert!(error.contains("captions-page, captions-react"), "{error}");
        }
        assert!(run(&["captions-page", "--fast"]).is_err());
    }
}
