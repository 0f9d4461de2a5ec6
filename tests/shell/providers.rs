//! Keys and URLs that are asked for at each attempt.

use js_sys::{Array, JSON};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use super::js;
use super::sockets::{app, socket, sockets, start};

#[wasm_bindgen_test]
async fn each_dial_has_a_url_and_a_key_of_its_own() {
    let (app, class) = app("((n, k) => ({ reconnectDelay: 0, \
         augmentOSWebsocketUrl: () => `ws://host/${++n}`, apiKey: async () => `key-${++k}` }))(0, 0)");
    start(&app);
    for nth in 1..=3 {
        let socket = socket(&class, nth).await;
        js::call(&socket, "ack");
        assert_eq!(js::text(&socket, "url"), format!("ws://host/{nth}"));
        let sent: Array = js::get(&socket, "sent").unchecked_into();
        let init = JSON::parse(&sent.get(0).as_string().unwrap_or_default());
        let key = js::text(&init.unwrap_or_default(), "apiKey");
        assert_eq!(key, format!("key-{nth}"));
        js::call1(&socket, "end", &js::literal("{ code: 1006 }"));
    }
    app.session.disconnect(&JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn a_url_that_is_none_is_a_failed_attempt() {
    let (app, class) = app("((urls) => ({ reconnectDelay: 0, \
         augmentOSWebsocketUrl: () => urls.shift() }))(['ftp://host', '', 5, 'ws://host/'])");
    start(&app);
    js::call(&socket(&class, 1).await, "ack");
    assert_eq!(app.state(), "connected");
    assert_eq!(app.count("reconnecting"), 3);
    for next in app.payloads("reconnecting") {
        let reason = js::text(&js::get(&next, "cause"), "reason");
        assert!(reason.starts_with("augmentOSWebsocketUrl: "), "{reason}");
    }
    assert_eq!(sockets(&class).length(), 1);
}
