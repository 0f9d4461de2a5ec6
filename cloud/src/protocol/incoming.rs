//! Frames from TPAs: reading.
//!
//! Fields that are not listed here are ignored, because newer apps may send more.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{RoomConfig, View};
use crate::json::{self, FieldError, checked, heap_bytes, lenient, short};

/// Limits of what the cloud keeps, so that no app fills its memory.
const MAX_ID_BYTES: usize = 512;
const MAX_NAME_BYTES: usize = 128;
const MAX_SUBSCRIPTIONS: usize = 128;
const MAX_MODES: usize = 16;
const MAX_LAYOUT_BYTES: usize = 256 * 1024;
const MAX_CONTENT_BYTES: usize = 64 * 1024;
const MAX_ROOM_BYTES: usize = 2 * 1024;

/// A frame from a TPA, as far as the cloud acts on it.
#[derive(Debug, Clone, PartialEq)]
pub enum FromTpa {
    /// `tpa_connection_init`.
    Init(ConnectionInit),
    /// `subscription_update` with the complete list.
    Subscriptions(Vec<String>),
    /// `display_event`.
    Display(DisplayEvent),
    /// `dashboard_content_update`.
    DashboardContent(DashboardContent),
    /// `dashboard_mode_change`, from the system dashboard only.
    DashboardMode(String),
    /// `dashboard_system_update`, from the system dashboard only.
    DashboardSection(DashboardSection),
    /// A request that the glasses answer.
    Request(AppRequest),
    /// A message to other apps.
    ToApps(ToApps),
    /// `ownership_release`: the app disconnects and is not to be restarted.
    Release(Release),
    /// `ping`.
    Ping {
        /// Repeated in the `pong`.
        id: Option<u64>,
    },
    /// A type that the cloud ignores.
    Other,
}

/// A request to the glasses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum AppRequest {
    #[serde(rename = "photo_request")]
    Photo {
        /// Repeated in the response.
        request_id: String,
        #[serde(default, deserialize_with = "lenient")]
        save_to_gallery: bool,
    },
    #[serde(rename = "audio_play_request")]
    PlayAudio {
        /// Repeated in the response.
        request_id: String,
    },
    #[serde(rename = "location_poll_request")]
    PollLocation {
        /// Repeated in the response.
        correlation_id: String,
    },
    #[serde(rename = "rtmp_stream_request")]
    StartStream,
    #[serde(rename = "rtmp_stream_stop")]
    StopStream {
        /// Defaults to the app's own stream.
        #[serde(default, deserialize_with = "lenient")]
        stream_id: Option<String>,
    },
}

/// A message to other apps, or a change of the rooms that apps share.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum ToApps {
    #[serde(rename = "app_broadcast_message")]
    Broadcast {
        /// Chosen by the sender.
        #[serde(default, deserialize_with = "lenient")]
        message_id: String,
        #[serde(default)]
        payload: Value,
        /// Limits the message to the members of a room.
        #[serde(default, deserialize_with = "lenient")]
        room_id: Option<String>,
    },
    #[serde(rename = "app_direct_message")]
    Direct {
        /// Chosen by the sender.
        #[serde(default, deserialize_with = "lenient")]
        message_id: String,
        #[serde(default)]
        payload: Value,
        #[serde(rename = "targetUserId")]
        user_id: String,
        /// Defaults to the sender's package.
        #[serde(rename = "targetPackageName", default, deserialize_with = "lenient")]
        package_name: Option<String>,
    },
    #[serde(rename = "app_room_join")]
    JoinRoom {
        room_id: String,
        /// Used when the room does not exist yet.
        #[serde(rename = "roomConfig", default, deserialize_with = "room_config")]
        config: RoomConfig,
    },
    #[serde(rename = "app_room_leave")]
    LeaveRoom { room_id: String },
}

/// The first frame of a connection.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionInit {
    /// `<userSessionId>-<packageName>`, not yet validated.
    #[serde(deserialize_with = "id")]
    pub session_id: String,
    #[serde(deserialize_with = "id")]
    pub package_name: String,
    /// Empty when missing.
    #[serde(default, deserialize_with = "lenient")]
    pub api_key: String,
}

/// Omits the key, so that it does not reach a log.
impl fmt::Debug for ConnectionInit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionInit")
            .field("session_id", &self.session_id)
            .field("package_name", &self.package_name)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct SubscriptionUpdate {
    #[serde(deserialize_with = "stream_names")]
    subscriptions: Vec<String>,
}

