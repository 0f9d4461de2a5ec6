//! The copy of the core's constants in JavaScript is the same as the core.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "an unexpected value must fail the test"
)]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tpa_session::session::{
    CONTROL_TYPES, DEFAULT_URL, LogLevel, RENAMED_TYPES, RESERVED_EVENTS, URL_OPTIONS,
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
    let package = exports(include_str!("../pkg-template/src/constants.js"));
    for (name, copy, original) in [
        ("CONTROL_TYPES", &dispatcher, json!(CONTROL_TYPES)),
        ("RENAMED_TYPES", &dispatcher, json!(RENAMED_TYPES)),
        ("RESERVED_EVENTS", &dispatcher, json!(RESERVED_EVENTS)),
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
