//! The README is complete, and its examples work.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use common::{get, http, start};
use tpa_cloud::Scenario;

const README: &str = include_str!("../README.md");

#[test]
fn the_readme_lists_exactly_the_options() {
    let help = Command::new(env!("CARGO_BIN_EXE_tpa-cloud"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let options = |text: &str, before: &str| -> BTreeSet<String> {
        let found = text.match_indices(before).map(|(at, _)| {
            let rest = text[at + before.len()..].chars();
            rest.take_while(|letter| letter.is_ascii_alphabetic() || *letter == '-')
                .collect()
        });
        found.collect()
    };
    assert_eq!(options(README, "\n| `--"), options(&help, "\n      --"));
}

#[test]
fn the_readme_lists_the_scenarios_and_its_example_is_valid() {
    for scenario in Scenario::builtin() {
        let row = format!("| `{}` |", scenario.name);
        assert!(README.contains(&row), "{row}");
    }
    let blocks = README.split("```toml\n").skip(1);
    let blocks: Vec<&str> = blocks
        .map(|block| block.split("```").next().unwrap())
        .collect();
    let example = blocks.iter().find(|block| block.contains("[[steps]]"));
    let example = Scenario::from_toml("lunch", example.unwrap()).unwrap();
    assert_eq!(example.steps().len(), 5);
}

#[tokio::test]
async fn the_readme_lists_the_metrics() {
    let server = start().await;
    // Creates a series of each family.
    for (path, body) in [
        ("/faults", r#"{"fault":"refuse"}"#),
        ("/apps", r#"{"packageName":"a.b","userId":"user1"}"#),
    ] {
        assert_eq!(http(&server, "POST", path, &[], body).await.status, 202);
    }
    let metrics = get(&server, "/metrics").await.body;
    for line in metrics.lines() {
        let Some(family) = line.strip_prefix("# TYPE tpa_cloud_") else {
            continue;
        };
        let name = family.split(' ').next().unwrap();
        let named = ["`", "{"]
            .iter()
            .any(|end| README.contains(&format!("`{name}{end}")));
        assert!(named, "{name}");
    }
}

/// The server accepts the requests of the examples.
#[tokio::test]
async fn the_example_requests_work() {
    let server = start().await;
    let mut count = 0;
    for line in README.lines().filter(|line| line.starts_with("curl -X ")) {
        let words = shell_words(line);
        let method = &words[2];
        let path = words[3].strip_prefix("localhost:8002").unwrap();
        let body = words.get(5).map_or("", |body| body.as_str());
        let response = http(&server, method, path, &[], body).await;
        // The app of the examples has been stopped before its tool is called.
        let status = if path == "/tools" { 404 } else { 202 };
        assert_eq!(response.status, status, "{line}: {}", response.body);
        count += 1;
    }
    assert!(count >= 4, "{count}");
}

/// Splits a command line with single quotes into words.
fn shell_words(line: &str) -> Vec<String> {
    line.split('\'')
        .enumerate()
        .flat_map(|(index, part)| {
            if index % 2 == 1 {
                vec![part.to_owned()]
            } else {
                part.split_whitespace().map(str::to_owned).collect()
            }
        })
        .collect()
}
