//! The command line.

mod args;
mod config_file;

pub(crate) use args::read;
