//! Bad input: a clear error that names the field.

use js_sys::TypeError;
use tpa_session::web::JsSession;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use super::app::{App, options};
use super::js;

fn refused(extra: &str) -> String {
    let given = options("org.example.refused");
    js::extend(&given, extra);
    let error = JsSession::new(given.clone()).err().unwrap_or_default();
    type_error(&error)
}

fn type_error(error: &JsValue) -> String {
    assert!(error.is_instance_of::<TypeError>(), "{error:?}");
    js::text(error, "message")
}

#[wasm_bindgen_test]
fn a_wrong_option_is_named_with_its_value_and_what_is_allowed() {
    for (extra, parts) in [
        (
            "{ maxReconnectAttempts: -1 }",
            ["maxReconnectAttempts", "whole number from 0", "-1"],
        ),
        (
            "{ maxReconnectAttempts: 'three' }",
            ["maxReconnectAttempts", "Infinity", "\"three\""],
        ),
        (
            "{ packageName: undefined }",
            ["packageName", "non-empty string", "undefined"],
        ),
        (
            "{ augmentOSWebsocketUrl: 'ws://localhost:99999/' }",
            ["augmentOSWebsocketUrl", "wss:", "99999"],
        ),
        (
            "{ augmentOSWebsocketUrl: 'ftp://x' }",
            ["augmentOSWebsocketUrl", "wss:", "ftp://x"],
        ),
        (
            "{ reconnectDelay: NaN }",
            ["reconnectDelay", "milliseconds", "NaN"],
        ),
        (
            "{ autoReconnect: null }",
            ["autoReconnect", "true or false", "null"],
        ),
        (
            "{ logLevel: Symbol('x') }",
            ["logLevel", "\"warn\"", "Symbol(x)"],
        ),
    ] {
        let message = refused(extra);
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}

#[wasm_bindgen_test]
fn the_key_is_never_shown() {
    assert!(!refused("{ apiKey: 12345678 }").contains("12345678"));
    assert!(refused("{ apiKey: '' }").contains("apiKey"));
}

#[wasm_bindgen_test]
fn options_must_be_an_object() {
    for given in ["undefined", "null", "'text'", "5"] {
        let error = JsSession::new(js::literal(given)).err().unwrap_or_default();
        assert!(type_error(&error).contains("options"));
    }
}

#[wasm_bindgen_test]
async fn connect_wants_a_session_id() {
    let app = App::new(&options("org.example.nameless"));
    for id in ["''", "undefined", "5", "'a\\n-b'"] {
        let promise = app.session.connect(js::literal(id));
        let error = wasm_bindgen_futures::JsFuture::from(promise).await;
        assert!(type_error(&error.expect_err("no id")).contains("sessionId"));
    }
    assert_eq!(app.state(), "idle");
    assert!(app.event_names().is_empty());
}

#[wasm_bindgen_test]
fn both_names_of_the_url_have_the_same_value() {
    let url = "augmentOSWebsocketUrl: 'ws://a/', mentraOSWebsocketUrl:";
    for other in ["'ws://b/'", "() => 'ws://a/'"] {
        let message = refused(&format!("{{ {url} {other} }}"));
        let is_named = message.starts_with("mentraOSWebsocketUrl: must be the same as");
        assert!(is_named, "{message}");
    }
    let same = js::literal(&format!(
        "{{ packageName: 'a', apiKey: 'k', {url} 'ws://a/' }}"
    ));
    assert!(JsSession::new(same).is_ok());
}

#[wasm_bindgen_test]
fn a_logger_has_all_methods() {
    for logger in ["{}", "{ error() {}, info() {}, debug() {} }", "5"] {
        let message = refused(&format!("{{ logger: {logger} }}"));
        assert!(message.starts_with("logger: must be"), "{message}");
    }
}

#[wasm_bindgen_test]
fn send_wants_a_message() {
    let app = App::new(&options("org.example.sender"));
    for wrong in [
        "undefined",
        "null",
        "'text'",
        "[]",
        "{}",
        "{ type: '' }",
        "{ type: 5 }",
        "{ type: 'big', n: 1n }",
        "(() => { const o = { type: 'loop' }; o.self = o; return o; })()",
    ] {
        let sent = app.session.send(js::literal(wrong), JsValue::UNDEFINED);
        assert!(
            type_error(&sent.expect_err(wrong)).contains("message"),
            "{wrong}"
        );
    }
    let good = js::literal("{ type: 'custom' }");
    for (wrong, field) in [
        ("{ key: 5 }", "key"),
        ("{ ttl: -1 }", "ttl"),
        ("5", "options"),
    ] {
        let sent = app.session.send(good.clone(), js::literal(wrong));
        assert!(type_error(&sent.expect_err(wrong)).contains(field));
    }
    assert!(
        app.session
            .send(good.clone(), js::literal("{ key: 'k', ttl: 5 }"))
            .is_ok()
    );
}

#[wasm_bindgen_test]
fn handlers_and_streams_are_checked() {
    let app = App::new(&options("org.example.checked"));
    let (event, handler) = (JsValue::from("x"), js::literal("() => {}"));
    let wrong = JsValue::from(5);
    assert!(type_error(&app.handlers.on(&wrong, &handler, false).unwrap_err()).contains("event"));
    assert!(type_error(&app.handlers.on(&event, &wrong, true).unwrap_err()).contains("handler"));
    assert!(type_error(&app.handlers.off(&event, &wrong).unwrap_err()).contains("handler"));
    for streams in ["''", "undefined", "['a', '']", "[5]"] {
        let error = app.session.subscribe(js::literal(streams)).unwrap_err();
        assert!(type_error(&error).contains("streams"));
    }
}

#[wasm_bindgen_test]
fn no_method_throws_in_any_state() {
    let app = App::new(&options("org.example.stateless"));
    let message = js::literal("{ type: 'custom' }");
    app.session.disconnect(JsValue::UNDEFINED);
    assert!(
        app.session
            .send(message.clone(), JsValue::UNDEFINED)
            .is_ok()
    );
    assert!(app.session.unsubscribe("x".into()).is_ok());
    let promise = app.session.connect("user-org.example.stateless".into());
    js::call1(&promise, "catch", &ignore_all());
    assert!(
        app.session
            .send(message.clone(), JsValue::UNDEFINED)
            .is_ok()
    );
    js::call1(&app.session.flush(), "catch", &ignore_all());
    assert!(app.session.timeline().length() > 0);
    assert_eq!(js::number(&app.session.stats(), "queued"), 2.0);
    app.session.disconnect("é".repeat(100).into());
    let dropped = app.session.send(message.clone(), JsValue::UNDEFINED);
    assert_eq!(dropped.map(String::from), Ok("dropped".into()));
}

/// A handler for promises that nobody waits for.
fn ignore_all() -> JsValue {
    wasm_bindgen::closure::Closure::once_into_js(|_: JsValue| {})
}
