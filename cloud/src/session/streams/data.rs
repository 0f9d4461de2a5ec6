//! Script of each stream.

use std::f64::consts::TAU;
use std::time::Duration;

use serde_json::{Value, json};

use super::speech;

const GESTURES: [&str; 7] = [
    "single_tap",
    "forward_swipe",
    "double_tap",
    "backward_swipe",
    "long_press",
    "up_swipe",
    "down_swipe",
];

const MODEL: &str = "Simulated glasses";

/// A stream of the simulated glasses: its schedule and its data.
pub(super) struct Script {
    /// Name without a variant.
    pub(super) name: &'static str,
    /// Has data every so many steps, ...
    every: u64,
    /// ... after this many.
    after: u64,
    sample: fn(&Step<'_>) -> Option<Value>,
}

/// Input of a script.
struct Step<'a> {
    /// Number of samples before this one.
    nth: u64,
    variant: Option<&'a str>,
    /// Time between two steps.
    interval: Duration,
    /// Current date.
    at: &'a str,
}

/// Every stream, in the order of the list in `src/web/js/streams.js`, which must have the same
/// names; `CONTRIBUTING.md` has the steps for a new stream.
#[rustfmt::skip]
pub(super) const SCRIPTS: [Script; 18] = [
    Script { name: "transcription", every: 1, after: 0, sample: transcription },
    Script { name: "translation", every: 1, after: 0, sample: translation },
    Script { name: "VAD", every: 4, after: 0, sample: voice_activity },
    // Its data are binary frames, see `audio.rs`.
    Script { name: "audio_chunk", every: 1, after: 0, sample: |_| None },
    Script { name: "button_press", every: 3, after: 0, sample: button_press },
    Script { name: "head_position", every: 4, after: 0, sample: head_position },
    Script { name: "touch_event", every: 5, after: 0, sample: touch },
    Script { name: "glasses_battery_update", every: 10, after: 0, sample: glasses_battery },
    Script { name: "phone_battery_update", every: 15, after: 0, sample: phone_battery },
    Script { name: "glasses_connection_state", every: 30, after: 0, sample: connection_state },
    Script { name: "location_update", every: 2, after: 0, sample: |step| Some(location(step.nth)) },
    Script { name: "vps_coordinates", every: 2, after: 0, sample: vps },
    Script { name: "phone_notification", every: 20, after: 0, sample: notification },
    // Each notification is dismissed five steps later.
    Script { name: "notification_dismissed", every: 20, after: 5, sample: dismissal },
    Script { name: "phone_notification_dismissed", every: 20, after: 5, sample: dismissal },
    Script { name: "calendar_event", every: 60, after: 0, sample: calendar },
    Script { name: "photo_taken", every: 45, after: 0, sample: photo },
    Script { name: "custom_message", every: 25, after: 0, sample: custom_message },
];

/// Returns the data of a stream at a step, if it has any. `at` is the date.
pub(super) fn sample(stream: &str, step: u64, interval: Duration, at: &str) -> Option<Value> {
    let (name, variant) = split(stream);
    let script = SCRIPTS.iter().find(|script| script.name == name)?;
    let since = step.checked_sub(script.after)?;
    if !since.is_multiple_of(script.every) {
        return None;
    }
    (script.sample)(&Step {
        nth: since / script.every,
        variant,
        interval,
        at,
    })
}

fn transcription(step: &Step<'_>) -> Option<Value> {
    let language = step.variant.unwrap_or(speech::DEFAULT_LANGUAGE);
    Some(speech::transcription(language, step.nth, step.interval))
}

fn voice_activity(step: &Step<'_>) -> Option<Value> {
    Some(json!({"type": "VAD", "status": step.nth.is_multiple_of(2)}))
}

fn translation(step: &Step<'_>) -> Option<Value> {
    let pair = step.variant.and_then(|pair| pair.split_once("-to-"));
    let (from, to) = pair.unwrap_or(speech::DEFAULT_PAIR);
    Some(speech::translation(from, to, step.nth, step.interval))
}

/// Splits a stream's name from its variant: `transcription` and `en-US` for
/// `transcription:en-US`. Text after a `?` is a hint to a recognizer and is ignored.
pub(super) fn split(stream: &str) -> (&str, Option<&str>) {
    let stream = stream.split_once('?').map_or(stream, |(name, _)| name);
    match stream.split_once(':') {
        Some((name, variant)) => (name, Some(variant)),
        None => (stream, None),
    }
}

/// Reports whether a gesture exists.
pub(super) fn is_gesture(name: &str) -> bool {
    GESTURES.contains(&name)
}

fn button_press(step: &Step<'_>) -> Option<Value> {
    let press = if step.nth % 4 == 3 { "long" } else { "short" };
    Some(json!({"buttonId": "main", "pressType": press}))
}

