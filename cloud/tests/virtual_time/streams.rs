//! Streams to subscribers.

use crate::world::*;

#[test]
fn streams_run_while_they_have_subscribers() {
    let mut world = World::new();
    let captions = world.connect("user1", PACKAGE);
    let buttons = world.connect("user1", "org.example.buttons");
    let other = world.connect("user2", PACKAGE);
    world.subscribe(captions, &["transcription:fr-FR", "no_such_stream"]);
    world.subscribe(buttons, &["button_press"]);
    world.advance(seconds(10));
    let received = world.streams_to(captions);
    assert_eq!(received.len(), 10);
    assert!(
        received
            .iter()
            .all(|stream| stream == "transcription:fr-FR")
    );
    assert!(
        world
            .streams_to(buttons)
            .iter()
            .all(|stream| stream == "button_press")
    );
    assert_eq!(world.streams_to(buttons).len(), 4);
    assert!(world.streams_to(other).is_empty());
    let frame = world.frames_to(captions).pop().unwrap();
    assert_eq!(frame["data"]["transcribeLanguage"], "fr-FR");
    assert_eq!(frame["sessionId"], format!("user1-{PACKAGE}"));

    // The list replaces the earlier one.
    world.outputs.clear();
    world.subscribe(captions, &["head_position"]);
    world.subscribe(buttons, &[]);
    world.advance(seconds(5));
    assert!(
        world
            .streams_to(captions)
            .iter()
            .all(|stream| stream == "head_position")
    );
    assert!(world.streams_to(buttons).is_empty());
    world.subscribe(captions, &[]);
    let is_stream = |timer: &Timer| matches!(timer, Timer::Streams(_) | Timer::Audio(_));
    assert!(
        !world
            .cloud
            .poll_timeout()
            .is_some_and(|(_, timer)| is_stream(timer))
    );
}

#[test]
fn wildcards_select_every_stream() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.subscribe(id, &["*"]);
    world.advance(seconds(1));
    let received = world.streams_to(id);
    for stream in [
        "transcription",
        "button_press",
        "head_position",
        "location_update",
    ] {
        assert!(
            received.iter().any(|received| received == stream),
            "{stream}: {received:?}"
        );
    }
    let chunks = world.deliveries_to(id).into_iter();
    let chunks = chunks.filter(|(_, what)| matches!(what, Delivery::Binary(_)));
    assert_eq!(chunks.count(), 10);
}

#[test]
fn languages_go_to_their_subscribers() {
    let mut world = World::new();
    let german = world.connect("user1", "org.example.german");
    let both = world.connect("user1", "org.example.both");
    let translator = world.connect("user1", "org.example.translator");
    world.subscribe(german, &["transcription:de-DE"]);
    world.subscribe(both, &["transcription:de-DE", "transcription:fr-FR"]);
    world.subscribe(translator, &["translation:de-DE-to-fr-FR"]);
    world.advance(seconds(20));
    let languages = |id: ConnectionId| {
        let frames = world.frames_to(id).into_iter();
        let mut languages: Vec<(String, String)> = frames
            .filter(|frame| frame["type"] == "data_stream")
            .map(|frame| {
                let data = &frame["data"];
                let stream = frame["streamType"].as_str().unwrap().to_owned();
                let language = data["translateLanguage"].as_str();
                let language = language.or(data["transcribeLanguage"].as_str());
                (stream, language.unwrap().to_owned())
            })
            .collect();
        assert!(languages.len() >= 20);
        languages.sort();
        languages.dedup();
        languages
    };
    let of = |stream: &str, language: &str| (stream.to_owned(), language.to_owned());
    let heard_in_german = of("transcription:de-DE", "de-DE");
    assert_eq!(
        languages(both),
        [heard_in_german.clone(), of("transcription:fr-FR", "fr-FR")]
    );
    assert_eq!(languages(german), [heard_in_german]);
    assert_eq!(
        languages(translator),
        [of("translation:de-DE-to-fr-FR", "fr-FR")]
    );
}

#[test]
fn custom_messages_have_a_type_of_their_own() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.subscribe(id, &["custom_message"]);
    world.advance(seconds(1));
    let frame = world.frames_to(id).pop().unwrap();
    assert_eq!(
        (&frame["type"], &frame["action"]),
        (&json!("custom_message"), &json!("heartbeat"))
    );
    assert!(frame["payload"].is_object());
}

#[test]
fn rates_above_a_thousand_a_second_are_met() {
    let mut world = World::with(Config {
        stream_interval: Duration::from_micros(200),
        audio_interval: Duration::from_millis(5),
        ..Config::default()
    });
    let id = world.connect("user1", PACKAGE);
    world.subscribe(id, &["transcription", "audio_chunk"]);
    world.advance(seconds(2));
    assert_eq!(world.streams_to(id).len(), 10_000);
    let chunks = world.deliveries_to(id).into_iter();
    let chunks = chunks.filter(|(_, what)| matches!(what, Delivery::Binary(_)));
    assert_eq!(chunks.count(), 400);
}

#[test]
fn every_stream_of_the_protocol_is_sent() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.subscribe(id, &["all"]);
    world.advance(seconds(61));
    let received = world.streams_to(id);
    for stream in [
        "button_press",
        "head_position",
        "touch_event",
        "glasses_battery_update",
        "phone_battery_update",
        "glasses_connection_state",
        "location_update",
        "vps_coordinates",
        "transcription",
        "translation",
        "VAD",
        "phone_notification",
        "notification_dismissed",
        "phone_notification_dismissed",
        "calendar_event",
        "photo_taken",
    ] {
        assert!(
            received.iter().any(|received| received == stream),
            "{stream}"
        );
    }
}
