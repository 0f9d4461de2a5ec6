//! Knowledge about the pongs of a cloud: hints from earlier connections, and foreign pongs.

use tpa_session::session::{Control, Event, FlushError, Input, PingId, Reply, SessionError, State};

use crate::patience::{KIB, send_bytes};
use crate::world::{
    SESSION, World, answer, answered, at_least_once, flush, flushed, ping_ids, pings, pong,
    receive_frame, watched,
};

fn warnings(world: &World) -> usize {
    let events = world.events().into_iter();
    events
        .filter(|event| matches!(event, Event::Error(SessionError::Unanswered)))
        .count()
}

/// Connects again to a cloud that no longer pongs.
fn reconnect(world: &mut World) {
    while world.session.state() == State::Waiting {
        world.next_deadline();
    }
    world.acknowledge();
}

#[test]
fn hint_causes_one_disconnect_of_a_cloud_that_talks() {
    let mut world = answered();
    world.close(1006, "");
    reconnect(&mut world);
    for _ in 0..5 {
        world.advance(1000);
        receive_frame(&mut world);
    }
    assert_eq!(world.disconnected().last().map(|end| end.code), Some(4008));
    reconnect(&mut world);
    world.take();
    for _ in 0..3600 {
        world.advance(1000);
        receive_frame(&mut world);
    }
    assert_eq!(world.disconnected().len(), 0);
    assert_eq!(warnings(&world), 1);
}

#[test]
fn two_silent_connections_end_the_hint() {
    let mut world = answered();
    world.close(1006, "");
    for code in [4008, 4008] {
        world.take();
        reconnect(&mut world);
        world.advance(10_000);
        assert_eq!(world.disconnected().last().map(|end| end.code), Some(code));
    }
    assert_eq!(warnings(&world), 1);
    world.take();
    reconnect(&mut world);
    world.advance(3_600_000);
    assert_eq!(world.disconnected().len(), 0);
}

#[test]
fn pong_renews_the_hint() {
    let mut world = answered();
    for _ in 0..5 {
        world.close(1006, "");
        reconnect(&mut world);
        pong(&mut world);
        world.advance(6000);
        world.close(1006, "");
        world.take();
        reconnect(&mut world);
        world.advance(5000);
        assert_eq!(world.disconnected().last().map(|end| end.code), Some(4008));
        reconnect(&mut world);
        pong(&mut world);
        world.advance(6000);
    }
    assert_eq!(warnings(&world), 0);
}

#[test]
fn support_is_learned_again_from_the_next_pong() {
    let mut world = answered();
    world.close(1006, "");
    reconnect(&mut world);
    world.advance(1000);
    receive_frame(&mut world);
    world.advance(4000);
    reconnect(&mut world);
    world.advance(1000);
    receive_frame(&mut world);
    world.take();
    world.advance(9000);
    assert_eq!(warnings(&world), 1);
    while pings(&world) == 0 {
        world.next_deadline();
    }
    pong(&mut world);
    world.advance_answering(60_000, 20);
    world.advance(25_000);
    assert_eq!(
        world.disconnected().len(),
        1,
        "it is judged by its pongs again"
    );
}

#[test]
fn pong_without_a_ping_makes_pongs_prove_nothing() {
    let mut world = answered();
    pong(&mut world);
    world.send("a");
    let first = flush(&mut world);
    assert_eq!(flushed(&world), [(first, Err(FlushError::Unsupported))]);
    for _ in 0..10 {
        pong(&mut world);
        world.advance(60_000);
    }
    assert_eq!(world.session.state(), State::Connected, "no verdict");
}

#[test]
fn foreign_pongs_confirm_nothing() {
    let mut config = at_least_once();
    config.watch = watched().watch;
    let mut world = World::connected(config);
    pong(&mut world);
    pong(&mut world);
    let unconfirmable = Event::Error(SessionError::Unconfirmable);
    assert!(world.events().contains(&&unconfirmable));
    world.send("a");
    world.advance(20_000);
    pong(&mut world);
    assert_eq!(world.session.stats().unconfirmed, 0, "it was sent once");
}

#[test]
fn foreign_pongs_concern_their_connection_only() {
    let mut world = answered();
    pong(&mut world);
    world.close(1006, "");
    reconnect(&mut world);
    pong(&mut world);
    world.take();
    world.advance(20_000);
    assert_eq!(world.disconnected()[0].code, 4008);
}

