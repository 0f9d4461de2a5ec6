//! The core's events as values of JavaScript.

use js_sys::{Error, Object};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

use crate::session::{
    ConnectionError, DropReason, FlushError, Happening, Record, SessionError, Suspicion,
};

use super::fields::{get, set};

#[wasm_bindgen(module = "/src/web/js/connection_error.js")]
extern "C" {
    type TpaConnectionError;

    #[wasm_bindgen(constructor)]
    fn new(message: &str, facts: &JsValue) -> TpaConnectionError;
}

/// A payload that is plain data.
pub(super) fn data(payload: &dyn Record) -> JsValue {
    // Names of struct fields would be kept, in a table that weighs more than all payloads.
    let serializer = Serializer::new().serialize_maps_as_objects(true);
    // Fails only for types that no payload has.
    payload.serialize(&serializer).unwrap_or_default()
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
        SessionError::Unconfirmable => (
            "This cloud confirms no messages: none can be delivered at least once",
            Some("UNCONFIRMABLE"),
        ),
    };
    coded(message, code)
}

/// Why `flush()` is rejected.
pub(super) fn flush_error(error: FlushError) -> JsValue {
    coded(error.message(), Some(error.code()))
}

/// Why `connect()` is rejected.
pub(super) fn connection_error(error: &ConnectionError) -> JsValue {
    let facts = data(&error.cause);
    set(&facts, "attempts", &error.attempts.into());
    TpaConnectionError::new(&error.message, &facts).into()
}

/// An entry of the timeline, but for its time and connection.
pub(super) fn happening(happening: &Happening) -> JsValue {
    let (event, payload) = match happening {
        Happening::Connecting(event) => ("connecting", data(event)),
        Happening::Disconnected(event) => ("disconnected", data(&**event)),
        Happening::Reconnecting(event) => ("reconnecting", data(&**event)),
        Happening::StateChange(event) => ("stateChange", data(event)),
        Happening::Error(fault) => {
            let payload = Object::new();
            let fault = error(fault);
            for field in ["message", "code"] {
                let value = get(&fault, field);
                set(&payload, field, &value);
            }
            ("error", payload.into())
        }
        Happening::Offline => ("offline", Object::new().into()),
        Happening::Online => ("online", Object::new().into()),
        Happening::Suspect(Suspicion::Environment) => ("resumed", Object::new().into()),
        Happening::Suspect(Suspicion::Clock) => ("slept", Object::new().into()),
    };
    set(&payload, "event", &event.into());
    payload
}

fn coded(message: &str, code: Option<&str>) -> JsValue {
    let payload = Error::new(message);
    if let Some(code) = code {
        set(&payload, "code", &code.into());
    }
    payload.into()
}
