//! The library in virtual time: no sockets, no clock, no waiting.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "all of this is tests"
)]

use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::{Value, json};
use tpa_cloud::{
    Cloud, Config, ConnectionId, Delivery, Dialect, Fact, Fault, FaultRequest, Identity, Input,
    Instant, Output, Refused, Side, Target, Timer, WallClock,
};

const PACKAGE: &str = "org.example.captions";

/// A cloud, the time, and everything that the cloud has said.
struct World {
    cloud: Cloud,
    now: Instant,
    said: Vec<(Instant, Output)>,
}

impl World {
    fn new() -> Self {
        Self::with(Config::default())
    }

    fn with(config: Config) -> Self {
        let clock = WallClock::starting_at(1_700_000_000_000);
        Self {
            cloud: Cloud::new(config, clock, Instant::ZERO),
            now: Instant::ZERO,
            said: Vec::new(),
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.cloud.poll_output() {
            self.said.push((self.now, output));
        }
    }

    /// Lets time pass, stopping wherever something is due.
    fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some((at, _)) = self.cloud.poll_timeout() {
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            self.cloud.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn open(&mut self) -> ConnectionId {
        let opened = self.cloud.open("10.0.0.1:5", Dialect::AugmentOs, self.now);
        self.drain();
        opened.unwrap()
    }

    fn input(&mut self, from: ConnectionId, input: Input<'_>) {
        self.cloud.handle_input(from, input, self.now);
        self.drain();
    }

    fn frame(&mut self, from: ConnectionId, frame: Value) {
        self.input(from, Input::Text(&frame.to_string()));
    }

    fn introduce(&mut self, id: ConnectionId, user: &str, package: &str) {
        self.frame(
            id,
            json!({"type": "tpa_connection_init", "sessionId": format!("{user}-{package}"),
                   "packageName": package, "apiKey": "dev-key"}),
        );
    }

    fn connect(&mut self, user: &str, package: &str) -> ConnectionId {
        let id = self.open();
        self.introduce(id, user, package);
        assert_eq!(
            self.frames_to(id).last().unwrap()["type"],
            "tpa_connection_ack"
        );
        id
    }

    fn subscribe(&mut self, id: ConnectionId, streams: &[&str]) {
        self.frame(
            id,
            json!({"type": "subscription_update", "subscriptions": streams}),
        );
    }

    fn inject(&mut self, fault: Fault, period: Option<Duration>) -> Vec<ConnectionId> {
        let request = FaultRequest {
            fault,
            target: Target::All,
            period,
        };
        let hit = self.cloud.inject(&request, self.now);
        self.drain();
        hit
    }

    fn deliveries_to(&self, id: ConnectionId) -> Vec<(Instant, &Delivery)> {
        let said = self.said.iter();
        said.filter_map(|(at, output)| match output {
            Output::Deliver { to, what } if *to == id => Some((*at, what)),
            _ => None,
        })
        .collect()
    }

    fn frames_to(&self, id: ConnectionId) -> Vec<Value> {
        let deliveries = self.deliveries_to(id).into_iter();
        deliveries
            .filter_map(|(_, what)| match what {
                Delivery::Text(text) => Some(serde_json::from_str(text).unwrap_or(Value::Null)),
                _ => None,
            })
            .collect()
    }

    fn streams_to(&self, id: ConnectionId) -> Vec<String> {
        let frames = self.frames_to(id).into_iter();
        frames
            .filter_map(|frame| Some(frame.get("streamType")?.as_str()?.to_owned()))
            .collect()
    }

    fn close_of(&self, id: ConnectionId) -> Option<(u16, String)> {
        let deliveries = self.deliveries_to(id).into_iter();
        deliveries.rev().find_map(|(_, what)| match what {
            Delivery::Close { code, reason } => Some((*code, reason.clone())),
            _ => None,
        })
    }

    fn cut_at(&self, id: ConnectionId) -> Option<Instant> {
        let mut said = self.said.iter();
        said.find(|(_, output)| matches!(output, Output::Cut { to } if *to == id))
            .map(|(at, _)| *at)
    }

    fn facts(&self) -> Vec<(Option<Arc<Identity>>, Fact)> {
        let said = self.said.iter();
        said.filter_map(|(_, output)| match output {
            Output::Event(event) => Some((event.who.clone(), event.fact.clone())),
            _ => None,
        })
        .collect()
    }

    fn facts_of(&self, id: ConnectionId) -> Vec<Fact> {
        let facts = self.facts().into_iter();
        facts
            .filter(|(who, _)| who.as_ref().is_some_and(|who| who.connection_id == id))
            .map(|(_, fact)| fact)
            .collect()
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_connection_is_pinged_on_time_and_dropped_when_it_is_silent() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.advance(seconds(50));
    let pings: Vec<u64> = world
        .deliveries_to(id)
        .iter()
        .filter(|(_, what)| **what == Delivery::Ping)
        .map(|(at, _)| at.as_millis())
        .collect();
    assert_eq!(pings, [15_000, 30_000, 45_000]);
    let (code, reason) = world.close_of(id).unwrap();
    assert_eq!(code, 4008);
    assert!(reason.contains(PACKAGE), "{reason}");
    // It did not answer the close frame either.
    assert_eq!(world.cut_at(id), Some(Instant::from_millis(47_000)));
    let facts = world.facts_of(id);
    assert!(
        facts.contains(&Fact::Stale { silent_ms: 45_000 }),
        "{facts:?}"
    );
}

#[test]
fn any_sign_of_life_puts_staleness_off() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    for step in 0..10 {
        world.advance(seconds(44));
        match step % 3 {
            0 => world.input(id, Input::SignOfLife),
            1 => world.input(id, Input::Binary(b"sound")),
            _ => world.frame(id, json!({"type": "ping"})),
        }
    }
    assert_eq!(world.close_of(id), None);
    world.advance(seconds(44));
    assert_eq!(world.close_of(id), None);
    world.advance(seconds(1));
    assert_eq!(world.close_of(id).unwrap().0, 4008);
}

#[test]
fn only_the_silent_connection_of_a_session_is_dropped() {
    let mut world = World::new();
    let silent = world.connect("user1", "org.example.silent");
    let lively = world.connect("user1", "org.example.lively");
    for _ in 0..6 {
        world.advance(seconds(10));
        world.input(lively, Input::SignOfLife);
    }
    assert_eq!(world.close_of(silent).unwrap().0, 4008);
    assert_eq!(world.close_of(lively), None);
}

#[test]
fn a_socket_that_does_not_introduce_itself_is_closed() {
    let mut world = World::new();
    let id = world.open();
    world.advance(seconds(10));
    let close = (1008, "Handshake timeout".to_owned());
    assert_eq!(world.close_of(id), Some(close));
}

/// Something that ends a connection, and what it is called.
type Closure = (&'static str, fn(&mut World, ConnectionId));

/// Ways in which a connection can end.
fn closures() -> Vec<Closure> {
    vec![
        ("the peer closes", |world, id| {
            world.input(
                id,
                Input::Closed {
                    code: 1000,
                    reason: "bye",
                },
            );
        }),
        ("the socket is lost", |world, id| {
            world.input(id, Input::Gone)
        }),
        ("it is stale", |world, _| world.advance(seconds(45))),
        ("it is superseded", |world, _| {
            world.connect("user1", PACKAGE);
        }),
        ("it does not read", |world, id| {
            world.input(id, Input::Congested)
        }),
        ("it sends nonsense", |world, id| {
            world.input(id, Input::Text("{"))
        }),
        ("it sends too much", |world, id| {
            world.input(id, Input::Binary(&vec![0; 2 << 20]));
        }),
        ("its app is stopped", |world, _| {
            world
                .cloud
                .stop_apps(&Target::All, "user_disabled", world.now);
            world.drain();
        }),
        ("a fault closes it", |world, _| {
            let reason = "because".to_owned();
            world.inject(Fault::Close { code: 1011, reason }, None);
        }),
        ("a fault cuts it", |world, _| {
            world.inject(Fault::Cut, None);
        }),
        ("it freezes for good", |world, _| {
            world.inject(Fault::Freeze, None);
            world.advance(seconds(45));
        }),
        ("the cloud restarts", |world, _| {
            world.inject(Fault::Restart { close: None }, Some(seconds(1)));
        }),
        ("the cloud shuts down", |world, _| {
            world.cloud.shut_down(world.now);
            world.drain();
        }),
    ]
}

#[test]
fn after_any_closure_no_part_holds_the_dead_connection() {
    for (how, close) in closures() {
        let mut world = World::new();
        let id = world.connect("user1", PACKAGE);
        world.subscribe(id, &["transcription", "audio_chunk"]);
        world.frame(
            id,
            json!({"type": "display_event", "view": "main",
                   "layout": {"layoutType": "text_wall", "text": "hi"}}),
        );
        let identities: Vec<Weak<Identity>> = world
            .facts()
            .iter()
            .filter_map(|(who, _)| who.as_ref())
            .filter(|who| who.connection_id == id)
            .map(Arc::downgrade)
            .collect();
        assert!(!identities.is_empty());

        close(&mut world, id);

        let closed = world
            .facts_of(id)
            .into_iter()
            .filter(|fact| matches!(fact, Fact::Closed { .. }))
            .count();
        assert_eq!(closed, 1, "{how}");
        world.said.clear();
        for identity in &identities {
            assert!(
                identity.upgrade().is_none(),
                "{how}: somebody still holds it"
            );
        }
        let sessions = world.cloud.sessions().to_string();
        assert!(
            !sessions.contains(&format!("\"{id}\"")),
            "{how}: {sessions}"
        );
        // It gets nothing more, and no deadline but that of its socket is left.
        world.advance(seconds(60));
        assert!(world.streams_to(id).is_empty(), "{how}");
        world.input(id, Input::Text(r#"{"type":"ping"}"#));
        world.input(id, Input::Gone);
        assert!(world.deliveries_to(id).is_empty(), "{how}");
        assert!(world.facts_of(id).is_empty(), "{how}");
        // Whoever took over is the only one left.
        let left = usize::from(how == "it is superseded");
        assert_eq!(world.cloud.socket_count(), left, "{how}");
        if left == 0 {
            assert_eq!(world.cloud.poll_timeout(), None, "{how}");
        }
    }
}

#[test]
fn a_second_connection_takes_the_session_over() {
    let mut world = World::new();
    let first = world.connect("user1", PACKAGE);
    let other_user = world.connect("user2", PACKAGE);
    let other_app = world.connect("user1", "org.example.other");
    let second = world.connect("user1", PACKAGE);
    let close = (4009, "Superseded by another connection".to_owned());
    assert_eq!(world.close_of(first), Some(close));
    assert!(
        world
            .facts_of(first)
            .contains(&Fact::Superseded { by: second })
    );
    for id in [other_user, other_app, second] {
        assert_eq!(world.close_of(id), None);
    }
}

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

#[test]
fn a_display_ends_when_its_time_is_over() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    let show = |world: &mut World, text: &str, duration: Option<u64>| {
        let layout = json!({"layoutType": "text_wall", "text": text});
        world.frame(id, json!({"type": "display_event", "view": "main", "layout": layout, "durationMs": duration}));
    };
    show(&mut world, "short", Some(1_000));
    world.advance(Duration::from_millis(999));
    assert_eq!(
        world.cloud.sessions()[0]["displays"]["main"]["text"],
        "short"
    );
    world.advance(Duration::from_millis(1));
    assert!(world.cloud.sessions()[0]["displays"].get("main").is_none());
    // What replaces a display has its own time.
    show(&mut world, "short", Some(1_000));
    show(&mut world, "long", None);
    world.advance(seconds(5));
    assert_eq!(
        world.cloud.sessions()[0]["displays"]["main"]["text"],
        "long"
    );
}

#[test]
fn the_system_dashboard_alone_changes_the_mode_and_the_sections() {
    let mut world = World::new();
    let app = world.connect("user1", PACKAGE);
    let mode = json!({"type": "dashboard_mode_change", "mode": "expanded"});
    let section =
        json!({"type": "dashboard_system_update", "section": "topLeft", "content": "9:30"});
    world.frame(app, mode.clone());
    world.frame(app, section.clone());
    assert_eq!(world.frames_to(app).len(), 1);
    assert_eq!(world.cloud.sessions()[0]["dashboard"]["system"], json!({}));

    let dashboard = world.connect("user1", "system.augmentos.dashboard");
    world.frame(dashboard, mode);
    world.frame(dashboard, section);
    assert_eq!(world.frames_to(app).pop().unwrap()["mode"], "expanded");
    let system = &world.cloud.sessions()[0]["dashboard"]["system"];
    assert_eq!(*system, json!({"topLeft": "9:30"}));
}

#[test]
fn a_frozen_connection_is_silent_until_it_thaws() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.subscribe(id, &["transcription"]);
    world.said.clear();
    assert_eq!(world.inject(Fault::Freeze, Some(seconds(20))), [id]);
    world.advance(Duration::from_millis(19_999));
    assert!(world.deliveries_to(id).is_empty());
    // A connection that comes within the time freezes too.
    let late = world.open();
    let freezes = |world: &World, frozen: bool| {
        let said = world.said.iter();
        said.filter(
            |(_, output)| matches!(output, Output::Freeze { frozen: is, .. } if *is == frozen),
        )
        .count()
    };
    assert_eq!(freezes(&world, true), 2);
    world.advance(seconds(2));
    assert_eq!(freezes(&world, false), 2);
    assert!(!world.deliveries_to(id).is_empty());
    world.introduce(late, "user2", PACKAGE);
    assert_eq!(world.frames_to(late)[0]["type"], "tpa_connection_ack");
}

#[test]
fn a_delay_keeps_the_order_and_ends() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.said.clear();
    world.inject(Fault::Delay(seconds(3)), Some(seconds(10)));
    world.frame(id, json!({"type": "ping"}));
    assert!(world.deliveries_to(id).is_empty());
    world.advance(seconds(3));
    assert_eq!(world.frames_to(id)[0]["type"], "pong");
    // Clearing lets out at once what is held.
    world.said.clear();
    world.frame(id, json!({"type": "ping"}));
    world.cloud.clear_faults(world.now);
    world.drain();
    world.frame(id, json!({"type": "dashboard_mode_change", "mode": "main"}));
    world.advance(Duration::ZERO);
    assert_eq!(world.frames_to(id).len(), 1);
    world.frame(id, json!({"type": "ping"}));
    assert_eq!(world.frames_to(id).len(), 2);
}

#[test]
fn a_close_frame_waits_behind_what_is_delayed() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.said.clear();
    world.inject(Fault::Delay(seconds(3)), None);
    world
        .cloud
        .stop_apps(&Target::All, "user_disabled", world.now);
    world.drain();
    assert!(world.deliveries_to(id).is_empty());
    world.advance(seconds(4));
    let said: Vec<String> = world
        .deliveries_to(id)
        .iter()
        .map(|(at, what)| format!("{} {what:?}", at.as_millis()))
        .collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].starts_with("3000") && said[0].contains("app_stopped"),
        "{said:?}"
    );
    assert!(
        said[1].starts_with("3000") && said[1].contains("App stopped"),
        "{said:?}"
    );
    assert_eq!(world.cut_at(id), None);
    world.advance(seconds(1));
    assert_eq!(world.cut_at(id), Some(Instant::from_millis(5_000)));
}

