//! Invalid frames: each is answered or ignored.

use std::ops::Range;

use fastrand::Rng;

use crate::world::*;

const SEEDS: Range<u64> = 0..2_000;

/// One valid frame of each type.
fn good() -> Vec<Value> {
    vec![
        json!({"type": "tpa_connection_init", "sessionId": format!("user1-{PACKAGE}"),
               "packageName": PACKAGE, "apiKey": "dev-key"}),
        json!({"type": "subscription_update", "subscriptions": ["*", {"stream": "location_update", "rate": "high"}]}),
        json!({"type": "display_event", "view": "main", "durationMs": 5,
               "layout": {"layoutType": "text_wall", "text": "x"}}),
        json!({"type": "dashboard_content_update", "content": "x", "modes": ["main"]}),
        json!({"type": "dashboard_mode_change", "mode": "main"}),
        json!({"type": "dashboard_system_update", "section": "topLeft", "content": "x"}),
        json!({"type": "photo_request", "requestId": "p", "saveToGallery": true}),
        json!({"type": "audio_play_request", "requestId": "a"}),
        json!({"type": "location_poll_request", "correlationId": "l"}),
        json!({"type": "rtmp_stream_stop", "streamId": "s"}),
        json!({"type": "app_broadcast_message", "payload": 1, "messageId": "m", "roomId": "r"}),
        json!({"type": "app_direct_message", "payload": 1, "messageId": "m", "targetUserId": "u"}),
        json!({"type": "app_room_join", "roomId": "r", "roomConfig": {"maxUsers": 2}}),
        json!({"type": "app_room_leave", "roomId": "r"}),
        json!({"type": "ownership_release", "reason": "clean_shutdown"}),
        json!({"type": "ping"}),
    ]
}

/// A random JSON value.
fn anything(random: &mut Rng, depth: u32) -> Value {
    match random.u32(0..if depth == 0 { 8 } else { 10 }) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!(random.i64(..)),
        3 => json!(random.f64() * 1e300),
        4 => json!(-1),
        5 => json!("\u{0}é\u{10ffff}-".repeat(random.usize(0..50))),
        6 => json!(""),
        7 => json!("main"),
        8 => (0..random.u32(0..4))
            .map(|_| anything(random, depth - 1))
            .collect(),
        _ => {
            json!({"layoutType": anything(random, depth - 1), "stream": anything(random, depth - 1)})
        }
    }
}

/// A valid frame with one field changed, or its text truncated or overwritten.
fn spoiled(random: &mut Rng) -> String {
    let frames = good();
    let mut frame = frames[random.usize(0..frames.len())].clone();
    let fields = frame.as_object_mut().unwrap();
    let names: Vec<String> = fields.keys().cloned().collect();
    let name = &names[random.usize(0..names.len())];
    match random.u32(0..4) {
        0 => drop(fields.remove(name)),
        1 | 2 => drop(fields.insert(name.clone(), anything(random, 3))),
        _ => {}
    }
    let mut text: Vec<char> = frame.to_string().chars().collect();
    match random.u32(0..4) {
        0 => text.truncate(random.usize(0..=text.len())),
        1 => {
            let at = random.usize(0..text.len());
            text[at] = random.char(..);
        }
        _ => {}
    }
    text.into_iter().collect()
}

#[test]
fn invalid_frames_are_answered_or_ignored() {
    for seed in SEEDS {
        let mut random = Rng::with_seed(seed);
        let mut world = World::new();
        let unaffected = world.connect("user2", PACKAGE);
        let id = if random.bool() {
            world.connect("user1", PACKAGE)
        } else {
            world.open()
        };
        world.outputs.clear();
        let text = spoiled(&mut random);
        world.input(id, Input::Text(&text));
        // An error frame precedes the close frame.
        if let Some((code, reason)) = world.close_of(id) {
            assert!(
                code == 1008 || code == 1011,
                "seed {seed}: {code} for {text}"
            );
            assert!(!reason.is_empty(), "seed {seed}: {text}");
            let error = &world.frames_to(id)[0];
            assert_eq!(error["type"], "tpa_connection_error", "seed {seed}: {text}");
            assert!(error["code"].is_string() && error["message"].is_string());
        }
        world.advance(seconds(30));
        assert_eq!(world.close_of(unaffected), None, "seed {seed}: {text}");
        world.frame(unaffected, json!({"type": "ping"}));
        let pong = world.frames_to(unaffected).pop().unwrap();
        assert_eq!(pong["type"], "pong", "seed {seed}: {text}");
    }
}

#[test]
fn deep_nesting_is_rejected() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.input(id, Input::Text(&"[".repeat(100_000)));
    assert_eq!(
        world.close_of(id),
        Some((1008, "Malformed message".to_owned()))
    );
}

#[test]
fn wrong_keys_of_any_type_are_refused() {
    for key in [
        json!("wrong"),
        json!(""),
        json!(null),
        json!(7),
        json!(["dev-key"]),
        json!("dev-key\u{0}"),
        json!("x".repeat(100_000)),
    ] {
        let mut world = World::new();
        let id = world.open();
        let init = json!({"type": "tpa_connection_init", "packageName": PACKAGE,
            "sessionId": format!("user1-{PACKAGE}"), "apiKey": key});
        world.frame(id, init);
        assert_eq!(world.frames_to(id)[0]["code"], "INVALID_API_KEY");
        assert_eq!(
            world.close_of(id),
            Some((1008, "Invalid API key".to_owned()))
        );
    }
}
