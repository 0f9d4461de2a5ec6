//! When and whether the session reconnects.

use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

use super::app::{App, options};
use super::js;
use super::sockets::{app, socket, sockets, start};

#[wasm_bindgen_test]
async fn should_reconnect_decides_each_closure() {
    let (app, class) = app("{ reconnectDelay: 0, shouldReconnect: (close) => { \
             globalThis.askedAbout = close; return close.code === 1001 || undefined; } }");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    js::call1(
        &first,
        "end",
        &js::literal("{ code: 1001, reason: 'deploy' }"),
    );
    let asked = js::literal("globalThis.askedAbout");
    assert_eq!(js::number(&asked, "code"), 1001.0);
    assert_eq!(js::text(&asked, "reason"), "deploy");
    assert_eq!(js::text(&asked, "kind"), "Normal");
    assert!(js::flag(&asked, "wasClean"));
    assert!(js::flag(&app.payloads("disconnected")[0], "willReconnect"));
    let second = socket(&class, 2).await;
    js::call(&second, "ack");
    js::call1(&second, "end", &js::literal("{ code: 1000 }"));
    assert!(js::flag(&app.payloads("disconnected")[1], "permanent"));
}

#[wasm_bindgen_test]
async fn an_error_in_should_reconnect_leaves_the_default() {
    let (app, class) = app("{ shouldReconnect: () => { throw new Error('no'); } }");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    js::call1(&first, "end", &js::literal("{ code: 1006 }"));
    assert_eq!(app.state(), "waiting");
}

#[wasm_bindgen_test]
async fn should_reconnect_can_give_a_delay() {
    let (app, class) = app("{ jitter: 1, maxReconnectDelay: 10, \
             shouldReconnect: (close) => close.code === 4013 ? { delay: 60000 } : undefined }");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    js::call1(&first, "end", &js::literal("{ code: 4013 }"));
    let next = &app.payloads("reconnecting")[0];
    assert_eq!(js::number(next, "delay"), 60_000.0);
    assert_eq!(js::number(next, "attempt"), 1.0);
}

#[wasm_bindgen_test]
async fn an_invalid_delay_leaves_the_default() {
    for delay in ["-1", "NaN", "2147483648", "'soon'", "undefined"] {
        let answer = format!("{{ shouldReconnect: () => ({{ delay: {delay} }}) }}");
        let (app, class) = app(&answer);
        start(&app);
        let first = socket(&class, 1).await;
        js::call(&first, "ack");
        js::call1(&first, "end", &js::literal("{ code: 1000 }"));
        assert_eq!(app.state(), "stopped", "{delay}");
    }
}

#[wasm_bindgen_test]
async fn no_log_line_ends_in_a_blank() {
    let given = options("org.example.fake");
    let (class, logger) = (js::fake_sockets(), js::collecting_logger());
    js::set(&given, "WebSocket", &class);
    js::set(&given, "logger", &logger);
    js::extend(
        &given,
        "{ logLevel: 'debug', maxReconnectAttempts: 1, reconnectDelay: 0 }",
    );
    let app = App::new(&given);
    start(&app);
    js::call1(
        &socket(&class, 1).await,
        "end",
        &js::literal("{ code: 1006 }"),
    );
    js::call1(
        &socket(&class, 2).await,
        "end",
        &js::literal("{ code: 1006 }"),
    );
    let lines: Array = js::get(&logger, "lines").unchecked_into();
    let lines: Vec<_> = lines.iter().filter_map(|line| line.as_string()).collect();
    let told = |text: &str| lines.iter().any(|line| line.ends_with(text));
    assert!(told("reconnecting in 0 ms, after 1006"), "{lines:?}");
    for line in lines {
        assert_eq!(line.trim_end(), line);
    }
}

#[wasm_bindgen_test]
async fn reconnect_now_skips_the_delay() {
    let (app, class) = app("{ reconnectDelay: 60000, jitter: 0 }");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    js::call1(&first, "end", &js::literal("{ code: 1006 }"));
    assert_eq!(app.state(), "waiting");
    app.session.reconnect_now();
    assert_eq!(sockets(&class).length(), 2);
}