#[test]
fn refusals_are_for_the_next_or_for_a_time() {
    let mut world = World::new();
    let open = |world: &mut World| {
        let opened = world.cloud.open("10.0.0.1:5", Dialect::MentraOs, world.now);
        world.drain();
        opened.map(|_| ())
    };
    world.inject(Fault::Refuse, None);
    assert_eq!(open(&mut world), Err(Refused::ByFault));
    assert_eq!(open(&mut world), Ok(()));
    world.inject(Fault::Refuse, Some(seconds(2)));
    assert_eq!(open(&mut world), Err(Refused::ByFault));
    world.advance(Duration::from_millis(1_999));
    assert_eq!(open(&mut world), Err(Refused::ByFault));
    world.advance(Duration::from_millis(1));
    assert_eq!(open(&mut world), Ok(()));
    world.inject(Fault::Refuse, Some(seconds(60)));
    world.cloud.clear_faults(world.now);
    assert_eq!(open(&mut world), Ok(()));
}

#[test]
fn a_refusal_with_a_target_waits_for_the_introduction() {
    let mut world = World::new();
    let request = FaultRequest {
        fault: Fault::Refuse,
        target: Target::Package(PACKAGE.to_owned()),
        period: None,
    };
    world.cloud.inject(&request, world.now);
    world.connect("user1", "org.example.other");
    let meant = world.open();
    world.introduce(meant, "user1", PACKAGE);
    assert!(world.cut_at(meant).is_some());
    world.connect("user1", PACKAGE);
}

