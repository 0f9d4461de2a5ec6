#![doc = include_str!("../docs/crate.md")]
#![warn(unreachable_pub)]

pub mod session;
#[cfg(target_arch = "wasm32")]
pub mod web;
