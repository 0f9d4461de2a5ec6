//! Playback of plans: times, targets and stop.

use tpa_cloud::{Action, Phase, Plan, Scenario, SeededPlan};

use crate::world::*;

fn builtin(name: &str) -> Plan {
    let mut scenarios = Scenario::builtin().into_iter();
    Plan::Scenario(scenarios.find(|scenario| scenario.name == name).unwrap())
}

fn scripted(toml: &str) -> Plan {
    Plan::Scenario(Scenario::from_toml("scripted", toml).unwrap())
}

impl World {
    fn play(&mut self, plan: Plan, target: Target) {
        self.cloud.play(plan, target, self.now);
        self.drain();
    }

    fn phases(&self) -> Vec<(String, Phase)> {
        let facts = self.facts().into_iter();
        facts
            .filter_map(|(_, fact)| match fact {
                Fact::Scenario { name, phase } => Some((name, phase)),
                _ => None,
            })
            .collect()
    }

    /// Dials for a session; `None` if the cloud refuses connections.
    fn dial(&mut self, user: &str) -> Option<ConnectionId> {
        let opened = self.cloud.open("10.0.0.1:5", Dialect::AugmentOs, self.now);
        let id = opened.ok()?;
        self.handshake(id, user, PACKAGE);
        self.drain();
        Some(id)
    }

    /// The faults so far, with their times in ms.
    fn faults(&self) -> Vec<(u64, &'static str)> {
        let outputs = self.outputs.iter();
        outputs
            .filter_map(|(at, output)| match output {
                Output::Event(event) => match event.fact {
                    Fact::Fault { fault, .. } => Some((at.as_millis(), fault)),
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }
}

#[test]
fn steps_are_performed_on_time_for_their_target() {
    let mut world = World::new();
    let captions = world.connect("user1", PACKAGE);
    let other = world.connect("user1", "org.example.other");
    let third = world.connect("user2", "org.example.other");
    world.play(
        scripted(&format!(
            r#"
            [[steps]]
            at = "4s"
            fault = "cut"
            connectionId = "{third}"
            [[steps]]
            at = "2s"
            fault = "close"
            code = 4321
            packageName = "{PACKAGE}"
            [[steps]]
            at = "3s"
            frame = {{ type = "custom_message", action = "hello" }}
            [[steps]]
            at = "5s"
            stop = "system_stop"
            "#
        )),
        Target::All,
    );
    world.advance(Duration::from_millis(1_999));
    assert_eq!(world.close_of(captions), None);
    world.advance(Duration::from_millis(1));
    assert_eq!(world.close_of(captions), Some((4321, String::new())));
    world.advance(seconds(1));
    for id in [other, third] {
        assert_eq!(world.frames_to(id).last().unwrap()["action"], "hello");
    }
    world.advance(seconds(1));
    assert_eq!(world.cut_at(third), Some(Instant::from_millis(4_000)));
    assert_eq!(world.close_of(other), None);
    world.advance(seconds(1));
    assert_eq!(
        world.frames_to(other).last().unwrap()["reason"],
        "system_stop"
    );
    assert_eq!(world.close_of(other).unwrap().0, 1000);
    let name = "scripted".to_owned();
    assert_eq!(
        world.phases(),
        [(name.clone(), Phase::Started), (name, Phase::Ended)]
    );
    assert!(world.cloud.playing().is_empty());
}

#[test]
fn a_plan_can_target_one_session() {
    let mut world = World::new();
    let targeted = world.connect("user1", PACKAGE);
    let other = world.connect("user2", PACKAGE);
    let target = Target::Session(format!("user1-{PACKAGE}"));
    world.play(builtin("deploy-restart"), target);
    world.advance(seconds(5));
    assert_eq!(
        world.close_of(targeted),
        Some((1012, "Service restart".to_owned()))
    );
    assert_eq!(world.close_of(other), None);
}

#[test]
fn stopping_a_plan_ends_its_faults() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    let own = Target::Session(format!("user1-{PACKAGE}"));
    world.play(builtin("train-tunnel"), own.clone());
    world.play(builtin("stale-nat"), Target::Package("a.b".to_owned()));
    world.advance(seconds(7));
    let thaws = |world: &World| {
        let outputs = world.outputs.iter();
        outputs
            .filter(|(_, output)| matches!(output, Output::Freeze { frozen: false, .. }))
            .count()
    };
    assert_eq!(thaws(&world), 0);
    world.cloud.stop_playing(&own, world.now);
    world.drain();
    assert_eq!(thaws(&world), 1);
    world.advance(seconds(25));
    assert_eq!(world.cut_at(id), None);
    let left = world.cloud.playing();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].name, "stale-nat");
    let stopped = ("train-tunnel".to_owned(), Phase::Stopped);
    assert!(world.phases().contains(&stopped));
    world.cloud.stop_playing(&Target::All, world.now);
    assert!(world.cloud.playing().is_empty());
    assert!(!matches!(
        world.cloud.poll_timeout(),
        Some((_, Timer::Plan(_)))
    ));
}

