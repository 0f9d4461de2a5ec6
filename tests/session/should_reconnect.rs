//! Decisions of the app: `shouldReconnect`.

use tpa_session::session::{
    CloseKind, Command, Config, Duration, Input, Output, Reconnect, Redacted, State, WakeHint,
};

use crate::world::{World, config};

fn asking() -> World {
    World::connected(Config {
        asks_app: true,
        ..config()
    })
}

fn asked(world: &World) -> Vec<(u16, CloseKind)> {
    let causes = world.outputs.iter().filter_map(|output| match output {
        Output::AskShouldReconnect(cause) => Some((cause.code, cause.kind)),
        _ => None,
    });
    causes.collect()
}

#[test]
fn yes_overrides_the_table() {
    let mut world = asking();
    world.close(1001, "deploy");
    assert_eq!(asked(&world), [(1001, CloseKind::Normal)]);
    world.input(Input::ShouldReconnect(Some(Reconnect::Yes)));
    assert_eq!(world.session.state(), State::Waiting);
    assert!(world.disconnected()[0].will_reconnect);
}

#[test]
fn deploy_with_1001_and_refusals_is_survived() {
    let mut world = asking();
    world.close(1001, "deploy");
    world.input(Input::ShouldReconnect(Some(Reconnect::Yes)));
    world.next_deadline();
    // HTTP 503 instead of the upgrade: a socket reports only an error and 1006.
    world.input(Input::Failed(world.socket, Redacted::default()));
    world.close(1006, "");
    world.input(Input::ShouldReconnect(None));
    assert_eq!(world.reconnecting().last().map(|r| r.attempt), Some(2));
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.session.state(), State::Connected);
    assert_eq!(world.disconnected().len(), 1);
}

#[test]
fn no_overrides_the_table() {
    let mut world = asking();
    world.close(1006, "");
    world.input(Input::ShouldReconnect(Some(Reconnect::No)));
    let end = world.disconnected()[0];
    assert_eq!((end.code, end.permanent), (1006, true));
}

#[test]
fn no_overrides_a_fresh_key() {
    let mut world = World::connected(Config {
        asks_app: true,
        key_from_provider: true,
        ..config()
    });
    world.close(1008, "Invalid API key");
    assert_eq!(asked(&world), [(1008, CloseKind::Rejected)]);
    world.input(Input::ShouldReconnect(Some(Reconnect::No)));
    assert_eq!(world.session.state(), State::Stopped);
}

#[test]
fn no_answer_keeps_the_table() {
    for (code, state) in [(1000, State::Stopped), (1006, State::Waiting)] {
        let mut world = asking();
        world.close(code, "");
        world.input(Input::ShouldReconnect(None));
        assert_eq!(world.session.state(), state);
    }
}

#[test]
fn yes_does_not_exceed_the_maximum() {
    let mut world = asking();
    for _ in 0..4 {
        world.close(1001, "");
        world.input(Input::ShouldReconnect(Some(Reconnect::Yes)));
        world.next_deadline();
    }
    assert_eq!(world.session.state(), State::Stopped);
    assert_eq!(world.disconnected().last().map(|end| end.code), Some(4000));
    assert_eq!(world.dials(), 3);
}

#[test]
fn failed_attempts_are_asked_about() {
    let mut world = asking();
    world.close(1006, "");
    world.input(Input::ShouldReconnect(None));
    world.next_deadline();
    world.take();
    world.close(1013, "later");
    assert_eq!(asked(&world), [(1013, CloseKind::Abnormal)]);
}

#[test]
fn disconnect_is_not_asked_about() {
    let mut world = asking();
    world.disconnect();
    assert_eq!(asked(&world), []);
    assert_eq!(world.session.state(), State::Stopped);
}

#[test]
fn disconnect_while_the_app_is_asked_wins() {
    let mut world = asking();
    world.close(1006, "");
    world.disconnect();
    world.input(Input::ShouldReconnect(Some(Reconnect::Yes)));
    assert_eq!(world.session.state(), State::Stopped);
    let kinds: Vec<_> = world.disconnected().iter().map(|end| end.kind).collect();
    assert_eq!(kinds, [CloseKind::ClientDisconnect]);
}

#[test]
fn message_sent_while_the_app_is_asked_is_queued() {
    let mut world = asking();
    world.close(1006, "");
    world.send("a");
    world.input(Input::ShouldReconnect(None));
    assert_eq!(world.session.queued().0, 1);
    assert_eq!(world.sent(), Vec::<&str>::new());
}

#[test]
fn unsolicited_answer_is_ignored() {
    let mut world = asking();
    world.input(Input::ShouldReconnect(Some(Reconnect::No)));
    assert_eq!(world.session.state(), State::Connected);
}

