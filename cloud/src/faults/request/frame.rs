//! `POST /frames`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::object;
use super::{BadRequest, TARGET_FIELDS, split_target};
use crate::faults::Target;
use crate::json::{self, checked};
use crate::protocol::frame_spec::{FrameSpec, SettingsChange};

/// Reads a frame, in full (`{"frame": {…}}`) or in a short form, and its target.
pub fn read_frame_request(body: &[u8]) -> Result<(FrameSpec, Target), BadRequest> {
    frame_of(object(body)?)
}

/// Field names, one of which determines the form of the request.
const KINDS: [&str; 9] = [
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

pub(super) fn kind_of(fields: &Map<String, Value>) -> Option<&'static str> {
    KINDS.into_iter().find(|kind| fields.contains_key(*kind))
}

pub(super) fn frame_of(fields: Map<String, Value>) -> Result<(FrameSpec, Target), BadRequest> {
    let (target, fields) = split_target(fields)?;
    let Some(kind) = kind_of(&fields) else {
        let problem = format!(
            "missing, expected {FRAME}, or one of {}",
            KINDS[1..].join(", ")
        );
        return Err(BadRequest::new("frame", &problem));
    };
    let frame = match kind {
        "stream" => parse::<StreamData>(fields)?.into(),
        "settings" => FrameSpec::Settings(parse::<Settings>(fields)?.settings),
        "systemSettings" => {
            let SystemSettings { system_settings } = parse(fields)?;
            FrameSpec::template(
                "augmentos_settings_update",
                json!({"settings": system_settings}),
            )
        }
        "dashboardMode" => {
            let DashboardMode { dashboard_mode } = parse(fields)?;
            FrameSpec::template("dashboard_mode_changed", json!({"mode": dashboard_mode}))
        }
        "dashboardAlwaysOn" => {
            let AlwaysOn {
                dashboard_always_on,
            } = parse(fields)?;
            let body = json!({"enabled": dashboard_always_on});
            FrameSpec::template("dashboard_always_on_changed", body)
        }
        "capabilities" => {
            FrameSpec::template("capabilities_update", json!(parse::<Capabilities>(fields)?))
        }
        "permissionError" => {
            FrameSpec::permission_error(&parse::<PermissionError>(fields)?.permission_error)
        }
        "customMessage" => {
            let body = json!(parse::<Custom>(fields)?.custom_message);
            FrameSpec::template("custom_message", body)
        }
        _ => FrameSpec::Verbatim(parse::<Whole>(fields)?.frame),
    };
    Ok((frame, target))
}

fn parse<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, BadRequest> {
    Ok(json::parse(fields, &TARGET_FIELDS)?)
}

const FRAME: &str = "an object with a string `type`";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    #[serde(deserialize_with = "typed_object")]
    frame: String,
}

fn typed_object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    checked(deserializer, FRAME, |value| {
        value.get("type")?.as_str()?;
        Some(value.to_string())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamData {
    stream: String,
    #[serde(default)]
    data: Value,
}

impl From<StreamData> for FrameSpec {
    fn from(StreamData { stream, data }: StreamData) -> Self {
        Self::Stream { name: stream, data }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(deserialize_with = "settings_change")]
    settings: SettingsChange,
}

fn settings_change<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SettingsChange, D::Error> {
    const ALLOWED: &str = "a list of settings, or an object of values by key";
    checked(deserializer, ALLOWED, |value| match value {
        Value::Array(list) => Some(SettingsChange::Replace(list.clone())),
        Value::Object(values) => Some(SettingsChange::Merge(values.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SystemSettings {
    system_settings: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DashboardMode {
    dashboard_mode: Mode,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Main,
    Expanded,
    None,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AlwaysOn {
    dashboard_always_on: bool,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Capabilities {
    capabilities: Map<String, Value>,
    model_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PermissionError {
    #[serde(deserialize_with = "stream_names")]
    permission_error: Vec<String>,
}

fn stream_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    checked(deserializer, "a list of stream names", |value| {
        let names = value.as_array()?.iter();
        names.map(|name| name.as_str().map(str::to_owned)).collect()
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Custom {
    custom_message: Message,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Message {
    action: String,
    #[serde(default)]
    payload: Value,
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_a_type() {
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