#[test]
fn ids_tell_foreign_pongs_apart() {
    let mut world = World::connected(watched());
    let first = PingId(1);
    answer(&mut world, first);
    for foreign in [Some(PingId(99)), None, Some(first)] {
        world.input(Input::Control(world.socket, Control::Pong { id: foreign }));
    }
    world.send("a");
    let flushing = flush(&mut world);
    let ids = ping_ids(&world.outputs);
    for foreign in [Some(PingId(99)), None, Some(first)] {
        world.input(Input::Control(world.socket, Control::Pong { id: foreign }));
    }
    assert_eq!(flushed(&world), []);
    answer(&mut world, ids[0]);
    assert_eq!(flushed(&world), [(flushing, Ok(()))]);
}

#[test]
fn late_pong_without_an_id_confirms_no_more_than_the_oldest_ping() {
    let mut world = World::connected(watched());
    world.advance(120_000);
    let older = world.session.stats().pings;
    world.send("a");
    let first = flush(&mut world);
    // The session cannot tell these from pongs of the older pings.
    for _ in 0..older {
        assert_eq!(flushed(&world), []);
        world.take();
        pong(&mut world);
        assert_eq!(pings(&world), 1, "it asks again");
    }
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
    // The others are not foreign.
    for _ in 0..older {
        pong(&mut world);
    }
    world.send("b");
    world.take();
    let second = flush(&mut world);
    pong(&mut world);
    assert_eq!(flushed(&world), [(second, Ok(()))]);
}

#[test]
fn pings_without_answers_delay_confirmations_and_do_not_prevent_them() {
    let mut config = at_least_once();
    config.watch = watched().watch;
    let mut world = World::connected(config);
    world.advance(120_000);
    world.send("a");
    world.take();
    for _ in 0..120 {
        world.advance(1000);
        let asked = pings(&world);
        world.take();
        for _ in 0..asked {
            pong(&mut world);
        }
    }
    assert_eq!(world.session.stats().unconfirmed, 0);
}

#[test]
fn pings_that_are_not_remembered_are_not_confirmed_by_later_pongs() {
    let mut world = World::connected(watched());
    world.advance(6_000_000);
    let older = world.session.stats().pings;
    assert!(older > 40);
    world.send("a");
    let flushing = flush(&mut world);
    for _ in 0..older {
        pong(&mut world);
        assert_eq!(flushed(&world), []);
    }
    pong(&mut world);
    assert_eq!(flushed(&world), [(flushing, Ok(()))]);
}

#[test]
fn late_pong_with_an_id_confirms_what_was_sent_before_its_ping() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.advance(1000);
    let ids = ping_ids(&world.outputs);
    world.send("b");
    world.now += 60_000;
    let _ = flush(&mut world);
    answer(&mut world, ids[0]);
    assert_eq!(world.session.stats().unconfirmed, 1);
}

#[test]
fn late_pong_proves_that_the_line_lives() {
    let mut world = World::connected(watched());
    world.advance(45_000);
    answer(&mut world, PingId(1));
    world.now += 10_000;
    world.input(Input::Timeout);
    world.advance(2000);
    answer(&mut world, PingId(2));
    world.advance(4000);
    assert_eq!(world.session.state(), State::Connected);
    world.advance(2000);
    assert_eq!(world.disconnected()[0].code, 4008);
}

#[test]
fn late_pong_with_an_id_leaves_what_followed_its_ping_unconfirmed() {
    let mut world = World::new(watched());
    world.connect(SESSION);
    world.acknowledge();
    let first = ping_ids(&world.outputs)[0];
    for number in 0..3 {
        send_bytes(&mut world, number, 64 * KIB);
    }
    world.advance(15_000);
    answer(&mut world, first);
    assert_eq!(send_bytes(&mut world, 3, 65 * KIB), Reply::Queued);
}

#[test]
fn thirty_two_pings_are_remembered() {
    for (sent, is_known) in [(32, true), (33, false)] {
        let mut world = World::connected(watched());
        while world.session.stats().pings < sent {
            world.next_deadline();
        }
        answer(&mut world, PingId(1));
        // A cloud that is known to pong has to answer the last one as well.
        world.advance(10_000);
        let is_left = world.session.state() != State::Connected;
        assert_eq!(is_left, is_known, "{sent} pings");
    }
}

#[test]
fn messages_of_later_pings_are_confirmed_by_the_next_one() {
    let mut config = at_least_once();
    config.watch = watched().watch;
    let mut world = World::connected(config);
    for number in 0..40 {
        world.send(&number.to_string());
        world.advance(120_000);
    }
    let sent = world.session.stats().pings;
    assert!(sent > 40);
    world.take();
    for _ in 0..sent {
        pong(&mut world);
    }
    assert!(world.session.stats().unconfirmed > 0);
    world.advance(1000);
    assert!(pings(&world) > 0);
    for _ in 0..pings(&world) {
        pong(&mut world);
    }
    assert_eq!(world.session.stats().unconfirmed, 0);
}
