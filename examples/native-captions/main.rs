//! Live captions, in Rust: the core of this crate with a shell of 250 lines.
//!
//! `cargo xtask example native-captions`, or, with a cloud of your own,
//! `CLOUD_URL=ws://localhost:8002/tpa-ws cargo run --example native-captions`.

mod shell;

use serde_json::json;
use shell::{App, Ask, Told};
use tokio::sync::mpsc::unbounded_channel;
use tpa_session::session::{DEFAULT_URL, Event};

#[tokio::main(flavor = "current_thread")]
async fn main() {
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
