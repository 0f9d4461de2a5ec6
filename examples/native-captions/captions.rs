//! The app: what is said is printed, and shown on the glasses.

use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;
use tpa_session::session::{DEFAULT_URL, Event};

use crate::shell::{self, App, Ask, Told};

/// Until the session is over.
#[tokio::main(flavor = "current_thread")]
pub async fn run() {
    let package_name = "org.example.captions".to_owned();
    let app = App {
        url: std::env::var("CLOUD_URL").unwrap_or_else(|_| DEFAULT_URL.to_owned()),
        session_id: format!("user1-{package_name}"),
        package_name,
        api_key: "dev-key".to_owned(),
    };
    let (ask, asks) = unbounded_channel();
    let (tell, mut told) = unbounded_channel();
    let say = |message| _ = ask.send(message);
    say(Ask::Subscribe(vec!["transcription:en-US".to_owned()]));
    let session = tokio::spawn(shell::run(app, asks, tell));
    loop {
        let told = tokio::select! {
            told = told.recv() => told,
            _ = tokio::signal::ctrl_c() => {
                say(Ask::Disconnect);
                continue;
            }
        };
        match told {
            None => break,
            Some(Told::Event(Event::StateChange(change))) => println!("{}", change.to.name()),
            Some(Told::Event(_)) => {}
            Some(Told::Frame(frame)) => {
                if let Some(text) = frame["data"]["text"].as_str() {
                    println!("{text}");
                    let layout = json!({"layoutType": "text_wall", "text": text});
                    say(Ask::Send(
                        json!({"type": "display_event", "view": "main", "layout": layout}),
                    ));
                }
            }
        }
    }
    let _ = session.await;
}
