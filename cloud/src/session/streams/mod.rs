//! Scripted streams: data of the simulated glasses.

mod audio;
mod data;
mod rate;
mod speech;

use std::collections::BTreeSet;
use std::time::Duration;

use litemap::LiteMap;
use serde_json::Value;

use audio::Microphone;
pub(crate) use data::PHOTO;
use data::SCRIPTS;
pub(crate) use rate::Rate;

/// Names of all streams, without a variant.
fn names() -> impl Iterator<Item = &'static str> {
    SCRIPTS.iter().map(|script| script.name)
}

/// Stream of binary frames.
pub(crate) const AUDIO: &str = "audio_chunk";

/// Stream whose frames have a type of their own.
pub(crate) const CUSTOM: &str = "custom_message";

/// Returns the streams that a list of subscriptions selects. `all` and `*` select every stream
/// without a variant. A stream without a variant uses the default language, so the same stream
/// with that language is omitted.
pub(crate) fn served(list: &BTreeSet<String>) -> BTreeSet<String> {
    let mut served: BTreeSet<String> = list
        .iter()
        .filter(|stream| is_scripted(stream))
        .cloned()
        .collect();
    if list.contains("all") || list.contains("*") {
        served.extend(names().map(str::to_owned));
    }
    let (from, to) = speech::DEFAULT_PAIR;
    let same = [
        (
            "transcription",
            format!("transcription:{}", speech::DEFAULT_LANGUAGE),
        ),
        ("translation", format!("translation:{from}-to-{to}")),
    ];
    for (plain, full) in same {
        if served.contains(plain) {
            served.remove(&full);
        }
    }
    served
}

fn is_scripted(stream: &str) -> bool {
    match data::split(stream) {
        (name, None) => names().any(|known| known == name),
        ("transcription", Some(language)) => speech::is_language(language),
        ("translation", Some(pair)) => {
            let pair = pair.split_once("-to-");
            pair.is_some_and(|(from, to)| speech::is_language(from) && speech::is_language(to))
        }
        ("touch_event", Some(gesture)) => data::is_gesture(gesture),
        (_, Some(_)) => false,
    }
}

/// Returns the location of the glasses at the `nth` request.
pub(crate) fn location(nth: u64) -> Value {
    data::location(nth)
}

/// Progress of each stream's script.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    steps: LiteMap<String, u64>,
    microphone: Microphone,
}

