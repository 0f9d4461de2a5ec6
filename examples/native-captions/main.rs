//! Live captions, in Rust: the core of this crate with a shell of 250 lines.
//!
//! `cargo xtask example native-captions`, or, with a cloud of your own,
//! `CLOUD_URL=ws://localhost:8002/tpa-ws cargo run --example native-captions`.

// A page has no sockets but the browser's, for which this crate has a shell of its own.
#[cfg(not(target_arch = "wasm32"))]
mod captions;
#[cfg(not(target_arch = "wasm32"))]
mod shell;

fn main() {
    #[cfg(not(target_arch = "wasm32"))]
    captions::run();
}
