//! Backpressure: messages wait while the buffer of the socket is full.

use tpa_session::session::{Command, Input, Instant, Reply, Timer};

use crate::world::{World, config};

#[test]
fn full_buffer_stops_sending() {
    let mut world = World::connected(config());
    let mut send = |text: &str, buffered| {
        let payload = world.message(text);
        world.command(Command::Send {
            payload,
            key: None,
            ttl: None,
            replay: true,
            buffered,
        })
    };
    let limit = 1024 * 1024;
    assert_eq!(send("a", Some(limit)), Reply::Sent);
    assert_eq!(send("b", Some(limit + 1)), Reply::Queued);
    assert_eq!(send("c", Some(limit + 1)), Reply::Queued);
    assert_eq!(world.sent(), ["a"]);
    assert!(
        matches!(world.session.poll_timeout(), Some((at, Timer::Drain)) if at == Instant::from_millis(50))
    );
    world.input(Input::Buffered(world.socket, limit + 1));
    assert_eq!(world.next_deadline(), Some(Timer::Drain));
    assert_eq!(world.sent(), ["a"]);
    world.input(Input::Buffered(world.socket, limit));
    assert_eq!(
        world.sent(),
        ["a", "b"],
        "what it holds then is too much again"
    );
    world.input(Input::Buffered(world.socket, 0));
    assert_eq!(world.sent(), ["a", "b", "c"]);
    assert!(matches!(
        world.session.poll_timeout(),
        Some((_, Timer::Stable))
    ));
}

#[test]
fn queued_messages_go_before_new_ones() {
    let mut world = World::connected(config());
    let mut send = |text: &str, buffered| {
        let payload = world.message(text);
        world.command(Command::Send {
            payload,
            key: None,
            ttl: None,
            replay: true,
            buffered,
        })
    };
    assert_eq!(send("a", None), Reply::Queued);
    assert_eq!(send("b", Some(0)), Reply::Sent);
    assert_eq!(world.sent(), ["a", "b"]);
}

#[test]
fn large_queue_is_sent_in_parts() {
    let mut config = config();
    config.outbox.buffered = 2;
    let mut world = World::connected(config);
    world.close(1006, "");
    for text in ["aaa", "bbb", "ccc"] {
        world.send(text);
    }
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), ["aaa"]);
    world.input(Input::Buffered(world.socket, 3));
    assert_eq!(world.sent(), ["aaa"]);
    world.input(Input::Buffered(world.socket, 1));
    assert_eq!(world.sent(), ["aaa", "bbb"]);
}
