//! What a session gives back: at each reconnect, and when it is over, without `free()`.

use core::arch::wasm32::memory_size;

use js_sys::Array;
use tpa_session::web::JsSession;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::app::options;
use super::js;
use super::sockets::{app, socket, sockets, start};

#[wasm_bindgen_test]
fn reconnects_leave_no_memory_behind() {
    let given = options("org.example.fake");
    let class = js::fake_sockets();
    js::set(&given, "WebSocket", &class);
    js::set(&given, "maxReconnectAttempts", &f64::INFINITY.into());
    // Without an app that notes all events: its notes would be memory too.
    let session = JsSession::new(given.clone()).expect("options that are right");
    let _ = session.connect("user-org.example.fake".into());
    let lost = js::literal("{ code: 1006 }");
    let mut pages = Vec::new();
    for round in 1..=3000 {
        let socket = sockets(&class).get(0);
        js::set(&class, "made", &Array::new());
        js::call(&socket, "ack");
        js::call1(&socket, "end", &lost);
        session.reconnect_now();
        if round >= 200 {
            pages.push(memory_size(0));
        }
    }
    assert_eq!(sockets(&class).length(), 1, "one socket after the last");
    // What is free at the start depends on the tests before: one page may be added. 50 bytes of each
    // round are two.
    let grown = pages.last().expect("pages") - pages[0];
    assert!(grown <= 1, "{grown} pages of memory");
    session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn disconnect_gives_back_socket_timer_and_queue() {
    for (state, lead) in [
        ("connected", "ack"),
        ("handshaking", "open"),
        ("waiting", "end"),
    ] {
        let timers = js::watch_timers();
        let (app, class) = app("{}");
        start(&app);
        let first = socket(&class, 1).await;
        js::call1(&first, lead, &js::literal("{ code: 1006 }"));
        assert_eq!(app.state(), state);
        js::set(&first, "readyState", &2.into());
        let message = js::literal("{ type: 'custom' }");
        let sent = app
            .session
            .send(message.clone(), js::literal("{ ttl: 60000 }"));
        assert_eq!(sent.map(String::from), Ok("queued".into()));
        assert!(js::number(&timers, "pending") > 0.0, "{state}");
        app.session.disconnect(JsValue::UNDEFINED);
        assert_eq!(js::number(&timers, "pending"), 0.0, "{state}");
        js::call(&timers, "restore");
        assert_eq!(app.count("dropped"), 1);
        for listener in ["onopen", "onmessage", "onclose"] {
            assert!(js::get(&first, listener).is_null(), "{state}: {listener}");
        }
    }
}
