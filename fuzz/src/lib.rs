//! Fuzz targets. Each is a function of bytes that panics when the session deviates from the
//! reference model or violates an invariant.
//!
//! The fuzzer calls it with bytes that it makes up, and the test `corpus` with those that were
//! worth keeping. All bytes are read as text, one item per line, so that a finding is a readable
//! file.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a violation must stop the fuzzer; most rules look at one variant"
)]

pub mod frame_class;
pub mod frames;
pub mod inputs;
pub mod options;

use std::fmt::Debug;
use std::io;

use tpa_session::session::Redactor;

/// The API key. No text from outside may carry it into an output.
const KEY: &str = "fuzz-key-5ec4e7";

fn redactor() -> Redactor {
    Redactor::new(KEY)
}

/// Unwraps a result of the reference model.
fn expect<T, E: Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|violation| panic!("{violation:?}"))
}

/// Calls a target with the content of each file named on the command line.
pub fn replay_arguments(check: fn(&[u8])) -> io::Result<()> {
    for path in std::env::args_os().skip(1) {
        check(&std::fs::read(path)?);
    }
    Ok(())
}
