//! The binary: what it prints and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

fn tpa_cloud(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tpa-cloud"));
    command.args(arguments).env_remove("RUST_LOG");
    command
}

fn run(arguments: &[&str]) -> Output {
    tpa_cloud(arguments).output().unwrap()
}

/// Starts it and waits until it listens. Returns where.
fn start() -> (Child, String) {
    let mut child = tpa_cloud(&["--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let addr = line
        .trim_end()
        .strip_prefix("tpa-cloud listening on http://");
    let addr = addr.unwrap_or_else(|| panic!("{line:?}")).to_owned();
    (child, addr)
}

#[test]
fn it_says_where_it_listens_and_a_busy_port_is_one_clear_error() {
    let (mut child, addr) = start();
    let second = run(&["--listen", &addr]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(second.stdout.is_empty());
    let error = String::from_utf8(second.stderr).unwrap();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains(&addr) && error.contains("in use"), "{error}");
}

#[cfg(unix)]
#[test]
fn sigterm_ends_it_with_success() {
    let (mut child, _) = start();
    // The shell's own `kill`: a small system has no program of that name.
    let kill = format!("kill -TERM {}", child.id());
    let killed = Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(killed.success());
    assert!(child.wait().unwrap().success());
}

#[test]
fn bad_arguments_are_named() {
    for (arguments, named) in [
        (["--listen", "nowhere"], "--listen"),
        (["--ping-interval", "soon"], "--ping-interval"),
        (["--stale-after", "0s"], "--stale-after"),
        (["--api-key", ""], "--api-key"),
        (["--user-session", "a-b"], "--user-session"),
        (["--serve", "/faults=www"], "--serve"),
        (["--scenario", "earthquake"], "stale-nat"),
        (["--seed", "many"], "--seed"),
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(named), "{error}");
    }
}
