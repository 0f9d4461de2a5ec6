//! The shell in a real browser, against a real cloud.
#![cfg(target_arch = "wasm32")]

mod shell;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
