//! The app's messages on their way out.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use crate::session::{Duration, Payload, state_key, time_to_live};

use super::fields;
use super::options::type_error;

#[wasm_bindgen(module = "/src/web/js/message.js")]
extern "C" {
    /// A frame's text, with what it does not say itself: who sends it, and when.
    #[wasm_bindgen(catch)]
    pub(super) fn encode(
        message: &JsValue,
        kind: &JsValue,
        package_name: &JsString,
        session_id: Option<&str>,
    ) -> Result<JsString, JsValue>;

    #[wasm_bindgen(js_name = addSessionId)]
    fn add_session_id(text: &JsString, session_id: &str) -> JsString;

    #[wasm_bindgen(js_name = utf8Length)]
    fn utf8_length(text: &JsString) -> u32;

    /// A text or a list of them, as a list; what is no text is an empty one.
    pub(super) fn texts(value: &JsValue) -> Array;

    /// A field; null where it cannot be read.
    fn option(options: &JsValue, field: &str) -> JsValue;

    #[wasm_bindgen(js_name = fieldText)]
    fn field_text(message: &JsValue, field: &str) -> Option<String>;
}

/// A message as the app gave it, and as it will be sent.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) original: JsValue,
    kind: String,
    text: JsString,
    /// Written down before there was a session whose id it could have.
    before_session: bool,
}

impl Payload for Message {
    fn size(&self) -> usize {
        utf8_length(&self.text) as usize
    }
}

impl Message {
    /// Writes the message down, so that a later change of the object does not change it.
    pub(super) fn new(
        original: &JsValue,
        package_name: &JsString,
        session_id: Option<&str>,
    ) -> Result<Self, JsValue> {
        if !original.is_object() || Array::is_array(original) {
            return Err(type_error("message: must be an object with a type"));
        }
        let kind = fields::get(original, "type");
        let kind_text = kind.as_string().filter(|kind| !kind.is_empty());
        let kind_text =
            kind_text.ok_or_else(|| type_error("message.type: must be a non-empty string"))?;
        let text = encode(original, &kind, package_name, session_id).map_err(|cause| {
            let why = fields::text(&cause, "message").unwrap_or_default();
            type_error(&["message: must be JSON: ", &why].concat())
        })?;
        Ok(Self {
            original: original.clone(),
            kind: kind_text,
            text,
            before_session: session_id.is_none(),
        })
    }

    /// The text of the frame for this session.
    pub(super) fn text(self, session_id: &str) -> JsString {
        if self.before_session {
            add_session_id(&self.text, session_id)
        } else {
            self.text
        }
    }

    /// The key under which the message is state, by its type.
    pub(super) fn default_key(&self) -> Option<String> {
        state_key(&self.kind, |field| field_text(&self.original, field))
    }

    /// How long it may wait, by its type.
    pub(super) fn default_ttl(&self) -> Option<Duration> {
        let duration = fields::get(&self.original, "durationMs");
        time_to_live(&self.kind, duration.as_f64())
    }
}

/// `key` and `ttl` as given to `send()`.
pub(super) fn send_options(
    options: &JsValue,
) -> Result<(Option<String>, Option<Duration>), JsValue> {
    if options.is_undefined() {
        return Ok((None, None));
    }
    if !options.is_object() {
        return Err(type_error("options: must be an object"));
    }
    let (key, ttl) = (option(options, "key"), option(options, "ttl"));
    if !key.is_undefined() && !key.is_string() {
        return Err(type_error("key: must be a string"));
    }
    let millis = ttl.as_f64().filter(|millis| *millis >= 0.0);
    if !ttl.is_undefined() && millis.is_none() {
        return Err(type_error(
            "ttl: must be a number of milliseconds, 0 or more",
        ));
    }
    Ok((
        key.as_string(),
        millis.map(|millis| Duration::from_millis(millis as u64)),
    ))
}
