//! The core's events as values of JavaScript.

use js_sys::{Error, Object};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

use crate::session::{ConnectionError, DropReason, FlushError, SessionError, TimelineEvent};

use super::fields::set;

#[wasm_bindgen(module = "/src/web/js/connection_error.js")]
extern "C" {
    type TpaConnectionError;

    #[wasm_bindgen(constructor)]
    fn new(message: &str, facts: &JsValue) -> TpaConnectionError;
}

/// Converts plain data into a plain object; what is missing is undefined.
pub(super) fn data(payload: &impl Serialize) -> JsValue {
    let serializer = Serializer::new().serialize_maps_as_objects(true);
    // Numbers and texts only: nothing that could fail.
    payload.serialize(&serializer).unwrap_or_default()
}

/// The payload of `dropped`.
pub(super) fn dropped(message: &JsValue, reason: DropReason) -> JsValue {
    let payload = Object::new();
    set(&payload, "message", message);
    set(&payload, "reason", &reason.name().into());
    payload.into()
}

/// The payload of `error`; its `code` tells errors apart for programs.
pub(super) fn error(error: &SessionError) -> JsValue {
    coded(error.message(), error.code())
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
pub(super) fn timeline_event(event: &TimelineEvent) -> JsValue {
    let payload = match event {
        TimelineEvent::Connecting(event) => data(event),
        TimelineEvent::Disconnected(event) => data(event),
        TimelineEvent::Reconnecting(event) => data(event),
        TimelineEvent::StateChange(event) => data(event),
        TimelineEvent::Error(error) => {
            let payload = Object::new();
            set(&payload, "message", &error.message().into());
            set(&payload, "code", &error.code().into());
            payload.into()
        }
        TimelineEvent::Offline | TimelineEvent::Online | TimelineEvent::Wake(_) => {
            Object::new().into()
        }
    };
    set(&payload, "event", &event.name().into());
    payload
}

fn coded(message: &str, code: Option<&str>) -> JsValue {
    let payload = Error::new(message);
    if let Some(code) = code {
        set(&payload, "code", &code.into());
    }
    payload.into()
}
