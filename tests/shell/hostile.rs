//! What nobody should send or give, and somebody does: it is refused or read as nothing, and the
//! session, and all others of this module, go on.

use js_sys::TypeError;
use tpa_session::web::JsSession;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use super::app::App;
use super::js;
use super::sockets::{app, socket, start};

/// Texts of frames that are malformed, huge, deep or of wrong types.
const FRAMES: &str = r#"[
    "",
    "\0",
    "[".repeat(100_000),
    '{"a":'.repeat(100_000) + "1" + "}".repeat(100_000),
    JSON.stringify({ type: "huge", text: "é".repeat(1_000_000) }),
    '{"type":"data_stream","streamType":"deep","data":' + '[['.repeat(2_000) + ']]'.repeat(2_000) + "}",
    '{"type":"\\ud800"}',
    '{"type":"data_stream","streamType":"\\ud800","data":"\\udfff"}',
    '{"type":"data_stream","streamType":{}}',
    '{"type":"tpa_connection_ack","settings":{"length":-1}}',
    '{"type":"connection_error","code":{},"message":5}',
    '{"type":"tpa_connection_error","code":"\\ud800","message":"\\ud800"}',
    '{"type":"pong","type":["pong"]}',
    '{"__proto__":{"type":"pong"}}',
]"#;

fn receive_all(target: &JsValue) {
    let frames: js_sys::Array = js::literal(FRAMES).unchecked_into();
    for frame in frames.iter() {
        let hear: js_sys::Function = js::get(target, "receive").unchecked_into();
        assert!(hear.call1(target, &frame).is_ok(), "{frame:?}");
    }
}

async fn connected(app: &App, class: &JsValue, nth: u32) -> JsValue {
    start(app);
    let socket = socket(class, nth).await;
    js::call(&socket, "ack");
    assert_eq!(app.state(), "connected");
    socket
}

#[wasm_bindgen_test]
async fn no_frame_upsets_the_session_or_another_one() {
    let (one, class) = app("{}");
    let (other, other_class) = app("{}");
    let first = connected(&one, &class, 1).await;
    receive_all(&first);
    assert_eq!(one.state(), "connected");
    assert!(one.count("error") > 0);
    connected(&other, &other_class, 1).await;
    let message = js::literal("{ type: 'custom' }");
    for app in [&one, &other] {
        let sent = app.session.send(message.clone(), JsValue::UNDEFINED);
        assert_eq!(sent.map(String::from), Ok("sent".into()));
    }
}

#[wasm_bindgen_test]
async fn no_frame_upsets_the_handshake() {
    let (app, class) = app("{ maxReconnectAttempts: 0 }");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "open");
    receive_all(&first);
    assert_eq!(app.state(), "connected", "the list has an ack in it");
}

#[wasm_bindgen_test]
async fn a_type_that_the_session_does_not_know_is_no_error() {
    let (app, class) = app("{}");
    let first = connected(&app, &class, 1).await;
    for frame in [
        "{ type: 'ping' }",
        "{ type: 'brand_new', code: 'INVALID_API_KEY' }",
    ] {
        js::call1(&first, "receive", &js::literal(frame));
    }
    assert_eq!(app.count("error"), 0);
    assert_eq!(app.state(), "connected");
}

#[wasm_bindgen_test]
async fn events_whose_fields_cannot_be_read_are_read_as_without() {
    let (app, class) = app("{ reconnectDelay: 0 }");
    let first = connected(&app, &class, 1).await;
    let fail: js_sys::Function = js::get(&first, "onerror").unchecked_into();
    let event = js::literal("{ get message() { throw new Error('no'); } }");
    assert!(fail.call1(&first, &event).is_ok());
    let event =
        "{ get code() { throw new Error('no'); }, get reason() { throw new Error('no'); } }";
    js::call1(&first, "end", &js::literal(event));
    let lost = app.wait("disconnected", 1).await;
    assert_eq!(js::number(&lost, "code"), 1006.0);
    assert_eq!(js::text(&lost, "reason"), "");
    js::call(&socket(&class, 2).await, "ack");
    assert_eq!(app.state(), "connected");
}

#[wasm_bindgen_test]
fn options_that_cannot_be_read_are_refused_by_name() {
    let given = "{ packageName: 'a', get apiKey() { throw new Error('no'); } }";
    let error = JsSession::new(js::literal(given)).err();
    let message = js::text(&error.unwrap_or_default(), "message");
    assert!(message.starts_with("apiKey: "), "{message}");
}

/// Whatever is wrong with them, it is told by a `TypeError`.
#[wasm_bindgen_test]
fn messages_and_streams_that_cannot_be_read_are_refused() {
    let (app, _) = app("{}");
    for message in [
        "{ get type() { throw new Error('no'); } }",
        "{ type: 'x', get n() { throw new Error('no'); } }",
        "{ type: 'x', toJSON() { throw new Error('no'); } }",
        "{ type: 'x', get sessionId() { throw new Error('no'); } }",
    ] {
        let sent = app.session.send(js::literal(message), JsValue::UNDEFINED);
        let error = sent.expect_err(message);
        assert!(error.is_instance_of::<TypeError>(), "{message}: {error:?}");
    }
    let message = js::literal("{ type: 'x' }");
    for field in ["key", "ttl"] {
        let options = js::literal(&format!("{{ get {field}() {{ throw new Error('no'); }} }}"));
        let error = app
            .session
            .send(message.clone(), options.clone())
            .expect_err(field);
        assert!(error.is_instance_of::<TypeError>(), "{field}: {error:?}");
    }
    let streams = "Object.defineProperty(['a', 'b'], 0, { get() { throw new Error('no'); } })";
    let error = app
        .session
        .subscribe(js::literal(streams))
        .expect_err("streams");
    assert!(error.is_instance_of::<TypeError>(), "{error:?}");
}

#[wasm_bindgen_test]
fn a_message_that_is_json_is_sent_whatever_its_fields_are() {
    let (app, _) = app("{}");
    for message in [
        "{ type: 'dashboard_content_update', modes: [Object.create(null), Symbol('x'), 'main'] }",
        "{ type: 'dashboard_content_update', modes: { main: true } }",
        "{ type: 'display_event', view: ['main'], durationMs: 'long' }",
        "{ type: 'display_event', view: '\\ud800', text: '\\ud800', durationMs: 1e300 }",
    ] {
        let sent = app.session.send(js::literal(message), JsValue::UNDEFINED);
        assert_eq!(sent.map(String::from), Ok("queued".into()), "{message}");
    }
}
