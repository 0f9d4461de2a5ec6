//! Pages of other origins, which any developer's browser may show.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use std::net::SocketAddr;

use common::{KEY, PACKAGE, Server, Tpa, get, http, start};
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;
use tpa_cloud::server::ServerConfig;

/// Status of the upgrade; 101 if it succeeds.
async fn upgrade(server: &Server, path: &str, headers: &[(&'static str, &str)]) -> u16 {
    match Tpa::open_with(server, path, headers).await {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_foreign_page_is_no_app() {
    let server = start().await;
    let mut own = Tpa::connect(&server, "user1", PACKAGE).await;
    for path in ["/tpa-ws", "/app-ws"] {
        for origin in [
            "http://evil.example",
            "https://evil.example:8002",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://10.0.0.7:8002",
            "chrome-extension://abcdef",
            "file://",
            "null",
            "",
            "http://",
            "localhost",
        ] {
            let status = upgrade(&server, path, &[("Origin", origin)]).await;
            assert_eq!(status, 403, "{path} {origin:?}");
        }
    }
    // Nothing of them is left, and the developer's own app is still connected.
    let sessions = get(&server, "/sessions").await.json();
    assert_eq!(sessions[0]["connections"].as_array().map(Vec::len), Some(1));
    own.send(json!({"type": "ping"})).await;
    assert_eq!(own.frame().await["type"], "pong");
    let metrics = get(&server, "/metrics").await.body;
    assert!(metrics.contains("tpa_cloud_connections_opened_total 1\n"));
}

#[tokio::test]
async fn programs_and_pages_of_this_machine_are_apps() {
    let server = start().await;
    let own = format!("http://{}", server.addr());
    for origin in [
        "http://localhost:5173",
        "https://localhost",
        "http://127.0.0.1:3000",
        "http://[::1]:8080",
        &own,
    ] {
        let mut tpa = Tpa::open_with(&server, "/tpa-ws", &[("Origin", origin)])
            .await
            .unwrap_or_else(|error| panic!("{origin}: {error}"));
        tpa.handshake(&format!("user1-{PACKAGE}"), PACKAGE, KEY)
            .await;
        assert_eq!(tpa.frame().await["type"], "tpa_connection_ack", "{origin}");
    }
    assert_eq!(upgrade(&server, "/app-ws", &[]).await, 101);
}

/// A page can resolve its own name to the server's address and is then of the same origin.
#[tokio::test]
async fn a_reachable_server_knows_its_own_pages() {
    let config = ServerConfig {
        listen: SocketAddr::from(([0, 0, 0, 0], 0)),
        public_url: Some("wss://cloud.example:8002".to_owned()),
        ..ServerConfig::default()
    };
    let server = Server::start(config).await.unwrap();
    for (host, origin, status) in [
        ("192.168.1.7:8002", "http://192.168.1.7:8002", 101),
        ("[fe80::7]:8002", "http://[fe80::7]:8002", 101),
        ("cloud.example", "https://cloud.example", 101),
        ("192.168.1.7:8002", "http://localhost:5173", 101),
        ("192.168.1.7:8002", "http://192.168.1.8:8002", 403),
        ("192.168.1.7:8002", "http://192.168.1.7:8003", 403),
        ("cloud.example", "https://other.example", 403),
        ("rebound.example:8002", "http://rebound.example:8002", 403),
    ] {
        let headers = [("Host", host), ("Origin", origin)];
        assert_eq!(
            upgrade(&server, "/tpa-ws", &headers).await,
            status,
            "{host} {origin}"
        );
    }
}

/// Images, scripts and forms of a page send no `Origin`, or send their requests without asking.
#[tokio::test]
async fn a_foreign_page_embeds_nothing_of_the_control_interface() {
    let server = start().await;
    let site = ("Sec-Fetch-Site", "cross-site");
    for path in ["/sessions", "/events", "/metrics", "/scenarios"] {
        for dest in ["image", "script", "iframe", "empty"] {
            let headers = [site, ("Sec-Fetch-Dest", dest)];
            let response = http(&server, "GET", path, &headers, "").await;
            assert_eq!(response.status, 403, "{path} {dest}");
        }
    }
    let followed = [site, ("Sec-Fetch-Dest", "document")];
    let response = http(&server, "GET", "/sessions", &followed, "").await;
    assert_eq!(response.status, 200);
    for (method, path, body) in [
        ("POST", "/faults", r#"{"fault":"cut"}"#),
        ("DELETE", "/faults", ""),
        ("POST", "/frames", r#"{"dashboardMode":"main"}"#),
        ("POST", "/apps", r#"{"packageName":"a","userId":"b"}"#),
        ("DELETE", "/apps/a", ""),
        ("POST", "/apps/stop", "{}"),
        ("POST", "/scenarios", r#"{"name":"stale-nat"}"#),
        ("DELETE", "/scenarios", ""),
    ] {
        let headers = [site, ("Origin", "http://evil.example")];
        let response = http(&server, method, path, &headers, body).await;
        assert_eq!(response.status, 403, "{method} {path}");
    }
    assert_eq!(get(&server, "/sessions").await.body, "[]");
}

/// Pages of a public host can use a cloud on this machine if it lists their origin.
#[tokio::test]
async fn pages_of_listed_origins_are_accepted() {
    let listed = "https://demo.example";
    let config = ServerConfig {
        allow_origins: vec!["https://other.example:8443".to_owned(), listed.to_owned()],
        ..ServerConfig::default()
    };
    let server = Server::start(config).await.unwrap();
    for (origin, status) in [
        (listed, 101),
        ("https://other.example:8443", 101),
        ("https://other.example", 403),
        ("http://demo.example", 403),
        ("https://demo.example:444", 403),
        ("https://demo.example.evil.example", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
    ] {
        let headers = [("Origin", origin)];
        assert_eq!(
            upgrade(&server, "/app-ws", &headers).await,
            status,
            "{origin}"
        );
        let response = http(&server, "GET", "/sessions", &headers, "").await;
        let (expected, allowed) = match status {
            101 => (200, Some(origin)),
            _ => (403, None),
        };
        assert_eq!(response.status, expected, "{origin}");
        assert_eq!(response.header("access-control-allow-origin"), allowed);
    }
    let asked = [
        ("Origin", listed),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "content-type"),
        ("Access-Control-Request-Private-Network", "true"),
    ];
    let response = http(&server, "OPTIONS", "/faults", &asked, "").await;
    assert_eq!(response.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", listed),
        ("access-control-allow-headers", "content-type"),
        ("access-control-allow-private-network", "true"),
        ("vary", "origin"),
    ] {
        assert_eq!(response.header(name), Some(value), "{name}");
    }
}

/// A listed origin makes no request allowed that is refused for another reason.
#[tokio::test]
async fn a_listed_origin_needs_the_token_and_the_name_of_this_machine() {
    let listed = ("Origin", "https://demo.example");
    let config = ServerConfig {
        allow_origins: vec!["https://demo.example".to_owned()],
        token: Some("only-for-a-test".parse().unwrap()),
        ..ServerConfig::default()
    };
    let server = Server::start(config).await.unwrap();
    let token = ("Authorization", "Bearer only-for-a-test");
    let rebound = ("Host", "demo.example");
    for (headers, status) in [
        (&[listed][..], 401),
        (&[listed, token], 200),
        (&[listed, token, rebound], 403),
    ] {
        let response = http(&server, "GET", "/sessions", headers, "").await;
        assert_eq!(response.status, status, "{headers:?}");
    }
    assert_eq!(upgrade(&server, "/tpa-ws", &[listed, rebound]).await, 403);
}
