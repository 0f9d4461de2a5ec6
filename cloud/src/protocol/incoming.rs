//! Frames from TPAs: reading.
//!
//! Frames are read by hand rather than derived, so that what is wrong with one can be said by
//! the name of its field.

use std::fmt;

use serde_json::{Map, Value};

use crate::protocol::RoomConfig;
use crate::protocol::View;

/// A frame from a TPA, as far as the cloud acts on it.
#[derive(Debug, Clone, PartialEq)]
pub enum FromTpa {
    /// `tpa_connection_init`.
    Init(ConnectionInit),
    /// `subscription_update`: the whole list.
    Subscriptions(Vec<String>),
    /// `display_event`.
    Display(DisplayEvent),
    /// `dashboard_content_update`.
    DashboardContent(DashboardContent),
    /// `dashboard_mode_change`, for the system dashboard only.
    DashboardMode(String),
    /// `dashboard_system_update`, for the system dashboard only.
    DashboardSection {
        /// Which corner.
        section: String,
        /// What it shows.
        content: Value,
    },
    /// Something that the glasses are to do, and that they answer.
    Ask(AppRequest),
    /// Something for other apps.
    Tell(ToApps),
    /// `ownership_release`: the app goes, and is not to be started again.
    Release {
        /// `switching_clouds`, `clean_shutdown` or `user_logout`.
        reason: String,
    },
    /// `ping`.
    Ping,
    /// A type that is not acted on here.
    Other,
}

/// What an app asks of the glasses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppRequest {
    /// `photo_request`.
    Photo {
        /// Names the request in its answer.
        request_id: String,
        /// Whether the picture is to be kept.
        save_to_gallery: bool,
    },
    /// `audio_play_request`.
    PlayAudio {
        /// Names the request in its answer.
        request_id: String,
    },
    /// `location_poll_request`.
    PollLocation {
        /// Names the request in its answer.
        correlation_id: String,
    },
    /// `rtmp_stream_request`.
    StartStream,
    /// `rtmp_stream_stop`.
    StopStream {
        /// Which stream; without it the app's own.
        stream_id: Option<String>,
    },
}

/// What an app has for other apps.
#[derive(Debug, Clone, PartialEq)]
pub enum ToApps {
    /// `app_broadcast_message`.
    Broadcast {
        /// The sender's name for it.
        message_id: String,
        /// Anything.
        payload: Value,
        /// To the members of this room only.
        room_id: Option<String>,
    },
    /// `app_direct_message`.
    Direct {
        /// The sender's name for it.
        message_id: String,
        /// Anything.
        payload: Value,
        /// Whose glasses.
        user_id: String,
        /// Which app; without it the same as the sender.
        package_name: Option<String>,
    },
    /// `app_room_join`.
    JoinRoom {
        /// The room.
        room_id: String,
        /// What the first in it says of it.
        config: RoomConfig,
    },
    /// `app_room_leave`.
    LeaveRoom {
        /// The room.
        room_id: String,
    },
}

/// How a TPA introduces itself.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionInit {
    /// `<userSessionId>-<packageName>`, not yet checked.
    pub session_id: String,
    /// The app's package name.
    pub package_name: String,
    /// The key; empty when it is missing.
    pub api_key: String,
}

/// Leaves the key out, so that it cannot get into a log.
impl fmt::Debug for ConnectionInit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionInit")
            .field("session_id", &self.session_id)
            .field("package_name", &self.package_name)
            .finish_non_exhaustive()
    }
}

/// A request to show something.
#[derive(Debug, Clone, PartialEq)]
pub struct DisplayEvent {
    /// Where.
    pub view: View,
    /// What.
    pub layout: Value,
    /// For how long; without it until something else is shown there.
    pub duration_ms: Option<u64>,
}

/// What an app puts on the dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct DashboardContent {
    /// Text or a layout.
    pub content: Value,
    /// The modes in which it shows.
    pub modes: Vec<String>,
}

/// Why a frame cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MalformedFrame {
    /// It is not JSON.
    NotJson,
    /// It is JSON but not an object with a string `type`.
    NoType,
    /// A field is missing or of the wrong type.
    Field {
        /// The frame's type.
        frame: String,
        /// The field.
        field: &'static str,
        /// What should be there.
        expected: &'static str,
    },
}

