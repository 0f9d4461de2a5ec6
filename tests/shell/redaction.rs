//! The API key appears in no event, error or log line.

use js_sys::JSON;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::app::App;
use super::js;
use super::sockets::{app, socket, sockets, start};

const KEY: &str = "sEcReT";

#[wasm_bindgen_test]
async fn a_key_in_an_error_frame_is_redacted() {
    let (app, class) = app("{ apiKey: 'sEcReT' }");
    let promise = app.session.connect("user-org.example.fake".into());
    let first = socket(&class, 1).await;
    js::call(&first, "open");
    js::call1(
        &first,
        "receive",
        &js::literal(
            "{ type: 'tpa_connection_error', code: 'INVALID_API_KEY', message: 'bad key sEcReT!' }",
        ),
    );
    let error = wasm_bindgen_futures::JsFuture::from(promise).await;
    let error = error.expect_err("a refusal");
    assert_eq!(js::text(&error, "reason"), "bad key [key]!");
    let end = &app.payloads("disconnected")[0];
    assert_eq!(js::text(end, "reason"), "bad key [key]!");
    assert!(!js::text(end, "message").contains("sEcReT"));
}

#[wasm_bindgen_test]
async fn a_key_in_the_error_of_a_provider_is_redacted() {
    let (app, class) = app(
        "{ apiKey: 's3cret', reconnectDelay: 0, maxReconnectAttempts: 1, \
             augmentOSWebsocketUrl: () => { throw new Error('no cloud for s3cret'); } }",
    );
    start(&app);
    let next = app.wait("reconnecting", 1).await;
    let reason = js::text(&js::get(&next, "cause"), "reason");
    let expected = "augmentOSWebsocketUrl: the provider failed: no cloud for [key]";
    assert_eq!(reason, expected);
    app.wait("disconnected", 1).await;
    assert_eq!(sockets(&class).length(), 0);
}

/// An app that logs everything, and its logger.
fn logging_app(extra: &str) -> (App, JsValue, JsValue) {
    let (app, class) = app(&format!(
        "Object.assign({{ apiKey: '{KEY}', logLevel: 'debug', reconnectDelay: 0, \
         logger: (() => {{ const lines = []; const add = (line) => lines.push(line); \
         return {{ lines, error: add, warn: add, info: add, debug: add }}; }})() }}, {extra})"
    ));
    let logger = js::get(&app.options, "logger");
    (app, class, logger)
}

fn json(value: &JsValue) -> String {
    JSON::stringify(value).expect("JSON").into()
}

/// Asserts that the placeholder replaces the key in the events, the timeline and the log.
fn assert_redacted(app: &App, logger: &JsValue, what: &str) {
    let mut texts = vec![
        json(&js::get(logger, "lines")),
        json(&app.session.timeline()),
        json(&app.session.stats()),
    ];
    for event in app.event_names() {
        for payload in app.payloads(&event) {
            texts.push(json(&payload));
            texts.push(js::text(&payload, "message"));
        }
    }
    for text in &texts {
        assert!(!text.contains(KEY), "{what}: {text}");
    }
    assert!(texts[0].contains("[key]"), "{what}: {}", texts[0]);
}

#[wasm_bindgen_test]
async fn a_key_in_the_exception_of_the_constructor_is_redacted() {
    let (app, class, logger) = logging_app("{ maxReconnectAttempts: 1 }");
    let throw = format!("() => {{ throw new SyntaxError('no {KEY} in a URL'); }}");
    js::set(&class, "onmade", &js::literal(&throw));
    start(&app);
    app.wait("disconnected", 1).await;
    assert_redacted(&app, &logger, "constructor");
}

#[wasm_bindgen_test]
async fn a_key_in_an_error_or_close_event_is_redacted() {
    let (app, class, logger) = logging_app("{}");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    let error = js::literal(&format!("{{ message: 'bad key {KEY}' }}"));
    js::call1(&first, "onerror", &error);
    assert_redacted(&app, &logger, "error event");
    let close = format!("{{ code: 1011, reason: 'who is {KEY}?' }}");
    js::call1(&first, "end", &js::literal(&close));
    assert_redacted(&app, &logger, "close event");
    let lost = &app.payloads("disconnected")[0];
    assert_eq!(js::text(lost, "reason"), "who is [key]?");
}

#[wasm_bindgen_test]
async fn a_key_in_a_control_frame_is_redacted() {
    for frame in [
        format!("{{ type: 'connection_error', code: 'E_{KEY}', message: 'key {KEY}' }}"),
        format!("{{ type: 'app_stopped', reason: 'key {KEY}' }}"),
    ] {
        let (app, class, logger) = logging_app("{}");
        start(&app);
        let first = socket(&class, 1).await;
        js::call(&first, "ack");
        js::call1(&first, "receive", &js::literal(&frame));
        assert_redacted(&app, &logger, &frame);
    }
}

#[wasm_bindgen_test]
async fn a_key_in_the_error_of_the_url_provider_is_redacted() {
    let throw = format!("() => {{ throw new Error('no cloud for {KEY}'); }}");
    let (app, _, logger) = logging_app(&format!("{{ augmentOSWebsocketUrl: {throw} }}"));
    start(&app);
    app.wait("disconnected", 1).await;
    assert_redacted(&app, &logger, "URL provider");
}
