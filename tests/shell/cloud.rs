//! A session with a real cloud, over a real socket that is really cut.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::app::{App, options, session_id};
use super::backend::{self, fault};
use super::js;

#[wasm_bindgen_test]
async fn connects_and_gives_the_settings() {
    let name = "org.example.settings";
    let app = App::new(&options(name));
    let settings = app.connect(&session_id(name)).await.expect("settings");
    assert!(js_sys::Array::is_array(&settings));
    assert_eq!(app.state(), "connected");
    assert_eq!(app.session.session_id(), session_id(name));
    let story = [
        "stateChange",
        "connecting",
        "stateChange",
        "stateChange",
        "connected",
    ];
    assert_eq!(app.event_names(), story);
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn a_cut_is_told_and_mended() {
    let name = "org.example.cut";
    let app = App::connected(name).await;
    app.record("button_press");
    app.session
        .subscribe("button_press".into())
        .expect("a stream");
    app.wait("button_press", 1).await;
    fault(name, r#""fault":"cut""#).await;
    let lost = app.wait("disconnected", 1).await;
    assert_eq!(js::number(&lost, "code"), 1006.0);
    assert_eq!(js::text(&lost, "reason"), "");
    assert!(!js::flag(&lost, "wasClean") && !js::flag(&lost, "permanent"));
    assert!(js::flag(&lost, "willReconnect"));
    let next = app.wait("reconnecting", 1).await;
    assert_eq!(js::number(&next, "attempt"), 1.0);
    assert_eq!(js::number(&next, "maxAttempts"), 3.0);
    assert_eq!(js::number(&js::get(&next, "cause"), "code"), 1006.0);
    app.wait("connected", 2).await;
    let before = app.count("button_press");
    app.wait("button_press", before + 1).await;
    assert_eq!(app.count("error"), 0);
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn closures_that_are_meant_are_final() {
    for (nth, close, kind) in [
        (1, r#""code":1000"#, "Normal"),
        (2, r#""code":1001,"reason":"bye""#, "Normal"),
        (3, r#""code":1000,"reason":"App stopped""#, "AppStopped"),
        (4, r#""code":4009,"reason":"Superseded""#, "Superseded"),
    ] {
        let name = format!("org.example.final{nth}");
        let app = App::connected(&name).await;
        fault(&name, &format!(r#""fault":"close",{close}"#)).await;
        let end = app.wait("disconnected", 1).await;
        assert!(js::flag(&end, "permanent"), "{close}");
        assert_eq!(js::text(&end, "kind"), kind);
        assert_eq!(js::flag(&end, "wasClean"), kind != "Superseded");
        assert_eq!(app.state(), "stopped");
        assert_eq!(app.count("reconnecting"), 0);
    }
}

#[wasm_bindgen_test]
async fn what_was_sent_during_an_outage_arrives_after_it() {
    let name = "org.example.outage";
    let app = App::connected(name).await;
    fault(name, r#""fault":"cut""#).await;
    app.wait("disconnected", 1).await;
    for n in 1..=3 {
        let card = format!(
            "{{ type: 'display_event', view: 'main', layout: {{ layoutType: 'text_wall', text: 'card {n}' }} }}"
        );
        let sent = app.session.send(js::literal(&card), JsValue::UNDEFINED);
        assert_eq!(sent.map(String::from), Ok("queued".into()));
    }
    app.wait("connected", 2).await;
    for _ in 0..1000 {
        let all = backend::sessions().await;
        if all.contains("card 3") {
            assert!(
                !all.contains("card 1"),
                "a newer card replaces an older one"
            );
            app.session.disconnect(JsValue::UNDEFINED);
            return;
        }
        js::sleep(5).await;
    }
    panic!("the card never arrived");
}

#[wasm_bindgen_test]
async fn a_wrong_key_is_refused_once_and_never_shown() {
    let name = "org.example.wrong-key";
    let given = options(name);
    js::set(&given, "apiKey", &"sEcReT".into());
    let logger = js::collecting_logger();
    js::set(&given, "logger", &logger);
    js::set(&given, "logLevel", &"debug".into());
    let app = App::new(&given);
    let error = app.connect(&session_id(name)).await.expect_err("a refusal");
    assert_eq!(js::text(&error, "name"), "TpaConnectionError");
    assert_eq!(js::text(&error, "kind"), "Rejected");
    assert_eq!(js::number(&error, "code"), 1008.0);
    assert_eq!(js::number(&error, "attempts"), 0.0);
    assert_eq!(app.count("disconnected"), 1);
    assert_eq!(app.count("reconnecting"), 0);
    let lines: String = js_sys::JSON::stringify(&js::get(&logger, "lines"))
        .expect("JSON")
        .into();
    assert!(lines.contains(name), "every line names the package");
    let payload: String = js_sys::JSON::stringify(&app.payloads("disconnected")[0])
        .expect("JSON")
        .into();
    for text in [lines, payload, js::text(&error, "message")] {
        assert!(!text.contains("sEcReT"), "{text}");
    }
}

#[wasm_bindgen_test]
async fn a_provider_is_asked_at_every_attempt() {
    let name = "org.example.provider";
    let given = options(name);
    let provider = counting_provider();
    js::set(&given, "apiKey", &provider);
    let app = App::new(&given);
    app.connect(&session_id(name)).await.expect("a connection");
    fault(name, r#""fault":"cut""#).await;
    app.wait("connected", 2).await;
    assert_eq!(js::number(&provider, "calls"), 2.0);
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn malformed_frames_are_errors_and_the_session_lives_on() {
    let name = "org.example.malformed";
    let app = App::connected(name).await;
    fault(name, r#""fault":"malformed""#).await;
    app.wait("error", 4).await;
    let messages: Vec<_> = app
        .payloads("error")
        .iter()
        .map(|e| js::text(e, "message"))
        .collect();
    assert!(
        messages
            .iter()
            .all(|message| message.starts_with("Malformed frame")),
        "{messages:?}"
    );
    assert_eq!(app.state(), "connected");
    assert_eq!(app.count("disconnected"), 0);
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn audio_comes_as_bytes() {
    let name = "org.example.audio";
    let app = App::connected(name).await;
    app.record("audio_chunk");
    app.session
        .subscribe("audio_chunk".into())
        .expect("a stream");
    let chunk = app.wait("audio_chunk", 1).await;
    assert_eq!(js::number(&chunk, "sampleRate"), 16_000.0);
    let bytes = js_sys::Uint8Array::new(&js::get(&chunk, "bytes"));
    let buffer = js_sys::Uint8Array::new(&js::get(&chunk, "arrayBuffer"));
    assert!(bytes.length() > 0);
    assert_eq!(bytes.to_vec(), buffer.to_vec());
    app.session.disconnect(JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn an_app_stopped_frame_is_final() {
    let name = "org.example.stopped";
    let app = App::connected(name).await;
    app.record("app_stopped");
    let frame = r#"{"type":"app_stopped","reason":"user_disabled"}"#;
    backend::send_frame(name, frame).await;
    let end = app.wait("disconnected", 1).await;
    assert_eq!(js::text(&end, "kind"), "AppStopped");
    assert!(js::flag(&end, "permanent"));
    assert_eq!(app.count("app_stopped"), 1);
}

#[wasm_bindgen_test]
async fn disconnect_is_one_final_event_and_then_silence() {
    let name = "org.example.goodbye";
    let app = App::connected(name).await;
    app.session.disconnect(JsValue::UNDEFINED);
    assert_eq!(
        app.count("disconnected"),
        1,
        "told before disconnect() returns"
    );
    let end = &app.payloads("disconnected")[0];
    assert_eq!(js::text(end, "kind"), "ClientDisconnect");
    assert_eq!(js::number(end, "code"), 1000.0);
    assert!(js::flag(end, "wasClean"));
    let told = app.event_names().len();
    app.session.disconnect(JsValue::UNDEFINED);
    js::sleep(200).await;
    assert_eq!(app.event_names().len(), told);
}

fn counting_provider() -> JsValue {
    js::literal(
        "(() => { const f = async () => { f.calls++; return 'dev-key'; }; f.calls = 0; return f; })()",
    )
}
