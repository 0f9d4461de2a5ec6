//! What a program in Rust calls, with no value of JavaScript in its own hands.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tpa_session::session::{Delivery, LogLevel, State};
use tpa_session::web::{Options, SendResult, TpaSession};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

use super::app::session_id;
use super::backend::{self, fault};
use super::js;
use super::sockets::socket;

#[derive(Serialize)]
struct Custom {
    r#type: &'static str,
    count: u32,
}

const CUSTOM: Custom = Custom {
    r#type: "custom",
    count: 1,
};

/// Those of an app of its own on the cloud of the tests.
fn options(name: &str) -> Options {
    Options::new(name, "dev-key")
        .url(&backend::url())
        .reconnect_delay(Duration::from_millis(50))
        .log_level(LogLevel::Silent)
        .web_socket(backend::web_socket())
}

async fn until(what: &str, is: impl Fn() -> bool) {
    for _ in 0..testkit::TIMEOUT.as_millis() / 5 {
        if is() {
            return;
        }
        js::sleep(5).await;
    }
    panic!("waited in vain for {what}");
}

#[wasm_bindgen_test]
async fn it_hears_is_cut_comes_back_sends_and_ends() {
    #[derive(Deserialize)]
    struct Transcription {
        text: String,
    }
    let name = "org.example.rust";
    let session = options(name)
        .delivery(Delivery::AtLeastOnce)
        .session()
        .expect("options that are right");
    assert_eq!(session.state(), State::Idle);
    let states = Rc::new(RefCell::new(Vec::new()));
    let noted = states.clone();
    let _states = session.on_state(move |state| noted.borrow_mut().push(state));
    let captions = Rc::new(Cell::new(0));
    let counted = captions.clone();
    let _captions = session.on("transcription:en-US", move |heard| {
        let Transcription { text } = heard.expect("a transcription");
        assert!(!text.is_empty());
        counted.set(counted.get() + 1);
    });
    session
        .subscribe(["transcription:en-US", "button_press"])
        .expect("names of streams");
    session
        .unsubscribe(["button_press"])
        .expect("a name of a stream");
    assert_eq!(session.subscriptions().len(), 1);
    assert_eq!(session.send(&CUSTOM).ok(), Some(SendResult::Queued));

    let settings = session.connect(&session_id(name)).await;
    assert!(js_sys::Array::is_array(&settings.expect("settings")));
    assert_eq!(session.state(), State::Connected);
    assert_eq!(session.send(&CUSTOM).ok(), Some(SendResult::Sent));
    session.flush().await.expect("a cloud that confirms");
    until("a caption", || captions.get() > 0).await;

    fault(name, r#""fault":"cut""#).await;
    until("a cut", || states.borrow().contains(&State::Waiting)).await;
    let again = session.clone();
    until("a connection", || again.state() == State::Connected).await;
    let before = captions.get();
    until("another caption", || captions.get() > before).await;
    session.disconnect();
    use State::{Connected, Connecting, Handshaking, Stopped, Waiting};
    let way = [Connecting, Handshaking, Connected];
    assert_eq!(
        *states.borrow(),
        [&way[..], &[Waiting], &way, &[Stopped]].concat()
    );
}

#[wasm_bindgen_test]
fn wrong_options_are_named() {
    let error = |options: Options| match options.session() {
        Ok(_) => panic!("options that are wrong"),
        Err(error) => error.to_string(),
    };
    let right = || Options::new("org.example.app", "k");
    assert!(error(right().url("ftp://host/")).starts_with("augmentOSWebsocketUrl: must be a ws:"));
    assert!(error(right().jitter(2.0)).starts_with("jitter: must be a number from 0 to 1, not 2"));
    assert!(error(Options::new("", "k")).starts_with("packageName: "));
    assert!(error(Options::new("a", "")).starts_with("apiKey: "));
    let none = Duration::ZERO;
    assert!(error(right().connect_timeout(none)).starts_with("connectTimeout: "));
    assert!(error(right().pong_timeout(none)).starts_with("pongTimeout: "));
    assert!(error(right().logger(5)).starts_with("logger: "));
}

#[wasm_bindgen_test]
fn each_option_arrives_under_its_own_name() {
    let most = Duration::from_millis(2_147_483_647);
    let beyond = most + Duration::from_millis(1);
    type With = fn(Options, Duration) -> Options;
    let times: [(&str, With); 7] = [
        ("giveUpAfter", Options::give_up_after),
        ("reconnectDelay", Options::reconnect_delay),
        ("maxReconnectDelay", Options::max_reconnect_delay),
        ("connectTimeout", Options::connect_timeout),
        ("stableAfter", Options::stable_after),
        ("pingInterval", Options::ping_interval),
        ("pongTimeout", Options::pong_timeout),
    ];
    for (name, with) in times {
        assert!(with(Options::new("a", "k"), most).session().is_ok());
        let error = with(Options::new("a", "k"), beyond).session().err();
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with(&format!("{name}: ")), "{name}: {error}");
    }
}

/// A session on sockets that do as told.
fn on_fake_sockets(options: Options) -> (TpaSession, wasm_bindgen::JsValue) {
    let class = js::fake_sockets();
    let session = options
        .log_level(LogLevel::Silent)
        .web_socket(class.clone().unchecked_into())
        .session();
    (session.expect("options that are right"), class)
}

