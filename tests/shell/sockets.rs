//! Sockets with sharp edges: each of these has been seen in a browser, in Node or in a mock.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use super::app::{App, options};
use super::js;

/// An app with sockets that do as told, and the class of the sockets.
pub fn app(extra: &str) -> (App, JsValue) {
    let given = options("org.example.fake");
    let class = js::fake_sockets();
    js::set(&given, "WebSocket", &class);
    js::extend(&given, extra);
    (App::new(&given), class)
}

pub fn sockets(class: &JsValue) -> Array {
    js::get(class, "made").unchecked_into()
}

pub async fn socket(class: &JsValue, nth: u32) -> JsValue {
    for _ in 0..1000 {
        if sockets(class).length() >= nth {
            return sockets(class).get(nth - 1);
        }
        js::sleep(5).await;
    }
    panic!("socket number {nth} was never made");
}

/// Starts the session without waiting; what its promise says is not looked at.
pub fn start(app: &App) {
    let ignore = wasm_bindgen::closure::Closure::once_into_js(|_: JsValue| {});
    let promise = app.session.connect("user-org.example.fake".into());
    let _: JsValue = js::call1(&promise, "catch", &ignore);
}

#[wasm_bindgen_test]
async fn a_cloud_that_ponged_and_falls_silent_is_left() {
    let (app, class) = app("{ pingInterval: 30, pongTimeout: 30 }");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    js::call1(&first, "receive", &js::literal("{ type: 'pong' }"));
    let lost = app.wait("disconnected", 1).await;
    assert_eq!(js::number(&lost, "code"), 4008.0);
    assert_eq!(js::text(&lost, "reason"), "Liveness timeout");
    let sent = js_sys::JSON::stringify(&js::get(&first, "sent")).expect("JSON");
    assert!(String::from(sent).contains("ping"));
    let closes: Array = js::get(&first, "closes").unchecked_into();
    assert_eq!(js::number(&closes.get(0), "code"), 4008.0);
    js::call(&socket(&class, 2).await, "ack");
    assert_eq!(app.state(), "connected");
}

#[wasm_bindgen_test]
async fn frames_prove_one_direction_only() {
    for answers in [true, false] {
        let (app, class) = app("{ pingInterval: 100, pongTimeout: 200 }");
        start(&app);
        let first = socket(&class, 1).await;
        js::call(&first, "ack");
        js::call1(&first, "receive", &js::literal("{ type: 'pong' }"));
        let sent: Array = js::get(&first, "sent").unchecked_into();
        let mut answered = sent.length();
        for _ in 0..90 {
            js::sleep(10).await;
            js::call1(&first, "receive", &js::literal("{ type: 'news' }"));
            while answers && answered < sent.length() {
                answered += 1;
                js::call1(&first, "receive", &js::literal("{ type: 'pong' }"));
            }
        }
        assert_eq!(app.count("disconnected") == 0, answers);
        app.session.disconnect(JsValue::UNDEFINED);
    }
}

#[wasm_bindgen_test]
async fn a_dial_that_fires_only_error_is_a_failed_attempt() {
    let (app, class) = app("{ maxReconnectAttempts: 1, reconnectDelay: 10 }");
    start(&app);
    js::call(&socket(&class, 1).await, "fail");
    js::call(&socket(&class, 2).await, "fail");
    let end = app.wait("disconnected", 1).await;
    assert_eq!(js::number(&end, "code"), 4000.0);
    assert_eq!(sockets(&class).length(), 2);
}

