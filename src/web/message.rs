//! Messages of the app.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use crate::session::{Duration, Payload, is_replayable, state_key, time_to_live};

use super::options::type_error;
use super::reflect;

#[wasm_bindgen(module = "/src/web/js/streams.js")]
extern "C" {
    /// The message, or what its `toJSON()` returns; throws a `TypeError` unless that is an object.
    #[wasm_bindgen(catch, js_name = jsonObject)]
    pub(super) fn json_object(message: &JsValue) -> Result<JsValue, JsValue>;

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

    #[wasm_bindgen(js_name = utf8Length)]
    fn utf8_length(text: &JsString) -> u32;

    /// A field; null where it cannot be read.
    fn option(options: &JsValue, field: &str) -> JsValue;

    #[wasm_bindgen(js_name = fieldText)]
    fn field_text(message: &JsValue, field: &str) -> Option<String>;

    /// One string or a list of them, as a list. Anything but a string becomes an empty one.
    pub(super) fn texts(value: &JsValue) -> Array;
}

/// A message as the app gave it, and the text of its frame.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) original: JsValue,
    kind: String,
    text: JsString,
    /// Encoded before the session's id was known.
    lacks_session_id: bool,
}

impl Payload for Message {
    fn size(&self) -> usize {
        utf8_length(&self.text) as usize
    }
}

impl Message {
    /// Encodes the JSON object of a message, so that a later change does not change the frame.
    pub(super) fn new(
        original: &JsValue,
        object: &JsValue,
        package_name: &JsString,
        session_id: Option<&str>,
    ) -> Result<Self, JsValue> {
        let kind = reflect::get(object, "type");
        let kind_text = kind.as_string().filter(|kind| !kind.is_empty());
        let kind_text =
            kind_text.ok_or_else(|| type_error("message.type: must be a non-empty string"))?;
        let text = encode(object, &kind, package_name, session_id).map_err(|cause| {
            let cause = reflect::text(&cause, "message").unwrap_or_default();
            type_error(&["message: must be JSON: ", &cause].concat())
        })?;
        Ok(Self {
            original: original.clone(),
            kind: kind_text,
            text,
            lacks_session_id: session_id.is_none(),
        })
    }

    /// The text of the frame for this session.
    pub(super) fn text(self, session_id: &str) -> JsString {
        if self.lacks_session_id {
            add_session_id(&self.text, session_id)
        } else {
            self.text
        }
    }

    /// Key of a message whose type is state.
    pub(super) fn default_key(&self, object: &JsValue) -> Option<String> {
        state_key(&self.kind, |field| field_text(object, field))
    }

    /// True if a message of this type may be sent once more after a reconnect.
    pub(super) fn is_replayable(&self) -> bool {
        is_replayable(&self.kind)
    }

    /// Time that a message of this type may wait.
    pub(super) fn default_ttl(&self, object: &JsValue) -> Option<Duration> {
        let duration = reflect::get(object, "durationMs");
        time_to_live(&self.kind, duration.as_f64())
    }
}

/// Options of `send()`.
#[derive(Default)]
pub(super) struct SendOptions {
    pub(super) key: Option<String>,
    pub(super) ttl: Option<Duration>,
    pub(super) replay: Option<bool>,
}

/// Reads the options of `send()`.
pub(super) fn send_options(options: &JsValue) -> Result<SendOptions, JsValue> {
    if options.is_undefined() {
        return Ok(SendOptions::default());
    }
    if !options.is_object() {
        return Err(type_error("options: must be an object"));
    }
    let [key, ttl, replay] = ["key", "ttl", "replay"].map(|field| option(options, field));
    let key_text = key.as_string();
    if !key.is_undefined() && key_text.is_none() {
        return Err(type_error("key: must be a string"));
    }
    let millis = ttl.as_f64().filter(|millis| *millis >= 0.0);
    if !ttl.is_undefined() && millis.is_none() {
        return Err(type_error(
            "ttl: must be a number of milliseconds, 0 or more",
        ));
    }
    if !replay.is_undefined() && replay.as_bool().is_none() {
        return Err(type_error("replay: must be true or false"));
    }
    Ok(SendOptions {
        key: key_text,
        ttl: millis.map(|millis| Duration::from_millis(millis as u64)),
        replay: replay.as_bool(),
    })
}
