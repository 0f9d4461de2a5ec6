//! Messages that must arrive, and sockets that hold too much.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use super::app::{App, options, session_id};
use super::backend::fault;
use super::js;
use super::sockets::{app, socket, start};

fn sent(socket: &JsValue) -> Vec<String> {
    let sent: Array = js::get(socket, "sent").unchecked_into();
    sent.iter().filter_map(|text| text.as_string()).collect()
}

fn send(app: &App, message: &str) -> String {
    let reply = app
        .session
        .send(js::literal(message), JsValue::UNDEFINED)
        .expect("a message");
    reply.into()
}

#[wasm_bindgen_test]
async fn a_flush_resolves_when_the_cloud_has_everything() {
    let name = "org.example.flush";
    let app = App::connected(name).await;
    send(
        &app,
        "{ type: 'display_event', view: 'main', layout: { layoutType: 'text_wall', text: 'hi' } }",
    );
    let flushed = JsFuture::from(app.session.flush()).await;
    assert!(flushed.expect("a pong").is_undefined());
    let stats = app.session.stats();
    assert_eq!(js::number(&stats, "sent"), 1.0);
    assert!(js::number(&stats, "pongs") >= 1.0);
    assert!(js::number(&stats, "roundTrip") >= 0.0);
    assert!(
        js::number(&stats, "received") >= 2.0,
        "the ack and the pong"
    );
    let age = js_sys::Date::now() - js::number(&stats, "lastHeard");
    assert!((-50.0..10_000.0).contains(&age), "{age} ms");
}

#[wasm_bindgen_test]
async fn a_flush_without_a_session_is_rejected() {
    let app = App::new(&options("org.example.unflushed"));
    let error = JsFuture::from(app.session.flush()).await.expect_err("no");
    assert!(error.is_instance_of::<js_sys::Error>());
    assert_eq!(js::text(&error, "code"), "NOT_STARTED");
    assert_eq!(js::text(&error, "message"), "connect() was not called");
    app.session.dispose();
    let error = JsFuture::from(app.session.flush()).await.expect_err("no");
    assert_eq!(js::text(&error, "code"), "SESSION_OVER");
    assert_eq!(js::text(&error, "message"), "the session is over");
}

#[wasm_bindgen_test]
async fn a_flush_of_a_cloud_without_pongs_is_rejected() {
    let (app, class) = app("{ pongTimeout: 30 }");
    start(&app);
    js::call(&socket(&class, 1).await, "ack");
    send(&app, "{ type: 'x' }");
    let error = JsFuture::from(app.session.flush()).await.expect_err("no");
    assert_eq!(js::text(&error, "code"), "NOT_SUPPORTED");
    assert_eq!(js::text(&error, "message"), "not supported by this cloud");
}

#[wasm_bindgen_test]
async fn what_was_not_confirmed_is_sent_again() {
    let (app, class) = app("{ delivery: 'at-least-once' }");
    start(&app);
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    assert_eq!(send(&app, "{ type: 'x', n: 1 }"), "sent");
    assert_eq!(js::number(&app.session.stats(), "unconfirmed"), 1.0);
    js::call1(&first, "end", &js::literal("{ code: 1006 }"));
    let second = socket(&class, 2).await;
    js::call(&second, "ack");
    let again = sent(&second).pop().expect("frames");
    assert!(again.contains("\"n\":1"), "{again}");
}

#[wasm_bindgen_test]
async fn a_socket_that_holds_too_much_is_given_no_more_until_it_has_room() {
    let (app, class) = app("{}");
    start(&app);
    let socket = socket(&class, 1).await;
    js::call(&socket, "ack");
    js::set(&socket, "bufferedAmount", &(1024 * 1024 + 1).into());
    assert_eq!(send(&app, "{ type: 'x', n: 1 }"), "queued");
    let before = sent(&socket).len();
    js::set(&socket, "bufferedAmount", &0.into());
    for _ in 0..200 {
        if sent(&socket).len() > before {
            break;
        }
        js::sleep(5).await;
    }
    assert!(
        sent(&socket)
            .pop()
            .is_some_and(|last| last.contains("\"n\":1"))
    );
}

#[wasm_bindgen_test]
async fn a_cloud_that_stops_reading_costs_bounded_memory() {
    let name = "org.example.stalled";
    let options = options(name);
    js::extend(&options, "{ maxQueuedBytes: 1000000, pingInterval: 0 }");
    let app = App::new(&options);
    app.connect(&session_id(name)).await.expect("a connection");
    fault(name, r#""fault":"freeze""#).await;
    let message = "{ type: 'x', text: 'x'.repeat(65536) }";
    let mut replies = Vec::new();
    for _ in 0..400 {
        // The socket's own writes happen between turns. None happens after the last messages: 2.6 MB
        // fill the queue of 1 MB, even if the socket has just got room for the 1 MB that it may hold.
        if replies.len() % 40 == 0 {
            js::sleep(1).await;
        }
        replies.push(send(&app, message));
    }
    let stats = app.session.stats();
    let queued = replies.iter().filter(|reply| *reply == "queued").count();
    assert!(queued > 20, "only {queued} of 400 had to wait");
    let bytes = js::number(&stats, "queuedBytes");
    assert!(
        bytes > 900_000.0 && bytes <= 1_000_000.0,
        "{bytes} bytes wait"
    );
    let at_once = replies.iter().filter(|reply| *reply == "sent").count();
    let later = js::number(&stats, "sent") - at_once as f64;
    let dropped = app.payloads("dropped").len() as f64;
    let left = js::number(&stats, "queued");
    assert_eq!(queued as f64, later + dropped + left, "nothing vanishes");
}

#[wasm_bindgen_test]
async fn the_timeline_is_plain_data_with_the_time_of_day() {
    let name = "org.example.timeline";
    let app = App::connected(name).await;
    fault(
        name,
        r#""fault":"close","code":1011,"reason":"no dev-key today""#,
    )
    .await;
    app.wait("connected", 2).await;
    let timeline = app.session.timeline();
    let text = String::from(js_sys::JSON::stringify(&timeline).expect("plain data"));
    assert!(!text.contains("dev-key"), "{text}");
    let events: Vec<_> = timeline
        .iter()
        .map(|entry| js::text(&entry, "event"))
        .collect();
    let of = |event: &str| events.iter().filter(|name| *name == event).count();
    assert_eq!(
        (of("connecting"), of("disconnected"), of("reconnecting")),
        (2, 1, 1)
    );
    let lost = timeline
        .iter()
        .find(|entry| js::text(entry, "event") == "disconnected");
    let lost = lost.expect("a loss");
    assert_eq!(js::number(&lost, "code"), 1011.0);
    assert_eq!(js::number(&lost, "connection"), 1.0);
    let age = js_sys::Date::now() - js::number(&lost, "at");
    assert!((-50.0..60_000.0).contains(&age), "{age} ms ago");
}
