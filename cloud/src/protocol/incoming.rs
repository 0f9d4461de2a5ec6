//! Frames from TPAs: reading.
//!
//! Fields that are not listed here are ignored, because newer apps may send more.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{RoomConfig, View, kept};
use crate::json::{self, FieldError, lenient};

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
        #[serde(rename = "roomConfig", default, deserialize_with = "kept::room_config")]
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
    #[serde(deserialize_with = "kept::id")]
    pub session_id: String,
    #[serde(deserialize_with = "kept::id")]
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
    #[serde(deserialize_with = "kept::stream_names")]
    subscriptions: Vec<String>,
}

/// A request to show a layout.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisplayEvent {
    #[serde(default)]
    pub view: View,
    #[serde(deserialize_with = "kept::layout")]
    pub layout: Value,
    /// Without it the layout stays until another replaces it.
    #[serde(default, deserialize_with = "kept::duration_ms")]
    pub duration_ms: Option<u64>,
}

/// Content for the dashboard.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DashboardContent {
    /// Text or a layout.
    #[serde(deserialize_with = "kept::content")]
    pub content: Value,
    /// Modes in which the content is visible.
    #[serde(default = "main_mode", deserialize_with = "kept::modes")]
    pub modes: Vec<String>,
}

#[derive(Deserialize)]
struct DashboardModeChange {
    #[serde(deserialize_with = "kept::name")]
    mode: String,
}

/// Content for one section of the system dashboard.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DashboardSection {
    #[serde(deserialize_with = "kept::name")]
    pub section: String,
    #[serde(deserialize_with = "kept::content")]
    pub content: Value,
}

/// The end of an app's ownership of its session.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Release {
    /// `switching_clouds`, `clean_shutdown` or `user_logout`.
    #[serde(default, deserialize_with = "kept::lenient_name")]
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
    Ok((json::cut(&kind, kept::MAX_NAME_BYTES), frame))
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