impl Scripts {
    /// Advances the scripts and returns the data of the streams that have any. A stream that is not
    /// in `wanted` restarts the next time.
    pub(crate) fn advance<'a>(
        &mut self,
        wanted: &BTreeSet<&'a str>,
        interval: Duration,
        at: &str,
    ) -> LiteMap<&'a str, Value> {
        self.steps
            .retain(|stream, _| wanted.contains(stream.as_str()));
        let mut frames = LiteMap::new();
        for stream in wanted {
            if !self.steps.contains_key(*stream) {
                self.steps.insert((*stream).to_owned(), 0);
            }
            let Some(step) = self.steps.get_mut(*stream) else {
                continue;
            };
            if let Some(data) = data::sample(stream, *step, interval, at) {
                frames.insert(*stream, data);
            }
            *step = step.wrapping_add(1);
        }
        frames
    }

    /// Returns the next tenth of a second of sound.
    pub(crate) fn audio(&mut self) -> &'static [u8] {
        self.microphone.next_chunk()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const DATE: &str = "2026-01-31T09:30:00.250Z";

    /// All data of a stream in `steps` steps.
    fn data_of(stream: &str, steps: usize) -> Vec<Value> {
        let mut scripts = Scripts::default();
        let wanted = BTreeSet::from([stream]);
        let mut frames = Vec::new();
        for _ in 0..steps {
            frames.extend(scripts.advance(&wanted, SECOND, DATE).remove(stream));
        }
        frames
    }

    #[test]
    fn each_stream_has_the_fields_of_the_protocol() {
        for (stream, fields) in [
            (
                "transcription",
                &["text", "isFinal", "startTime", "endTime"][..],
            ),
            (
                "translation",
                &["text", "isFinal", "transcribeLanguage", "translateLanguage"],
            ),
            ("VAD", &["status"]),
            ("button_press", &["buttonId", "pressType"]),
            ("head_position", &["position"]),
            ("touch_event", &["device_model", "gesture_name"]),
            ("touch_event:double_tap", &["device_model", "gesture_name"]),
            ("glasses_battery_update", &["level", "charging"]),
            ("phone_battery_update", &["level", "charging"]),
            ("glasses_connection_state", &["modelName", "status"]),
            ("location_update", &["lat", "lng", "accuracy"]),
            (
                "vps_coordinates",
                &["x", "y", "z", "qx", "qy", "qz", "qw", "confidence"],
            ),
            (
                "phone_notification",
                &["notificationId", "app", "title", "content", "priority"],
            ),
            ("notification_dismissed", &["notificationId", "app"]),
            (
                "phone_notification_dismissed",
                &["notificationId", "notificationKey"],
            ),
            (
                "calendar_event",
                &["eventId", "title", "dtStart", "dtEnd", "timezone"],
            ),
            ("photo_taken", &["photoData", "mimeType"]),
            ("custom_message", &["action", "payload"]),
        ] {
            let frames = data_of(stream, 500);
            assert!(frames.len() > 5, "{stream}");
            for data in frames {
                for field in fields {
                    assert!(!data[*field].is_null(), "{stream}: {field}: {data}");
                }
            }
        }
    }

    #[test]
    fn notifications_are_dismissed_after_they_arrive() {
        let mut scripts = Scripts::default();
        let wanted = BTreeSet::from(["phone_notification", "phone_notification_dismissed"]);
        let mut open = BTreeSet::new();
        for _ in 0..200 {
            let data = scripts.advance(&wanted, SECOND, DATE);
            if let Some(shown) = data.get("phone_notification") {
                open.insert(shown["notificationId"].to_string());
            }
            if let Some(dismissed) = data.get("phone_notification_dismissed") {
                let id = dismissed["notificationId"].to_string();
                assert!(open.remove(&id), "{dismissed}");
            }
        }
    }

    #[test]
    fn levels_are_percentages() {
        for stream in ["glasses_battery_update", "phone_battery_update"] {
            for data in data_of(stream, 5_000) {
                let level = data["level"].as_u64();
                assert!(level.is_some_and(|level| level <= 100), "{data}");
            }
        }
    }

    #[test]
    fn a_subscription_to_one_gesture_skips_the_others() {
        for data in data_of("touch_event:long_press", 200) {
            assert_eq!(data["gesture_name"], "long_press");
        }
    }

    #[test]
    fn an_unsubscribed_stream_restarts() {
        let mut scripts = Scripts::default();
        let wanted = BTreeSet::from(["button_press"]);
        let mut has_data = |wanted: &BTreeSet<&'static str>| {
            let data = scripts.advance(wanted, SECOND, DATE);
            data.contains_key("button_press")
        };
        assert!(has_data(&wanted));
        assert!(!has_data(&wanted));
        assert!(!has_data(&BTreeSet::new()));
        assert!(has_data(&wanted));
    }

    #[test]
    fn only_scripted_streams_are_served() {
        let served = |list: &[&str]| -> Vec<String> {
            let list = list.iter().map(|stream| (*stream).to_owned()).collect();
            super::served(&list).into_iter().collect()
        };
        for good in [
            "transcription",
            "transcription:en-US",
            "transcription:fil-PH",
            "transcription:en-US?hints=fr-FR",
            "translation:es-ES-to-en-US",
            "touch_event:single_tap",
            "audio_chunk",
        ] {
            assert_eq!(served(&[good]), [good]);
        }
        for bad in [
            "transcription:",
            "transcription:english",
            "transcription:EN-us",
            "translation:es-ES",
            "translation:es-ES-to-english",
            "touch_event:somersault",
            "button_press:main",
            "",
        ] {
            assert!(served(&[bad]).is_empty(), "{bad}");
        }
        assert_eq!(served(&["*"]).len(), SCRIPTS.len());
        assert_eq!(
            served(&["all", "transcription:fr-FR"]).len(),
            SCRIPTS.len() + 1
        );
    }

    #[test]
    fn no_stream_is_served_under_two_names() {
        let list = [
            "transcription",
            "transcription:en-US",
            "transcription:fr-FR",
        ];
        let list = list.map(str::to_owned).into();
        let served: Vec<String> = served(&list).into_iter().collect();
        assert_eq!(served, ["transcription", "transcription:fr-FR"]);
    }
}
