//! `cargo xtask demo`: the demo page, served by a tpa-cloud.

use std::process::Stdio;

use crate::arguments::Serve;
use crate::cloud::{self, Cloud};
use crate::{build, process, workspace};

/// Builds the package and the cloud, serves both, and waits for the end of the
/// cloud. A signal stops it, see [`process::stop_on_signals`].
pub fn run(serve: Serve) -> Result<(), String> {
    cloud::require_free(serve.port, "cargo xtask demo")?;
    build::run()?;
    let program = cloud::build()?;
    let folders = [
        format!("/={}", workspace::root().join("www").display()),
        format!("/pkg={}", workspace::package().display()),
    ];
    let cloud = Cloud::serve(&program, serve.port, &folders)?;
    let url = format!("{}/", cloud.url);
    if serve.open {
        open(&url);
    }
    println!("\nDemo: {url}");
    cloud.wait()
}

/// Opens a page in the user's browser. The URL is printed anyway, so a failure
/// is no error.
pub fn open(url: &str) {
    let mut command = if cfg!(windows) {
        let mut command = process::command("cmd");
        command.args(["/C", "start"]);
        command
    } else {
        process::command(if cfg!(target_os = "macos") {
            "open"
        } else {
            "xdg-open"
        })
    };
    let opened = command
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if opened.is_err() {
        println!("  no program was found that opens a browser; open the URL by hand");
    }
}
