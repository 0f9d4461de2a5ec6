//! What must hold whatever comes: the oracles of the fuzz targets.
//!
//! Each target is a function of bytes that panics when a rule is broken. The fuzzer calls it
//! with bytes that it makes up, the test `corpus` with those that were worth keeping. All bytes
//! are read as text, one thing a line, so that a finding is a file that people can read.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a rule that is broken must stop the fuzzer; most rules look at one variant"
)]

pub mod arriving;
pub mod frames;
mod grammar;
pub mod inputs;
pub mod options;

use std::io;

/// Calls a target with the content of each file named on the command line.
pub fn replay_arguments(check: fn(&[u8])) -> io::Result<()> {
    for path in std::env::args_os().skip(1) {
        check(&std::fs::read(path)?);
    }
    Ok(())
}
