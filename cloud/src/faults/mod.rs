//! Faults: their kinds, plans that inject them over time, and the requests of the control
//! interface.

pub(crate) mod action;
mod armed;
mod fault;
pub mod kinds;
pub(crate) mod playback;
pub(crate) mod request;
pub(crate) mod scenario;
pub(crate) mod seeded;

pub(crate) use armed::ArmedFaults;
pub use fault::{Direction, FaultRequest, Share, Target};
pub use kinds::{Fault, FaultField, FaultInfo};
