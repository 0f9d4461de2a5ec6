//! Live captions in Rust: the core of this crate with a driver of 300 lines.
//!
//! Run it by `cargo xtask example native-captions` or, with a cloud that is already running, by
//! `CLOUD_URL=ws://localhost:8002/tpa-ws cargo run --example native-captions`.

// In wasm there are only the sockets of the browser; `tpa_session::web` is the driver for them.
#[cfg(not(target_arch = "wasm32"))]
mod captions;
#[cfg(not(target_arch = "wasm32"))]
mod driver;

fn main() {
    #[cfg(not(target_arch = "wasm32"))]
    captions::run();
}
