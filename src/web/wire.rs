//! Frames of the session itself: those that it sends, and the control frames.

use js_sys::JsString;
use wasm_bindgen::JsValue;

use crate::session::{Control, Init, PingId, Redactor, SubscriptionUpdate, ping_frame};

use super::convert::to_js;
use super::{message, reflect};

/// The first frame of the handshake.
pub(super) fn init(session_id: &str, package_name: &str, api_key: &str) -> Option<JsString> {
    text(&to_js(&Init {
        session_id,
        package_name,
        api_key,
    }))
}

/// The whole list of subscriptions.
pub(super) fn subscriptions(
    session_id: &str,
    package_name: &str,
    streams: &[String],
) -> Option<JsString> {
    text(&to_js(&SubscriptionUpdate {
        package_name,
        session_id,
        subscriptions: streams,
    }))
}

pub(super) fn ping(id: PingId) -> Option<JsString> {
    Some(ping_frame(id).into())
}

/// Reads a control frame; `None` for a frame of the app.
pub(super) fn control(frame: &JsValue, redactor: &Redactor) -> Option<Control> {
    let text = |field: &str| reflect::text(frame, field);
    let number = |field: &str| reflect::get(frame, field).as_f64();
    Control::parse(&text("type")?, text, number, redactor)
}

/// Adds the timestamp, since the core has no wall clock.
fn text(frame: &JsValue) -> Option<JsString> {
    message::encode(frame, &reflect::get(frame, "type"), &"".into(), None).ok()
}
