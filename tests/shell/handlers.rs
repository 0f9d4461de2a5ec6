//! What handlers may do: everything, at any time.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::app::{App, options, session_id};
use super::backend::fault;
use super::js;

/// Calls every method that leaves the connection alone.
fn call_everything(
    App {
        session, handlers, ..
    }: &App,
) {
    let nothing = JsValue::UNDEFINED;
    let handler = js::literal("() => {}");
    let event = JsValue::from("stateChange");
    assert!(handlers.on(&event, &handler, false).is_ok());
    assert!(handlers.on(&event, &handler, true).is_ok());
    assert!(handlers.off(&event, &handler).is_ok());
    assert!(handlers.off(&event, &handler).is_ok());
    assert!(
        session
            .send(js::literal("{ type: 'custom' }"), nothing.clone())
            .is_ok()
    );
    assert!(session.subscribe("head_position".into()).is_ok());
    assert!(session.unsubscribe("head_position".into()).is_ok());
    let ignore = wasm_bindgen::closure::Closure::once_into_js(|_: JsValue| {});
    js::call1(&session.flush(), "catch", &ignore);
    let _ = (
        session.state(),
        session.session_id(),
        session.subscriptions(),
        session.timeline(),
        session.stats(),
    );
}

#[wasm_bindgen_test]
async fn every_method_can_be_called_in_every_handler() {
    let name = "org.example.reentrant";
    let app = Rc::new(App::new(&options(name)));
    for event in [
        "connecting",
        "connected",
        "disconnected",
        "reconnecting",
        "stateChange",
    ] {
        let weak = Rc::downgrade(&app);
        app.on(event, move |_| {
            if let Some(app) = weak.upgrade() {
                call_everything(&app);
            }
        });
    }
    app.connect(&session_id(name)).await.expect("a connection");
    fault(name, r#""fault":"cut""#).await;
    app.wait("connected", 2).await;
    app.session.disconnect(JsValue::UNDEFINED);
    assert_eq!(app.state(), "stopped");
    assert_eq!(app.count("error"), 0);
}

#[wasm_bindgen_test]
async fn disconnect_in_a_handler_of_connected_ends_it() {
    let name = "org.example.leaver";
    let app = Rc::new(App::new(&options(name)));
    let weak = Rc::downgrade(&app);
    app.on("connected", move |_| {
        if let Some(app) = weak.upgrade() {
            app.session.disconnect("enough".into());
        }
    });
    assert!(
        app.connect(&session_id(name)).await.is_ok(),
        "it was connected"
    );
    let end = app.wait("disconnected", 1).await;
    assert_eq!(js::text(&end, "reason"), "enough");
    js::sleep(100).await;
    assert_eq!(app.count("connecting"), 1);
}

#[wasm_bindgen_test]
async fn connect_in_a_handler_of_the_end_starts_anew() {
    let name = "org.example.phoenix";
    let app = Rc::new(App::new(&options(name)));
    let weak = Rc::downgrade(&app);
    let again = Cell::new(true);
    app.on("disconnected", move |_| {
        if let Some(app) = weak.upgrade()
            && again.replace(false)
        {
            let _ = app
                .session
                .connect(session_id("org.example.phoenix").into());
        }
    });
    app.connect(&session_id(name)).await.expect("a connection");
    fault(name, r#""fault":"close","code":1000"#).await;
    app.wait("connected", 2).await;
    app.session.disconnect(JsValue::UNDEFINED);
    assert_eq!(app.count("disconnected"), 2);
}

#[wasm_bindgen_test]
async fn connect_with_the_same_id_is_the_same_promise() {
    let name = "org.example.twice";
    let app = App::new(&options(name));
    let id = JsValue::from(session_id(name));
    let (first, second) = (
        app.session.connect(id.clone()),
        app.session.connect(id.clone()),
    );
    assert!(js_sys::Object::is(&first, &second));
    assert!(wasm_bindgen_futures::JsFuture::from(first).await.is_ok());
    assert!(js_sys::Object::is(
        &app.session.connect(id.clone()),
        &second
    ));
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn disconnect_before_the_ack_rejects_the_promise() {
    let name = "org.example.hasty";
    let app = App::new(&options(name));
    let promise = app.session.connect(session_id(name).into());
    app.session.disconnect(JsValue::UNDEFINED);
    let error = wasm_bindgen_futures::JsFuture::from(promise).await;
    let error = error.expect_err("it was never connected");
    assert_eq!(js::text(&error, "kind"), "ClientDisconnect");
}
