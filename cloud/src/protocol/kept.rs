//! Fields that the cloud keeps: reading. Each is limited, so that no app fills the memory.

use serde::Deserializer;
use serde_json::Value;

use super::RoomConfig;
use crate::json::{self, checked, heap_bytes, lenient, short};

const MAX_ID_BYTES: usize = 512;
pub(super) const MAX_NAME_BYTES: usize = 128;
const MAX_SUBSCRIPTIONS: usize = 128;
const MAX_MODES: usize = 16;
const MAX_LAYOUT_BYTES: usize = 256 * 1024;
const MAX_CONTENT_BYTES: usize = 64 * 1024;
const MAX_ROOM_BYTES: usize = 2 * 1024;

pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    checked(deserializer, "a string of at most 512 bytes", |value| {
        short(value, MAX_ID_BYTES)
    })
}

pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    checked(deserializer, "a string of at most 128 bytes", |value| {
        short(value, MAX_NAME_BYTES)
    })
}

/// Reads a name; the rest of a longer one is omitted.
pub(super) fn lenient_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name: String = lenient(deserializer)?;
    Ok(json::cut(&name, MAX_NAME_BYTES))
}

pub(super) fn modes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
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

pub(super) fn content<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    checked(
        deserializer,
        "text or a layout of at most 64 KiB",
        |value| (heap_bytes(value) <= MAX_CONTENT_BYTES).then(|| value.clone()),
    )
}

/// Reads the properties of a room; those that are invalid or too large are ignored.
pub(super) fn room_config<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<RoomConfig, D::Error> {
    let config: RoomConfig = lenient(deserializer)?;
    let is_small = heap_bytes(&config.metadata) <= MAX_ROOM_BYTES;
    Ok(if is_small {
        config
    } else {
        RoomConfig::default()
    })
}

/// A subscription is a stream's name, or `{"stream": name, "rate": …}` for `location_update`.
pub(super) fn stream_names<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
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

pub(super) fn layout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    const ALLOWED: &str = "an object of at most 256 KiB with a string `layoutType`";
    checked(deserializer, ALLOWED, |value| {
        value.get("layoutType")?.as_str()?;
        (heap_bytes(value) <= MAX_LAYOUT_BYTES).then(|| value.clone())
    })
}

/// JavaScript has one number type, so a fraction is rounded towards zero. The SDK sends -1 for
/// an unlimited duration.
pub(super) fn duration_ms<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    checked(deserializer, "a number of milliseconds", |value| {
        if value.is_null() {
            return Some(None);
        }
        // The cast saturates.
        let millis = value.as_f64()?;
        Some((millis >= 0.0).then_some(millis as u64))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::incoming::MalformedFrame;
    use crate::protocol::{FromTpa, Release, ToApps, read_frame};

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
}
