//! Real signals to a real process: this test program, started again as a supervisor whose child
//! listens on a port.

#![cfg(unix)]

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{STOPPED, spawn, stop_on_signals};

const LIMIT: Duration = Duration::from_secs(20);
/// Names the part that this program plays when a test has started it.
const ROLE: &str = "XTASK_TEST_ROLE";

/// This program, running only the test that plays a part.
fn this_program(role: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "--nocapture"])
        .arg("process::children::tests::plays_a_part")
        .env(ROLE, role);
    command
}

/// The supervisor and its child. Does nothing unless a test below has started it.
#[test]
fn plays_a_part() {
    match env::var(ROLE).as_deref() {
        Ok("supervisor") => supervise("listener"),
        Ok("supervisor of a stubborn child") => supervise("stubborn listener"),
        Ok("listener") => listen(),
        Ok("stubborn listener") => {
            // Signals are received and ignored.
            ctrlc::set_handler(|| {}).unwrap();
            listen();
        }
        _ => {}
    }
}

fn supervise(child: &str) {
    stop_on_signals().unwrap();
    let status = spawn(&mut this_program(child)).unwrap().wait().unwrap();
    std::process::exit(status.code().unwrap_or(STOPPED.into()));
}

fn listen() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("\nlistening on {}", listener.local_addr().unwrap().port());
    for connection in listener.incoming() {
        drop(connection);
    }
}

/// Starts a supervisor, sends it a signal once its child listens; the exit
/// status, the port, and the time it took to exit.
fn signalled(role: &str, signal: Signal) -> (ExitStatus, u16, Duration) {
    let mut supervisor = this_program(role)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(supervisor.stdout.take().unwrap()).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("listening on ")?.parse().ok())
        .expect("the child listens");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    let start = Instant::now();
    kill(Pid::from_raw(supervisor.id().cast_signed()), signal).unwrap();
    while supervisor.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < LIMIT, "the supervisor goes on");
        thread::sleep(Duration::from_millis(10));
    }
    (supervisor.wait().unwrap(), port, start.elapsed())
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

#[test]
fn each_signal_stops_the_child_and_frees_its_port() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let (status, port, time) = signalled("supervisor", signal);
        assert_eq!(status.code(), Some(STOPPED.into()), "{signal}");
        assert!(is_free(port), "{signal}");
        assert!(time < super::GRACE, "{signal}: {time:?}");
    }
}

#[test]
fn a_child_that_ignores_signals_is_killed() {
    let (status, port, _) = signalled("supervisor of a stubborn child", Signal::SIGTERM);
    assert_eq!(status.code(), Some(STOPPED.into()));
    assert!(is_free(port));
}

#[test]
fn a_child_that_is_dropped_is_killed_with_its_own_children() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "sleep 60 & wait"]).stdout(Stdio::piped());
    let mut child = spawn(&mut shell).unwrap();
    let mut output = child.child.stdout.take().unwrap();
    drop(child);
    // The pipe ends when no process holds it any more.
    let start = Instant::now();
    assert_eq!(output.read(&mut [0]).unwrap(), 0);
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn the_exit_status_of_a_child_is_kept() {
    let mut child = spawn(Command::new("sh").args(["-c", "exit 3"])).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let mut killed = spawn(Command::new("sleep").arg("60")).unwrap();
    killed.kill();
    assert_eq!(killed.wait().unwrap().signal(), Some(9));
}
