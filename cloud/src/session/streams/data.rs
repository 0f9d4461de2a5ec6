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

/// Steps at which a stream has data: every so many steps, after an offset.
struct Schedule {
    every: u64,
    after: u64,
}

/// Returns the data of a stream at a step, if it has any. `at` is the date.
pub(super) fn sample(stream: &str, step: u64, interval: Duration, at: &str) -> Option<Value> {
    let (name, variant) = split(stream);
    match (name, variant) {
        ("transcription", language) => {
            let language = language.unwrap_or(speech::DEFAULT_LANGUAGE);
            return Some(speech::transcription(language, step, interval));
        }
        ("translation", pair) => {
            let pair = pair.and_then(|pair| pair.split_once("-to-"));
            let (from, to) = pair.unwrap_or(speech::DEFAULT_PAIR);
            return Some(speech::translation(from, to, step, interval));
        }
        _ => {}
    }
    let schedule = schedule(name)?;
    let since = step.checked_sub(schedule.after)?;
    if !since.is_multiple_of(schedule.every) {
        return None;
    }
    let nth = since / schedule.every;
    Some(match name {
        "button_press" => button_press(nth),
        "head_position" => head_position(nth),
        "touch_event" => return touch(nth, variant, at),
        "glasses_battery_update" => battery(87, nth, false),
        "phone_battery_update" => battery(64, nth, true),
        "glasses_connection_state" => connection_state(nth),
        "location_update" => location(nth),
        "vps_coordinates" => vps(nth),
        "VAD" => json!({"type": "VAD", "status": nth.is_multiple_of(2)}),
        "phone_notification" => notification(nth),
        "notification_dismissed" | "phone_notification_dismissed" => dismissal(nth),
        "calendar_event" => calendar(nth, at),
        "photo_taken" => json!({"photoData": PHOTO, "mimeType": "image/png", "timestamp": at}),
        "custom_message" => json!({"action": "heartbeat", "payload": {"count": nth}}),
        _ => return None,
    })
}

fn schedule(name: &str) -> Option<Schedule> {
    let (every, after) = match name {
        "location_update" | "vps_coordinates" => (2, 0),
        "button_press" => (3, 0),
        "head_position" | "VAD" => (4, 0),
        "touch_event" => (5, 0),
        "glasses_battery_update" => (10, 0),
        "phone_battery_update" => (15, 0),
        "phone_notification" => (20, 0),
        // Each notification is dismissed five steps later.
        "notification_dismissed" | "phone_notification_dismissed" => (20, 5),
        "custom_message" => (25, 0),
        "glasses_connection_state" => (30, 0),
        "photo_taken" => (45, 0),
        "calendar_event" => (60, 0),
        _ => return None,
    };
    Some(Schedule { every, after })
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

fn button_press(nth: u64) -> Value {
    let press = if nth % 4 == 3 { "long" } else { "short" };
    json!({"buttonId": "main", "pressType": press})
}

fn head_position(nth: u64) -> Value {
    let position = if nth.is_multiple_of(2) { "up" } else { "down" };
    json!({"position": position})
}

/// All gestures in turn. A subscription to one gesture skips the others.
fn touch(nth: u64, wanted: Option<&str>, at: &str) -> Option<Value> {
    let gesture = GESTURES[(nth % GESTURES.len() as u64) as usize];
    if wanted.is_some_and(|wanted| wanted != gesture) {
        return None;
    }
    Some(json!({"device_model": MODEL, "gesture_name": gesture, "timestamp": at}))
}

/// Falls from `full` and, with a charger, rises again.
fn battery(full: u64, nth: u64, is_recharged: bool) -> Value {
    let turn = nth % 100;
    let charging = is_recharged && turn >= 50;
    let used = if charging { 100 - turn } else { turn % 60 };
    let level = full - used;
    json!({"level": level, "charging": charging, "timeRemaining": level * 4})
}

fn connection_state(nth: u64) -> Value {
    let connected = nth % 4 != 3;
    let status = if connected {
        "CONNECTED"
    } else {
        "DISCONNECTED"
    };
    let wifi = json!({"connected": connected, "ssid": connected.then_some("home")});
    json!({"modelName": MODEL, "status": status, "wifi": wifi})
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
fn vps(nth: u64) -> Value {
    let turn = turn(nth);
    json!({
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
    })
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

fn notification(nth: u64) -> Value {
    let (app, title, content, priority) = NOTIFICATIONS[(nth % 4) as usize];
    json!({
        "notificationId": format!("notification-{nth}"),
        "app": app,
        "title": title,
        "content": content,
        "priority": priority,
    })
}

fn dismissal(nth: u64) -> Value {
    let (app, title, content, _) = NOTIFICATIONS[(nth % 4) as usize];
    json!({
        "notificationId": format!("notification-{nth}"),
        "notificationKey": format!("0|{app}|{nth}"),
        "app": app,
        "title": title,
        "content": content,
    })
}

fn calendar(nth: u64, at: &str) -> Value {
    const TITLES: [&str; 3] = ["Team call", "Lunch with Ana", "Dentist"];
    // One hour, today.
    let day = at.split_once('T').map_or(at, |(day, _)| day);
    let hour = 8 + nth % 10;
    json!({
        "eventId": format!("event-{nth}"),
        "title": TITLES[(nth % 3) as usize],
        "dtStart": format!("{day}T{hour:02}:00:00.000Z"),
        "dtEnd": format!("{day}T{:02}:00:00.000Z", hour + 1),
        "timezone": "Europe/Zurich",
        "timeStamp": at,
    })
}

/// A picture of one pixel, as PNG in base64.
pub(crate) const PHOTO: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
