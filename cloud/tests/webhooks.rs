//! Start and stop of apps over HTTP, with webhooks on real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use common::{End, Observer, PACKAGE, Tpa, http, post, start, with_timeout};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// An app's web server.
struct Webhook {
    listener: TcpListener,
}

impl Webhook {
    async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    fn url(&self) -> String {
        format!("http://{}/webhook", self.listener.local_addr().unwrap())
    }

    /// Answers the next request with `answer` and returns its body.
    async fn request(&self, answer: &str) -> Value {
        let accepted = with_timeout("a webhook call", self.listener.accept()).await;
        let (mut stream, _) = accepted.unwrap();
        let mut request = Vec::new();
        loop {
            stream.read_buf(&mut request).await.unwrap();
            let text = String::from_utf8_lossy(&request);
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            assert!(head.starts_with("POST /webhook HTTP/1.1"), "{head}");
            let Ok(body) = serde_json::from_str(body) else {
                continue;
            };
            let response =
                format!("HTTP/1.1 {answer}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(response.as_bytes()).await.unwrap();
            return body;
        }
    }

    /// Answers the next request with a status and JSON. Returns its head and its body.
    async fn exchange(&self, status: &str, answer: &Value) -> (String, Vec<u8>) {
        let accepted = with_timeout("a request", self.listener.accept()).await;
        let (mut stream, _) = accepted.unwrap();
        let mut request = Vec::new();
        loop {
            stream.read_buf(&mut request).await.unwrap();
            let Some(end) = request.windows(4).position(|part| part == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8(request[..end].to_vec()).unwrap();
            let lower = head.to_lowercase();
            let length = lower.split("content-length: ").nth(1).unwrap();
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if request.len() < end + 4 + length {
                continue;
            }
            let answer = answer.to_string();
            let response = format!(
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{answer}",
                answer.len()
            );
            stream.write_all(response.as_bytes()).await.unwrap();
            return (head, request.split_off(end + 4));
        }
    }
}

#[tokio::test]
async fn an_app_is_started_and_stopped() {
    let server = start().await;
    let mut observer = Observer::open(&server).await;
    let webhook = Webhook::listen().await;
    let app = json!({"packageName": PACKAGE, "userId": "user1", "webhookUrl": webhook.url()});
    let response = post(&server, "/apps", app).await;
    assert_eq!(response.status, 202);
    let session_id = format!("user1-{PACKAGE}");
    assert_eq!(response.json()["sessionId"], session_id.as_str());

    let request = webhook.request("200 OK").await;
    assert_eq!(request["type"], "session_request");
    assert_eq!(request["sessionId"], session_id.as_str());
    // The URL in the request works.
    let url = format!("ws://{}/tpa-ws", server.addr());
    assert_eq!(request["augmentOSWebsocketUrl"], url.as_str());
    let event = observer.event("webhook").await;
    assert_eq!(event["success"], true);

    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    let path = format!("/apps/{PACKAGE}?userId=user1");
    let stopped = http(&server, "DELETE", &path, &[], "").await;
    assert_eq!(stopped.status, 202);
    assert_eq!(stopped.json()["connections"].as_array().unwrap().len(), 1);
    assert_eq!(tpa.frame().await["type"], "app_stopped");
    assert_eq!(tpa.end().await, End::closed(1000, "App stopped"));
    let request = webhook.request("503 Service Unavailable").await;
    assert_eq!(request["type"], "stop_request");
    let event = observer.event("webhook").await;
    assert_eq!(event["success"], false);
    assert!(event["error"].as_str().unwrap().contains("503"), "{event}");
}

#[tokio::test]
async fn an_unanswered_webhook_is_an_event() {
    let server = start().await;
    let mut observer = Observer::open(&server).await;
    let url = Webhook::listen().await.url();
    let app = json!({"packageName": PACKAGE, "userId": "user1", "webhookUrl": url});
    assert_eq!(post(&server, "/apps", app).await.status, 202);
    let event = observer.event("webhook").await;
    assert_eq!(
        (&event["request"], &event["success"]),
        (&json!("session_request"), &json!(false))
    );
    assert!(event["error"].is_string(), "{event}");
    Tpa::connect(&server, "user1", PACKAGE).await;
}

#[tokio::test]
async fn invalid_requests_are_answered_with_the_field() {
    let server = start().await;
    for (app, field) in [
        (json!({"userId": "user1"}), "packageName"),
        (json!({"packageName": "", "userId": "user1"}), "packageName"),
        (json!({"packageName": PACKAGE}), "userId"),
        (json!({"packageName": PACKAGE, "userId": ""}), "userId"),
        (
            json!({"packageName": PACKAGE, "userId": "u", "webhookUrl": "https://a.example/"}),
            "webhookUrl",
        ),
        (
            json!({"packageName": PACKAGE, "userId": "u", "webhookUrl": "/webhook"}),
            "webhookUrl",
        ),
        (
            json!({"packageName": PACKAGE, "userId": "u", "url": "x"}),
            "url",
        ),
    ] {
        let response = post(&server, "/apps", app.clone()).await;
        assert_eq!(response.status, 400, "{app}");
        assert_eq!(response.json()["field"], field, "{app}");
    }
}

#[tokio::test]
async fn a_photo_is_uploaded_and_a_tool_is_called() {
    let server = start().await;
    let mut observer = Observer::open(&server).await;
    let app = Webhook::listen().await;
    let start = json!({"packageName": PACKAGE, "userId": "user1", "webhookUrl": app.url()});
    assert_eq!(post(&server, "/apps", start).await.status, 202);
    app.request("200 OK").await;
    assert_eq!(observer.event("webhook").await["success"], true);
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;

    tpa.send(json!({"type": "photo_request", "requestId": "p1"}))
        .await;
    let answer = json!({"success": false, "error": "not pending"});
    let (head, body) = app.exchange("404 Not Found", &answer).await;
    assert!(head.starts_with("POST /photo-upload HTTP/1.1"), "{head}");
    assert!(body.starts_with(b"------tpa-cloud"));
    let event = observer.event("webhook").await;
    assert_eq!(
        (&event["request"], &event["success"]),
        (&json!("photo_upload"), &json!(false))
    );

    let call = json!({"packageName": PACKAGE, "userId": "user1", "toolId": "add",
                      "toolParameters": {"title": "milk"}});
    let answer = json!({"status": "success", "reply": "added"});
    let (response, (head, body)) = tokio::join!(
        post(&server, "/tools", call),
        app.exchange("200 OK", &answer)
    );
    assert!(head.starts_with("POST /tool HTTP/1.1"), "{head}");
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["toolParameters"]["title"], "milk");
    assert_eq!(response.status, 200);
    assert_eq!(response.json(), json!({"status": 200, "body": answer}));
    assert_eq!(observer.event("webhook").await["request"], "tool_call");
}

#[tokio::test]
async fn a_tool_call_that_cannot_be_made_is_refused() {
    let server = start().await;
    for (call, field) in [
        (json!({"userId": "user1", "toolId": "add"}), "packageName"),
        (json!({"packageName": PACKAGE, "userId": "user1"}), "toolId"),
        (
            json!({"packageName": PACKAGE, "userId": "user1", "toolId": "add", "toolParameters": 7}),
            "toolParameters",
        ),
    ] {
        let response = post(&server, "/tools", call.clone()).await;
        assert_eq!(response.status, 400, "{call}");
        assert_eq!(response.json()["field"], field, "{call}");
    }
    let call = json!({"packageName": PACKAGE, "userId": "user1", "toolId": "add"});
    assert_eq!(post(&server, "/tools", call.clone()).await.status, 404);
    let url = Webhook::listen().await.url();
    let start = json!({"packageName": PACKAGE, "userId": "user1", "webhookUrl": url});
    assert_eq!(post(&server, "/apps", start).await.status, 202);
    let response = post(&server, "/tools", call).await;
    assert_eq!(response.status, 502);
    assert!(response.json()["error"].is_string());
}

/// Web server of an app that stands still: it accepts connections and answers nothing.
struct Still {
    url: String,
    accepted: watch::Receiver<usize>,
}

impl Still {
    async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        let (count, accepted) = watch::channel(0);
        tokio::spawn(async move {
            let mut streams = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                streams.push(stream);
                count.send_replace(streams.len());
            }
        });
        Self { url, accepted }
    }

    async fn until(&mut self, count: usize) {
        let enough = self.accepted.wait_for(|accepted| *accepted >= count);
        with_timeout("connections", enough).await.unwrap();
    }
}

