//! `cargo xtask example`: one of the examples with a tpa-cloud.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::arguments::Serve;
use crate::cloud::{self, Cloud};
use crate::{build, demo, npm, process, rust_pages, workspace};

/// Builds the example, starts a cloud and the example, and waits for their end.
pub fn run(name: &str, serve: Serve) -> Result<(), String> {
    let names = names();
    if !names.iter().any(|known| known == name) {
        return Err(format!(
            "unknown example `{name}`; the examples are {}",
            names.join(", ")
        ));
    }
    cloud::require_free(serve.port, &format!("cargo xtask example {name}"))?;
    let folder = workspace::root().join("examples").join(name);
    if folder.join("main.rs").exists() {
        return native(name, serve.port);
    }
    let out = rust_pages::out().join(name);
    if rust_pages::pages().iter().any(|page| page == name) {
        rust_pages::build()?;
    } else {
        bundle(name, &out)?;
    }

    let program = cloud::build()?;
    let cloud = Cloud::serve(&program, serve.port, &[format!("/={}", out.display())])?;
    if out.join("index.html").exists() {
        let url = format!("{}/", cloud.url);
        if serve.open {
            demo::open(&url);
        }
        println!("\n{name}: {url}");
        return cloud.wait();
    }
    let mut app = npm::node();
    app.arg(out.join("app.mjs"));
    show(name, &cloud, &mut app)
}

/// Builds an example in JavaScript.
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

/// Runs an example in Rust that has no page.
fn native(name: &str, port: u16) -> Result<(), String> {
    let program = cloud::build()?;
    let mut app = process::command("cargo");
    app.args(["run", "--locked", "--quiet", "--package", "tpa-session"])
        .args(["--example", name]);
    let cloud = Cloud::serve(&program, port, &[])?;
    show(name, &cloud, &mut app)
}

/// Runs an example that has no page until it exits.
fn show(name: &str, cloud: &Cloud, app: &mut Command) -> Result<(), String> {
    println!("\n{name}: on {}", cloud.url);
    let socket = format!("{}/tpa-ws", cloud.url.replace("http", "ws"));
    process::show(name, app.env("CLOUD_URL", socket))
}

/// Names of the examples, sorted.
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
    fn an_unknown_example_is_refused_with_the_list() {
        let serve = Serve {
            port: 0,
            open: false,
        };
        let error = run("captions", serve).unwrap_err();
        assert!(error.contains("captions-page, captions-react"), "{error}");
    }
}