#[wasm_bindgen_test]
async fn counts_bound_what_they_name() {
    let (session, _) = on_fake_sockets(Options::new("a", "k").max_queued_messages(1));
    let dropped = Rc::new(Cell::new(0));
    let counted = dropped.clone();
    let _dropped = session.on_js("dropped", move |_| counted.set(counted.get() + 1));
    for _ in 0..3 {
        assert!(session.send(&CUSTOM).is_ok());
    }
    assert_eq!(dropped.get(), 2);
    let (session, _) = on_fake_sockets(Options::new("a", "k").max_queued_bytes(5));
    assert_eq!(session.send(&CUSTOM).ok(), Some(SendResult::Dropped));
}

#[wasm_bindgen_test]
async fn providers_are_asked_at_each_attempt_and_may_fail() {
    let asked = Rc::new(Cell::new(0));
    let count = asked.clone();
    let key = move || {
        let count = count.clone();
        async move {
            count.set(count.get() + 1);
            match count.get() {
                1 => Err("no key today"),
                nth => Ok(format!("key-{nth}")),
            }
        }
    };
    let url = async || Ok::<_, String>("ws://host/rust".to_owned());
    let (session, class) = on_fake_sockets(
        Options::with_key_provider("a", key)
            .url_provider(url)
            .reconnect_delay(Duration::ZERO),
    );
    let causes = Rc::new(RefCell::new(Vec::new()));
    let noted = causes.clone();
    let _causes = session.on_js("reconnecting", move |next| {
        let reason = js::text(&js::get(&next, "cause"), "reason");
        noted.borrow_mut().push(reason);
    });
    let connected = session.connect("user-a");
    let first = socket(&class, 1).await;
    js::call(&first, "ack");
    connected.await.expect("a connection");
    assert_eq!(asked.get(), 2);
    assert_eq!(js::text(&first, "url"), "ws://host/rust");
    assert_eq!(
        *causes.borrow(),
        ["apiKey: the provider failed: no key today"]
    );
    session.disconnect();
}

#[wasm_bindgen_test]
async fn the_end_before_a_connection_is_an_error_with_a_kind() {
    let (session, class) = on_fake_sockets(Options::new("a", "k").auto_reconnect(false));
    let connected = session.connect("user-a");
    let first = socket(&class, 1).await;
    js::call(&first, "open");
    js::call1(&first, "end", &js::literal("{ code: 1006 }"));
    let error = connected.await.expect_err("no connection");
    assert_eq!(error.kind().as_deref(), Some("Abnormal"));
    assert!(!error.to_string().is_empty());
    let error = session.connect("").await.expect_err("no id");
    assert_eq!(error.kind(), None);
    assert!(error.to_string().contains("sessionId"), "{error}");
    // Nobody waits for this one, and nothing is reported as uncaught.
    drop(session.connect("user-a"));
    session.disconnect();
}

#[wasm_bindgen_test]
async fn attempts_have_a_limit_or_none() {
    for (limit, told) in [(Some(7), 7.0), (None, f64::INFINITY)] {
        let options = Options::new("a", "k").max_reconnect_attempts(limit);
        let (session, class) = on_fake_sockets(options);
        let most = Rc::new(Cell::new(0.0));
        let noted = most.clone();
        let _most = session.on_js("reconnecting", move |next| {
            noted.set(js::number(&next, "maxAttempts"));
        });
        let connected = session.connect("user-a");
        js::call(&socket(&class, 1).await, "fail");
        js::call1(
            &socket(&class, 1).await,
            "end",
            &js::literal("{ code: 1006 }"),
        );
        assert_eq!(most.get(), told);
        session.disconnect();
        assert!(connected.await.is_err());
    }
}

#[wasm_bindgen_test]
fn a_listener_that_is_dropped_hears_no_more_not_even_when_a_handler_drops_it() {
    let (session, _) = on_fake_sockets(Options::new("a", "k"));
    let heard = Rc::new(Cell::new(0));
    let own = Rc::new(RefCell::new(None));
    let (count, held) = (heard.clone(), own.clone());
    let listener = session.on_state(move |_| {
        count.set(count.get() + 1);
        // While it runs.
        drop(held.borrow_mut().take());
    });
    *own.borrow_mut() = listener.ok();
    let other = session.on_state(|_| panic!("it was dropped before"));
    drop(other);
    drop(session.connect("user-a"));
    session.disconnect();
    assert_eq!(heard.get(), 1);
}

#[wasm_bindgen_test]
fn a_handler_that_changes_may_call_the_session() {
    let (session, _) = on_fake_sockets(Options::new("a", "k"));
    let mut states = Vec::new();
    let own = session.clone();
    let all = Rc::new(RefCell::new(Vec::new()));
    let noted = all.clone();
    let _states = session.on_state(move |state| {
        own.disconnect();
        states.push(state);
        *noted.borrow_mut() = states.clone();
    });
    drop(session.connect("user-a"));
    assert_eq!(*all.borrow(), [State::Connecting, State::Stopped]);
}

#[wasm_bindgen_test]
fn what_is_no_message_no_event_and_no_payload_is_said() {
    #[derive(Debug, Deserialize)]
    struct Other {
        _other: u32,
    }
    let (session, _) = on_fake_sockets(Options::new("a", "k"));
    let error = session.send(&5).expect_err("no message");
    assert!(error.to_string().starts_with("message: "), "{error}");
    let error = session.on_js("", |_| {}).expect_err("no event");
    assert!(error.to_string().starts_with("event: "), "{error}");
    assert!(session.subscribe([""]).is_err());
    let told = Rc::new(RefCell::new(String::new()));
    let noted = told.clone();
    let _state = session.on::<Other>("stateChange", move |payload| {
        *noted.borrow_mut() = payload.expect_err("no such field").to_string();
    });
    drop(session.connect("user-a"));
    session.disconnect();
    assert!(told.borrow().contains("_other"), "{}", told.borrow());
}
