//! The command line.

mod args;
mod config_file;
mod values;

pub(crate) use args::read;