#[test]
fn the_same_plan_for_the_same_target_restarts() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.play(builtin("deploy-restart"), Target::All);
    world.advance(seconds(1));
    world.play(builtin("deploy-restart"), Target::All);
    assert_eq!(world.cloud.playing().len(), 1);
    world.advance(Duration::from_millis(1_999));
    assert_eq!(world.close_of(id), None);
    world.advance(Duration::from_millis(1));
    assert!(world.close_of(id).is_some());
}

#[test]
fn plans_are_limited() {
    let mut world = World::new();
    for user in 0..200 {
        let target = Target::Session(format!("user{user}-{PACKAGE}"));
        world.play(builtin("stale-nat"), target);
    }
    assert_eq!(world.cloud.playing().len(), 64);
}

#[test]
fn the_plan_of_a_seed_is_reproducible() {
    let faults = |seed: u64| {
        let mut world = World::new();
        world.play(Plan::Seeded(SeededPlan::new(seed)), Target::All);
        world.advance(seconds(24 * 60 * 60));
        world.faults()
    };
    let planned: Vec<(u64, &str)> = SeededPlan::new(7)
        .map(|step| match step.action {
            Action::Fault(request) => (step.at.as_millis() as u64, request.fault.name()),
            other => panic!("{other:?}"),
        })
        .take_while(|(at, _)| *at <= 24 * 60 * 60 * 1_000)
        .collect();
    assert!(planned.len() > 5_000, "{}", planned.len());
    assert_eq!(faults(7), planned);
}

#[test]
fn the_plan_of_a_seed_ends_when_its_session_stays_away() {
    let mut world = World::new();
    let session = Target::Session(format!("user1-{PACKAGE}"));
    world.play(Plan::Seeded(SeededPlan::new(7)), session);
    world.play(Plan::Seeded(SeededPlan::new(8)), Target::All);
    let playing = |world: &World| {
        let names = world.cloud.playing().into_iter().map(|play| play.name);
        names.collect::<Vec<_>>()
    };
    // An app that connects every 30 s, whatever becomes of its connections.
    let mut opened = Vec::new();
    for _ in 0..40 {
        world.advance(seconds(30));
        opened.extend(world.dial("user1"));
    }
    assert_eq!(playing(&world), ["seed-7", "seed-8"]);
    for id in opened {
        world.input(id, Input::Gone);
    }
    // Other sessions do not count.
    for _ in 0..10 {
        world.advance(seconds(30));
        world.dial("user2");
    }
    assert_eq!(playing(&world), ["seed-8"]);
    assert!(
        world
            .phases()
            .contains(&("seed-7".to_owned(), Phase::Stopped))
    );
}

/// The events of a TPA that answers every ping and reconnects within a
/// second of each loss.
struct Passenger {
    id: Option<ConnectionId>,
    losses: Vec<(u64, Fact)>,
}