#[test]
fn a_dropped_ack_leaves_the_next_one_alone() {
    let mut world = World::new();
    world.inject(Fault::DropAcks, None);
    let id = world.open();
    world.introduce(id, "user1", PACKAGE);
    assert!(world.deliveries_to(id).is_empty());
    assert_eq!(world.cloud.sessions(), json!([]));
    world.connect("user1", PACKAGE);
}

#[test]
fn flapping_cuts_each_connection_until_the_time_is_over() {
    let mut world = World::new();
    let first = world.connect("user1", PACKAGE);
    world.inject(Fault::Flap(seconds(1)), Some(seconds(5)));
    assert_eq!(world.cut_at(first), Some(Instant::ZERO));
    world.advance(seconds(4));
    let second = world.connect("user1", PACKAGE);
    world.advance(seconds(1));
    assert_eq!(world.cut_at(second), Some(Instant::from_millis(5_000)));
    let third = world.connect("user1", PACKAGE);
    world.advance(seconds(30));
    assert_eq!(world.cut_at(third), None);
}

#[test]
fn a_fault_with_a_period_befalls_those_that_come_back() {
    let mut world = World::new();
    world.connect("user1", PACKAGE);
    let reason = "again".to_owned();
    let fault = Fault::Close { code: 1011, reason };
    assert_eq!(world.inject(fault, Some(seconds(5))).len(), 1);
    let back = world.connect_and_lose("user1");
    assert_eq!(world.close_of(back), Some((1011, "again".to_owned())));
    world.advance(seconds(5));
    let back = world.connect("user1", PACKAGE);
    assert_eq!(world.close_of(back), None);
}