/// A request to show a layout.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisplayEvent {
    #[serde(default)]
    pub view: View,
    #[serde(deserialize_with = "layout")]
    pub layout: Value,
    /// Without it the layout stays until another replaces it.
    #[serde(default, deserialize_with = "duration_ms")]
    pub duration_ms: Option<u64>,
}

/// Content for the dashboard.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DashboardContent {
    /// Text or a layout.
    #[serde(deserialize_with = "content")]
    pub content: Value,
    /// Modes in which the content is visible.
    #[serde(default = "main_mode", deserialize_with = "modes")]
    pub modes: Vec<String>,
}

#[derive(Deserialize)]
struct DashboardModeChange {
    #[serde(deserialize_with = "name")]
    mode: String,
}

/// Content for one section of the system dashboard.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DashboardSection {
    #[serde(deserialize_with = "name")]
    pub section: String,
    #[serde(deserialize_with = "content")]
    pub content: Value,
}

/// The end of an app's ownership of its session.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Release {
    /// `switching_clouds`, `clean_shutdown` or `user_logout`.
    #[serde(default, deserialize_with = "lenient_name")]
    pub reason: String,
}

/// Error for a frame that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MalformedFrame {
    /// Not JSON.
    NotJson,
    /// JSON that takes too much memory.
    TooManyValues,
    /// JSON, but not an object with a string `type`.
    NoType,
    /// A field is missing or has a wrong value.
    Field {
        /// The frame's type.
        frame: String,
        /// Path of the field.
        field: String,
        /// The value and what is allowed.
        problem: String,
    },
}

impl fmt::Display for MalformedFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("the frame is not JSON"),
            Self::TooManyValues => write!(f, "the frame has {}", json::TOO_MANY_VALUES),
            Self::NoType => f.write_str("the frame is not an object with a string `type`"),
            Self::Field {
                frame,
                field,
                problem,
            } => write!(f, "{frame}: `{field}`: {problem}"),
        }
    }
}

/// Reads a text frame. Returns its type and its content.
pub fn read_frame(text: &str) -> Result<(String, FromTpa), MalformedFrame> {
    if json::is_excessive(text.as_bytes()) {
        return Err(MalformedFrame::TooManyValues);
    }
    let value = serde_json::from_str(text).map_err(|_| MalformedFrame::NotJson)?;
    let Value::Object(fields) = value else {
        return Err(MalformedFrame::NoType);
    };
    let Some(Value::String(kind)) = fields.get("type") else {
        return Err(MalformedFrame::NoType);
    };
    let kind = kind.clone();
    let frame = match kind.as_str() {
        "tpa_connection_init" => FromTpa::Init(parse(&kind, fields)?),
        "subscription_update" => {
            let update: SubscriptionUpdate = parse(&kind, fields)?;
            FromTpa::Subscriptions(update.subscriptions)
        }
        "display_event" => FromTpa::Display(parse(&kind, fields)?),
        "dashboard_content_update" => FromTpa::DashboardContent(parse(&kind, fields)?),
        "dashboard_mode_change" => {
            let change: DashboardModeChange = parse(&kind, fields)?;
            FromTpa::DashboardMode(change.mode)
        }
        "dashboard_system_update" => FromTpa::DashboardSection(parse(&kind, fields)?),
        "ownership_release" => FromTpa::Release(parse(&kind, fields)?),
        "ping" => FromTpa::Ping {
            id: fields.get("id").and_then(Value::as_u64),
        },
        _ => read_optional(Value::Object(fields)),
    };
    Ok((json::cut(&kind, MAX_NAME_BYTES), frame))
}

/// Reads the frames of single features. Like the production clouds, this one ignores those that
/// lack a required field, instead of closing the connection.
fn read_optional(frame: Value) -> FromTpa {
    if let Ok(request) = AppRequest::deserialize(&frame) {
        return FromTpa::Request(request);
    }
    ToApps::deserialize(frame).map_or(FromTpa::Other, FromTpa::ToApps)
}

fn parse<T: DeserializeOwned>(kind: &str, fields: Map<String, Value>) -> Result<T, MalformedFrame> {
    json::parse(fields, &[]).map_err(|FieldError { field, problem }| MalformedFrame::Field {
        frame: kind.to_owned(),
        field,
        problem,
    })
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    checked(deserializer, "a string of at most 512 bytes", |value| {
        short(value, MAX_ID_BYTES)
    })
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    checked(deserializer, "a string of at most 128 bytes", |value| {
        short(value, MAX_NAME_BYTES)
    })
}

/// Reads a name; the rest of a longer one is omitted.
fn lenient_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name: String = lenient(deserializer)?;
    Ok(json::cut(&name, MAX_NAME_BYTES))
}

