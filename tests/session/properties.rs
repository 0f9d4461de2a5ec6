//! What holds whatever happens, in whatever order.

use proptest::prelude::*;
use tpa_session::session::{
    Close, Command, Control, Event, Input, Outgoing, Output, Session, State,
};

use crate::world::{SESSION, Text, World, config};

#[derive(Clone, Debug)]
enum Step {
    Connect,
    Disconnect,
    Send,
    Open,
    Ack,
    Close(u16, &'static str),
    Fail,
    Stop,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let closes = prop::sample::select(vec![
        (1000, ""),
        (1006, ""),
        (1006, ""),
        (1008, "Invalid API key"),
        (1011, ""),
        (4009, ""),
        (1000, "App stopped"),
    ]);
    prop_oneof![
        3 => Just(Step::Connect),
        1 => Just(Step::Disconnect),
        4 => Just(Step::Send),
        6 => Just(Step::Open),
        6 => Just(Step::Ack),
        4 => closes.prop_map(|(code, reason)| Step::Close(code, reason)),
        2 => Just(Step::Fail),
        1 => Just(Step::Stop),
        6 => (0..8000_u64).prop_map(Step::Wait),
    ]
}

fn apply(world: &mut World, step: &Step, serial: usize) {
    match step {
        Step::Connect => {
            world.connect(SESSION);
        }
        Step::Disconnect => world.disconnect(),
        Step::Send => {
            world.send(&serial.to_string());
        }
        Step::Open => world.input(Input::Opened(world.socket)),
        Step::Ack => world.input(Input::Control(world.socket, Control::Ack)),
        Step::Close(code, reason) => world.close(*code, reason),
        Step::Fail => world.input(Input::Failed(world.socket)),
        Step::Stop => world.input(Input::Control(
            world.socket,
            Control::Stopped { reason: None },
        )),
        Step::Wait(millis) => world.advance(*millis),
    }
}

/// Checks the outputs of a whole life against what every life must keep to.
fn check(outputs: &[Output<Text>], session: &Session<Text>, sends: usize) {
    let mut live = None;
    let mut state = State::Idle;
    let mut connected = false;
    let mut sent = Vec::new();
    let mut dropped = 0;
    for output in outputs {
        match output {
            Output::Open(socket) => {
                assert_eq!(live, None, "two sockets at once");
                live = Some(*socket);
            }
            Output::Close(socket, _) => {
                assert!(live.is_none_or(|live| live == *socket));
                live = None;
            }
            Output::Transmit(socket, frame) => {
                assert_eq!(live, Some(*socket), "a frame for a dead socket");
                if let Outgoing::Message(text) = frame {
                    sent.push(text.0.parse::<usize>().expect("a serial number"));
                }
            }
            Output::Emit(Event::StateChange(change)) => {
                assert_eq!(change.from, state, "a gap in the chain of states");
                state = change.to;
            }
            Output::Emit(Event::Connected) => connected = true,
            Output::Emit(Event::Disconnected(end)) => {
                assert!(end.permanent || connected, "the end of what never was");
                assert_ne!(end.permanent, end.will_reconnect);
                assert_eq!(end.permanent, state == State::Stopped);
                connected = false;
            }
            Output::Emit(Event::Reconnecting(next)) => {
                assert!(f64::from(next.attempt) <= next.max_attempts);
                assert_eq!(state, State::Waiting);
            }
            Output::Emit(Event::Dropped(..)) => dropped += 1,
            Output::Emit(Event::Connecting(_) | Event::Error(_))
            | Output::Prepare(_)
            | Output::Settle(..) => {}
        }
    }
    assert_eq!(
        state,
        session.state(),
        "the events tell where the session is"
    );
    assert!(sent.is_sorted(), "out of order");
    let (queued, _) = session.queued();
    assert!(sent.len() + dropped + queued <= sends, "sent twice");
    match session.state() {
        State::Idle | State::Stopped => assert_eq!(live, None, "a socket outlived its session"),
        State::Waiting => assert!(session.poll_timeout().is_some(), "stalled"),
        State::Connecting | State::Handshaking => {
            assert!(session.poll_timeout().is_some(), "no deadline");
        }
        State::Connected => assert!(live.is_some()),
    }
}

proptest! {
    #[test]
    fn every_life_keeps_the_rules(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new(config());
        let mut sends = 0;
        for (serial, step) in steps.iter().enumerate() {
            sends += usize::from(matches!(step, Step::Send));
            apply(&mut world, step, serial);
            check(&world.outputs, &world.session, sends);
        }
    }

    #[test]
    fn the_same_seed_and_inputs_give_the_same_outputs(
        seed: u64,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let live = || {
            let mut world = World::new(tpa_session::session::Config::default());
            world.session = Session::new(tpa_session::session::Config::default(), seed, world.now());
            for (serial, step) in steps.iter().enumerate() {
                apply(&mut world, step, serial);
            }
            world.take()
        };
        prop_assert_eq!(live(), live());
    }

    #[test]
    fn no_close_makes_a_frame_that_is_not_allowed(code: u16, reason in ".{0,200}") {
        let close = Close::new(code, reason);
        let (code, reason) = close.to_send();
        prop_assert!(code == 1000 || (3000..5000).contains(&code));
        prop_assert!(reason.len() <= 123);
    }

    #[test]
    fn no_text_upsets_the_url(url in ".{0,80}") {
        if let Some(url) = tpa_session::session::websocket_url(&url) {
            prop_assert!(url.starts_with("ws://") || url.starts_with("wss://"));
        }
    }

    #[test]
    fn no_frame_upsets_the_protocol(kind in ".{0,30}", field in prop::option::of(".{0,30}")) {
        let known = tpa_session::session::CONTROL_TYPES.contains(&kind.as_str());
        let control = Control::parse(&kind, |_| field.clone());
        prop_assert_eq!(control.is_some(), known);
    }

    #[test]
    fn commands_never_panic(session_id in ".{0,20}", streams in prop::collection::vec(".{0,9}", 0..4)) {
        let mut world = World::new(config());
        let now = world.now();
        let _ = world.session.command(Command::Connect { session_id }, now);
        let _ = world.session.command(Command::Subscribe(streams), now);
    }
}
