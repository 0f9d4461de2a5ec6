//! What subscribers hear.

use crate::world::*;

#[test]
fn streams_go_to_whoever_subscribed_and_stop_when_nobody_does() {
    let mut world = World::new();
    let captions = world.connect("user1", PACKAGE);
    let buttons = world.connect("user1", "org.example.buttons");
    let other = world.connect("user2", PACKAGE);
    world.subscribe(captions, &["transcription:fr-FR", "no_such_stream"]);
    world.subscribe(buttons, &["button_press"]);
    world.advance(seconds(10));
    let heard = world.streams_to(captions);
    assert_eq!(heard.len(), 10);
    assert!(heard.iter().all(|stream| stream == "transcription:fr-FR"));
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

    // The list is state: what is not in it is over.
    world.said.clear();
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
fn everything_means_every_stream_under_its_plain_name() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.subscribe(id, &["*"]);
    world.advance(seconds(1));
    let heard = world.streams_to(id);
    for stream in [
        "transcription",
        "button_press",
        "head_position",
        "location_update",
    ] {
        assert!(
            heard.iter().any(|heard| heard == stream),
            "{stream}: {heard:?}"
        );
    }
    let chunks = world.deliveries_to(id).into_iter();
    let chunks = chunks.filter(|(_, what)| matches!(what, Delivery::Binary(_)));
    assert_eq!(chunks.count(), 10);
}
