//! The session's own frames: the ones it speaks, and the ones it must act on.

use js_sys::{Date, JSON, JsString};
use wasm_bindgen::prelude::*;

use crate::session::{Control, Init, Ping, Record, SubscriptionUpdate};

use super::{fields, payloads};

/// The text of the handshake's first frame.
pub(super) fn init(session_id: &str, package_name: &str, api_key: &str) -> Option<JsString> {
    text(&Init {
        session_id,
        package_name,
        api_key,
        timestamp: &timestamp(),
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
        timestamp: &timestamp(),
    })
}

/// The text of a ping.
pub(super) fn ping() -> Option<JsString> {
    text(&Ping {})
}

/// What a frame of a control type asks of the session.
pub(super) fn control(frame: &JsValue) -> Option<Control> {
    let text = |field: &str| fields::text(frame, field);
    Control::parse(&text("type")?, text)
}

fn text(frame: &dyn Record) -> Option<JsString> {
    JSON::stringify(&payloads::data(frame)).ok()
}

fn timestamp() -> String {
    Date::new_0().to_iso_string().into()
}
