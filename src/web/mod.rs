//! The shell: carries out what the core decides, in a browser, a worker or Node.
//!
//! Nothing here decides. `driver` is the only place that touches the core, and the only loop.
//!
//! A program in Rust makes a [`TpaSession`] by [`Options`]; what it calls then is in `rust`.

mod callback;
mod clock;
mod credentials;
mod dispatcher;
mod driver;
mod environment;
mod fields;
mod frames;
mod log;
mod message;
mod options;
mod payloads;
mod promises;
mod rust;
mod session;
mod socket;
mod told;

pub use rust::{Error, Listener, Options, SendResult};
pub use session::TpaSession;

#[cfg(feature = "small-allocator")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Prints panic messages to the console; runs when the module is instantiated.
#[cfg(feature = "panic-messages")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
fn print_panic_messages() {
    console_error_panic_hook::set_once();
}
