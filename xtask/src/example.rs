//! `cargo xtask example`: one of the examples on a cloud of its own.

use std::fs;

use crate::cloud::{self, Cloud};
use crate::demo::{self, Options};
use crate::{build, npm, process, workspace};

/// Builds all, starts the cloud and the example, and stays until ctrl-c.
pub fn run(arguments: &[&str]) -> Result<(), String> {
    let names = names();
    let (name, options) = match arguments {
        [name, options @ ..] if names.iter().any(|known| known == name) => (*name, options),
        _ => return Err(format!("name one of the examples: {}", names.join(", "))),
    };
    let options = Options::parse(options)?;
    cloud::require_free(options.port, &format!("cargo xtask example {name}"))?;
    build::run()?;
    let out = workspace::root().join("target/examples").join(name);
    let mut bundle = npm::node();
    bundle.args(["examples/build.mjs", name]).arg(&out);
    bundle
        .current_dir(workspace::root())
        .env("TPA_PKG", workspace::package());
    process::run("bundle", &mut bundle)?;

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
    println!("\n{name}: on {}", cloud.url);
    let socket = format!("{}/tpa-ws", cloud.url.replace("http", "ws"));
    let mut app = npm::node();
    app.arg(out.join("app.mjs")).env("CLOUD_URL", socket);
    let status = app
        .status()
        .map_err(|e| format!("cannot start Node: {e}"))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{name} ended: {status}")),
    }
}

/// The folders of the examples, in order.
fn names() -> Vec<String> {
    let entries = fs::read_dir(workspace::root().join("examples"));
    let entries = entries.into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir() && entry.file_name() != "node_modules")
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
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
