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
    let core = json!({
        "CONTROL_TYPES": CONTROL_TYPES,
        "DEFAULT_URL": DEFAULT_URL,
        "LOG_LEVELS": LogLevel::ALL.map(LogLevel::name),
        "RENAMED_TYPES": RENAMED_TYPES,
        "RESERVED_EVENTS": RESERVED_EVENTS,
        "URL_OPTIONS": URL_OPTIONS,
    });
    let javascript = exports(include_str!("../src/web/js/constants.js"));
    assert_eq!(json!(javascript), core);
}
