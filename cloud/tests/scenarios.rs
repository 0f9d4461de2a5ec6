//! Scenarios over HTTP and on real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use common::{End, Observer, PACKAGE, Tpa, get, http, post, start, start_playing};
use serde_json::json;
use tpa_cloud::{Plan, SeededPlan};

#[tokio::test]
async fn the_builtin_scenarios_are_listed() {
    let server = start().await;
    let list = get(&server, "/scenarios").await.json();
    let names: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|scenario| scenario["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "laptop-sleep",
            "train-tunnel",
            "deploy-restart",
            "flapping-wifi",
            "stale-nat",
            "wrong-key"
        ]
    );
    for scenario in list.as_array().unwrap() {
        assert!(scenario["description"].as_str().unwrap().len() > 20);
        assert!(scenario["durationMs"].is_u64());
        assert_eq!(scenario["playing"], false);
    }
}

#[tokio::test]
async fn a_scenario_is_started_and_stopped_by_name() {
    let server = start().await;
    let mut observer = Observer::open(&server).await;
    let response = post(&server, "/scenarios", json!({"name": "stale-nat"})).await;
    assert_eq!(response.status, 202, "{response:?}");
    let event = observer.event("scenario").await;
    assert_eq!(
        (&event["name"], &event["phase"]),
        (&json!("stale-nat"), &json!("started"))
    );
    let playing = get(&server, "/scenarios").await.json();
    assert_eq!(playing[4]["playing"], true);
    let response = http(&server, "DELETE", "/scenarios", &[], "").await;
    assert_eq!(response.status, 202);
    assert_eq!(observer.event("scenario").await["phase"], "stopped");
    assert_eq!(get(&server, "/scenarios").await.json()[4]["playing"], false);
}

#[tokio::test]
async fn a_scenario_in_the_body_is_played_to_one_session() {
    let server = start().await;
    let mut targeted = Tpa::connect(&server, "user1", PACKAGE).await;
    let mut other = Tpa::connect(&server, "user2", PACKAGE).await;
    let session_id = format!("user1-{PACKAGE}");
    let steps = json!([{"at": 0, "fault": "close", "code": 4321}]);
    let request = json!({"steps": steps, "sessionId": session_id});
    assert_eq!(post(&server, "/scenarios", request).await.status, 202);
    assert_eq!(targeted.end().await, End::closed(4321, ""));
    other.send(json!({"type": "ping"})).await;
    assert_eq!(other.frame().await["type"], "pong");
}

#[tokio::test]
async fn invalid_requests_are_answered_with_the_field() {
    let server = start().await;
    for (request, field) in [
        (json!({}), "name"),
        (json!({"name": "earthquake"}), "name"),
        (json!({"seed": -1}), "seed"),
        (json!({"seed": "many"}), "seed"),
        (json!({"seed": 1, "name": "stale-nat"}), "name"),
        (json!({"name": "stale-nat", "at": 1}), "at"),
        (
            json!({"steps": [{"at": 1, "fault": "explode"}]}),
            "steps[0].fault",
        ),
        (
            json!({"name": "stale-nat", "connectionId": 7}),
            "connectionId",
        ),
    ] {
        let response = post(&server, "/scenarios", request.clone()).await;
        assert_eq!(response.status, 400, "{request}");
        assert_eq!(response.json()["field"], field, "{request}");
    }
}

#[tokio::test]
async fn a_seed_is_played_to_one_session() {
    let server = start().await;
    let mut observer = Observer::open(&server).await;
    let session_id = format!("user1-{PACKAGE}");
    let request = json!({"seed": 42, "sessionId": session_id});
    let response = post(&server, "/scenarios", request).await;
    assert_eq!(response.status, 202, "{response:?}");
    assert_eq!(response.json(), json!({"name": "seed-42"}));
    let stop = json!({"sessionId": session_id}).to_string();
    http(&server, "DELETE", "/scenarios", &[], &stop).await;
    for phase in ["started", "stopped"] {
        let event = observer.event("scenario").await;
        assert_eq!(
            (&event["name"], &event["phase"]),
            (&json!("seed-42"), &json!(phase))
        );
    }
}

#[tokio::test]
async fn a_seed_is_played_from_the_start() {
    let server = start_playing(Plan::Seeded(SeededPlan::new(7))).await;
    let mut observer = Observer::open(&server).await;
    http(&server, "DELETE", "/scenarios", &[], "").await;
    let event = observer.event("scenario").await;
    assert_eq!(
        (&event["name"], &event["phase"]),
        (&json!("seed-7"), &json!("stopped"))
    );
}
