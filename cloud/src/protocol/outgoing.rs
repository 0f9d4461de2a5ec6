//! Frames to TPAs: writing.

use std::iter;

use serde::Serialize;
use serde_json::{Value, json};

use super::Dialect;

/// Default settings of every app.
pub(crate) fn default_settings() -> Vec<Value> {
    vec![
        json!({"key": "language", "type": "select", "label": "Language", "value": "en-US", "defaultValue": "en-US",
         "options": [{"label": "English", "value": "en-US"}, {"label": "Spanish", "value": "es-ES"}, {"label": "French", "value": "fr-FR"}]}),
        json!({"key": "line_width", "type": "text", "label": "Characters a line", "value": "32", "defaultValue": "32"}),
        json!({"key": "show_partial", "type": "toggle", "label": "Show text while it is spoken", "value": true, "defaultValue": true}),
    ]
}

/// Contents of an acknowledgement.
pub(crate) struct Ack<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) session_id: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) package: &'a str,
    pub(crate) settings: &'a [Value],
    /// The subscriptions that the cloud still holds for the app.
    pub(crate) subscriptions: &'a [String],
}

/// Model of the simulated glasses.
const MODEL: &str = "Simulated glasses";

pub(crate) fn ack(ack: &Ack<'_>, at: &str) -> String {
    let settings = ack.settings;
    // A heading in the configuration; not a setting.
    let heading = json!({"type": "group", "title": "Captions"});
    let described: Vec<_> = iter::once(&heading).chain(settings).collect();
    let system_settings = match ack.dialect {
        Dialect::AugmentOs => "augmentosSettings",
        Dialect::MentraOs => "mentraosSettings",
    };
    json!({
        "type": "tpa_connection_ack",
        "sessionId": ack.session_id,
        "userId": ack.user_id,
        "subscriptions": ack.subscriptions,
        "config": {
            "name": ack.package,
            "description": "An app on the development cloud",
            "version": "1.0.0",
            "settings": described,
        },
        "settings": settings,
        "capabilities": {
            "modelName": MODEL,
            "hasCamera": true,
            "camera": {"resolution": {"width": 1920, "height": 1080}, "hasHDR": false, "hasFlash": false,
                "video": {"canRecord": false, "canStream": true, "supportedStreamTypes": ["rtmp"]}},
            "hasDisplay": true,
            "display": {"count": 1, "isColor": false, "resolution": {"width": 640, "height": 200}, "maxTextLines": 5},
            "hasMicrophone": true,
            "hasSpeaker": true,
            "hasButton": true,
            "hasIMU": true,
        },
        system_settings: {"metricSystemEnabled": true, "contextualDashboard": true, "brightness": 50},
        "timestamp": at,
    })
    .to_string()
}

/// The complete state of the glasses, which follows an acknowledgement.
pub(crate) fn device_state(session_id: &str, at: &str) -> String {
    json!({
        "type": "device_state_update",
        "sessionId": session_id,
        "fullSnapshot": true,
        "state": {
            "connected": true,
            "modelName": MODEL,
            "batteryLevel": 100,
            "charging": false,
            "wifiConnected": false,
            "hotspotEnabled": false,
        },
        "timestamp": at,
    })
    .to_string()
}

pub(crate) fn connection_error(code: &str, message: &str, at: &str) -> String {
    json!({"type": "tpa_connection_error", "code": code, "message": message, "timestamp": at})
        .to_string()
}

/// Frames of one stream for any number of TPAs. All but the session id is serialized once, because
/// these frames are the most frequent.
pub(crate) struct DataStream {
    /// The frame from the end of the session id.
    rest: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StreamFields<'a> {
    stream_type: &'a str,
    data: &'a Value,
    timestamp: &'a str,
}

impl DataStream {
    pub(crate) fn new(stream: &str, data: &Value, at: &str) -> Self {
        let fields = StreamFields {
            stream_type: stream,
            data,
            timestamp: at,
        };
        // Strings and a Value always serialize.
        let mut rest = serde_json::to_string(&fields).unwrap_or_default();
        rest.replace_range(..1, ",");
        Self { rest }
    }

    /// Returns the frame for a session.
    pub(crate) fn frame(&self, session_id: &str) -> String {
        let session_id = serde_json::to_string(session_id).unwrap_or_default();
        [
            r#"{"type":"data_stream","sessionId":"#,
            &session_id,
            &self.rest,
        ]
        .concat()
    }
}

pub(crate) fn data_stream(session_id: &str, stream: &str, data: &Value, at: &str) -> String {
    DataStream::new(stream, data, at).frame(session_id)
}

pub(crate) fn custom_message(session_id: &str, data: &Value, at: &str) -> String {
    json!({
        "type": "custom_message",
        "sessionId": session_id,
        "action": data["action"],
        "payload": data["payload"],
        "timestamp": at,
    })
    .to_string()
}

pub(crate) fn settings_update(
    session_id: &str,
    package: &str,
    settings: &[Value],
    at: &str,
) -> String {
    json!({
        "type": "settings_update",
        "sessionId": session_id,
        "packageName": package,
        "settings": settings,
        "timestamp": at,
    })
    .to_string()
}

pub(crate) fn app_stopped(session_id: &str, reason: &str, at: &str) -> String {
    json!({"type": "app_stopped", "sessionId": session_id, "reason": reason, "timestamp": at})
        .to_string()
}

pub(crate) fn dashboard_mode_changed(session_id: &str, mode: &str, at: &str) -> String {
    json!({"type": "dashboard_mode_changed", "sessionId": session_id, "mode": mode, "timestamp": at})
        .to_string()
}

/// `id` is that of the ping, if it has one.
pub(crate) fn pong(id: Option<u64>, at: &str) -> String {
    let mut pong = json!({"type": "pong", "timestamp": at});
    if let Some(id) = id {
        pong["id"] = id.into();
    }
    pong.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_a_stream_has_its_fields_in_order() {
        let data = json!({"text": "a \"quoted\" word", "list": [1, null]});
        let frame = data_stream("user-\"1\"", "tran\"s", &data, "now");
        let expected = concat!(
            r#"{"type":"data_stream","sessionId":"user-\"1\"","streamType":"tran\"s","#,
            r#""data":{"list":[1,null],"text":"a \"quoted\" word"},"timestamp":"now"}"#,
        );
        assert_eq!(frame, expected);
    }
}
