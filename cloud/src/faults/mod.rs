//! Faults: kinds, plans of them, and the requests that ask for them.

pub(crate) mod action;
mod fault;
pub(crate) mod playback;
pub(crate) mod request;
pub(crate) mod scenario;
pub(crate) mod seeded;

pub(crate) use fault::FaultPlan;
pub use fault::{Fault, FaultRequest, Target};
