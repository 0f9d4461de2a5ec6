//! The core's events as values of JavaScript.

use js_sys::{Error, Object};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::session::{DropReason, SessionError};

use super::fields::set;

/// A payload that is plain data.
pub(super) fn data(payload: &impl Serialize) -> JsValue {
    // Fails only for types that no payload has.
    serde_wasm_bindgen::to_value(payload).unwrap_or_default()
}

/// The payload of `dropped`.
pub(super) fn dropped(message: &JsValue, why: DropReason) -> JsValue {
    let payload = Object::new();
    set(&payload, "message", message);
    set(&payload, "why", &why.name().into());
    payload.into()
}

/// The payload of `error`; its `code` tells errors apart for programs.
pub(super) fn error(error: &SessionError) -> JsValue {
    let (message, code) = match error {
        SessionError::Malformed(fault) => (fault.message(), Some("MALFORMED_FRAME")),
        SessionError::Reported { code, message } => (message.as_str(), code.as_deref()),
    };
    let payload = Error::new(message);
    if let Some(code) = code {
        set(&payload, "code", &code.into());
    }
    payload.into()
}
