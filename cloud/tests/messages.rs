//! Another program has the help, the messages and the exit codes of the native one. It is named by
//! `TPA_CLOUD_PROGRAM`; without it both are the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod program;

use std::fs;
use std::process::Command;

use program::tpa_cloud;

/// Command lines on which the program ends without listening.
const LINES: &[&[&str]] = &[
    &["--help"],
    &["-h"],
    &["-hx"],
    &["--version"],
    &["-V"],
    &["--help=1"],
    &["--foo"],
    &["--foo=1"],
    &["x"],
    &["-x"],
    &["-xy", "z"],
    &["-"],
    &["--", "x"],
    &["--", "--help"],
    &["--lis", "x"],
    &["--listen", "nowhere"],
    &["--listen"],
    &["--listen="],
    &["--listen", "--seed", "7"],
    &["--listen", "-h"],
    &["--ping-interval", "soon"],
    &["--ping-interval="],
    &["--ping-interval", "44s", "--stale-after", "2s 500ms"],
    &["--stale-after", "0s"],
    &["--stream-interval", "1us"],
    &["--seed", "-5"],
    &["--seed=-5"],
    &["--seed", ""],
    &["--seed", "99999999999999999999999"],
    &["--seed", "7", "--seed", "8"],
    &["--seed", "7", "--seed", "x"],
    &["--no-pong=maybe"],
    &["--no-pong="],
    &["--no-pong", "true"],
    &["--no-pong", "--no-pong"],
    &["--max-frame", "0"],
    &["--api-key", ""],
    &["--token", "short"],
    &["--serve", "/faults=www"],
    &["--serve", "/a\"b=www"],
    &["--serve", "a;/x="],
    &["--user-session", "a,,b"],
    &["--public-url", "http://a"],
    &["--restart", "stop"],
    &["--old-connection", "keep"],
    &["--shutdown-code", "1006"],
    &["--scenario", "earthquake"],
    &["--scenario", "/"],
    &["--config"],
    &["--config", ""],
    &["--config="],
    &["--config", "no/such/file.toml"],
    &["--config", "/"],
    &["--ping-interval", "a\n\u{1b}b"],
    &["a\n\u{1b}b"],
];

/// Files with an error each, and the option that reads them.
const FILES: [(&str, &str, &str); 3] = [
    ("--config", "value.toml", "ping-interval = \"soon\""),
    ("--config", "kind.toml", "seed = { a = 1 }"),
    ("--config", "unknown.toml", "pingInterval = 1"),
];

/// Variables with an error each.
const VARIABLES: [(&str, &str); 5] = [
    ("TPA_CLOUD_SEED", ""),
    ("TPA_CLOUD_NO_PONG", ""),
    ("TPA_CLOUD_NO_PONG", "yes"),
    ("TPA_CLOUD_PING_INTERVAL", "soon"),
    ("TPA_CLOUD_CONFIG", "no/such/file.toml"),
];

/// Runs both programs with a command line and a variable, and compares what they say.
fn compare(line: &[&str], variable: Option<(&str, &str)>) {
    let mut native = Command::new(env!("CARGO_BIN_EXE_tpa-cloud"));
    native.args(line).env_remove("RUST_LOG");
    let [expected, output] = [native, tpa_cloud(line)].map(|mut command| {
        let output = command.envs(variable).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    });
    assert_eq!(output, expected, "{line:?} {variable:?}");
}

#[test]
fn wrong_command_lines_and_the_help() {
    for line in LINES {
        compare(line, None);
    }
}

#[test]
fn wrong_files() {
    for (option, name, content) in FILES {
        let name = format!("tpa-cloud-same-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, content).unwrap();
        let path = path.to_str().unwrap();
        compare(&[option, path], None);
        compare(&[option, path, "--help"], None);
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn wrong_variables() {
    for variable in VARIABLES {
        compare(&[], Some(variable));
        compare(&["--help"], Some(variable));
    }
}