#[tokio::test]
async fn webhooks_of_an_app_are_called_while_another_app_stands_still() {
    /// Calls of one app at the same time.
    const MOST: usize = 256;
    let server = start().await;
    let mut observer = Observer::open(&server).await;
    let mut still = Still::listen().await;
    // All at once, as the first call fails after 10 s.
    let starts = (0..MOST + 20).map(|i| {
        let user = format!("user{i}");
        let app = json!({"packageName": "org.still", "userId": user, "webhookUrl": still.url});
        post(&server, "/apps", app)
    });
    for response in futures_util::future::join_all(starts).await {
        assert_eq!(response.status, 202);
    }
    still.until(MOST).await;
    let webhook = Webhook::listen().await;
    let app = json!({"packageName": PACKAGE, "userId": "user1", "webhookUrl": webhook.url()});
    assert_eq!(post(&server, "/apps", app).await.status, 202);
    webhook.request("200 OK").await;
    // Those of the other app fail when their time is over.
    let event = observer.event("webhook").await;
    assert_eq!(
        (&event["packageName"], &event["success"]),
        (&json!(PACKAGE), &json!(true))
    );
    assert_eq!(*still.accepted.borrow(), MOST);
}

#[tokio::test]
async fn so_are_its_tools() {
    /// Calls of tools of one app at the same time.
    const MOST: usize = 16;
    let server = start().await;
    let mut still = Still::listen().await;
    let app = json!({"packageName": "org.still", "userId": "user1", "webhookUrl": still.url});
    assert_eq!(post(&server, "/apps", app).await.status, 202);
    still.until(1).await;
    let webhook = Webhook::listen().await;
    let app = json!({"packageName": PACKAGE, "userId": "user1", "webhookUrl": webhook.url()});
    assert_eq!(post(&server, "/apps", app).await.status, 202);
    webhook.request("200 OK").await;

    let call = |package: &str| json!({"packageName": package, "userId": "user1", "toolId": "add"});
    let stuck = (0..=MOST).map(|_| post(&server, "/tools", call("org.still")));
    let mut stuck = std::pin::pin!(futures_util::future::select_all(stuck.map(Box::pin)));
    tokio::select! {
        () = still.until(1 + MOST) => {}
        _ = &mut stuck => panic!("a tool of the app that stands still has answered"),
    }
    let answer = json!({"status": "success"});
    let calling = async {
        tokio::join!(
            post(&server, "/tools", call(PACKAGE)),
            webhook.exchange("200 OK", &answer)
        )
    };
    tokio::select! {
        (response, _) = calling => assert_eq!(response.status, 200),
        _ = &mut stuck => panic!("it waits for the app that stands still"),
    }
    assert_eq!(*still.accepted.borrow(), 1 + MOST);
}
