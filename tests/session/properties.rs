//! Properties of all sequences of inputs.

use proptest::prelude::*;
use proptest::{collection::vec, option, sample::select};
use tpa_session::session::{
    Backoff, Close, Command, Config, Control, Delivery, Duration, Limits, Redactor,
};

use crate::walk::{Call, SocketEvent, Step, Walk};
use crate::world::{SESSION, World, config, redacted};

/// Streams that the app subscribes to.
const STREAMS: [&[&str]; 3] = [&["button_press"], &["location_update"], &["vad"]];

/// A call of the app; its messages have one of these keys, or none.
fn call(keys: Vec<Option<&'static str>>) -> impl Strategy<Value = Call> {
    let ttls = select(vec![None, None, Some(0), Some(700), Some(6000)]);
    let send = (select(keys), ttls, prop::bool::weighted(0.7), 0..4_usize);
    let send = send.prop_map(|(key, ttl, writable, padding)| Call::Send {
        key,
        ttl,
        writable,
        padding,
    });
    let sessions = select(vec![SESSION, SESSION, SESSION, "other-org.example.app"]);
    let streams = select(STREAMS.to_vec());
    prop_oneof![
        3 => sessions.prop_map(Call::Connect),
        1 => Just(Call::Disconnect),
        8 => send,
        1 => streams.clone().prop_map(Call::Subscribe),
        1 => streams.prop_map(Call::Unsubscribe),
    ]
}

fn socket_event() -> impl Strategy<Value = SocketEvent> {
    let closes = select(vec![
        (1000, ""),
        (1006, ""),
        (1006, ""),
        (1006, ""),
        (1008, "Invalid API key"),
        (1008, "Invalid API key"),
        (1011, ""),
        (1009, ""),
        (1009, ""),
        (1008, "Malformed message"),
        (1008, "Malformed message"),
        (1008, "Invalid subscription type: vad"),
        (4009, ""),
        (1000, "App stopped"),
    ]);
    let errors = select(vec![
        None,
        Some("INTERNAL_ERROR"),
        Some("SESSION_NOT_FOUND"),
        Some("INVALID_API_KEY"),
        Some("INVALID_JWT"),
    ]);
    prop_oneof![
        6 => Just(SocketEvent::Prepared),
        6 => Just(SocketEvent::Opened),
        6 => Just(SocketEvent::Control(Control::Ack)),
        4 => closes.prop_map(|(code, reason)| SocketEvent::Closed(code, reason)),
        2 => errors.prop_map(|code| SocketEvent::Control(Control::Error {
            code: code.map(Into::into),
            message: "a fault".into(),
        })),
        4 => Just(SocketEvent::Control(Control::Pong { id: None })),
        2 => Just(SocketEvent::Failed),
        2 => Just(SocketEvent::AttemptFailed),
        1 => Just(SocketEvent::Unsupported),
        1 => Just(SocketEvent::Malformed),
        1 => Just(SocketEvent::Control(Control::Stopped { reason: None })),
    ]
}

pub fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => call(vec![
            None,
            None,
            Some("card"),
            Some("dashboard_content_update:main"),
            Some("dashboard_content_update:main,expanded"),
        ]).prop_map(Step::Call),
        10 => socket_event().prop_map(Step::Socket),
        1 => (socket_event(), call(vec![None])).prop_map(|(event, call)| Step::Interrupt(event, call)),
        2 => (0..3_u32, socket_event()).prop_map(|(back, event)| Step::Stale(back, event)),
        5 => Just(Step::Succeed),
        6 => (0..8000_u64).prop_map(Step::Wait),
        1 => (0..8000_u64).prop_map(Step::Sleep),
        1 => Just(Step::Timeout),
    ]
}

fn any_config() -> impl Strategy<Value = Config> {
    let attempts = select(vec![None, Some(0), Some(1), Some(2), Some(3), Some(3)]);
    let backoff = (
        select(vec![0, 400, 1000]),
        select(vec![0, 1500, 30_000]),
        select(vec![0.0, 0.5, 1.0]),
    );
    let backoff = backoff.prop_map(|(initial, max, jitter)| Backoff {
        initial: Duration::from_millis(initial),
        max: Duration::from_millis(max),
        jitter,
    });
    let outbox = (
        select(vec![0, 1, 2, 5, 1000]),
        select(vec![3, 12, 1024 * 1024]),
    );
    let outbox = outbox.prop_map(|(messages, bytes)| Limits {
        messages,
        bytes,
        ..Config::default().outbox
    });
    let times = (select(vec![600, 5000]), select(vec![0, 5000]));
    let auto_reconnect = (prop::bool::weighted(0.85), select(Delivery::ALL.to_vec()));
    (
        attempts,
        backoff,
        outbox,
        times,
        auto_reconnect,
        any::<bool>(),
    )
        .prop_map(
            |(attempts, backoff, outbox, times, (auto_reconnect, delivery), provider)| Config {
                auto_reconnect,
                delivery,
                max_reconnect_attempts: attempts,
                backoff,
                connect_timeout: Duration::from_millis(times.0),
                stable_after: Duration::from_millis(times.1),
                outbox,
                key_from_provider: provider,
                ..config()
            },
        )
}

/// The defaults with their jitter, which depends on the seed.
fn jittered() -> Config {
    let mut config = config();
    config.backoff.jitter = 0.5;
    config
}

proptest! {
    #[test]
    fn random_inputs_keep_the_invariants(
        config in any_config(),
        seed: u64,
        steps in vec(step(), 1..120),
    ) {
        let mut walk = Walk::new(&config, seed);
        for step in &steps {
            walk.step(step);
        }
    }

    /// The messages of handlers have no keys: whether one replaces another depends on the number
    /// of outputs that were executed, which is beside the point here.
    #[test]
    fn handlers_keep_the_invariants(
        config in any_config(),
        steps in vec(step(), 1..60),
        reactions in vec(option::weighted(0.3, call(vec![None])), 0..80),
    ) {
        let mut walk = Walk::new(&config, 1).reacting(reactions);
        for step in &steps {
            walk.step(step);
        }
    }

    #[test]
    fn equal_seeds_and_inputs_give_equal_outputs(
        seed: u64,
        steps in vec(step(), 1..60),
    ) {
        let live = || {
            let mut walk = Walk::new(&jittered(), seed);
            for step in &steps {
                walk.step(step);
            }
            walk.outputs
        };
        prop_assert_eq!(live(), live());
    }

    #[test]
    fn close_frames_are_always_valid(code: u16, reason in ".{0,200}") {
        let close = Close::new(code, redacted(&reason));
        let (code, reason) = close.to_send();
        prop_assert!(code == 1000 || (3000..5000).contains(&code));
        prop_assert!(reason.len() <= 123);
    }

    #[test]
    fn any_text_as_url(url in ".{0,80}") {
        if let Some(url) = tpa_session::session::websocket_url(&url) {
            prop_assert!(url.starts_with("ws://") || url.starts_with("wss://"));
        }
    }

    #[test]
    fn any_text_as_frame(kind in ".{0,30}", field in option::of(".{0,30}")) {
        let known = tpa_session::session::CONTROL_TYPES.contains(&kind.as_str());
        let control = Control::parse(&kind, |_| field.clone(), |_| None, &Redactor::default());
        prop_assert_eq!(control.is_some(), known);
    }

    #[test]
    fn commands_never_panic(session_id in ".{0,20}", streams in vec(".{0,9}", 0..4)) {
        let mut world = World::new(config());
        let now = world.now();
        let _ = world.session.command(Command::Connect { session_id }, now);
        let _ = world.session.command(Command::Subscribe(streams), now);
    }
}