fn modes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    const ALLOWED: &str = "an array of at most 16 names of at most 128 bytes";
    checked(deserializer, ALLOWED, |value| {
        let modes = value.as_array()?;
        if modes.len() > MAX_MODES {
            return None;
        }
        modes
            .iter()
            .map(|mode| short(mode, MAX_NAME_BYTES))
            .collect()
    })
}

fn content<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    checked(
        deserializer,
        "text or a layout of at most 64 KiB",
        |value| (heap_bytes(value) <= MAX_CONTENT_BYTES).then(|| value.clone()),
    )
}

/// Reads the properties of a room; those that are invalid or too large are ignored.
fn room_config<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RoomConfig, D::Error> {
    let config: RoomConfig = lenient(deserializer)?;
    let is_small = heap_bytes(&config.metadata) <= MAX_ROOM_BYTES;
    Ok(if is_small {
        config
    } else {
        RoomConfig::default()
    })
}

/// A subscription is a stream's name, or `{"stream": name, "rate": …}` for `location_update`.
fn stream_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    const ALLOWED: &str = "an array of at most 128 stream names of at most 128 bytes";
    let name = |item: &Value| short(item.get("stream").unwrap_or(item), MAX_NAME_BYTES);
    checked(deserializer, ALLOWED, |value| {
        let list = value.as_array()?;
        if list.len() > MAX_SUBSCRIPTIONS {
            return None;
        }
        list.iter().map(name).collect()
    })
}

fn layout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    const ALLOWED: &str = "an object of at most 256 KiB with a string `layoutType`";
    checked(deserializer, ALLOWED, |value| {
        value.get("layoutType")?.as_str()?;
        (heap_bytes(value) <= MAX_LAYOUT_BYTES).then(|| value.clone())
    })
}

/// JavaScript has one number type, so a fraction is rounded towards zero. The SDK sends -1 for
/// an unlimited duration.
fn duration_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    checked(deserializer, "a number of milliseconds", |value| {
        if value.is_null() {
            return Some(None);
        }
        // The cast saturates.
        let millis = value.as_f64()?;
        Some((millis >= 0.0).then_some(millis as u64))
    })
}