#[wasm_bindgen_test]
async fn error_and_close_twice_are_one_failure() {
    let (app, class) = app("{}");
    start(&app);
    let first = socket(&class, 1).await;
    let closed = js::literal("{ code: 1006, reason: '' }");
    for _ in 0..2 {
        js::call(&first, "fail");
        js::call1(&first, "end", &closed);
    }
    assert_eq!(app.count("reconnecting"), 1);
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn a_close_event_without_fields_reads_as_1006() {
    let (app, class) = app("{}");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    js::call1(&first, "end", &js::literal("{}"));
    let lost = app.wait("disconnected", 1).await;
    assert_eq!(js::number(&lost, "code"), 1006.0);
    assert_eq!(js::text(&lost, "reason"), "");
    assert!(!js::flag(&lost, "wasClean"));
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn close_that_throws_or_speaks_at_once_changes_nothing() {
    for misbehaviour in [
        "function () { throw new Error('no'); }",
        "function () { this.onerror?.({}); this.onclose?.({ code: 1006 }); }",
    ] {
        let (app, class) = app("{}");
        start(&app);
        let first = socket(&class, 1).await;
        js::set(&first, "onCloseCall", &js::literal(misbehaviour));
        app.session.disconnect(JsValue::UNDEFINED);
        assert_eq!(app.count("disconnected"), 1);
        assert_eq!(app.state(), "stopped");
    }
}

#[wasm_bindgen_test]
async fn a_socket_that_was_given_up_is_never_heard_again() {
    let (app, class) = app("{ connectTimeout: 30, reconnectDelay: 0 }");
    app.record("late");
    start(&app);
    let first = socket(&class, 1).await;
    let hear = js::get(&first, "onmessage");
    assert!(hear.is_function());
    let second = socket(&class, 2).await;
    assert_eq!(
        js::number(&js::get(&first, "closes"), "length"),
        1.0,
        "it was closed"
    );
    js::call(&second, "ack");
    js::call(&first, "open");
    js::call(&first, "fail");
    js::call1(&first, "receive", &js::literal("{ type: 'late' }"));
    // Even by a reference to its listener that somebody kept.
    let event = js::literal("{ data: '{\"type\":\"late\"}' }");
    let _ = hear
        .unchecked_into::<js_sys::Function>()
        .call1(&first, &event);
    js::call1(
        &first,
        "end",
        &js::literal("{ code: 1000, reason: 'App stopped' }"),
    );
    assert_eq!(
        js::number(&js::get(&first, "sent"), "length"),
        0.0,
        "it never said init"
    );
    assert_eq!(app.count("late"), 0);
    assert_eq!(app.state(), "connected");
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn events_after_the_end_reach_nobody_and_throw_nothing() {
    let (app, class) = app("{}");
    app.record("late");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    // As by a socket that reads its listeners before it calls them.
    let listeners = ["onopen", "onmessage", "onerror", "onclose"];
    let listeners = listeners.map(|name| (name, js::get(&first, name)));
    app.session.disconnect(JsValue::UNDEFINED);
    let told = app.event_names().len();
    js::sleep(20).await;
    let event = js::literal("{ code: 1006, data: '{\"type\":\"late\"}' }");
    for (name, listener) in listeners {
        let listener: js_sys::Function = listener.unchecked_into();
        let called = listener.call1(&first, &event);
        assert!(called.is_ok(), "{name}: {called:?}");
    }
    assert_eq!(app.event_names().len(), told);
}

#[wasm_bindgen_test]
async fn no_method_throws_whatever_the_socket_is_doing() {
    for ready_state in 0..=3 {
        let (app, class) = app("{}");
        start(&app);
        let first = socket(&class, 1).await;
        js::call(&first, "ack");
        js::set(&first, "readyState", &ready_state.into());
        let refuse = js::literal("() => { throw new Error('current state: CLOSED'); }");
        js::set(&first, "send", &refuse);
        js::set(&first, "onCloseCall", &refuse);
        let message = js::literal("{ type: 'custom' }");
        let sent = app.session.send(message.clone(), JsValue::UNDEFINED);
        assert!(sent.is_ok(), "{ready_state}: {sent:?}");
        assert!(app.session.subscribe("a".into()).is_ok());
        assert!(app.session.unsubscribe("a".into()).is_ok());
        app.session.reconnect_now();
        assert_eq!(app.state(), "connected");
        assert_eq!(app.count("error"), 0);
        app.session.disconnect(JsValue::UNDEFINED);
        assert_eq!(app.state(), "stopped");
        assert_eq!(app.count("disconnected"), 1);
    }
}

#[wasm_bindgen_test]
async fn a_reason_goes_into_the_close_frame_as_far_as_it_may() {
    for (given, expected) in [
        ("'é'.repeat(100)", "é".repeat(61)),
        ("'a\\ud800b'", "a\u{fffd}b".into()),
        ("'\\ud83d\\ude00'.repeat(31)", "\u{1f600}".repeat(30)),
        ("undefined", "Client disconnect".into()),
        ("5", "Client disconnect".into()),
    ] {
        let (app, class) = app("{}");
        start(&app);
        let first = socket(&class, 1).await;
        js::call(&first, "ack");
        app.session.disconnect(js::literal(given));
        let closes: Array = js::get(&first, "closes").unchecked_into();
        assert_eq!(closes.length(), 1);
        assert_eq!(js::number(&closes.get(0), "code"), 1000.0);
        assert_eq!(js::text(&closes.get(0), "reason"), expected);
    }
}

#[wasm_bindgen_test]
async fn a_constructor_that_throws_is_a_failed_attempt() {
    let (app, class) = app("{ reconnectDelay: 10 }");
    let throw = js::literal("() => { throw new SyntaxError('bad url'); }");
    js::set(&class, "onmade", &throw);
    start(&app);
    assert_eq!(app.count("reconnecting"), 1);
    let cause = js::get(&app.payloads("reconnecting")[0], "cause");
    assert_eq!(js::text(&cause, "reason"), "bad url");
    js::set(&class, "onmade", &js::literal("() => {}"));
    js::call(&socket(&class, 2).await, "ack");
    assert_eq!(app.state(), "connected");
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn binary_type_is_set_before_open_on_every_socket() {
    let (app, class) = app("{ reconnectDelay: 0 }");
    start(&app);
    let first = socket(&class, 1).await;
    assert_eq!(js::text(&first, "binaryType"), "arraybuffer");
    js::call(&first, "ack");
    js::call1(&first, "end", &js::literal("{ code: 1006 }"));
    assert_eq!(
        js::text(&socket(&class, 2).await, "binaryType"),
        "arraybuffer"
    );
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn nothing_is_given_to_a_socket_that_is_closing() {
    let (app, class) = app("{ reconnectDelay: 0 }");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    js::set(&first, "readyState", &2.into());
    let ping = js::literal("{ type: 'custom' }");
    let reply = app
        .session
        .send(ping.clone(), JsValue::UNDEFINED)
        .map(String::from);
    assert_eq!(reply, Ok("queued".into()));
    js::call1(&first, "end", &js::literal("{ code: 1006 }"));
    let second = socket(&class, 2).await;
    js::call(&second, "ack");
    let sent = js_sys::JSON::stringify(&js::get(&second, "sent")).expect("JSON");
    assert!(String::from(sent).contains("custom"));
    app.session.disconnect(JsValue::UNDEFINED);
}

/// A browser would write an error into the console for each, and lose it.
#[wasm_bindgen_test]
async fn nor_are_pings_and_subscriptions() {
    let (app, class) = app("{ pingInterval: 30, pongTimeout: 30 }");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    let sent: Array = js::get(&first, "sent").unchecked_into();
    let before = sent.length();
    js::set(&first, "readyState", &2.into());
    let stream = JsValue::from("button_press");
    app.session.subscribe(stream.clone()).expect("a stream");
    js::sleep(150).await;
    assert_eq!(sent.length(), before);
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn settings_that_are_no_list_are_an_empty_one() {
    let (app, class) = app("{}");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "open");
    js::call1(
        &first,
        "receive",
        &js::literal("{ type: 'tpa_connection_ack', settings: null }"),
    );
    let settings: Array = app.payloads("connected")[0].clone().unchecked_into();
    assert!(Array::is_array(&settings));
    assert_eq!(settings.length(), 0);
    app.session.disconnect(JsValue::UNDEFINED);
}

fn start_other(app: &App) {
    let ignore = wasm_bindgen::closure::Closure::once_into_js(|_: JsValue| {});
    let promise = app.session.connect("other-org.example.fake".into());
    let _: JsValue = js::call1(&promise, "catch", &ignore);
}

#[wasm_bindgen_test]
async fn another_session_id_ends_the_first_session() {
    let (app, class) = app("{}");
    let first = app.session.connect("user-org.example.fake".into());
    js::call(&socket(&class, 1).await, "open");
    start_other(&app);
    let error = wasm_bindgen_futures::JsFuture::from(first).await;
    let error = error.expect_err("another session was asked for");
    assert_eq!(js::text(&error, "kind"), "ClientDisconnect");
    let second = socket(&class, 2).await;
    js::call(&second, "ack");
    assert_eq!(app.session.session_id(), "other-org.example.fake");
    assert_eq!(app.state(), "connected");
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn the_end_is_an_error_line_and_a_loss_a_warning() {
    let logger = js::collecting_logger();
    let given = options("org.example.fake");
    let class = js::fake_sockets();
    js::set(&given, "WebSocket", &class);
    js::set(&given, "logger", &logger);
    js::set(&given, "logLevel", &"warn".into());
    js::set(&given, "maxReconnectAttempts", &1.into());
    let app = App::new(&given);
    start(&app);
    js::call1(
        &socket(&class, 1).await,
        "end",
        &js::literal("{ code: 1011, reason: 'x' }"),
    );
    js::call1(
        &socket(&class, 2).await,
        "end",
        &js::literal("{ code: 1006 }"),
    );
    let lines: Array = js::get(&logger, "lines").unchecked_into();
    assert_eq!(lines.length(), 2, "{lines:?}");
    let line = |n| lines.get(n).as_string().unwrap_or_default();
    assert!(
        line(0).contains("reconnecting in") && line(0).contains("1011 x"),
        "{}",
        line(0)
    );
    assert!(
        line(1).contains("Maximum reconnection attempts"),
        "{}",
        line(1)
    );
}

#[wasm_bindgen_test]
async fn a_message_from_before_connect_gets_the_session_id() {
    let (app, class) = app("{}");
    let reply = app
        .session
        .send(js::literal("{ type: 'early' }"), JsValue::UNDEFINED);
    assert_eq!(reply.map(String::from), Ok("queued".into()));
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    let sent: Array = js::get(&first, "sent").unchecked_into();
    let last = sent.get(sent.length() - 1).as_string();
    let early = js_sys::JSON::parse(&last.expect("a frame")).expect("JSON");
    assert_eq!(js::text(&early, "type"), "early");
    assert_eq!(js::text(&early, "sessionId"), "user-org.example.fake");
    assert_eq!(js::text(&early, "packageName"), "org.example.fake");
    assert!(!js::text(&early, "timestamp").is_empty());
    app.session.disconnect(JsValue::UNDEFINED);
}