impl World {
    /// Connects, but something else than an ack may have come last.
    fn connect_and_lose(&mut self, user: &str) -> ConnectionId {
        let id = self.open();
        self.introduce(id, user, PACKAGE);
        assert_eq!(self.frames_to(id)[0]["type"], "tpa_connection_ack");
        id
    }
}

#[test]
fn a_restart_forgets_everything_and_lets_nobody_in_for_a_time() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.inject(Fault::Restart { close: None }, Some(seconds(2)));
    assert!(world.cut_at(id).is_some());
    assert_eq!(world.cloud.sessions(), json!([]));
    let refused = world
        .cloud
        .open("10.0.0.1:5", Dialect::AugmentOs, world.now);
    assert_eq!(refused, Err(Refused::ByFault));
    world.advance(seconds(2));
    world.connect("user1", PACKAGE);
}

#[test]
fn the_app_is_stopped_with_a_frame_and_a_close() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    let other = world.connect("user1", "org.example.other");
    let target = Target::Package(PACKAGE.to_owned());
    assert_eq!(
        world.cloud.stop_apps(&target, "user_disabled", world.now),
        [id]
    );
    world.drain();
    let frame = world.frames_to(id).pop().unwrap();
    assert_eq!(
        (&frame["type"], &frame["reason"]),
        (&json!("app_stopped"), &json!("user_disabled"))
    );
    assert_eq!(world.close_of(id), Some((1000, "App stopped".to_owned())));
    assert_eq!(world.close_of(other), None);
}

