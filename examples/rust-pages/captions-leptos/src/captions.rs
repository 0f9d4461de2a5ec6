//! A session of the cloud as signals.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};
use tpa_session::web::{Error, Listener, Options, TpaSession};

const PACKAGE: &str = "org.example.captions";
const STREAM: &str = "transcription:en-US";

/// What is shown.
pub struct Captions {
    /// Of the connection, or why there is none.
    pub state: ReadSignal<String>,
    /// What was said last.
    pub caption: ReadSignal<String>,
}

#[derive(Deserialize)]
struct Transcription {
    text: String,
}

/// What the glasses show.
#[derive(Serialize)]
#[serde(tag = "type", rename = "display_event")]
struct Show<'a> {
    view: &'a str,
    layout: Layout<'a>,
}

#[derive(Serialize)]
#[serde(tag = "layoutType", rename = "text_wall")]
struct Layout<'a> {
    text: &'a str,
}

impl Captions {
    /// Those of a session that lives for as long as the component that asked for it.
    pub fn new() -> Self {
        let (state, set_state) = signal("idle".to_owned());
        let (caption, set_caption) = signal(String::new());
        match start(set_state, set_caption) {
            Ok(started) => {
                // What belongs to JavaScript stays in the thread that it came from.
                let started = StoredValue::new_local(started);
                on_cleanup(move || started.with_value(|(session, _)| session.disconnect()));
            }
            Err(error) => set_state.set(error.to_string()),
        }
        Self { state, caption }
    }
}

fn start(
    state: WriteSignal<String>,
    caption: WriteSignal<String>,
) -> Result<(TpaSession, [Listener; 2]), Error> {
    let session = Options::new(PACKAGE, "dev-key")
        .url(&cloud())
        .max_reconnect_attempts(None)
        .session()?;
    let states = session.on_state(move |now| state.set(now.name().to_owned()))?;
    let glasses = session.clone();
    let captions = session.on(STREAM, move |heard| {
        let Ok(Transcription { text }) = heard else {
            return;
        };
        let layout = Layout { text: &text };
        // Only what is no message is refused.
        let _ = glasses.send(&Show {
            view: "main",
            layout,
        });
        caption.set(text);
    })?;
    session.subscribe([STREAM])?;
    let connected = session.connect(&format!("user1-{PACKAGE}"));
    spawn_local(async move {
        if let Err(error) = connected.await {
            state.set(error.to_string());
        }
    });
    Ok((session, [states, captions]))
}

/// The one that served the page.
fn cloud() -> String {
    format!("{}/tpa-ws", location().origin().unwrap_or_default())
}
