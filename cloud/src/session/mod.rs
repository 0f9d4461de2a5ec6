//! User sessions: one manager for each, with the parts that it owns.

pub(crate) mod apps;
pub(crate) mod displays;
pub(crate) mod endpoints;
pub(crate) mod glasses;
pub(crate) mod health;
pub(crate) mod manager;
pub(crate) mod registry;
pub(crate) mod streams;
pub(crate) mod subscriptions;