impl fmt::Display for MalformedFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("the frame is not JSON"),
            Self::NoType => f.write_str("the frame is not an object with a string `type`"),
            Self::Field {
                frame,
                field,
                expected,
            } => write!(f, "{frame}: `{field}` must be {expected}"),
        }
    }
}

/// Reads a text frame: its type, and what it says.
pub fn read_frame(text: &str) -> Result<(String, FromTpa), MalformedFrame> {
    let value = serde_json::from_str(text).map_err(|_| MalformedFrame::NotJson)?;
    let Value::Object(mut fields) = value else {
        return Err(MalformedFrame::NoType);
    };
    let Some(Value::String(kind)) = fields.remove("type") else {
        return Err(MalformedFrame::NoType);
    };
    let mut fields = Fields {
        frame: &kind,
        fields,
    };
    let frame = match kind.as_str() {
        "tpa_connection_init" => FromTpa::Init(ConnectionInit {
            session_id: fields.text("sessionId")?,
            package_name: fields.text("packageName")?,
            api_key: fields.text("apiKey").unwrap_or_default(),
        }),
        "subscription_update" => FromTpa::Subscriptions(fields.streams()?),
        "display_event" => FromTpa::Display(DisplayEvent {
            view: fields.view()?,
            layout: fields.layout()?,
            duration_ms: fields.duration()?,
        }),
        "dashboard_content_update" => FromTpa::DashboardContent(DashboardContent {
            content: fields.any("content")?,
            modes: fields.modes()?,
        }),
        "dashboard_mode_change" => FromTpa::DashboardMode(fields.text("mode")?),
        "dashboard_system_update" => FromTpa::DashboardSection {
            section: fields.text("section")?,
            content: fields.any("content")?,
        },
        "ownership_release" => FromTpa::Release {
            reason: fields.text("reason").unwrap_or_default(),
        },
        "ping" => FromTpa::Ping,
        _ => feature_frame(kind.as_str(), &mut fields).unwrap_or(FromTpa::Other),
    };
    Ok((kind, frame))
}

/// The frames of single features. One that lacks what its answer would need gets none, as from
/// the real clouds: it is no reason to end the connection.
fn feature_frame(kind: &str, fields: &mut Fields<'_>) -> Option<FromTpa> {
    let frame = match kind {
        "photo_request" => FromTpa::Ask(AppRequest::Photo {
            request_id: fields.text("requestId").ok()?,
            save_to_gallery: fields.flag("saveToGallery").unwrap_or(false),
        }),
        "audio_play_request" => FromTpa::Ask(AppRequest::PlayAudio {
            request_id: fields.text("requestId").ok()?,
        }),
        "location_poll_request" => FromTpa::Ask(AppRequest::PollLocation {
            correlation_id: fields.text("correlationId").ok()?,
        }),
        "rtmp_stream_request" => FromTpa::Ask(AppRequest::StartStream),
        "rtmp_stream_stop" => FromTpa::Ask(AppRequest::StopStream {
            stream_id: fields.text("streamId").ok(),
        }),
        "app_broadcast_message" => FromTpa::Tell(ToApps::Broadcast {
            message_id: fields.text("messageId").unwrap_or_default(),
            payload: fields.any("payload").unwrap_or_default(),
            room_id: fields.text("roomId").ok(),
        }),
        "app_direct_message" => FromTpa::Tell(ToApps::Direct {
            message_id: fields.text("messageId").unwrap_or_default(),
            payload: fields.any("payload").unwrap_or_default(),
            user_id: fields.text("targetUserId").ok()?,
            package_name: fields.text("targetPackageName").ok(),
        }),
        "app_room_join" => FromTpa::Tell(ToApps::JoinRoom {
            room_id: fields.text("roomId").ok()?,
            config: fields.room_config(),
        }),
        "app_room_leave" => FromTpa::Tell(ToApps::LeaveRoom {
            room_id: fields.text("roomId").ok()?,
        }),
        _ => return None,
    };
    Some(frame)
}

