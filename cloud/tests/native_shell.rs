//! The core of tpa-session in the example's native shell, on real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;
#[path = "../../examples/native-captions/driver.rs"]
mod driver;

use common::{start_with, with_timeout};
use driver::{App, Notification, Request};
use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;
use tpa_cloud::Config;
use tpa_session::session::{Event, State};

#[tokio::test]
async fn the_example_receives_displays_reconnects_and_ends() {
    let server = start_with(Config {
        stream_interval: std::time::Duration::from_millis(20),
        ..Config::default()
    })
    .await;
    let app = App {
        url: format!("ws://{}/tpa-ws", server.addr()),
        session_id: "user1-org.example.native".to_owned(),
        package_name: "org.example.native".to_owned(),
        api_key: "dev-key".to_owned(),
    };
    let (ask, asks) = unbounded_channel();
    let (tell, mut events) = unbounded_channel();
    ask.send(Request::Subscribe(vec!["transcription".to_owned()]))
        .unwrap();
    let session = tokio::spawn(driver::run(app, asks, tell));

    let (mut states, mut captions, mut losses) = (Vec::new(), 0, 0);
    while let Some(next) = with_timeout("the app is events", events.recv()).await {
        match next {
            Notification::Event(Event::StateChange(change)) => states.push(change.to),
            Notification::Event(Event::Disconnected(end)) => losses += u32::from(!end.permanent),
            Notification::Event(_) => {}
            Notification::Frame(frame) if frame["type"] == "device_state_update" => {}
            Notification::Frame(frame) => {
                assert!(frame["data"]["text"].is_string(), "{frame}");
                captions += 1;
                let layout = json!({"layoutType": "text_wall", "text": "shown"});
                let show = json!({"type": "display_event", "view": "main", "layout": layout});
                // An error means that the session has ended; what came before is still reported.
                let _ = ask.send(Request::Send(show));
                if captions == 3 {
                    let cut = json!({"fault": "cut", "packageName": "org.example.native"});
                    common::inject(&server, cut).await;
                }
                if losses == 1 && captions > 6 {
                    let sessions = common::get(&server, "/sessions").await.json();
                    assert_eq!(sessions[0]["displays"]["main"]["text"], "shown");
                    let _ = ask.send(Request::Disconnect);
                }
            }
        }
    }
    with_timeout("the session ends", session).await.unwrap();
    use State::{Connected, Connecting, Handshaking, Stopped, Waiting};
    let way = [Connecting, Handshaking, Connected];
    assert_eq!(states, [&way[..], &[Waiting], &way, &[Stopped]].concat());
}
