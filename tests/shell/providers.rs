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
    app.session.disconnect(JsValue::UNDEFINED);
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

#[wasm_bindgen_test]
async fn a_provider_that_fails_is_a_failed_attempt() {
    for provider in [
        "() => { throw new Error('no key today'); }",
        "async () => { throw new Error('no key today'); }",
        "() => Promise.reject(new Error('no key today'))",
    ] {
        let (app, class) = app(&format!(
            "{{ apiKey: {provider}, maxReconnectAttempts: 1, reconnectDelay: 0 }}"
        ));
        start(&app);
        let next = app.wait("reconnecting", 1).await;
        let reason = js::text(&js::get(&next, "cause"), "reason");
        assert_eq!(reason, "apiKey: the provider failed: no key today");
        app.wait("disconnected", 1).await;
        assert_eq!(sockets(&class).length(), 0);
    }
}

#[wasm_bindgen_test]
async fn a_provider_is_not_asked_once_the_session_is_over() {
    let (app, _) = app(
        "{ augmentOSWebsocketUrl: () => new Promise((r) => setTimeout(() => r('ws://x'), 20)), \
           apiKey: () => { globalThis.keyWasAsked = true; return 'k'; } }",
    );
    start(&app);
    app.session.disconnect(JsValue::UNDEFINED);
    js::sleep(60).await;
    assert!(js::literal("globalThis.keyWasAsked").is_undefined());
}
