//! A session of the cloud as a hook.

use serde::{Deserialize, Serialize};
use tpa_session::web::{Error, Listener, Options, TpaSession};
use yew::platform::spawn_local;
use yew::prelude::*;

const PACKAGE: &str = "org.example.captions";
const STREAM: &str = "transcription:en-US";

/// What is shown.
pub struct Captions {
    /// Of the connection, or why there is none.
    pub state: UseStateHandle<String>,
    /// What was said last.
    pub caption: UseStateHandle<String>,
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

/// A session for as long as the component is there.
#[hook]
pub fn use_captions() -> Captions {
    let state = use_state(|| "idle".to_owned());
    let caption = use_state(String::new);
    let shown = (state.clone(), caption.clone());
    use_effect_with((), move |()| {
        let (state, caption) = shown;
        let started = start(state.setter(), caption.setter());
        if let Err(error) = &started {
            state.set(error.to_string());
        }
        move || {
            if let Ok((session, _listeners)) = started {
                session.disconnect();
            }
        }
    });
    Captions { state, caption }
}

fn start(
    state: UseStateSetter<String>,
    caption: UseStateSetter<String>,
) -> Result<(TpaSession, [Listener; 2]), Error> {
    let session = Options::new(PACKAGE, "dev-key")
        .url(&cloud())
        .max_reconnect_attempts(None)
        .session()?;
    let of_state = state.clone();
    let states = session.on_state(move |now| of_state.set(now.name().to_owned()))?;
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
    let origin = web_sys::window().and_then(|window| window.location().origin().ok());
    format!("{}/tpa-ws", origin.unwrap_or_default())
}
