//! The shell in Node, against a real cloud.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what is not as expected must fail the test"
)]

mod shell;

use shell::app::{App, options};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

/// Nothing has told the shell where `ws` is, and Node had no global WebSocket before 22.
#[wasm_bindgen_test]
async fn without_a_websocket_it_says_what_to_install() {
    let hidden = shell::js::hide_global_web_socket();
    let given = options("no-websocket");
    shell::js::set(&given, "WebSocket", &JsValue::UNDEFINED);
    let app = App::new(&given);
    let error = app
        .connect("user-no-websocket")
        .await
        .expect_err("no WebSocket");
    assert_eq!(shell::js::text(&error, "kind"), "Unsupported");
    assert!(shell::js::text(&error, "reason").contains("npm install ws"));
    assert_eq!(app.count("reconnecting"), 0);
    shell::js::restore_global_web_socket(&hidden);
}
