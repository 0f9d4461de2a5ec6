//! Messages of the app.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use crate::session::{Direct, DirectState, Duration, Payload};

use super::clock::Clock;
use super::dispatcher::Dispatcher;
use super::reflect;
use super::socket::Connection;

#[wasm_bindgen(module = "/src/web/js/streams.js")]
extern "C" {
    /// The frame's text, with the fields that the object leaves out.
    #[wasm_bindgen(catch)]
    pub(super) fn encode(
        object: &JsValue,
        kind: &JsValue,
        package_name: &JsString,
        session_id: Option<&str>,
    ) -> Result<JsString, JsValue>;

    #[wasm_bindgen(js_name = addSessionId)]
    fn add_session_id(text: &JsString, session_id: &str) -> JsString;

    /// Message that is ready to be sent.
    #[derive(Clone, Debug)]
    pub type Outgoing;

    /// Encodes a message, so that a later change does not change the frame, and reads its options.
    /// Throws a `TypeError` for what is not a message.
    #[wasm_bindgen(constructor, catch)]
    pub(super) fn new(
        message: &JsValue,
        options: &JsValue,
        sender: &Dispatcher,
    ) -> Result<Outgoing, JsValue>;

    #[wasm_bindgen(method, getter)]
    fn text(this: &Outgoing) -> JsString;

    #[wasm_bindgen(method, getter)]
    pub(super) fn key(this: &Outgoing) -> Option<String>;

    /// Way of messages to a socket without a call into the session.
    #[wasm_bindgen(js_name = Direct)]
    pub(super) type DirectWay;

    #[wasm_bindgen(constructor, js_class = Direct)]
    pub(super) fn new(dispatcher: &Dispatcher) -> DirectWay;

    #[wasm_bindgen(method)]
    pub(super) fn permit(
        this: &DirectWay,
        connection: &Connection,
        until: f64,
        bytes: u32,
        buffered: u32,
    );

    #[wasm_bindgen(method)]
    fn end(this: &DirectWay) -> u32;

    #[wasm_bindgen(method, getter)]
    fn state(this: &DirectWay) -> Option<Outgoing>;

    /// One string or a list of them, as a list. Anything but a string becomes an empty one.
    pub(super) fn texts(value: &JsValue) -> Array;
}

/// A message with the text of its frame.
#[derive(Clone, Debug)]
pub(super) struct Message(pub(super) Outgoing);

impl Payload for Message {
    fn size(&self) -> usize {
        number(&self.0, "size").unwrap_or_default() as usize
    }
}

impl Message {
    /// The text of the frame for this session.
    pub(super) fn text(&self, session_id: &str) -> JsString {
        let text = self.0.text();
        if reflect::get(&self.0, "isComplete").is_truthy() {
            text
        } else {
            add_session_id(&text, session_id)
        }
    }

    /// The message as the app gave it.
    pub(super) fn original(&self) -> JsValue {
        reflect::get(&self.0, "message")
    }
}

impl Outgoing {
    pub(super) fn time_to_live(&self) -> Option<Duration> {
        number(self, "ttl").map(|millis| Duration::from_millis(millis as u64))
    }

    pub(super) fn replay(&self) -> bool {
        reflect::get(self, "replay").is_truthy()
    }
}

impl DirectWay {
    /// Ends the permit. Returns what was sent under it.
    pub(super) fn take(&self, clock: &Clock) -> Option<Direct<Message>> {
        let messages = self.end();
        if messages == 0 {
            return None;
        }
        let time = |object: &JsValue, field| clock.at(number(object, field).unwrap_or_default());
        let state = self.state().and_then(|outgoing| {
            let key = outgoing.key()?;
            let (ttl, replay) = (outgoing.time_to_live(), outgoing.replay());
            let sent_at = time(&outgoing, "at");
            let number = number(&outgoing, "number")? as u32;
            let payload = Message(outgoing);
            Some(DirectState {
                size: payload.size(),
                payload,
                key,
                ttl,
                replay,
                number,
                sent_at,
            })
        });
        Some(Direct {
            messages,
            bytes: number(self, "bytes").unwrap_or_default() as usize,
            last: time(self, "last"),
            state,
        })
    }
}

fn number(object: &JsValue, field: &str) -> Option<f64> {
    reflect::get(object, field).as_f64()
}
