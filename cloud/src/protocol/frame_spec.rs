//! Frames that a control request or a scenario sends.

use serde_json::{Map, Value, json};

use crate::identity::Identity;
use crate::protocol;

/// A frame for one or more TPAs.
#[derive(Debug, Clone, PartialEq)]
pub enum FrameSpec {
    /// This text.
    Verbatim(String),
    /// A frame without session id and timestamp, which are added for each TPA.
    Template(Map<String, Value>),
    /// Stream data, for the subscribers of the stream.
    Stream {
        /// Name of the stream.
        name: String,
        /// The frame's `data`.
        data: Value,
    },
    /// A change of the app's settings, which the cloud stores.
    Settings(SettingsChange),
}

/// A change of an app's settings.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingsChange {
    /// The complete list.
    Replace(Vec<Value>),
    /// Values by key.
    Merge(Map<String, Value>),
}

impl SettingsChange {
    /// Applies the change to `settings`. An unknown key becomes a text setting.
    pub(crate) fn applied_to(&self, settings: &[Value]) -> Vec<Value> {
        let values = match self {
            Self::Replace(list) => return list.clone(),
            Self::Merge(values) => values,
        };
        let mut settings = settings.to_vec();
        for (key, value) in values {
            match settings.iter_mut().find(|setting| setting["key"] == **key) {
                Some(setting) => setting["value"] = value.clone(),
                None => {
                    settings.push(json!({"key": key, "type": "text", "label": key, "value": value}))
                }
            }
        }
        settings
    }
}

impl FrameSpec {
    /// A frame of this type with these fields.
    pub(crate) fn template(kind: &str, fields: Value) -> Self {
        let mut frame = Map::new();
        frame.insert("type".to_owned(), kind.into());
        if let Value::Object(fields) = fields {
            frame.extend(fields);
        }
        Self::Template(frame)
    }

    /// An error that lists streams with the permission that each requires.
    pub(crate) fn permission_error(streams: &[String]) -> Self {
        let details: Vec<Value> = streams
            .iter()
            .map(|stream| {
                let permission = permission_of(stream);
                let message = format!("{stream} needs the permission {permission}");
                json!({"stream": stream, "requiredPermission": permission, "message": message})
            })
            .collect();
        let message = "Some subscriptions are not permitted";
        Self::template(
            "permission_error",
            json!({"message": message, "details": details}),
        )
    }
}

/// Completes a template for one TPA.
pub(crate) fn fill(template: &Map<String, Value>, who: &Identity, at: &str) -> String {
    let mut frame = template.clone();
    frame.insert("sessionId".to_owned(), json!(who.session_id));
    frame.insert("timestamp".to_owned(), at.into());
    Value::Object(frame).to_string()
}

/// Frame with the settings of an app.
pub(crate) fn settings_update(settings: &[Value], who: &Identity, at: &str) -> String {
    let session = who.session_id.as_deref().unwrap_or_default();
    let package = who.package_name.as_deref().unwrap_or_default();
    protocol::settings_update(session, package, settings, at)
}

fn permission_of(stream: &str) -> &'static str {
    match stream.split(':').next().unwrap_or(stream) {
        "audio_chunk" | "transcription" | "translation" | "VAD" => "MICROPHONE",
        "location_update" | "vps_coordinates" => "LOCATION",
        "photo_taken" => "CAMERA",
        "calendar_event" => "CALENDAR",
        "phone_notification" | "notification_dismissed" | "phone_notification_dismissed" => {
            "READ_NOTIFICATIONS"
        }
        _ => "ALL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_merged_by_key() {
        let settings = [
            json!({"key": "width", "type": "text", "value": "32"}),
            json!({"key": "partial", "type": "toggle", "value": true}),
        ];
        let change = json!({"width": "40", "new": 7});
        let change = SettingsChange::Merge(change.as_object().unwrap().clone());
        let changed = change.applied_to(&settings);
        assert_eq!(changed[0]["value"], "40");
        assert_eq!(changed[1], settings[1]);
        assert_eq!(
            (&changed[2]["key"], &changed[2]["value"]),
            (&json!("new"), &json!(7))
        );
        let replaced = SettingsChange::Replace(Vec::new()).applied_to(&settings);
        assert!(replaced.is_empty());
    }
}
