//! The control interface: responses and access.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use common::{Observer, PACKAGE, Server, Tpa, get, http, inject, post, start};
use serde_json::json;
use tpa_cloud::server::ServerConfig;

#[tokio::test]
async fn health_check_succeeds() {
    let server = start().await;
    assert_eq!(get(&server, "/healthz").await.status, 200);
}

#[tokio::test]
async fn invalid_requests_are_answered_with_the_field() {
    let server = start().await;
    for (path, body, field) in [
        ("/faults", json!({"fault": "explode"}), "fault"),
        ("/faults", json!({"fault": "close", "code": 1005}), "code"),
        (
            "/faults",
            json!({"fault": "delay", "delayMs": -1}),
            "delayMs",
        ),
        ("/faults", json!([]), ""),
        ("/frames", json!({"frame": []}), "frame"),
        ("/apps/stop", json!({"reason": "because"}), "reason"),
        ("/apps/stop", json!({"connectionId": 7}), "connectionId"),
        (
            "/faults",
            json!({"fault": "refuse", "packageName": "x".repeat(513)}),
            "packageName",
        ),
        (
            "/apps",
            json!({"packageName": "x".repeat(513), "userId": "u"}),
            "packageName",
        ),
        (
            "/scenarios",
            json!({"name": "x".repeat(200_000), "steps": []}),
            "",
        ),
    ] {
        let response = post(&server, path, body.clone()).await;
        assert_eq!(response.status, 400, "{body}");
        assert_eq!(response.json()["field"], field, "{body}");
        assert!(response.json()["error"].is_string(), "{body}");
    }
    let not_json = http(&server, "POST", "/faults", &[], "{").await;
    assert_eq!(not_json.status, 400);
    assert_eq!(get(&server, "/faults").await.status, 405);
}

#[tokio::test]
async fn events_report_the_life_of_a_connection() {
    let server = start().await;
    let mut observer = Observer::open(&server).await;
    let _tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    let opened = observer.event("opened").await;
    let id = &opened["connectionId"];
    assert!(opened["peer"].is_string() && opened["packageName"].is_null());
    let message = observer.event("message").await;
    assert_eq!(
        (&message["frame"], &message["count"]),
        (&json!("tpa_connection_init"), &json!(1))
    );
    let acked = observer.event("acked").await;
    assert_eq!(&acked["connectionId"], id);
    assert_eq!(acked["packageName"], PACKAGE);
    assert_eq!(acked["sessionId"], format!("user1-{PACKAGE}"));
    assert_eq!(acked["userSessionId"], "user1");
    inject(
        &server,
        json!({"fault": "close", "code": 4321, "reason": "because"}),
    )
    .await;
    let fault = observer.event("fault").await;
    assert_eq!(
        (&fault["fault"], &fault["connections"]),
        (&json!("close"), &json!([id]))
    );
    let closed = observer.event("closed").await;
    assert_eq!(&closed["connectionId"], id);
    assert_eq!(
        (&closed["code"], &closed["reason"]),
        (&json!(4321), &json!("because"))
    );
    assert_eq!(closed["by"], "cloud");
    assert!(
        closed["at"]
            .as_str()
            .is_some_and(|date| date.ends_with('Z'))
    );
}

#[tokio::test]
async fn no_event_contains_the_key() {
    let server = start().await;
    let mut observer = Observer::open(&server).await;
    let mut tpa = Tpa::open(&server).await;
    tpa.handshake("user1-a.b", "a.b", "hunter2").await;
    tpa.end().await;
    for kind in ["opened", "message", "refused", "closed"] {
        let event = observer.event(kind).await.to_string();
        assert!(!event.contains("hunter2"), "{event}");
    }
}

