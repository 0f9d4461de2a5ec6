//! Conversion between types of the core and values of JavaScript.

use js_sys::{Error, Object};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

use crate::session::{
    Cause, CloseKind, CommandError, ConnectionError, DropReason, FlushError, NO_CLOSE_FRAME,
    NORMAL, Reconnect, SessionError, Stats, TimelineEntry, TimelineEvent, is_clean,
};

use super::clock::Clock;
use super::reflect::{get, set, text};

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    type TpaConnectionError;

    #[wasm_bindgen(constructor)]
    fn new(message: &str, facts: &JsValue) -> TpaConnectionError;
}

/// Converts a payload to a plain object.
pub(super) fn to_js(payload: &impl Serialize) -> JsValue {
    let serializer = Serializer::new().serialize_maps_as_objects(true);
    // Fails only for keys that are not strings and for integers beyond 2^53.
    payload.serialize(&serializer).unwrap_or_default()
}

/// Argument of `shouldReconnect`.
pub(super) fn closure(cause: &Cause) -> JsValue {
    let closure = to_js(cause);
    set(&closure, "wasClean", &is_clean(cause.code).into());
    closure
}

/// Answer of `shouldReconnect`: a boolean, undefined, or an object with a `delay`.
pub(super) fn reconnect(answer: &JsValue) -> Result<Option<Reconnect>, String> {
    if answer.is_null_or_undefined() {
        return Ok(None);
    }
    if let Some(wanted) = answer.as_bool() {
        return Ok(Some(wanted.into()));
    }
    if !answer.is_object() {
        return Err("must return a boolean, undefined or { delay }".into());
    }
    let delay = get(answer, "delay").as_f64();
    let decision = delay.and_then(Reconnect::after_millis);
    if decision.is_none() {
        return Err(["delay: must be ", Reconnect::DELAY_ALLOWED].concat());
    }
    Ok(decision)
}

/// Code and reason of a close event. Sockets other than the browser's lack some of its fields.
pub(super) fn close(event: &JsValue) -> (u16, String) {
    let code = get(event, "code").as_f64().filter(|code| *code > 0.0);
    let code = code.map_or(NO_CLOSE_FRAME, |code| code as u16);
    (code, text(event, "reason").unwrap_or_default())
}

/// Payload of `sent`.
pub(super) fn message(message: &JsValue) -> JsValue {
    let payload = Object::new();
    set(&payload, "message", message);
    payload.into()
}

/// Payload of `dropped`.
pub(super) fn dropped(dropped: &JsValue, reason: DropReason) -> JsValue {
    let payload = message(dropped);
    set(&payload, "reason", &reason.name().into());
    payload
}

/// Payload of `error`.
pub(super) fn session_error(error: &SessionError) -> JsValue {
    error_with_code(error.message(), error.code())
}

/// Payload of `error` for an exception of a handler.
pub(super) fn handler_error(message: &str, stack: &str) -> JsValue {
    let error = error_with_code(message, Some("HANDLER_FAILED"));
    set(&error, "stack", &stack.into());
    error
}

/// Rejection of `flush()`.
pub(super) fn flush_error(error: FlushError) -> JsValue {
    error_with_code(error.message(), Some(error.code()))
}

/// Rejection of `connect()`.
pub(super) fn connection_error(error: &ConnectionError) -> JsValue {
    let facts = to_js(&error.cause);
    set(&facts, "attempts", &error.attempts.into());
    TpaConnectionError::new(&error.message, &facts).into()
}

/// Rejection of `connect()` after `dispose()`.
pub(super) fn disposed() -> JsValue {
    let message = CommandError::Disposed.message();
    let cause = Cause {
        code: NORMAL,
        reason: message.into(),
        kind: CloseKind::ClientDisconnect,
    };
    let error = connection_error(&ConnectionError {
        cause,
        message: message.into(),
        attempts: 0,
    });
    set(&error, "code", &"DISPOSED".into());
    error
}

fn error_with_code(message: &str, code: Option<&str>) -> JsValue {
    let error = Error::new(message);
    if let Some(code) = code {
        set(&error, "code", &code.into());
    }
    error.into()
}

/// The value of `stats`; `received` is counted in JavaScript.
pub(super) fn stats(stats: &Stats, received: Option<f64>, clock: &Clock) -> JsValue {
    let payload = to_js(stats);
    if let Some(at) = stats.last_heard {
        set(&payload, "lastHeard", &clock.to_wall(at).into());
    }
    if let Some(received) = received {
        set(&payload, "received", &received.into());
    }
    payload
}

/// An entry of `timeline()`.
pub(super) fn timeline_entry(entry: &TimelineEntry, clock: &Clock) -> JsValue {
    let payload = match &entry.event {
        TimelineEvent::Connecting(event) => to_js(event),
        TimelineEvent::Disconnected(event) => to_js(event),
        TimelineEvent::Reconnecting(event) => to_js(event),
        TimelineEvent::StateChange(event) => to_js(event),
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
    set(&payload, "event", &entry.event.name().into());
    set(&payload, "at", &clock.to_wall(entry.at).into());
    set(&payload, "connection", &entry.connection.0.into());
    payload
}
