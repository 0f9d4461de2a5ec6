//! The shell in a real browser, against a real cloud.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what is not as expected must fail the test"
)]

mod shell;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
