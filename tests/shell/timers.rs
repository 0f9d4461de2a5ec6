//! The session's one timer, as the platform sees it.

use std::collections::BTreeSet;

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use super::js;
use super::sockets::{app, socket, start};

/// What is longer fires at once.
const LONGEST: f64 = 2_147_483_647.0;

#[wasm_bindgen_test]
fn no_timer_is_set_for_longer_than_it_can_wait() {
    let timers = js::watch_timers();
    let (app, _) = app("{}");
    let message = js::literal("{ type: 'custom' }");
    for ttl in ["2 ** 32", "2 ** 40", "1e300", "Infinity"] {
        let sent = app
            .session
            .send(message.clone(), js::literal(&format!("{{ ttl: {ttl} }}")));
        assert_eq!(sent.map(String::from), Ok("queued".into()));
    }
    js::call(&timers, "restore");
    let delays: Array = js::get(&timers, "delays").unchecked_into();
    assert!(delays.length() > 0);
    for delay in delays.iter() {
        assert_eq!(delay.as_f64(), Some(LONGEST));
    }
    assert_eq!(app.count("dropped"), 0);
}

#[wasm_bindgen_test]
async fn no_two_sessions_wait_equally_long() {
    let mut delays = BTreeSet::new();
    for _ in 0..5 {
        let (app, class) = app("{ reconnectDelay: 2147483647, maxReconnectDelay: 2147483647 }");
        start(&app);
        js::call1(
            &socket(&class, 1).await,
            "end",
            &js::literal("{ code: 1006 }"),
        );
        let next = &app.payloads("reconnecting")[0];
        delays.insert(js::number(next, "delay") as u64);
        app.session.disconnect(JsValue::UNDEFINED);
    }
    assert_eq!(delays.len(), 5, "{delays:?}");
}