fn head_position(step: &Step<'_>) -> Option<Value> {
    let position = if step.nth.is_multiple_of(2) {
        "up"
    } else {
        "down"
    };
    Some(json!({"position": position}))
}

/// All gestures in turn. A subscription to one gesture skips the others.
fn touch(step: &Step<'_>) -> Option<Value> {
    let gesture = GESTURES[(step.nth % GESTURES.len() as u64) as usize];
    if step.variant.is_some_and(|wanted| wanted != gesture) {
        return None;
    }
    Some(json!({"device_model": MODEL, "gesture_name": gesture, "timestamp": step.at}))
}

fn glasses_battery(step: &Step<'_>) -> Option<Value> {
    Some(battery(87, step.nth, false))
}

fn phone_battery(step: &Step<'_>) -> Option<Value> {
    Some(battery(64, step.nth, true))
}

/// Falls from `full` and, with a charger, rises again.
fn battery(full: u64, nth: u64, is_recharged: bool) -> Value {
    let turn = nth % 100;
    let charging = is_recharged && turn >= 50;
    let used = if charging { 100 - turn } else { turn % 60 };
    let level = full - used;
    json!({"level": level, "charging": charging, "timeRemaining": level * 4})
}

fn connection_state(step: &Step<'_>) -> Option<Value> {
    let connected = step.nth % 4 != 3;
    let status = if connected {
        "CONNECTED"
    } else {
        "DISCONNECTED"
    };
    let wifi = json!({"connected": connected, "ssid": connected.then_some("home")});
    Some(json!({"modelName": MODEL, "status": status, "wifi": wifi}))
}

/// A walk around a block in Zurich.
pub(super) fn location(nth: u64) -> Value {
    let turn = turn(nth);
    json!({
        "lat": 47.3769 + 0.0012 * turn.sin(),
        "lng": 8.5417 + 0.0018 * turn.cos(),
        "accuracy": 6,
    })
}

/// The same walk in metres, with the direction of movement as orientation.
fn vps(step: &Step<'_>) -> Option<Value> {
    let nth = step.nth;
    let turn = turn(nth);
    Some(json!({
        "deviceModel": MODEL,
        "requestId": format!("vps-{nth}"),
        "x": 135.0 * turn.cos(),
        "y": 1.7,
        "z": 133.0 * turn.sin(),
        "qx": 0.0,
        "qy": (turn / 2.0).sin(),
        "qz": 0.0,
        "qw": (turn / 2.0).cos(),
        "confidence": 0.92,
    }))
}

fn turn(nth: u64) -> f64 {
    TAU * (nth % 120) as f64 / 120.0
}

const NOTIFICATIONS: [(&str, &str, &str, &str); 4] = [
    (
        "Messages",
        "Ana",
        "Running ten minutes late, sorry!",
        "high",
    ),
    (
        "Mail",
        "Weekly report",
        "The numbers of last week are in.",
        "normal",
    ),
    ("Calendar", "In 15 minutes", "Team call, room 4", "high"),
    ("Weather", "Rain from 16:00", "Take a jacket.", "low"),
];

fn notification(step: &Step<'_>) -> Option<Value> {
    let nth = step.nth;
    let (app, title, content, priority) = NOTIFICATIONS[(nth % 4) as usize];
    Some(json!({
        "notificationId": format!("notification-{nth}"),
        "app": app,
        "title": title,
        "content": content,
        "priority": priority,
    }))
}

fn dismissal(step: &Step<'_>) -> Option<Value> {
    let nth = step.nth;
    let (app, title, content, _) = NOTIFICATIONS[(nth % 4) as usize];
    Some(json!({
        "notificationId": format!("notification-{nth}"),
        "notificationKey": format!("0|{app}|{nth}"),
        "app": app,
        "title": title,
        "content": content,
    }))
}

fn calendar(step: &Step<'_>) -> Option<Value> {
    const TITLES: [&str; 3] = ["Team call", "Lunch with Ana", "Dentist"];
    let &Step { nth, at, .. } = step;
    // One hour, today.
    let day = at.split_once('T').map_or(at, |(day, _)| day);
    let hour = 8 + nth % 10;
    Some(json!({
        "eventId": format!("event-{nth}"),
        "title": TITLES[(nth % 3) as usize],
        "dtStart": format!("{day}T{hour:02}:00:00.000Z"),
        "dtEnd": format!("{day}T{:02}:00:00.000Z", hour + 1),
        "timezone": "Europe/Zurich",
        "timeStamp": at,
    }))
}

fn photo(step: &Step<'_>) -> Option<Value> {
    Some(json!({"photoData": PHOTO, "mimeType": "image/png", "timestamp": step.at}))
}

fn custom_message(step: &Step<'_>) -> Option<Value> {
    Some(json!({"action": "heartbeat", "payload": {"count": step.nth}}))
}

/// A picture of one pixel, as PNG in base64.
pub(crate) const PHOTO: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