/// The fields of one frame; each method takes one out or says what is wrong with it.
struct Fields<'a> {
    frame: &'a str,
    fields: Map<String, Value>,
}

impl Fields<'_> {
    fn text(&mut self, field: &'static str) -> Result<String, MalformedFrame> {
        match self.fields.remove(field) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(self.wrong(field, "a string")),
        }
    }

    fn flag(&mut self, field: &str) -> Option<bool> {
        self.fields.remove(field)?.as_bool()
    }

    fn room_config(&mut self) -> RoomConfig {
        let config = self.fields.remove("roomConfig").unwrap_or_default();
        RoomConfig {
            max_users: config["maxUsers"].as_u64(),
            is_private: config["isPrivate"].as_bool(),
            metadata: config["metadata"].clone(),
        }
    }

    fn any(&mut self, field: &'static str) -> Result<Value, MalformedFrame> {
        self.fields
            .remove(field)
            .ok_or_else(|| self.wrong(field, "there"))
    }

    fn view(&mut self) -> Result<View, MalformedFrame> {
        match self.fields.remove("view") {
            None => Ok(View::Main),
            Some(value) => value
                .as_str()
                .and_then(View::from_name)
                .ok_or_else(|| self.wrong("view", "`main`, `dashboard` or `always_on`")),
        }
    }

    fn layout(&mut self) -> Result<Value, MalformedFrame> {
        match self.fields.remove("layout") {
            Some(layout) if layout.get("layoutType").is_some_and(Value::is_string) => Ok(layout),
            _ => Err(self.wrong("layout", "an object with a string `layoutType`")),
        }
    }

    fn duration(&mut self) -> Result<Option<u64>, MalformedFrame> {
        match self.fields.remove("durationMs") {
            None | Some(Value::Null) => Ok(None),
            // JavaScript has one number type, so a fraction is not an error. The cast saturates.
            Some(value) => match value.as_f64() {
                // The existing SDK says "for ever" as -1.
                Some(millis) if millis < 0.0 => Ok(None),
                Some(millis) => Ok(Some(millis as u64)),
                None => Err(self.wrong("durationMs", "a number of milliseconds")),
            },
        }
    }

    fn modes(&mut self) -> Result<Vec<String>, MalformedFrame> {
        match self.fields.remove("modes") {
            None => Ok(vec!["main".to_owned()]),
            Some(value) => self.strings(value, "modes"),
        }
    }

    /// The subscription list. `location_update` may also come as `{stream, rate}`.
    fn streams(&mut self) -> Result<Vec<String>, MalformedFrame> {
        const EXPECTED: &str = "an array of stream names";
        let Some(Value::Array(items)) = self.fields.remove("subscriptions") else {
            return Err(self.wrong("subscriptions", EXPECTED));
        };
        let name = |item: &Value| {
            let name = item.get("stream").unwrap_or(item);
            name.as_str().map(str::to_owned)
        };
        let names: Option<Vec<String>> = items.iter().map(name).collect();
        names.ok_or_else(|| self.wrong("subscriptions", EXPECTED))
    }

    fn strings(&self, value: Value, field: &'static str) -> Result<Vec<String>, MalformedFrame> {
        serde_json::from_value(value).map_err(|_| self.wrong(field, "an array of strings"))
    }

    fn wrong(&self, field: &'static str, expected: &'static str) -> MalformedFrame {
        MalformedFrame::Field {
            frame: self.frame.to_owned(),
            field,
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_frame_is_named() {
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
    fn wrong_fields_are_named() {
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
                Err(error @ MalformedFrame::Field { field: named, .. }) => {
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
    fn what_is_for_the_glasses_or_for_other_apps_is_read() {
        let read = |text: &str| read_frame(text).unwrap().1;
        assert_eq!(
            read(r#"{"type":"photo_request","requestId":"p1","saveToGallery":true}"#),
            FromTpa::Ask(AppRequest::Photo {
                request_id: "p1".to_owned(),
                save_to_gallery: true
            })
        );
        assert_eq!(
            read(
                r#"{"type":"app_direct_message","targetUserId":"u2","messageId":"m","payload":7}"#
            ),
            FromTpa::Tell(ToApps::Direct {
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
    fn unknown_types_are_no_error() {
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
