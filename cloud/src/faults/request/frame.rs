//! Reads frames that are to be sent by hand.

use serde_json::{Map, Value, json};

use super::{BadRequest, Fields};
use crate::faults::Target;
use crate::protocol::frame_spec::{HandMade, SettingsChange};

/// Reads `{"frame": {…}, target?}`, or a frame in short: the frame, and whom it is for.
#[cfg(feature = "server")]
pub fn read_frame_request(body: &[u8]) -> Result<(HandMade, Target), BadRequest> {
    frame_of(Fields::read(body)?)
}

/// The fields of which one says what the frame is.
pub(super) const FRAMES: [&str; 9] = [
    "frame",
    "stream",
    "settings",
    "systemSettings",
    "dashboardMode",
    "dashboardAlwaysOn",
    "capabilities",
    "permissionError",
    "customMessage",
];

pub(super) fn frame_of(mut fields: Fields) -> Result<(HandMade, Target), BadRequest> {
    let Some(name) = FRAMES.iter().copied().find(|field| fields.has(field)) else {
        const EXPECTED: &str = "an object with a string `type`";
        return Err(BadRequest::new("frame", EXPECTED, None));
    };
    let Some(value) = fields.take(name) else {
        return Err(BadRequest::new(name, "there", None));
    };
    let wrong = |allowed: &str| Err(BadRequest::new(name, allowed, Some(&value)));
    let frame = match (name, &value) {
        ("frame", frame) if frame.get("type").is_some_and(Value::is_string) => {
            HandMade::Whole(frame.to_string())
        }
        ("stream", Value::String(name)) => HandMade::Stream {
            name: name.clone(),
            data: fields.take("data").unwrap_or_default(),
        },
        ("settings", Value::Array(list)) => {
            HandMade::Settings(SettingsChange::Replace(list.clone()))
        }
        ("settings", Value::Object(values)) => {
            HandMade::Settings(SettingsChange::Merge(values.clone()))
        }
        ("systemSettings", Value::Object(_)) => {
            HandMade::short("augmentos_settings_update", json!({"settings": value}))
        }
        ("dashboardMode", Value::String(mode)) if DASHBOARD_MODES.contains(&mode.as_str()) => {
            HandMade::short("dashboard_mode_changed", json!({"mode": mode}))
        }
        ("dashboardAlwaysOn", Value::Bool(enabled)) => {
            HandMade::short("dashboard_always_on_changed", json!({"enabled": enabled}))
        }
        ("capabilities", Value::Object(_)) => {
            let model = fields.text("modelName", "a string")?;
            let body = json!({"capabilities": value, "modelName": model});
            HandMade::short("capabilities_update", body)
        }
        ("permissionError", Value::Array(streams)) => {
            let names = streams.iter().map(|name| name.as_str().map(str::to_owned));
            match names.collect::<Option<Vec<String>>>() {
                Some(names) => HandMade::permission_error(&names),
                None => return wrong("a list of stream names"),
            }
        }
        ("customMessage", Value::Object(message)) if has_action(message) => {
            let body = json!({"action": message["action"], "payload": message.get("payload")});
            HandMade::short("custom_message", body)
        }
        ("frame", _) => return wrong("an object with a string `type`"),
        ("stream", _) => return wrong("a stream's name"),
        ("settings", _) => return wrong("a list of settings, or an object of values by key"),
        ("dashboardMode", _) => return wrong("main, expanded or none"),
        ("dashboardAlwaysOn", _) => return wrong("true or false"),
        ("permissionError", _) => return wrong("a list of stream names"),
        ("customMessage", _) => return wrong("an object with a string `action`"),
        _ => return wrong("an object"),
    };
    let target = fields.target()?;
    fields.nothing_else(&format!("`{name}`"))?;
    Ok((frame, target))
}

const DASHBOARD_MODES: [&str; 3] = ["main", "expanded", "none"];

fn has_action(message: &Map<String, Value>) -> bool {
    message.get("action").is_some_and(Value::is_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_need_a_type() {
        let read = |body: &str| read_frame_request(body.as_bytes());
        assert!(read(r#"{"frame":{"type":"custom_message"},"packageName":"a"}"#).is_ok());
        for bad in [
            "{}",
            r#"{"frame":7}"#,
            r#"{"frame":{}}"#,
            r#"{"frame":{"type":1}}"#,
        ] {
            assert_eq!(read(bad).unwrap_err().field, "frame", "{bad}");
        }
    }
}
