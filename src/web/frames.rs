//! The session's own frames: the ones it speaks, and the ones it must act on.

use js_sys::JsString;
use wasm_bindgen::prelude::*;

use serde::Serialize;

use crate::session::{Control, Init, PING, Redactor, SubscriptionUpdate};

use super::{fields, message, payloads};

/// The text of the handshake's first frame.
pub(super) fn init(session_id: &str, package_name: &str, api_key: &str) -> Option<JsString> {
    text(&Init {
        session_id,
        package_name,
        api_key,
    })
}

/// The text of the list of streams.
pub(super) fn subscriptions(
    session_id: &str,
    package_name: &str,
    streams: &[String],
) -> Option<JsString> {
    text(&SubscriptionUpdate {
        package_name,
        session_id,
        subscriptions: streams,
    })
}

/// The text of a ping.
pub(super) fn ping() -> Option<JsString> {
    Some(PING.into())
}

/// What a frame of a control type asks of the session.
pub(super) fn control(frame: &JsValue, redactor: &Redactor) -> Option<Control> {
    let text = |field: &str| fields::text(frame, field);
    Control::parse(&text("type")?, text, redactor)
}

/// With the time of day, which the core does not know.
fn text(frame: &impl Serialize) -> Option<JsString> {
    let frame = payloads::data(frame);
    message::encode(&frame, &fields::get(&frame, "type"), &"".into(), None).ok()
}
