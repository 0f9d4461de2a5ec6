//! The program: options, output and exit.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod program;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use program::{Running, get, start, tpa_cloud};

/// Runs the program until it exits. Fails if it starts to listen.
fn run(arguments: &[&str]) -> Output {
    run_command(&mut tpa_cloud(arguments))
}

fn run_command(command: &mut Command) -> Output {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.contains("listening on") {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} listens");
        }
        stdout.extend_from_slice(line.as_bytes());
        stdout.push(b'\n');
    }
    let mut output = child.wait_with_output().unwrap();
    output.stdout = stdout;
    output
}

/// The default limit of open files is often 1024, far below `--max-connections`.
#[cfg(unix)]
#[test]
fn the_limit_of_open_files_is_raised() {
    let limited = format!(
        "ulimit -Sn 40; exec {} --listen 127.0.0.1:0 --handshake-timeout 1h",
        program::program()
    );
    let running = Running::start(Command::new("sh").args(["-c", &limited]));
    let held: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(&running.addr).unwrap())
        .collect();
    assert_eq!(running.get("/healthz"), "ok\n");
    drop(held);
}

#[test]
fn the_address_is_printed_and_a_busy_port_is_an_error() {
    let first = start();
    let addr = &first.addr;
    let second = run(&["--listen", addr]);
    assert_eq!(second.status.code(), Some(1));
    assert!(second.stdout.is_empty());
    let error = String::from_utf8(second.stderr).unwrap();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains(addr) && error.contains("in use"), "{error}");
}

#[cfg(unix)]
#[test]
fn sigterm_ends_the_program_with_success() {
    assert!(start().terminate().success());
}

