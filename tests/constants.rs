//! The copy of the core's constants in JavaScript is the same as the core.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "an unexpected value must fail the test"
)]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tpa_session::session::shell_limits::{
    LONG_TEXT, LONGEST_TURN, MAX_TEXT, MOST_REPORTED, MOST_VALUES, TURN, TURN_OF_AUDIO,
    TURN_OF_CONTROL, TURN_OF_MESSAGE,
};
use tpa_session::session::{
    CONTROL_TYPES, DEFAULT_URL, LogLevel, MESSAGE_RULES, RENAMED_TYPES, RESERVED_EVENTS,
    URL_OPTIONS, is_loopback,
};

/// The values of all exports.
fn exports(module: &str) -> BTreeMap<String, Value> {
    let statements = module.split("export const ").skip(1);
    let export = |statement: &str| {
        let (name, rest) = statement.split_once(" = ").expect("a value");
        let (literal, _) = rest.split_once(';').expect("an end");
        let literal: String = literal.split_whitespace().collect();
        let literal = literal.replace(",]", "]");
        let value = serde_json::from_str(&literal).expect(name);
        (name.to_owned(), value)
    };
    statements.map(export).collect()
}

#[test]
fn constants_in_javascript_are_those_of_the_core() {
    let dispatcher = exports(include_str!("../src/web/js/dispatcher.js"));
    let messages = include_str!("../src/web/js/streams.js");
    let (_, messages) = messages
        .split_once("The core defines this list")
        .expect("the rules");
    let (messages, _) = messages.split_once("const rules").expect("their end");
    let messages = exports(messages);
    let package = exports(include_str!("../pkg-template/src/constants.js"));
    let message_rules =
        MESSAGE_RULES.map(|rule| (rule.kind, rule.key_field, rule.time_field, rule.replay));
    for (name, copy, original) in [
        ("CONTROL_TYPES", &dispatcher, json!(CONTROL_TYPES)),
        ("RENAMED_TYPES", &dispatcher, json!(RENAMED_TYPES)),
        ("RESERVED_EVENTS", &dispatcher, json!(RESERVED_EVENTS)),
        ("MESSAGE_RULES", &messages, json!(message_rules)),
        ("DEFAULT_URL", &package, json!(DEFAULT_URL)),
        ("URL_OPTIONS", &package, json!(URL_OPTIONS)),
        (
            "LOG_LEVELS",
            &package,
            json!(LogLevel::ALL.map(LogLevel::name)),
        ),
    ] {
        assert_eq!(copy.get(name), Some(&original), "{name}");
    }
}

#[test]
fn limits_in_javascript_are_those_of_the_core() {
    let number = |module: &str, name: &str| -> u32 {
        let start = format!("\nconst {name} = ");
        let (_, rest) = module.split_once(&start).expect(name);
        let (literal, _) = rest.split_once(';').expect("an end");
        literal.replace('_', "").parse().expect(name)
    };
    let receive = include_str!("../src/web/js/receive.js");
    for (name, original) in [
        ("LONGEST_TURN", LONGEST_TURN),
        ("LONG_TEXT", LONG_TEXT),
        ("MOST_REPORTED", MOST_REPORTED),
        ("MOST_VALUES", MOST_VALUES),
        ("TURN", TURN),
        ("TURN_OF_AUDIO", TURN_OF_AUDIO),
        ("TURN_OF_CONTROL", TURN_OF_CONTROL),
        ("TURN_OF_MESSAGE", TURN_OF_MESSAGE),
    ] {
        assert_eq!(number(receive, name), original, "{name}");
    }
    let platform = include_str!("../src/web/js/platform.js");
    assert_eq!(number(platform, "MAX_TEXT") as usize, MAX_TEXT);
}

#[test]
fn a_loopback_host_is_recognized_as_in_the_package() {
    let table: BTreeMap<String, Vec<String>> =
        serde_json::from_str(include_str!("loopback.json")).unwrap();
    for (where_to, urls) in table {
        for url in urls {
            assert_eq!(is_loopback(&url), where_to == "same machine", "{url}");
        }
    }
}

/// The strings between two texts.
fn strings<'a>(source: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    let (_, rest) = source.split_once(from).expect(from);
    let (part, _) = rest.split_once(to).expect(to);
    part.split('"').skip(1).step_by(2).collect()
}

#[test]
fn events_have_the_same_names_on_both_sides_of_the_boundary() {
    let rust = strings(include_str!("../src/web/abi.rs"), "enum JsEvent {", "}");
    let platform = include_str!("../src/web/js/platform.js");
    assert_eq!(
        strings(platform, "reported to a session:", "} JsEvent"),
        rust
    );
}