#[tokio::test]
async fn only_pages_of_this_machine_are_allowed() {
    let server = start().await;
    let fault = json!({"fault": "cut"}).to_string();
    for origin in [
        "http://127.0.0.1:5173",
        "http://localhost:3000",
        "http://[::1]:8080",
    ] {
        let headers = [("Origin", origin), ("Content-Type", "application/json")];
        let response = http(&server, "POST", "/faults", &headers, &fault).await;
        assert_eq!(response.status, 202, "{origin}");
        assert_eq!(response.header("access-control-allow-origin"), Some(origin));
        let asked = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "DELETE"),
        ];
        let response = http(&server, "OPTIONS", "/faults", &asked, "").await;
        assert_eq!(response.status, 204, "{origin}");
        let methods = response.header("access-control-allow-methods");
        assert!(methods.is_some_and(|methods| methods.contains("DELETE")));
        let allowed = response.header("access-control-allow-headers");
        assert_eq!(allowed, Some("content-type"));
    }
    for origin in [
        "http://example.org",
        "https://localhost.example.org",
        "null",
    ] {
        for (method, path) in [
            ("POST", "/faults"),
            ("OPTIONS", "/faults"),
            ("GET", "/events"),
            ("GET", "/sessions"),
        ] {
            let response = http(&server, method, path, &[("Origin", origin)], &fault).await;
            assert_eq!(response.status, 403, "{origin} {method} {path}");
            assert_eq!(response.header("access-control-allow-origin"), None);
        }
    }
}

#[tokio::test]
async fn other_host_names_are_refused() {
    let server = start().await;
    for path in ["/", "/sessions", "/healthz", "/tpa-ws"] {
        let headers = [("Host", "rebound.example.org:8002")];
        assert_eq!(http(&server, "GET", path, &headers, "").await.status, 403);
    }
    let headers = [("Host", "localhost:1234")];
    assert_eq!(
        http(&server, "GET", "/healthz", &headers, "").await.status,
        200
    );
}

#[tokio::test]
async fn directories_are_served_with_types_and_policy() {
    let dir = std::env::temp_dir().join(format!("tpa-cloud-static-{}", std::process::id()));
    std::fs::create_dir_all(dir.join("www")).unwrap();
    std::fs::create_dir_all(dir.join("pkg")).unwrap();
    std::fs::write(dir.join("secret.txt"), "secret").unwrap();
    std::fs::write(dir.join("www/index.html"), "<!doctype html>").unwrap();
    std::fs::write(dir.join("pkg/code.wasm"), "wasm").unwrap();
    std::fs::write(dir.join("pkg/code.js"), "js").unwrap();
    let mount = |path: &str, folder: &str| {
        format!("{path}={}", dir.join(folder).display())
            .parse()
            .unwrap()
    };
    let config = ServerConfig {
        serve: vec![mount("/", "www"), mount("/pkg", "pkg")],
        ..ServerConfig::default()
    };
    let server = Server::start(config).await.unwrap();
    let page = get(&server, "/").await;
    assert_eq!(page.header("content-type"), Some("text/html"));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let policy = page.header("content-security-policy").unwrap();
    for directive in [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.split("; ").any(|d| d == directive), "{policy}");
    }
    assert!(!policy.contains("'unsafe-"), "{policy}");
    let wasm = get(&server, "/pkg/code.wasm").await;
    assert_eq!(wasm.header("content-type"), Some("application/wasm"));
    let script = get(&server, "/pkg/code.js").await;
    assert_eq!(script.header("content-type"), Some("text/javascript"));
    for path in [
        "/secret.txt",
        "/../secret.txt",
        "/pkg/../../secret.txt",
        "/pkg/%2e%2e/secret.txt",
    ] {
        let response = get(&server, path).await;
        assert_eq!(response.status, 404, "{path}");
    }
    assert_eq!(get(&server, "/healthz").await.status, 200);
    std::fs::remove_dir_all(&dir).unwrap();
}

#[tokio::test]
async fn a_missing_directory_is_an_error() {
    let config = ServerConfig {
        serve: vec!["no/such/folder".parse().unwrap()],
        ..ServerConfig::default()
    };
    let error = Server::start(config).await.map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("no/such/folder"), "{error}");
}
