//! The shell in a real browser, against a real cloud.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what is not as expected must fail the test"
)]

mod shell;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

use shell::js;
use shell::sockets::{app, socket, sockets, start};
use wasm_bindgen_test::wasm_bindgen_test;

/// The cloud is elsewhere, so it matters whether there is a network.
const ELSEWHERE: &str = "{ augmentOSWebsocketUrl: 'wss://cloud.example/', reconnectDelay: 0 }";

fn dispatch(target: &str, event: &str) {
    js::literal(&format!("{target}.dispatchEvent(new Event('{event}'))"));
}

/// The page is shown, from the back/forward cache or after it was loaded.
fn show_page(persisted: bool) {
    let event = format!("new PageTransitionEvent('pageshow', {{ persisted: {persisted} }})");
    js::literal(&format!("window.dispatchEvent({event})"));
}

#[wasm_bindgen_test]
async fn offline_holds_the_attempts_and_online_makes_one() {
    let (app, class) = app(ELSEWHERE);
    start(&app);
    js::call(&socket(&class, 1).await, "ack");
    dispatch("window", "offline");
    js::call1(
        &socket(&class, 1).await,
        "end",
        &js::literal("{ code: 1006 }"),
    );
    // One attempt at once, the next in half a minute.
    js::call1(
        &socket(&class, 2).await,
        "end",
        &js::literal("{ code: 1006 }"),
    );
    js::sleep(100).await;
    assert_eq!(sockets(&class).length(), 2);
    assert_eq!(app.state(), "waiting");
    let cause = js::get(&app.payloads("reconnecting")[1], "cause");
    assert_eq!(js::text(&cause, "kind"), "Offline");
    dispatch("window", "online");
    js::call(&socket(&class, 3).await, "ack");
    assert_eq!(app.state(), "connected");
}

#[wasm_bindgen_test]
async fn a_page_that_is_shown_again_asks_whether_the_cloud_is_there() {
    for (target, event) in [
        ("page", "from the back/forward cache"),
        ("document", "resume"),
        ("document", "visibilitychange"),
        ("window", "online"),
    ] {
        let (app, class) = app(ELSEWHERE);
        start(&app);
        let first = socket(&class, 1).await;
        js::call(&first, "ack");
        js::call1(&first, "receive", &js::literal("{ type: 'pong' }"));
        match target {
            "page" => show_page(true),
            _ => dispatch(target, event),
        }
        let sent = js_sys::JSON::stringify(&js::get(&first, "sent")).expect("JSON");
        assert!(String::from(sent).contains("ping"), "{event}");
        app.session.disconnect(wasm_bindgen::JsValue::UNDEFINED);
    }
}

#[wasm_bindgen_test]
async fn a_session_that_is_over_no_longer_listens_to_the_page() {
    js::literal("(globalThis.added = 0, globalThis.plain = window.addEventListener, 0)");
    js::literal(
        "(window.addEventListener = function (...a) { added++; return plain.apply(this, a); }, \
          window.unplain = window.removeEventListener, \
          window.removeEventListener = function (...a) { added--; return unplain.apply(this, a); })",
    );
    let (app, class) = app(ELSEWHERE);
    let mut added = Vec::new();
    let mut left = Vec::new();
    for run in 0..2 {
        start(&app);
        for connection in 1..=2 {
            let socket = socket(&class, 2 * run + connection).await;
            js::call(&socket, "ack");
            added.push(js::number(&js::literal("globalThis"), "added"));
            js::call1(&socket, "end", &js::literal("{ code: 1006 }"));
        }
        app.session.disconnect(wasm_bindgen::JsValue::UNDEFINED);
        left.push(js::number(&js::literal("globalThis"), "added"));
    }
    js::literal("(window.addEventListener = plain, window.removeEventListener = unplain, 0)");
    assert!(added[0] > 0.0);
    assert_eq!(added, [added[0]; 4], "no more with each connection");
    assert_eq!(left, [0.0; 2]);
}
