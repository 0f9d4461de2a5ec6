//! The list of faults: each is one file, documented, and available on the demo page.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::json;
use tpa_cloud::{Fault, FaultInfo, read_fault};

/// Fields that every fault has.
const COMMON: [&str; 6] = [
    "fault",
    "forMs",
    "share",
    "packageName",
    "sessionId",
    "connectionId",
];

fn crate_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn each_file_is_a_registered_fault() {
    let dir = crate_dir().join("src/faults/kinds");
    let files: BTreeSet<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            path.file_stem().unwrap().to_str().unwrap().to_owned()
        })
        .filter(|name| name != "mod")
        .collect();
    let registered: BTreeSet<String> = Fault::KINDS
        .iter()
        .map(|kind| kind.name.to_owned())
        .collect();
    assert_eq!(files, registered);
}

#[test]
fn each_fault_reads_the_fields_that_it_lists() {
    for kind in Fault::KINDS {
        let names: Vec<&str> = kind.fields.iter().map(|field| field.name).collect();
        let required = kind.fields.iter().filter(|field| field.is_required);
        let mut body = serde_json::Map::new();
        body.extend(required.map(|field| (field.name.to_owned(), json!(1))));
        body.insert("fault".to_owned(), json!(kind.name));
        body.insert("noSuchField".to_owned(), json!(1));
        let error = read_fault(json!(body).to_string().as_bytes()).unwrap_err();
        let expected = [names.as_slice(), &COMMON].concat().join(", ");
        assert_eq!(error.field, "noSuchField");
        assert_eq!(
            error.error,
            format!("`noSuchField`: unknown field, expected one of {expected}")
        );
    }
}

#[test]
fn errors_name_the_required_field_and_what_is_allowed() {
    for kind in Fault::KINDS {
        let read = read_fault(json!({"fault": kind.name}).to_string().as_bytes());
        match kind.fields.iter().find(|field| field.is_required) {
            None => assert_eq!(read.unwrap().fault.name(), kind.name),
            Some(field) => {
                let error = read.unwrap_err();
                assert_eq!(error.field, field.name);
                let expected = format!("`{}`: missing, expected {}", field.name, field.allowed);
                assert_eq!(error.error, expected);
            }
        }
        for field in kind.fields {
            let others = kind.fields.iter().filter(|other| other.is_required);
            let mut body = serde_json::Map::new();
            body.extend(others.map(|other| (other.name.to_owned(), json!(1))));
            body.insert("fault".to_owned(), json!(kind.name));
            body.insert(field.name.to_owned(), json!([]));
            let error = read_fault(json!(body).to_string().as_bytes()).unwrap_err();
            assert!(error.error.contains(field.allowed), "{error}");
        }
    }
}

#[test]
fn each_fault_has_a_row_in_the_readme() {
    let readme = include_str!("../README.md");
    for FaultInfo {
        name, description, ..
    } in Fault::KINDS
    {
        assert!(description.ends_with('.'), "{name}: {description}");
        let row = format!("| `{name}` | {description}");
        assert!(readme.contains(&row), "missing in README.md: {row}");
    }
}

/// The buttons of the demo page send these faults with fields that exist.
#[test]
fn the_demo_page_sends_known_faults() {
    let path = crate_dir().join("../www/fault-catalog.js");
    let catalog = fs::read_to_string(path).unwrap();
    let mut sent = BTreeSet::new();
    for request in catalog.split("{ fault: \"").skip(1) {
        let request = request.split('}').next().unwrap();
        let (name, fields) = request.split_once('"').unwrap();
        let kind = Fault::KINDS.iter().find(|kind| kind.name == name);
        let kind = kind.unwrap_or_else(|| panic!("the demo page sends {name}"));
        for field in fields.split(',').map(str::trim) {
            let field = field.split(':').next().unwrap();
            let is_known = field.is_empty()
                || field == "...period"
                || kind.fields.iter().any(|known| known.name == field);
            assert!(is_known, "{name}: {field}");
        }
        sent.insert(name);
    }
    assert!(sent.len() >= 10, "{sent:?}");
}
