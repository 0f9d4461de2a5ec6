//! Messages of the app.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use crate::session::{Direct, DirectState, Duration, Payload};

use super::clock::Clock;
use super::dispatcher::Dispatcher;
use super::socket::Connection;

#[wasm_bindgen(module = "/src/web/js/outgoing.js")]
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
    pub(super) fn message(this: &Outgoing) -> JsValue;

    #[wasm_bindgen(method, getter)]
    fn text(this: &Outgoing) -> JsString;

    #[wasm_bindgen(method, getter)]
    fn size(this: &Outgoing) -> u32;

    #[wasm_bindgen(method, getter, js_name = isComplete)]
    fn is_complete(this: &Outgoing) -> bool;

    #[wasm_bindgen(method, getter)]
    pub(super) fn key(this: &Outgoing) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    fn ttl(this: &Outgoing) -> Option<f64>;

    #[wasm_bindgen(method, getter)]
    pub(super) fn replay(this: &Outgoing) -> bool;

    #[wasm_bindgen(method, getter)]
    fn number(this: &Outgoing) -> u32;

    #[wasm_bindgen(method, getter)]
    fn at(this: &Outgoing) -> f64;

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
    fn bytes(this: &DirectWay) -> u32;

    #[wasm_bindgen(method, getter)]
    fn last(this: &DirectWay) -> f64;

    #[wasm_bindgen(method, getter)]
    fn state(this: &DirectWay) -> Option<Outgoing>;
}

#[wasm_bindgen(module = "/src/web/js/streams.js")]
extern "C" {
    /// One string or a list of them, as a list. Anything but a string becomes an empty one.
    pub(super) fn texts(value: &JsValue) -> Array;
}

/// A message with the text of its frame.
#[derive(Clone, Debug)]
pub(super) struct Message(pub(super) Outgoing);

impl Payload for Message {
    fn size(&self) -> usize {
        self.0.size() as usize
    }
}

impl Message {
    /// The text of the frame for this session.
    pub(super) fn text(&self, session_id: &str) -> JsString {
        let text = self.0.text();
        if self.0.is_complete() {
            text
        } else {
            add_session_id(&text, session_id)
        }
    }
}

impl Outgoing {
    pub(super) fn time_to_live(&self) -> Option<Duration> {
        self.ttl()
            .map(|millis| Duration::from_millis(millis as u64))
    }
}

impl DirectWay {
    /// Ends the permit. Returns what was sent under it.
    pub(super) fn take(&self, clock: &Clock) -> Option<Direct<Message>> {
        let messages = self.end();
        if messages == 0 {
            return None;
        }
        let state = self.state().and_then(|outgoing| {
            Some(DirectState {
                key: outgoing.key()?,
                ttl: outgoing.time_to_live(),
                replay: outgoing.replay(),
                number: outgoing.number(),
                size: outgoing.size() as usize,
                sent_at: clock.at(outgoing.at()),
                payload: Message(outgoing),
            })
        });
        Some(Direct {
            messages,
            bytes: self.bytes() as usize,
            last: clock.at(self.last()),
            state,
        })
    }
}
