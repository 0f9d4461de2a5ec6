//! The app: prints captions and shows them on the glasses.

use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;
use tpa_session::session::{DEFAULT_URL, Event};

use crate::driver::{self, App, Notification, Request};

/// Runs until the session is over.
#[tokio::main(flavor = "current_thread")]
pub async fn run() {
    let package_name = "org.example.captions".to_owned();
    let app = App {
        url: std::env::var("CLOUD_URL").unwrap_or_else(|_| DEFAULT_URL.to_owned()),
        session_id: format!("user1-{package_name}"),
        package_name,
        api_key: "dev-key".to_owned(),
    };
    let (requests, incoming) = unbounded_channel();
    let (notify, mut notifications) = unbounded_channel();
    let request = |request| _ = requests.send(request);
    request(Request::Subscribe(vec!["transcription:en-US".to_owned()]));
    let session = tokio::spawn(driver::run(app, incoming, notify));
    loop {
        let notification = tokio::select! {
            notification = notifications.recv() => notification,
            _ = tokio::signal::ctrl_c() => {
                request(Request::Disconnect);
                continue;
            }
        };
        match notification {
            None => break,
            Some(Notification::Event(Event::StateChange(change))) => {
                println!("{}", change.to.name())
            }
            Some(Notification::Event(_)) => {}
            Some(Notification::Frame(frame)) => {
                if let Some(text) = frame["data"]["text"].as_str() {
                    println!("{text}");
                    let layout = json!({"layoutType": "text_wall", "text": text});
                    request(Request::Send(
                        json!({"type": "display_event", "view": "main", "layout": layout}),
                    ));
                }
            }
        }
    }
    let _ = session.await;
}
