//! Virtual world around a session: clock, app, network and cloud, in virtual time.

pub mod app;
pub mod attempt_plan;
pub mod clock;
pub mod dial_outcome;
pub mod field;
pub mod network;
pub mod peer;
pub mod way_out;
