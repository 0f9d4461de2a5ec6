//! Responses of the glasses.

use crate::world::*;

/// The frames that answer `frame`.
fn answers(frame: Value) -> Vec<Value> {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.outputs.clear();
    world.frame(id, frame);
    let answers = world.frames_to(id);
    for answer in &answers {
        assert_eq!(answer["sessionId"], format!("user1-{PACKAGE}"));
        assert!(answer["timestamp"].is_string());
    }
    answers
}

#[test]
fn a_photo_is_taken() {
    let request = json!({"type": "photo_request", "requestId": "p1", "saveToGallery": true});
    let answer = &answers(request)[0];
    assert_eq!(answer["type"], "photo_response");
    assert_eq!(
        (&answer["requestId"], &answer["success"]),
        (&json!("p1"), &json!(true))
    );
    assert_eq!(answer["savedToGallery"], true);
    assert!(
        answer["photoUrl"]
            .as_str()
            .unwrap()
            .starts_with("data:image/png;base64,")
    );
}

#[test]
fn a_sound_is_played() {
    let request = json!({"type": "audio_play_request", "requestId": "a1", "audioUrl": "x"});
    let answer = &answers(request)[0];
    assert_eq!(answer["type"], "audio_play_response");
    assert_eq!(
        (&answer["requestId"], &answer["success"]),
        (&json!("a1"), &json!(true))
    );
    assert!(answers(json!({"type": "audio_stop_request"})).is_empty());
}

#[test]
fn a_location_is_polled() {
    let request =
        json!({"type": "location_poll_request", "correlationId": "l1", "accuracy": "high"});
    let answer = &answers(request)[0];
    assert_eq!(answer["streamType"], "location_update");
    assert_eq!(answer["data"]["correlationId"], "l1");
    assert!(answer["data"]["lat"].is_number());
}

#[test]
fn a_video_stream_starts_and_stops() {
    let statuses = |frame: Value| -> Vec<Value> {
        let answers = answers(frame).into_iter();
        answers
            .map(|answer| {
                assert_eq!(answer["type"], "rtmp_stream_status");
                assert!(answer["streamId"].is_string());
                answer["status"].clone()
            })
            .collect()
    };
    let start = json!({"type": "rtmp_stream_request", "rtmpUrl": "rtmp://example.org/live"});
    assert_eq!(statuses(start), ["initializing", "connecting", "active"]);
    let stop = json!({"type": "rtmp_stream_stop", "streamId": "stream-c1"});
    assert_eq!(statuses(stop), ["stopping", "stopped"]);
}

#[test]
fn a_request_without_its_id_is_ignored() {
    for kind in [
        "photo_request",
        "audio_play_request",
        "location_poll_request",
    ] {
        assert!(answers(json!({"type": kind})).is_empty(), "{kind}");
    }
}
