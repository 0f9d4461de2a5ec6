//! What an app is told of messages that are not sent.

use js_sys::Object;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::js;
use super::sockets::app;

#[wasm_bindgen_test]
fn what_gives_way_is_told_with_the_message_itself() {
    let (app, _) = app("{ maxQueuedMessages: 1 }");
    let send = |message: &JsValue| {
        let reply = app.session.send(message.clone(), JsValue::UNDEFINED);
        reply.map(String::from).expect("a message")
    };
    let (first, second) = (js::literal("{ type: 'a' }"), js::literal("{ type: 'b' }"));
    assert_eq!(send(&first), "queued");
    assert_eq!(app.count("dropped"), 0);
    assert_eq!(send(&second), "queued");
    let dropped = &app.payloads("dropped")[0];
    assert!(Object::is(&js::get(dropped, "message"), &first));
    assert_eq!(js::text(dropped, "reason"), "overflow");
    assert_eq!(app.count("dropped"), 1);
}

#[wasm_bindgen_test]
fn what_could_never_wait_is_told_twice_over() {
    let (app, _) = app("{ maxQueuedBytes: 10 }");
    let message = js::literal("{ type: 'a', text: 'longer than ten bytes' }");
    let reply = app.session.send(message.clone(), JsValue::UNDEFINED);
    assert_eq!(reply.map(String::from), Ok("dropped".into()));
    assert_eq!(app.count("dropped"), 1);
}
