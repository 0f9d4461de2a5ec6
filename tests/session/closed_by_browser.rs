//! Closures made by the browser, and the handover to another process.

use tpa_session::session::{
    CLOSE_RULES, Close, CloseKind, Config, Input, Origin, State, WakeHint, classify,
};

use crate::world::{World, config};

/// A browser that closes sockets with a clean 1001.
fn firefox() -> Config {
    Config {
        browser_closes_cleanly: true,
        ..config()
    }
}

fn assert_browsers(world: &World) {
    let end = world.disconnected()[0];
    assert_eq!((end.code, end.kind), (1001, CloseKind::Abnormal));
    assert!(end.was_clean && end.will_reconnect && !end.permanent);
    let next = world.reconnecting()[0];
    assert_eq!((next.attempt, next.counted), (0, false));
    assert!(next.delay.as_millis() <= 250, "{next:?}");
    assert_eq!(next.cause.kind, CloseKind::Abnormal);
}

fn assert_clouds(world: &World) {
    let end = world.disconnected()[0];
    assert_eq!((end.code, end.kind), (1001, CloseKind::Normal));
    assert!(end.was_clean && end.permanent);
    assert_eq!(world.session.state(), State::Stopped);
}

#[test]
fn browser_that_closes_cleanly_is_told_by_the_empty_reason() {
    let mut world = World::connected(firefox());
    world.close(1001, "");
    assert_browsers(&world);
    world.advance(250);
    world.acknowledge();
    assert_eq!(world.session.state(), State::Connected);
    let mut world = World::connected(firefox());
    world.close(1001, "Server shutting down");
    assert_clouds(&world);
    let mut world = World::connected(firefox());
    world.close(1000, "");
    assert_eq!(world.disconnected()[0].kind, CloseKind::Normal);
}

#[test]
fn closure_within_1_s_after_a_navigation_is_the_browsers() {
    for sign in [Input::Leaving, Input::Wake(WakeHint::Resumed)] {
        for (after, is_browsers) in [(0, true), (1000, true), (1001, false), (60_000, false)] {
            let mut world = World::connected(config());
            world.advance(3000);
            world.input(sign.clone());
            world.advance(after);
            world.close(1001, "");
            if is_browsers {
                assert_browsers(&world);
            } else {
                assert_clouds(&world);
            }
        }
    }
}

#[test]
fn socket_of_a_cached_page_is_replaced_at_once() {
    for (after, is_browsers) in [(0, true), (1000, true), (1001, false)] {
        let mut world = World::connected(config());
        world.advance(60_000);
        world.input(Input::Wake(WakeHint::Resumed));
        world.advance(after);
        world.close(1006, "");
        let end = world.disconnected()[0];
        assert_eq!((end.code, end.kind), (1006, CloseKind::Abnormal));
        assert!(end.will_reconnect && !end.permanent && !end.was_clean);
        let next = world.reconnecting()[0];
        assert_eq!(next.counted, !is_browsers, "after {after} ms");
        assert_eq!(next.delay.as_millis() <= 250, is_browsers, "{next:?}");
        world.next_deadline();
        world.acknowledge();
        assert_eq!(world.session.state(), State::Connected);
    }
}

#[test]
fn other_1001_are_the_clouds() {
    use WakeHint::{AddressChanged, Shown};
    for sign in [
        None,
        Some(Input::Online),
        Some(Input::Wake(Shown)),
        Some(Input::Wake(AddressChanged)),
    ] {
        let mut world = World::connected(config());
        if let Some(sign) = sign {
            world.input(sign);
        }
        world.close(1001, "");
        assert_clouds(&world);
    }
}

#[test]
fn navigation_leaves_other_closures_as_they_are() {
    for (code, reason, kind) in [
        (1000, "", CloseKind::Normal),
        (1001, "App stopped", CloseKind::AppStopped),
        (1001, "User session ended", CloseKind::SessionEnded),
        (4009, "", CloseKind::Superseded),
        (1006, "", CloseKind::Abnormal),
    ] {
        let mut world = World::connected(firefox());
        world.input(Input::Leaving);
        world.close(code, reason);
        assert_eq!(world.disconnected()[0].kind, kind, "{code} {reason}");
        assert!(world.reconnecting().iter().all(|next| next.counted));
    }
}

#[test]
fn only_the_first_attempt_after_the_browsers_closure_is_free() {
    let mut world = World::connected(firefox());
    world.close(1001, "");
    world.next_deadline();
    world.close(1006, "");
    let next = world.reconnecting()[1];
    assert_eq!((next.attempt, next.counted), (1, true));
    world.refuse_all();
    assert_eq!(world.dials(), 1 + 3);
}

#[test]
fn browser_may_close_again_and_again() {
    let mut world = World::connected(firefox());
    for _ in 0..20 {
        world.advance(5000);
        world.close(1001, "");
        assert_browsers(&world);
        world.next_deadline();
        world.acknowledge();
        world.take();
    }
}

#[test]
fn server_that_closes_like_the_browser_is_given_up() {
    let mut world = World::connected(firefox());
    let mut dials = 0;
    while world.session.state() != State::Stopped {
        match world.session.state() {
            State::Connecting => {
                dials += 1;
                world.acknowledge();
            }
            State::Connected => world.close(1001, ""),
            _ => {
                world.next_deadline();
            }
        }
        assert!(dials < 10, "hammered");
    }
    assert_eq!(world.disconnected().last().map(|end| end.code), Some(4000));
}

#[test]
fn session_that_was_handed_over_ends_here() {
    let close = Close::new(4010, "Handed over");
    for origin in [Origin::Peer, Origin::Client] {
        let (kind, _) = classify(&close, origin, CLOSE_RULES);
        assert_eq!(kind, CloseKind::ClientDisconnect);
    }
    let mut world = World::connected(Config {
        asks_app: true,
        ..config()
    });
    world.close(4010, "Handed over");
    let end = world.disconnected()[0];
    assert_eq!((end.code, end.kind), (4010, CloseKind::ClientDisconnect));
    assert!(end.permanent && !end.was_clean && !end.will_reconnect);
    assert_eq!(close.to_send(), (4010, "Handed over"));
}