/// Answers with a delay; returns attempt and delay of the following `reconnecting`.
fn delayed(world: &mut World, millis: u64) -> (u32, u64) {
    let delay = Duration::from_millis(millis);
    world.input(Input::ShouldReconnect(Some(Reconnect::After(delay))));
    let next = world.reconnecting().last().copied().expect("an attempt");
    (next.attempt, next.delay.as_millis())
}

#[test]
fn delay_is_exact() {
    let mut config = config();
    config.asks_app = true;
    // Neither jitter nor maximum of the backoff applies.
    config.backoff.jitter = 1.0;
    for millis in [0, 1, 30_000, 3_600_000] {
        let mut world = World::connected(config.clone());
        world.close(1000, "maintenance");
        assert_eq!(delayed(&mut world, millis), (1, millis));
        if millis > 0 {
            world.advance(millis - 1);
            assert_eq!(world.dials(), 0);
            world.advance(1);
        } else {
            world.advance(0);
        }
        assert_eq!(world.dials(), 1);
    }
}

#[test]
fn delayed_attempt_counts() {
    let mut world = asking();
    for attempt in 1..=3 {
        world.close(1013, "");
        assert_eq!(delayed(&mut world, 10_000), (attempt, 10_000));
        world.next_deadline();
    }
    world.close(1013, "");
    let delay = Duration::from_millis(10_000);
    world.input(Input::ShouldReconnect(Some(Reconnect::After(delay))));
    assert_eq!(world.disconnected().last().map(|end| end.code), Some(4000));
    assert_eq!(world.session.state(), State::Stopped);
}

#[test]
fn delayed_attempt_counts_even_after_sleep() {
    let mut world = asking();
    world.input(Input::Wake(WakeHint::Slept));
    world.advance(2500);
    assert_eq!(delayed(&mut world, 5000), (1, 5000));
    world.next_deadline();
    world.close(1006, "");
    world.input(Input::ShouldReconnect(None));
    assert_eq!(
        world.reconnecting().last().map(|next| next.attempt),
        Some(2)
    );
}

#[test]
fn online_does_not_shorten_a_delay() {
    let mut world = asking();
    world.close(1013, "");
    delayed(&mut world, 30_000);
    world.advance(10_000);
    world.input(Input::Online);
    world.advance(10_000);
    world.input(Input::Offline);
    world.input(Input::Online);
    let delays = world.reconnecting().into_iter();
    let delays: Vec<_> = delays.map(|next| next.delay.as_millis()).collect();
    assert_eq!(delays, [30_000, 10_000], "offline is told");
    world.advance(9999);
    assert_eq!(world.dials(), 0);
    world.advance(1);
    assert_eq!(world.dials(), 1);
}

#[test]
fn delay_is_exact_while_offline() {
    let mut world = asking();
    world.input(Input::Offline);
    world.close(1013, "");
    let delay = Duration::from_millis(1000);
    world.input(Input::ShouldReconnect(Some(Reconnect::After(delay))));
    let next = world.reconnecting()[0];
    assert_eq!((next.delay, next.counted), (delay, false));
    assert_eq!(next.cause.kind, CloseKind::Offline);
    world.advance(999);
    assert_eq!(world.dials(), 0);
    world.advance(1);
    assert_eq!(world.dials(), 1);
}

#[test]
fn reconnect_now_skips_a_delay() {
    let mut world = asking();
    world.close(1013, "");
    delayed(&mut world, 30_000);
    world.command(Command::ReconnectNow);
    assert_eq!(world.dials(), 1);
}

#[test]
fn delay_applies_to_one_closure() {
    let mut world = asking();
    world.close(1013, "");
    delayed(&mut world, 30_000);
    world.command(Command::ReconnectNow);
    world.close(1006, "");
    world.input(Input::ShouldReconnect(None));
    world.input(Input::Offline);
    world.input(Input::Online);
    world.advance(250);
    assert_eq!(world.dials(), 2, "the backoff applies");
}

#[test]
fn allowed_delays() {
    let after = |millis| Some(Reconnect::After(Duration::from_millis(millis)));
    assert_eq!(Reconnect::after_millis(0.0), after(0));
    assert_eq!(Reconnect::after_millis(30_000.5), after(30_000));
    assert_eq!(
        Reconnect::after_millis(2_147_483_647.0),
        after(2_147_483_647)
    );
    for wrong in [-1.0, 2_147_483_648.0, f64::INFINITY, f64::NAN] {
        assert_eq!(Reconnect::after_millis(wrong), None, "{wrong}");
    }
}
