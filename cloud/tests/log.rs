//! The log of the program, whatever its reader does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]
#![cfg(unix)]

mod program;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use program::{Running, tpa_cloud};
use testkit::TIMEOUT;
use tokio_tungstenite::tungstenite::{self, Message};

const BIND: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// Starts the program with everything in its log.
fn start() -> Running {
    Running::start(tpa_cloud(&BIND).env("RUST_LOG", "trace"))
}

/// Sends requests that log at least one line each, on one connection. Returns the responses.
fn log_lines(running: &Running, count: usize) -> String {
    let mut stream = TcpStream::connect(&running.addr).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let addr = &running.addr;
    let length = r#"{"fault":"cut"}"#.len();
    let request = format!(
        "POST /faults HTTP/1.1\r\nHost: {addr}\r\nContent-Length: {length}\r\n\r\n{{\"fault\":\"cut\"}}"
    );
    let mut responses = Vec::new();
    let last = format!("GET /healthz HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    let mut reader = stream.try_clone().unwrap();
    let read = thread::spawn(move || {
        reader.read_to_end(&mut responses).unwrap();
        String::from_utf8(responses).unwrap()
    });
    for _ in 0..count {
        stream.write_all(request.as_bytes()).unwrap();
    }
    stream.write_all(last.as_bytes()).unwrap();
    read.join().unwrap()
}

/// The frame that acknowledges, or refuses, an app.
fn connect(running: &Running, package: &str) -> String {
    let stream = TcpStream::connect(&running.addr).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let url = format!("ws://{}/tpa-ws", running.addr);
    let (mut socket, _) = tungstenite::client(url, stream).unwrap();
    let init = serde_json::json!({
        "type": "tpa_connection_init",
        "sessionId": format!("user1-{package}"),
        "packageName": package,
        "apiKey": "dev-key",
    });
    socket.send(Message::text(init.to_string())).unwrap();
    let answer = socket.read().unwrap().into_text().unwrap().to_string();
    // The close frame, so that it is logged.
    let _ = socket.close(None);
    while socket.read().is_ok() {}
    answer
}

#[test]
fn a_log_whose_reader_has_gone_does_no_harm() {
    let mut running = start();
    drop(running.child.stderr.take());
    assert!(connect(&running, "org.example.a").contains("tpa_connection_ack"));
    let responses = log_lines(&running, 100);
    assert_eq!(responses.matches("HTTP/1.1 202").count(), 100);
    assert!(responses.ends_with("ok\n"));
    assert!(running.terminate().success());
}

#[test]
fn a_log_that_nobody_reads_does_no_harm() {
    let mut running = start();
    // More than a pipe and the queue of lines hold.
    let responses = log_lines(&running, 5_000);
    assert_eq!(responses.matches("HTTP/1.1 202").count(), 5_000);
    assert!(responses.ends_with("ok\n"));
    assert!(connect(&running, "org.example.a").contains("tpa_connection_ack"));
    assert!(running.terminate().success());
}

#[test]
fn a_reader_that_comes_late_learns_how_much_it_missed() {
    let mut running = start();
    log_lines(&running, 5_000);
    let mut log = running.child.stderr.take().unwrap();
    let read = thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        text
    });
    // Lines that are written once there is room again.
    log_lines(&running, 100);
    assert!(running.terminate().success());
    let text = read.join().unwrap();
    assert!(text.contains(" log lines are lost"), "{}", text.len());
}

#[test]
fn no_text_of_others_forges_a_line() {
    let mut running = start();
    let forged = "a\n2026-01-01T00:00:00Z  INFO forged \u{1b}[2J\u{9b}2J\r\u{202e}\u{2028}b";
    connect(&running, forged);
    connect(&running, &format!("{forged}-c"));
    log_lines(&running, 1);
    let mut log = running.child.stderr.take().unwrap();
    assert!(running.terminate().success());
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    assert!(text.contains("forged"), "{text}");
    for line in text.lines() {
        let is_begun = line
            .split_once("Z ")
            .is_some_and(|(date, _)| date.len() > 20);
        assert!(is_begun && !line.starts_with("2026-01-01"), "{line:?}");
        let is_harmful = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{2028}');
        assert!(!line.contains(is_harmful), "{line:?}");
    }
}