fn main_mode() -> Vec<String> {
    vec!["main".to_owned()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_that_is_no_frame_is_reported() {
        assert_eq!(read_frame("nonsense"), Err(MalformedFrame::NotJson));
        for no_type in ["null", "[1]", "7", "{}", r#"{"type":7}"#] {
            assert_eq!(
                read_frame(no_type),
                Err(MalformedFrame::NoType),
                "{no_type}"
            );
        }
    }

    #[test]
    fn errors_name_the_field() {
        for (frame, field) in [
            (
                r#"{"type":"tpa_connection_init","packageName":"a.b"}"#,
                "sessionId",
            ),
            (
                r#"{"type":"tpa_connection_init","sessionId":"u-a"}"#,
                "packageName",
            ),
            (r#"{"type":"subscription_update"}"#, "subscriptions"),
            (
                r#"{"type":"subscription_update","subscriptions":[7]}"#,
                "subscriptions",
            ),
            (r#"{"type":"display_event"}"#, "layout"),
            (
                r#"{"type":"display_event","layout":{"layoutType":"text_wall"},"view":"sky"}"#,
                "view",
            ),
            (
                r#"{"type":"display_event","layout":{"layoutType":"text_wall"},"durationMs":"x"}"#,
                "durationMs",
            ),
            (r#"{"type":"dashboard_content_update"}"#, "content"),
            (
                r#"{"type":"dashboard_content_update","content":"x","modes":"main"}"#,
                "modes",
            ),
            (r#"{"type":"dashboard_mode_change"}"#, "mode"),
            (
                r#"{"type":"dashboard_system_update","content":"x"}"#,
                "section",
            ),
        ] {
            match read_frame(frame) {
                Err(error) => {
                    let MalformedFrame::Field { field: named, .. } = &error else {
                        panic!("{frame}: {error:?}");
                    };
                    assert_eq!(named, field, "{frame}");
                    assert!(error.to_string().contains(field));
                }
                other => panic!("{frame}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_the_cloud_keeps_is_limited() {
        let long = "x".repeat(MAX_LAYOUT_BYTES);
        let name = "x".repeat(MAX_NAME_BYTES + 1);
        let id = "x".repeat(MAX_ID_BYTES + 1);
        for (frame, field) in [
            (
                json!({"type": "display_event", "layout": {"layoutType": "text_wall", "text": long}}),
                "layout",
            ),
            (
                json!({"type": "dashboard_content_update", "content": long}),
                "content",
            ),
            (
                json!({"type": "dashboard_content_update", "content": "", "modes": [name]}),
                "modes",
            ),
            (
                json!({"type": "dashboard_mode_change", "mode": name}),
                "mode",
            ),
            (
                json!({"type": "dashboard_system_update", "section": name, "content": ""}),
                "section",
            ),
            (
                json!({"type": "subscription_update", "subscriptions": [name]}),
                "subscriptions",
            ),
            (
                json!({"type": "subscription_update", "subscriptions": vec!["VAD"; MAX_SUBSCRIPTIONS + 1]}),
                "subscriptions",
            ),
            (
                json!({"type": "tpa_connection_init", "sessionId": id, "packageName": "a"}),
                "sessionId",
            ),
            (
                json!({"type": "tpa_connection_init", "sessionId": "u-a", "packageName": id}),
                "packageName",
            ),
        ] {
            match read_frame(&frame.to_string()) {
                Err(MalformedFrame::Field {
                    field: named,
                    problem,
                    ..
                }) => {
                    assert_eq!(named, field);
                    assert!(problem.contains(" of at most "), "{problem}");
                    assert!(problem.len() < 500, "{}", problem.len());
                }
                other => panic!("{field}: {other:?}"),
            }
        }
        let room =
            json!({"type": "app_room_join", "roomId": "r", "roomConfig": {"metadata": long}});
        let (_, frame) = read_frame(&room.to_string()).unwrap();
        let FromTpa::ToApps(ToApps::JoinRoom { config, .. }) = frame else {
            panic!("{frame:?}");
        };
        assert_eq!(config, RoomConfig::default());
        let (kind, _) = read_frame(&json!({"type": long}).to_string()).unwrap();
        assert_eq!(kind.len(), MAX_NAME_BYTES);
        let (_, release) =
            read_frame(&json!({"type": "ownership_release", "reason": long}).to_string()).unwrap();
        let FromTpa::Release(Release { reason }) = release else {
            panic!("{release:?}");
        };
        assert_eq!(reason.len(), MAX_NAME_BYTES);
        let many = format!(
            r#"{{"type":"x","list":[{}0]}}"#,
            r#"{"a":0},"#.repeat(10_000)
        );
        assert_eq!(read_frame(&many), Err(MalformedFrame::TooManyValues));
    }

    #[test]
    fn subscriptions_may_be_objects_with_a_rate() {
        let (_, frame) = read_frame(
            r#"{"type":"subscription_update","subscriptions":["button_press",{"stream":"location_update","rate":"high"}]}"#,
        )
        .unwrap();
        let streams = ["button_press", "location_update"].map(str::to_owned);
        assert_eq!(frame, FromTpa::Subscriptions(streams.to_vec()));
    }

    #[test]
    fn requests_to_glasses_and_messages_to_apps_are_read() {
        let read = |text: &str| read_frame(text).unwrap().1;
        assert_eq!(
            read(r#"{"type":"photo_request","requestId":"p1","saveToGallery":true}"#),
            FromTpa::Request(AppRequest::Photo {
                request_id: "p1".to_owned(),
                save_to_gallery: true
            })
        );
        assert_eq!(
            read(
                r#"{"type":"app_direct_message","targetUserId":"u2","messageId":"m","payload":7}"#
            ),
            FromTpa::ToApps(ToApps::Direct {
                message_id: "m".to_owned(),
                payload: json!(7),
                user_id: "u2".to_owned(),
                package_name: None
            })
        );
        for lacking in [
            r#"{"type":"audio_play_request"}"#,
            r#"{"type":"location_poll_request","correlationId":7}"#,
            r#"{"type":"app_direct_message","payload":7}"#,
            r#"{"type":"app_room_join"}"#,
            r#"{"type":"app_room_leave","roomId":[]}"#,
        ] {
            assert_eq!(read(lacking), FromTpa::Other, "{lacking}");
        }
    }

    #[test]
    fn unknown_types_are_ignored() {
        let (kind, frame) = read_frame(r#"{"type":"photo_request"}"#).unwrap();
        assert_eq!((kind.as_str(), frame), ("photo_request", FromTpa::Other));
    }

    #[test]
    fn debug_output_hides_the_key() {
        let (_, frame) = read_frame(
            r#"{"type":"tpa_connection_init","sessionId":"u-a","packageName":"a","apiKey":"hunter2"}"#,
        )
        .unwrap();
        assert!(!format!("{frame:?}").contains("hunter2"));
    }
}
