//! The sessions of several clients, and the cloud that ships, in one virtual time.
//!
//! Each of them is held to its own rules after every step: the sessions to those that the other
//! world holds them to, the cloud to those of `account`. At the end, when nothing more befalls
//! them, they agree with one another.

mod account;
mod frames;
mod lines;
mod schedule;
mod shown;
mod tally;
mod world;

pub use schedule::Together;