/// Writes a file with a unique name.
fn file(name: &str, content: &str) -> PathBuf {
    let name = format!("tpa-cloud-{}-{name}", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::write(&path, content).unwrap();
    path
}

/// Returns the user sessions with these options.
fn user_sessions(command: &mut Command) -> Vec<String> {
    let running = Running::start(command);
    let sessions: serde_json::Value = serde_json::from_str(&running.get("/sessions")).unwrap();
    let sessions = sessions.as_array().unwrap().iter();
    sessions
        .map(|session| session["userSessionId"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn flags_precede_environment_file_and_defaults() {
    let path = file("precedence.toml", "user-session = [\"file1\", \"file2\"]\n");
    let path = path.to_str().unwrap();
    let variable = "TPA_CLOUD_USER_SESSION";
    let listen = ["--listen", "127.0.0.1:0"];
    let with_file = [&listen[..], &["--config", path]].concat();
    let with_flag = [&with_file[..], &["--user-session", "flag"]].concat();

    assert!(user_sessions(&mut tpa_cloud(&listen)).is_empty());
    assert_eq!(
        user_sessions(&mut tpa_cloud(&with_file)),
        ["file1", "file2"]
    );
    assert_eq!(
        user_sessions(tpa_cloud(&listen).env("TPA_CLOUD_CONFIG", path)),
        ["file1", "file2"]
    );
    assert_eq!(
        user_sessions(tpa_cloud(&with_file).env(variable, "env1,env2")),
        ["env1", "env2"]
    );
    assert_eq!(
        user_sessions(tpa_cloud(&with_flag).env(variable, "env1")),
        ["flag"]
    );
    fs::remove_file(path).unwrap();
}

#[test]
fn every_option_can_be_set_in_a_file() {
    let www = std::env::temp_dir();
    let content = format!(
        r#"
        listen = "127.0.0.1:0"
        api-key = "any"
        token = "only-for-a-test"
        serve = ["/www={}"]
        ping-interval = "1s"
        stale-after = "3s"
        allow-origin = ["https://a.example", "https://b.example"]
        restart-app-after = "1s"
        no-pong = true
        strict-sessions = true
        user-session = "file"
        restart = "start"
        start-timeout = "7s"
        old-connection = "deaf"
        public-url = "ws://cloud.example:8002"
        stream-interval = "200us"
        audio-interval = "10ms"
        scenario = "stale-nat"
        seed = 7
        max-frame = 1000
        max-connections = 10
        max-send-buffer = 1000
        handshake-timeout = "1s"
        close-timeout = "100ms"
        shutdown-code = 1001
        "#,
        www.display()
    );
    let help = run(&["--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    let options = help.matches("\n      --").count();
    let written = content.matches(" = ").count();
    // All except --config. Options with a short form, --help and --version, are not
    // counted here.
    assert_eq!(written, options - 1, "{help}");
    let path = file("every.toml", &content);
    let arguments = ["--config", path.to_str().unwrap()];
    let running = Running::start(&mut tpa_cloud(&arguments));
    assert_eq!(running.get("/healthz"), "ok\n");
    assert!(running.get("/sessions").contains("TOKEN"));
    fs::remove_file(path).unwrap();
}

#[test]
fn errors_in_a_file_name_the_file() {
    for (name, content, named) in [
        ("unknown.toml", "pingInterval = \"5s\"", "pingInterval"),
        ("config.toml", "config = \"x\"", "config"),
        ("value.toml", "ping-interval = \"soon\"", "--ping-interval"),
        ("kind.toml", "seed = { a = 1 }", "seed"),
        ("syntax.toml", "seed = ", "seed"),
    ] {
        let path = file(name, content);
        let output = run(&[
            "--listen",
            "127.0.0.1:0",
            "--config",
            path.to_str().unwrap(),
        ]);
        fs::remove_file(&path).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(named) && error.contains(name), "{error}");
    }
    let output = run(&["--config", "no/such/file.toml"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("no/such/file.toml"), "{error}");
}

#[test]
fn a_scenario_can_be_a_file() {
    let json = r#"{"description": "mine", "steps": [{"at": "1h", "fault": "cut"}]}"#;
    let path = file("mine.json", json);
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--scenario",
        path.to_str().unwrap(),
    ];
    let running = Running::start(&mut tpa_cloud(&arguments));
    let list: serde_json::Value = serde_json::from_str(&running.get("/scenarios")).unwrap();
    fs::remove_file(&path).unwrap();
    let mine = list.as_array().unwrap().last().unwrap();
    assert_eq!(mine["description"], "mine");
    assert_eq!(mine["playing"], true);
    assert_eq!(mine["durationMs"], 3_600_000);
}

#[test]
fn a_token_is_generated_and_printed_when_reachable() {
    let mut running = Running::start(&mut tpa_cloud(&["--listen", "0.0.0.0:0"]));
    let mut line = String::new();
    BufReader::new(running.child.stderr.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let token = line.trim_end().rsplit(' ').next().unwrap();
    assert_eq!(token.len(), 32, "{line}");
    let port = running.addr.rsplit(':').next().unwrap();
    let addr = format!("127.0.0.1:{port}");
    assert!(get(&addr, "/sessions").contains("needs"));
    assert_eq!(get(&addr, &format!("/sessions?access_token={token}")), "[]");
}

#[test]
fn the_help_has_examples_and_no_secrets() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "Examples:",
        "ws://ADDRESS/tpa-ws",
        "TPA_CLOUD_PING_INTERVAL",
        "[default: 45s]",
        "--scenario train-tunnel",
        "Limits:",
    ] {
        assert!(help.contains(expected), "{expected}: {help}");
    }
    // Secrets in the environment are not shown.
    let mut command = tpa_cloud(&["--help"]);
    command.env("TPA_CLOUD_API_KEY", "hunter2");
    command.env("TPA_CLOUD_TOKEN", "hunter2-hunter2");
    let output = run_command(&mut command);
    assert!(
        !String::from_utf8(output.stdout)
            .unwrap()
            .contains("hunter2")
    );
}

#[cfg(unix)]
#[test]
fn sigterm_ends_the_program_despite_open_connections() {
    let mut running = start();
    let addr = running.addr.clone();
    // It upgrades and then neither reads nor writes.
    let mut unread = TcpStream::connect(&addr).unwrap();
    let request = format!(
        "GET /tpa-ws HTTP/1.1\r\nHost: {addr}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    unread.write_all(request.as_bytes()).unwrap();
    let mut answer = [0; 12];
    unread.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    let started = Instant::now();
    assert!(running.terminate().success());
    assert!(
        started.elapsed() < Duration::from_secs(8),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn errors_name_the_argument() {
    for (arguments, named) in [
        (["--listen", "nowhere"], "--listen"),
        (["--ping-interval", "soon"], "--ping-interval"),
        (["--stale-after", "0s"], "--stale-after"),
        (["--api-key", ""], "--api-key"),
        (["--user-session", ""], "--user-session"),
        (["--restart", "stop"], "expected stop-start or start"),
        (["--start-timeout", "0s"], "--start-timeout"),
        (
            ["--old-connection", "keep"],
            "expected close, deaf or detach",
        ),
        (["--serve", "/faults=www"], "--serve"),
        (["--scenario", "earthquake"], "stale-nat"),
        (["--seed", "many"], "--seed"),
        (["--max-frame", "0"], "--max-frame"),
        (["--token", "short"], "--token"),
        (["--public-url", "http://a"], "--public-url"),
        (["--allow-origin", "https://a/page"], "--allow-origin"),
        (["--allow-origin", "*"], "without a path"),
        (["--stream-interval", "1us"], "--stream-interval"),
        (["--shutdown-code", "1006"], "--shutdown-code"),
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn errors_escape_control_characters() {
    let forged = "x\nerror: forged \u{1b}[2J\u{9b}2J\r\u{202e}";
    let path = file("escape.toml", "seed = \"\u{9b}2J\u{1b}\"\n");
    for arguments in [
        ["--ping-interval", forged],
        ["--scenario", forged],
        ["--serve", forged],
        ["--config", forged],
        ["--config", path.to_str().unwrap()],
        ["--listen", forged],
        ["x", forged],
    ] {
        let output = run(&arguments);
        assert!(!output.status.success(), "{arguments:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        let is_bare = |line: &&str| line.starts_with("error: forged");
        assert_eq!(error.lines().find(is_bare), None, "{error}");
        let is_harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!error.contains(is_harmful), "{error:?}");
    }
    fs::remove_file(path).unwrap();
}
