//! A session for programs in Rust.

use std::fmt;
use std::future::Future;
use std::rc::Rc;

use js_sys::Array;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::session::{Command, Reply, Session, State};
use crate::web::driver::Driver;
use crate::web::options::type_error;
use crate::web::reflect;

use super::listener::Handler;
use super::{Error, Listener};

/// Result of [`TpaSession::send`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendResult {
    /// The message was handed to the socket.
    Sent,
    /// The message waits for a connection.
    Queued,
    /// The message will not be sent.
    Dropped,
}

/// One app's session with the cloud, over as many sockets as it takes. A clone is the same
/// session.
///
/// [`Options`](super::Options) make it.
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
///     let reply = session.clone();
///     let listener = session.on("transcription:en-US", move |transcription| {
///         let Ok(Transcription { text }) = transcription else { return };
///         let count = text.split_whitespace().count();
///         let _ = reply.send(&Words { count });
///     })?;
///     session.subscribe(["transcription:en-US"])?;
///     session.connect("user1-org.example.words").await?;
///     Ok((session, listener))
/// }
/// ```
#[derive(Clone)]
pub struct TpaSession(pub(super) Rc<Driver>);

impl TpaSession {
    /// Starts the session at once. The future ends with the settings at the first ack; dropping
    /// it changes nothing.
    ///
    /// # Errors
    ///
    /// The session ends before that, or the id is empty.
    pub fn connect(
        &self,
        session_id: &str,
    ) -> impl Future<Output = Result<JsValue, Error>> + use<> {
        // Awaited from now on, so that a future which is dropped is no unhandled rejection.
        let settings = JsFuture::from(self.0.connect(session_id.into()));
        async move { Ok(settings.await?) }
    }

    /// Calls `handler` with the payload of each event until the listener is dropped. The event
    /// is one of the session's own, a stream, or the type of a frame; the reference lists them.
    ///
    /// The payload is an error if it is not a `T`: what comes from a cloud is not checked before.
    /// Streams must also be [subscribed](Self::subscribe) to.
    ///
    /// # Errors
    ///
    /// The name is empty.
    pub fn on<T: DeserializeOwned>(
        &self,
        event: &str,
        mut handler: impl FnMut(Result<T, Error>) + 'static,
    ) -> Result<Listener, Error> {
        self.on_js(event, move |payload| {
            handler(serde_wasm_bindgen::from_value(payload).map_err(Error::from));
        })
    }

    /// The same with the payload as a value of JavaScript.
    ///
    /// # Errors
    ///
    /// The name is empty.
    pub fn on_js(
        &self,
        event: &str,
        handler: impl FnMut(JsValue) + 'static,
    ) -> Result<Listener, Error> {
        let handler = Handler::new(handler);
        let dispatcher = self.0.dispatcher.get();
        let dispatcher = dispatcher.ok_or_else(|| type_error("the session was dropped"))?;
        let unsubscribe = dispatcher.on(event, handler.as_ref())?;
        Ok(Listener::new(unsubscribe, handler))
    }

    /// Calls `handler` with each new state.
    ///
    /// # Errors
    ///
    /// None for a session of [`Options`](super::Options).
    pub fn on_state(&self, mut handler: impl FnMut(State) + 'static) -> Result<Listener, Error> {
        self.on_js("stateChange", move |change| {
            let name = reflect::text(&change, "to").unwrap_or_default();
            if let Some(state) = State::of_name(&name) {
                handler(state);
            }
        })
    }

    /// The session's state.
    pub fn state(&self) -> State {
        self.0.with_core(Session::state)
    }

    /// Id given to [`connect`](Self::connect).
    pub fn session_id(&self) -> Option<String> {
        self.0.session_id()
    }

    /// Sends a message, an object with a `type`, or queues it until there is a connection.
    ///
    /// # Errors
    ///
    /// The message is not such an object. The state of the connection is never an error.
    pub fn send(&self, message: &impl Serialize) -> Result<SendResult, Error> {
        let message = message.serialize(&Serializer::json_compatible())?;
        Ok(
            match self.0.prepare_and_send(&message, &JsValue::UNDEFINED)? {
                Reply::Sent => SendResult::Sent,
                Reply::Queued => SendResult::Queued,
                Reply::Dropped | Reply::Done | Reply::Run(_) | Reply::Flush(_) => {
                    SendResult::Dropped
                }
            },
        )
    }

    /// Waits until the cloud has received all messages so far.
    ///
    /// # Errors
    ///
    /// The cloud confirms no messages, the connection is lost, or the session is over.
    pub fn flush(&self) -> impl Future<Output = Result<(), Error>> + use<> {
        let flushed = JsFuture::from(self.0.flush());
        async move { Ok(flushed.await.map(drop)?) }
    }

    /// Subscribes to streams, now and after every reconnect.
    ///
    /// # Errors
    ///
    /// A name is empty.
    pub fn subscribe<S: AsRef<str>>(
        &self,
        streams: impl IntoIterator<Item = S>,
    ) -> Result<(), Error> {
        Ok(self.0.change(Command::Subscribe(names(streams)))?)
    }

    /// Unsubscribes from streams.
    ///
    /// # Errors
    ///
    /// A name is empty.
    pub fn unsubscribe<S: AsRef<str>>(
        &self,
        streams: impl IntoIterator<Item = S>,
    ) -> Result<(), Error> {
        Ok(self.0.change(Command::Unsubscribe(names(streams)))?)
    }

    /// Streams that are subscribed to.
    pub fn subscriptions(&self) -> Vec<String> {
        self.0.with_core(|core| core.subscriptions().to_vec())
    }

    /// Makes the next attempt now, if the session waits for one.
    pub fn reconnect_now(&self) {
        self.0.reconnect_now();
    }

    /// Ends the session, which would go on if it were only dropped. Not an error in any state.
    pub fn disconnect(&self) {
        self.0.disconnect(None);
    }

    /// Ends the session for good: [`connect`](Self::connect) is an error from now on.
    pub fn dispose(&self) {
        self.0.dispose();
    }

    /// Counters, as plain data of JavaScript.
    pub fn stats(&self) -> JsValue {
        self.0.stats()
    }

    /// The last transitions, as plain data of JavaScript.
    pub fn timeline(&self) -> Array {
        self.0.timeline()
    }
}

impl fmt::Debug for TpaSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut session = f.debug_struct("TpaSession");
        session.field("session_id", &self.session_id());
        session.field("state", &self.state()).finish()
    }
}

fn names<S: AsRef<str>>(streams: impl IntoIterator<Item = S>) -> Vec<String> {
    let names = streams.into_iter();
    names.map(|name| name.as_ref().to_owned()).collect()
}
