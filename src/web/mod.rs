//! Sessions in a browser, a worker or Node: the WebSocket, the timer and the API.
//!
//! No decision is made here. `driver` is the only module that calls the core, and has the only
//! loop; `abi` has every function that JavaScript calls.
//!
//! A program in Rust makes a [`TpaSession`] from [`Options`].

mod abi;
mod client;
mod clock;
mod convert;
mod dial;
mod dispatcher;
mod driver;
mod environment;
mod events;
mod log;
mod message;
mod options;
mod promises;
mod reflect;
mod socket;
mod wire;

/// The class of JavaScript, for the tests of this crate.
#[doc(hidden)]
pub use abi::TpaSession as JsSession;
pub use client::{Error, Listener, Options, SendResult, TpaSession};

#[cfg(feature = "small-allocator")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Prints panic messages to the console; runs when the module is instantiated.
#[cfg(feature = "panic-messages")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
fn print_panic_messages() {
    console_error_panic_hook::set_once();
}
