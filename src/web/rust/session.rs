//! The methods of a session that take and give types of Rust.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::session::State;
use crate::web::{TpaSession, fields};

use super::listener::Handler;
use super::{Error, Listener};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendResult {
    /// It went to the socket.
    Sent,
    /// It waits for a connection.
    Queued,
    /// It will not be sent.
    Dropped,
}

/// For programs in Rust; [`Options`](super::Options) make the session. The methods that take
/// and give values of JavaScript do the same, and more.
///
/// ```no_run
/// use serde::{Deserialize, Serialize};
/// use tpa_session::web::{Error, Listener, Options, TpaSession};
///
/// #[derive(Deserialize)]
/// struct Transcription {
///     text: String,
/// }
///
/// /// A message is an object with a `type`.
/// #[derive(Serialize)]
/// #[serde(tag = "type", rename = "my_words")]
/// struct Words {
///     count: usize,
/// }
///
/// async fn count_words() -> Result<(TpaSession, Listener), Error> {
///     let session = Options::new("org.example.words", "dev-key").session()?;
///     let answering = session.clone();
///     let listener = session.on_event_as("transcription:en-US", move |heard| {
///         let Ok(Transcription { text }) = heard else { return };
///         let count = text.split_whitespace().count();
///         let _ = answering.send_message(&Words { count });
///     })?;
///     session.subscribe_to(["transcription:en-US"])?;
///     session.connect_as("user1-org.example.words").await?;
///     Ok((session, listener))
/// }
/// ```
impl TpaSession {
    /// Starts the session at once; ends with the settings at the first ack.
    ///
    /// # Errors
    ///
    /// The session is over before that, or the id is empty.
    pub fn connect_as(
        &self,
        session_id: &str,
    ) -> impl Future<Output = Result<JsValue, Error>> + use<> {
        // Waited for from now on, so that a future which is dropped is no unhandled rejection.
        let settings = JsFuture::from(self.connect(&session_id.into()));
        async move { Ok(settings.await?) }
    }

    /// Calls `handler` at each event, until the listener is dropped: one of the session's own, a
    /// stream or the type of a frame, as the README lists them.
    ///
    /// A stream must be asked for as well, by [`subscribe_to`](Self::subscribe_to).
    ///
    /// # Errors
    ///
    /// The name is empty.
    pub fn on_event(
        &self,
        event: &str,
        handler: impl FnMut(JsValue) + 'static,
    ) -> Result<Listener, Error> {
        let handler = Handler::new(handler);
        let undo = self.on(&event.into(), handler.as_ref())?;
        Ok(Listener::new(undo, handler))
    }

    /// The same, with the payload as a type of Rust, or why it is none: what comes from a cloud
    /// is not checked before.
    ///
    /// # Errors
    ///
    /// The name is empty.
    pub fn on_event_as<T: DeserializeOwned>(
        &self,
        event: &str,
        mut handler: impl FnMut(Result<T, Error>) + 'static,
    ) -> Result<Listener, Error> {
        self.on_event(event, move |payload| {
            handler(serde_wasm_bindgen::from_value(payload).map_err(Error::from));
        })
    }

    /// Calls `handler` with each new state.
    ///
    /// # Errors
    ///
    /// There are none that a session of [`Options`](super::Options) could have.
    pub fn on_state(&self, mut handler: impl FnMut(State) + 'static) -> Result<Listener, Error> {
        self.on_event("stateChange", move |change| {
            let name = fields::text(&change, "to").unwrap_or_default();
            if let Some(state) = State::of_name(&name) {
                handler(state);
            }
        })
    }

    /// Where the session is.
    pub fn current_state(&self) -> State {
        State::of_name(&String::from(self.state())).unwrap_or(State::Idle)
    }

    /// Sends a message, an object with a `type`, or keeps it until there is a connection.
    ///
    /// # Errors
    ///
    /// It is no such object; never the state of the connection.
    pub fn send_message(&self, message: &impl Serialize) -> Result<SendResult, Error> {
        let message = message.serialize(&Serializer::json_compatible())?;
        let result = self.send(&message, &JsValue::UNDEFINED)?;
        Ok(match String::from(result).as_str() {
            "sent" => SendResult::Sent,
            "queued" => SendResult::Queued,
            _ => SendResult::Dropped,
        })
    }

    /// Ends when all messages so far have been received.
    ///
    /// # Errors
    ///
    /// The cloud confirms none, a connection was lost, or there is no session.
    pub fn flushed(&self) -> impl Future<Output = Result<(), Error>> + use<> {
        let flushed = JsFuture::from(self.flush());
        async move { Ok(flushed.await.map(drop)?) }
    }

    /// Asks the cloud for streams, now and after every reconnect.
    ///
    /// # Errors
    ///
    /// A name is empty.
    pub fn subscribe_to<S: AsRef<str>>(
        &self,
        streams: impl IntoIterator<Item = S>,
    ) -> Result<(), Error> {
        Ok(self.subscribe(&names(streams))?)
    }

    /// No longer asks for them.
    ///
    /// # Errors
    ///
    /// A name is empty.
    pub fn unsubscribe_from<S: AsRef<str>>(
        &self,
        streams: impl IntoIterator<Item = S>,
    ) -> Result<(), Error> {
        Ok(self.unsubscribe(&names(streams))?)
    }

    /// Ends the session, which would live on if it were only dropped. Not an error in any state.
    pub fn end(&self) {
        self.disconnect(&JsValue::UNDEFINED);
    }
}

fn names<S: AsRef<str>>(streams: impl IntoIterator<Item = S>) -> JsValue {
    let names = streams.into_iter();
    let names = names.map(|name| JsValue::from_str(name.as_ref()));
    names.collect::<js_sys::Array>().unchecked_into()
}
