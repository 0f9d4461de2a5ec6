#![doc = include_str!("../docs/crate.md")]

pub mod session;
#[cfg(target_arch = "wasm32")]
pub mod web;
