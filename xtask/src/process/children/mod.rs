//! Registry of running child processes, so that a signal to this program stops
//! them too.
//!
//! Without it, `kill` on `cargo xtask demo` would leave tpa-cloud running and
//! its port taken. On Unix each child leads its own process group, and a signal
//! is forwarded to the whole group: a child's own children are stopped as well.
//! On Windows a console event reaches all processes of the console anyway.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Time that children get to exit after they were asked to.
const GRACE: Duration = Duration::from_secs(5);
/// Time that this program gets to exit by itself once no child is left.
const EXIT: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(20);
/// Exit status after a signal, as shells report SIGINT.
pub const STOPPED: u8 = 130;

struct Registry {
    is_stopping: bool,
    /// Process ids of the running children.
    children: Vec<u32>,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    is_stopping: false,
    children: Vec::new(),
});

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns true after a signal that stops this program.
pub fn is_stopping() -> bool {
    registry().is_stopping
}

/// Installs the handler of SIGINT, SIGTERM and SIGHUP (on Windows: Ctrl-C).
pub fn stop_on_signals() -> Result<(), String> {
    ctrlc::set_handler(stop).map_err(|e| format!("cannot handle signals: {e}"))
}

/// Stops all children, then this program. Runs in a thread of its own; the main
/// thread usually exits first, when its child has.
fn stop() {
    registry().is_stopping = true;
    signal_children(Stop::Terminate);
    if !wait_until_none_is_left(GRACE) {
        signal_children(Stop::Kill);
        wait_until_none_is_left(GRACE);
    }
    thread::sleep(EXIT);
    std::process::exit(STOPPED.into());
}

fn wait_until_none_is_left(limit: Duration) -> bool {
    let start = Instant::now();
    while !registry().children.is_empty() {
        if start.elapsed() > limit {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}

#[derive(Clone, Copy)]
enum Stop {
    Terminate,
    Kill,
}

fn signal_children(how: Stop) {
    // Under the lock, so that none of the ids is reused meanwhile.
    for child in &registry().children {
        signal_group(*child, how);
    }
}

#[cfg(unix)]
fn signal_group(leader: u32, how: Stop) {
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;

    let signal = match how {
        Stop::Terminate => Signal::SIGTERM,
        Stop::Kill => Signal::SIGKILL,
    };
    if let Ok(leader) = i32::try_from(leader) {
        // It fails if the group has just exited.
        let _ = killpg(Pid::from_raw(leader), signal);
    }
}

#[cfg(not(unix))]
fn signal_group(_leader: u32, _how: Stop) {}

#[cfg(unix)]
fn lead_a_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn lead_a_group(_command: &mut Command) {}

/// A running child process. Dropping it kills the process.
pub struct Running {
    /// The process; `stdout` and the like can be taken from it.
    pub child: Child,
    /// The result, once it has exited.
    status: Option<ExitStatus>,
}

/// Starts a command. Fails with `Interrupted` once this program is stopping.
pub fn spawn(command: &mut Command) -> io::Result<Running> {
    let mut registry = registry();
    if registry.is_stopping {
        return Err(io::ErrorKind::Interrupted.into());
    }
    lead_a_group(command);
    let child = command.spawn()?;
    registry.children.push(child.id());
    Ok(Running {
        child,
        status: None,
    })
}

impl Running {
    /// The result if it has exited.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            let mut registry = registry();
            self.status = self.child.try_wait()?;
            if self.status.is_some() {
                registry.children.retain(|id| *id != self.child.id());
            }
        }
        Ok(self.status)
    }

    /// Waits until it exits.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            thread::sleep(POLL);
        }
    }

    /// Kills it and its own children, and waits until it has exited.
    pub fn kill(&mut self) {
        if matches!(self.try_wait(), Ok(None)) {
            signal_group(self.child.id(), Stop::Kill);
            let _ = self.child.kill();
            let _ = self.wait();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests;