/// Plays a scenario to a TPA that reconnects after a second.
fn live_through(name: &str, for_seconds: u64) -> (World, Passenger) {
    let mut world = World::new();
    let mut passenger = Passenger {
        id: Some(world.connect("user1", PACKAGE)),
        losses: Vec::new(),
    };
    world.play(builtin(name), Target::All);
    for _ in 0..for_seconds {
        world.advance(seconds(1));
        match passenger.id {
            Some(id) => {
                let closed = world
                    .facts_of(id)
                    .into_iter()
                    .find(|fact| matches!(fact, Fact::Closed { .. }));
                if let Some(closed) = closed {
                    passenger.losses.push((world.now.as_millis(), closed));
                    passenger.id = None;
                } else if !world.cloud.sessions().to_string().contains("frozen") {
                    world.input(id, Input::Pong);
                }
            }
            None => {
                let opened = world
                    .cloud
                    .open("10.0.0.1:5", Dialect::AugmentOs, world.now);
                if let Ok(id) = opened {
                    world.handshake(id, "user1", PACKAGE);
                    passenger.id = Some(id);
                }
                world.drain();
            }
        }
    }
    (world, passenger)
}

#[test]
fn laptop_sleep_is_ended_by_the_health_monitor() {
    let (world, passenger) = live_through("laptop-sleep", 70);
    // The last activity was at 1 s.
    let (at, closed) = &passenger.losses[0];
    assert_eq!(*at, 46_000);
    assert!(
        matches!(closed, Fact::Closed { code: 4008, .. }),
        "{closed:?}"
    );
    assert_eq!(passenger.losses.len(), 1);
    let stale = |fact: &Fact| matches!(fact, Fact::Stale { .. });
    assert!(world.facts().iter().any(|(_, fact)| stale(fact)));
    assert!(passenger.id.is_some());
}

#[test]
fn train_tunnel_is_silence_then_a_cut() {
    let (_, passenger) = live_through("train-tunnel", 40);
    let cut = Fact::Closed {
        code: 1006,
        reason: String::new(),
        by: Side::Cloud,
    };
    assert_eq!(passenger.losses, [(18_000, cut)]);
    assert!(passenger.id.is_some());
}

#[test]
fn deploy_restart_closes_and_refuses() {
    let (world, passenger) = live_through("deploy-restart", 20);
    assert_eq!(passenger.losses.len(), 1);
    assert!(matches!(
        passenger.losses[0],
        (2_000, Fact::Closed { code: 1012, .. })
    ));
    let facts = world.facts();
    let refused = |fact: &Fact| matches!(fact, Fact::Refused { error: "FAULT", .. });
    assert_eq!(facts.iter().filter(|(_, fact)| refused(fact)).count(), 1);
    assert!(passenger.id.is_some());
}

#[test]
fn flapping_wifi_cuts_repeatedly_and_ends() {
    let (_, passenger) = live_through("flapping-wifi", 30);
    let times: Vec<u64> = passenger.losses.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [2_000, 4_000, 6_000]);
    assert!(passenger.id.is_some());
}

#[test]
fn stale_nat_freezes_open_connections_only() {
    let mut world = World::new();
    let first = world.connect("user1", PACKAGE);
    world.play(builtin("stale-nat"), Target::All);
    world.advance(seconds(3));
    let second = world.connect("user2", PACKAGE);
    world.frame(second, json!({"type": "ping"}));
    assert_eq!(world.frames_to(second).last().unwrap()["type"], "pong");
    world.frame(first, json!({"type": "ping"}));
    assert_eq!(world.frames_to(first).len(), 2);
    world.advance(seconds(30));
    let frozen = |world: &World| world.cloud.sessions().to_string().matches("frozen").count();
    assert_eq!(frozen(&world), 2);
}

#[test]
fn wrong_key_refuses_reconnects_for_its_period() {
    let mut world = World::new();
    let first = world.connect("user1", PACKAGE);
    world.play(builtin("wrong-key"), Target::All);
    world.advance(seconds(2));
    assert!(world.cut_at(first).is_some());
    for _ in 0..3 {
        let id = world.open();
        world.handshake(id, "user1", PACKAGE);
        let error = world.frames_to(id).pop().unwrap();
        assert_eq!(error["type"], "tpa_connection_error");
        assert_eq!(error["code"], "INVALID_API_KEY");
        assert_eq!(
            world.close_of(id),
            Some((1008, "Invalid API key".to_owned()))
        );
    }
    world.advance(seconds(30));
    world.connect("user1", PACKAGE);
}
