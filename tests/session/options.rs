//! Options: defaults, allowed values, errors.

use std::collections::BTreeMap;

use tpa_session::session::{
    Config, DEFAULT_URL, Delivery, LogLevel, OptionError, Options, Source, Value, websocket_url,
};

fn read(fields: &[(&'static str, Value)]) -> Result<Options, OptionError> {
    let mut all = BTreeMap::from([
        ("packageName", Value::Text("org.example.app".into())),
        ("apiKey", Value::Text("secret".into())),
    ]);
    all.extend(fields.iter().cloned());
    Options::read(&|field| all.get(field).cloned().unwrap_or(Value::Missing))
}

fn refused(field: &'static str, value: Value) -> OptionError {
    match read(&[(field, value.clone())]) {
        Err(error) => error,
        Ok(_) => panic!("{field}: {value:?} was accepted"),
    }
}

#[test]
fn defaults_that_apps_rely_on() {
    let options = read(&[]).expect("the least that is allowed");
    let defaults = Config {
        on_loopback: true,
        ..Config::default()
    };
    assert_eq!(*options.config, defaults);
    assert!(options.config.auto_reconnect);
    assert_eq!(options.config.max_reconnect_attempts, Some(3));
    assert_eq!(options.config.backoff.initial.as_millis(), 1000);
    assert_eq!(options.url, Source::Fixed(DEFAULT_URL.into()));
    assert_eq!(options.log_level, LogLevel::Warn);
}

#[test]
fn delivery_defaults_to_at_most_once() {
    let delivery = |name: &str| {
        let options = read(&[("delivery", Value::Text(name.into()))]);
        options.map(|options| options.config.delivery)
    };
    assert_eq!(read(&[]).unwrap().config.delivery, Delivery::AtMostOnce);
    assert_eq!(delivery("at-most-once"), Ok(Delivery::AtMostOnce));
    assert_eq!(delivery("at-least-once"), Ok(Delivery::AtLeastOnce));
    for value in [Value::Text("once".into()), Value::Bool(true)] {
        let error = refused("delivery", value);
        assert_eq!((error.field, error.secret), ("delivery", false));
        assert_eq!(error.allowed, "\"at-most-once\" or \"at-least-once\"");
    }
}

#[test]
fn zero_and_infinity_are_allowed() {
    let number = Value::Number;
    let options = read(&[
        ("maxReconnectAttempts", number(0.0)),
        ("reconnectDelay", number(0.0)),
        ("jitter", number(0.0)),
    ])
    .expect("zeros");
    assert_eq!(options.config.max_reconnect_attempts, Some(0));
    assert_eq!(options.config.backoff.initial.as_millis(), 0);
    let options = read(&[("maxReconnectAttempts", number(f64::INFINITY))]).expect("infinity");
    assert_eq!(options.config.max_reconnect_attempts, None);
}

#[test]
fn error_names_the_field() {
    let wrong_numbers = [
        Value::Number(-1.0),
        Value::Number(f64::NAN),
        Value::Number(f64::NEG_INFINITY),
        Value::Text("three".into()),
        Value::Bool(true),
        Value::Other,
    ];
    for field in [
        "maxReconnectAttempts",
        "giveUpAfter",
        "reconnectDelay",
        "maxReconnectDelay",
        "jitter",
        "connectTimeout",
        "stableAfter",
        "maxQueuedMessages",
        "maxQueuedBytes",
        "maxFrameBytes",
    ] {
        for value in wrong_numbers.clone() {
            let error = refused(field, value);
            assert_eq!((error.field, error.secret), (field, false));
            assert!(!error.allowed.is_empty());
        }
    }
    for (field, value) in [
        ("maxReconnectAttempts", Value::Number(2.5)),
        ("reconnectDelay", Value::Number(f64::INFINITY)),
        ("jitter", Value::Number(1.1)),
        ("connectTimeout", Value::Number(0.0)),
        ("autoReconnect", Value::Text("yes".into())),
        ("logLevel", Value::Text("loud".into())),
        ("logLevel", Value::Number(1.0)),
        ("logger", Value::Text("console".into())),
        ("WebSocket", Value::Object),
        ("packageName", Value::Missing),
        ("packageName", Value::Text(" ".into())),
        ("augmentOSWebsocketUrl", Value::Text("ftp://host".into())),
        ("mentraOSWebsocketUrl", Value::Text("host:8002".into())),
        ("mentraOSWebsocketUrl", Value::Number(1.0)),
    ] {
        assert_eq!(refused(field, value).field, field);
    }
}

#[test]
fn invalid_key_is_secret() {
    for value in [
        Value::Missing,
        Value::Text(String::new()),
        Value::Number(5.0),
    ] {
        let error = refused("apiKey", value);
        assert_eq!((error.field, error.secret), ("apiKey", true));
    }
}

#[test]
fn providers_for_key_and_url() {
    let options = read(&[
        ("apiKey", Value::Function),
        ("mentraOSWebsocketUrl", Value::Function),
    ])
    .expect("providers");
    assert_eq!(options.api_key, Source::Provider);
    assert_eq!(
        (options.url_field, options.url),
        ("mentraOSWebsocketUrl", Source::Provider)
    );
    assert!(options.config.key_from_provider);
}

#[test]
fn http_urls_become_websocket_urls() {
    for (given, expected) in [
        ("ws://localhost:8002/tpa-ws", "ws://localhost:8002/tpa-ws"),
        (
            "wss://cloud.example/app-ws?a=b",
            "wss://cloud.example/app-ws?a=b",
        ),
        ("http://[::1]:1/x", "ws://[::1]:1/x"),
        ("HTTPS://Cloud.example", "wss://Cloud.example"),
        ("ws://host/path#fragment", "ws://host/path"),
    ] {
        assert_eq!(websocket_url(given).as_deref(), Some(expected));
    }
    for wrong in [
        "",
        "host",
        "ftp://host",
        "ws:host",
        "ws://",
        "ws:///path",
        "ws://:80",
        "ws://a b",
        // The platform cuts off what ends a URL and cannot be seen, but keeps it before a
        // fragment.
        "ws://host?q\u{10}\0#fragment",
    ] {
        assert_eq!(websocket_url(wrong), None, "{wrong}");
    }
}

#[test]
fn defaults_match_the_documentation() {
    let config = Config::default();
    assert_eq!(config.backoff.max.as_millis(), 30_000);
    assert_eq!(config.backoff.jitter, 0.5);
    assert_eq!(config.connect_timeout.as_millis(), 5000);
    assert_eq!(config.give_up_after.as_millis(), 0);
    assert_eq!(config.stable_after.as_millis(), 5000);
    assert_eq!(config.outbox.messages, 1000);
    assert_eq!(config.outbox.bytes, 1_048_576);
    assert_eq!(config.watch.ping_interval.as_millis(), 15_000);
    assert_eq!(config.watch.pong_timeout.as_millis(), 5000);
    assert!(!config.key_from_provider && !config.asks_app && !config.on_loopback);
}

#[test]
fn each_option_sets_its_own_field() {
    let number = Value::Number;
    let options = read(&[
        ("autoReconnect", Value::Bool(false)),
        ("maxReconnectAttempts", number(1.0)),
        ("reconnectDelay", number(2.0)),
        ("maxReconnectDelay", number(3.0)),
        ("jitter", number(0.25)),
        ("connectTimeout", number(4.0)),
        ("stableAfter", number(5.0)),
        ("maxQueuedMessages", number(6.0)),
        ("maxQueuedBytes", number(7.0)),
        ("maxFrameBytes", number(1.0)),
        ("pingInterval", number(8.0)),
        ("pongTimeout", number(9.0)),
        ("giveUpAfter", number(10.0)),
        ("shouldReconnect", Value::Function),
        ("logger", Value::Object),
        ("WebSocket", Value::Function),
    ])
    .expect("what is allowed");
    assert_eq!(options.max_frame_bytes, 1);
    let config = options.config;
    assert!(!config.auto_reconnect && config.asks_app);
    assert_eq!(config.max_reconnect_attempts, Some(1));
    assert_eq!(config.backoff.initial.as_millis(), 2);
    assert_eq!(config.backoff.max.as_millis(), 3);
    assert_eq!(config.backoff.jitter, 0.25);
    assert_eq!(config.connect_timeout.as_millis(), 4);
    assert_eq!(config.stable_after.as_millis(), 5);
    assert_eq!((config.outbox.messages, config.outbox.bytes), (6, 7));
    assert_eq!(config.watch.ping_interval.as_millis(), 8);
    assert_eq!(config.watch.pong_timeout.as_millis(), 9);
    assert_eq!(config.give_up_after.as_millis(), 10);
}

#[test]
fn largest_values() {
    let counts = [
        "maxReconnectAttempts",
        "maxQueuedMessages",
        "maxQueuedBytes",
    ];
    let times = [
        "giveUpAfter",
        "reconnectDelay",
        "maxReconnectDelay",
        "connectTimeout",
        "stableAfter",
        "pingInterval",
        "pongTimeout",
    ];
    let counts = counts.map(|field| (field, 4_294_967_295.0));
    let times = times.map(|field| (field, 2_147_483_647.0));
    for (field, greatest) in counts.into_iter().chain(times).chain([("jitter", 1.0)]) {
        assert!(read(&[(field, Value::Number(greatest))]).is_ok(), "{field}");
        let greater = Value::Number(greatest + 1.0);
        assert_eq!(refused(field, greater).field, field);
    }
}

#[test]
fn log_levels_by_name() {
    for (name, level) in [
        ("silent", LogLevel::Silent),
        ("error", LogLevel::Error),
        ("warn", LogLevel::Warn),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
    ] {
        let options = read(&[("logLevel", Value::Text(name.into()))]);
        assert_eq!(options.map(|options| options.log_level), Ok(level));
    }
}

#[test]
fn only_a_fixed_loopback_url_needs_no_network() {
    for (url, here) in [
        ("ws://localhost:8002/tpa-ws", true),
        ("http://localhost", true),
        ("ws://127.0.0.1:80", true),
        ("ws://127.1.2.3/path", true),
        ("ws://[::1]:8002/tpa-ws", true),
        ("ws://[::2]:8002/tpa-ws", false),
        ("ws://localhost.example:8002", false),
        ("wss://cloud.example/localhost", false),
        ("ws://10.0.0.127", false),
        // A name and a password before the host, and a name that only begins like an address.
        ("ws://localhost:pass@cloud.example", false),
        ("ws://127.0.0.1:80@cloud.example/path", false),
        ("ws://[::1]:80@cloud.example?query", false),
        ("ws://localhost/path@cloud.example", true),
        ("ws://127.:80", false),
        ("ws://127..", false),
    ] {
        let options = read(&[("augmentOSWebsocketUrl", Value::Text(url.into()))]).expect(url);
        assert_eq!(options.config.on_loopback, here, "{url}");
    }
    let options = read(&[("augmentOSWebsocketUrl", Value::Function)]).expect("a provider");
    assert!(!options.config.on_loopback);
}

#[test]
fn error_states_the_allowed_numbers() {
    let millis = "a number of milliseconds from 0 to 2147483647";
    let timeout = "a number of milliseconds from 1 to 2147483647";
    let count = "a whole number from 0 to 4294967295";
    for (field, allowed) in [
        ("giveUpAfter", millis),
        ("reconnectDelay", millis),
        ("maxReconnectDelay", millis),
        ("stableAfter", millis),
        ("pingInterval", millis),
        ("connectTimeout", timeout),
        ("pongTimeout", timeout),
        ("jitter", "a number from 0 to 1"),
        ("maxQueuedMessages", count),
        ("maxQueuedBytes", count),
        ("maxFrameBytes", "a whole number from 1 to 4294967295"),
        (
            "maxReconnectAttempts",
            "a whole number from 0 to 4294967295, or Infinity",
        ),
    ] {
        assert_eq!(
            refused(field, Value::Number(-1.0)).allowed,
            allowed,
            "{field}"
        );
    }
}