#[test]
fn there_is_a_limit_to_connections() {
    let mut world = World::with(Config {
        max_connections: 2,
        ..Config::default()
    });
    let first = world.open();
    world.open();
    let third = world
        .cloud
        .open("10.0.0.1:5", Dialect::AugmentOs, world.now);
    assert_eq!(third, Err(Refused::TooMany));
    world.input(first, Input::Gone);
    world.open();
}

#[test]
fn old_clouds_do_not_answer_pings() {
    let mut world = World::with(Config {
        pong: false,
        ..Config::default()
    });
    let id = world.connect("user1", PACKAGE);
    world.frame(id, json!({"type": "ping"}));
    assert_eq!(world.frames_to(id).len(), 1);
}

#[test]
fn a_second_introduction_is_refused() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.introduce(id, "user1", PACKAGE);
    assert_eq!(world.close_of(id).unwrap().0, 1008);
}

#[test]
fn time_that_goes_back_changes_nothing() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.advance(seconds(14));
    world.cloud.handle_timeout(world.now);
    world.cloud.handle_timeout(Instant::ZERO);
    world
        .cloud
        .handle_input(id, Input::SignOfLife, Instant::ZERO);
    world.drain();
    world.advance(seconds(44));
    assert_eq!(world.close_of(id), None);
    world.input(
        id,
        Input::Closed {
            code: 1000,
            reason: "",
        },
    );
    let by_peer = Fact::Closed {
        code: 1000,
        reason: String::new(),
        by: Side::Peer,
    };
    assert_eq!(world.facts_of(id).pop(), Some(by_peer));
}
