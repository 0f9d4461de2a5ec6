//! The core's events as values of JavaScript.

use js_sys::{Array, Error, Object};
use wasm_bindgen::prelude::*;

use crate::session::{
    ConnectionError, DropReason, Field, FlushError, Happening, Record, SessionError, Suspicion,
};

use super::fields::{get, set};

#[wasm_bindgen(module = "/src/web/js/connection_error.js")]
extern "C" {
    type TpaConnectionError;

    #[wasm_bindgen(constructor)]
    fn new(message: &str, facts: &JsValue) -> TpaConnectionError;
}

/// A payload that is plain data. Field by field: through a serializer the same fields weigh 380
/// bytes more, compressed.
pub(super) fn data(payload: &dyn Record) -> JsValue {
    let object = Object::new().into();
    payload.each(&mut |name, field| set(&object, name, &value(&field)));
    object
}

fn value(field: &Field<'_>) -> JsValue {
    match *field {
        Field::Absent => JsValue::UNDEFINED,
        Field::Flag(value) => value.into(),
        Field::Number(value) => value.into(),
        Field::Text(value) => value.into(),
        Field::Texts(values) => {
            let texts = values.iter().map(JsValue::from);
            texts.collect::<Array>().into()
        }
        Field::Record(value) => data(value),
    }
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
