//! Each fault in virtual time.

use crate::world::*;

#[test]
fn a_frozen_connection_is_silent_for_the_period() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.subscribe(id, &["transcription"]);
    world.outputs.clear();
    assert_eq!(
        world.inject(fault::Freeze::default(), Some(seconds(20))),
        [id]
    );
    world.advance(Duration::from_millis(19_999));
    assert!(world.deliveries_to(id).is_empty());
    // A connection that opens within the period freezes too.
    let late = world.open();
    let freezes = |world: &World, frozen: bool| {
        let outputs = world.outputs.iter();
        outputs
            .filter(
                |(_, output)| matches!(output, Output::Freeze { frozen: is, .. } if *is == frozen),
            )
            .count()
    };
    assert_eq!(freezes(&world, true), 2);
    world.advance(seconds(2));
    assert_eq!(freezes(&world, false), 2);
    assert!(!world.deliveries_to(id).is_empty());
    world.handshake(late, "user2", PACKAGE);
    assert_eq!(world.frames_to(late)[0]["type"], "tpa_connection_ack");
}

#[test]
fn the_end_of_a_period_is_a_deadline_without_any_connection() {
    let mut world = World::new();
    let start = world.now;
    let deadline = |world: &World| world.cloud.poll_timeout().map(|(at, _)| at);
    world.inject(fault::Refuse {}, Some(seconds(20)));
    world.inject(fault::Refuse {}, Some(seconds(5)));
    assert_eq!(deadline(&world), Some(start + seconds(5)));
    world.advance(seconds(5));
    assert_eq!(deadline(&world), Some(start + seconds(20)));
    world.advance(seconds(15));
    assert_eq!(deadline(&world), None);
    world.inject(fault::Refuse {}, Some(seconds(20)));
    world.cloud.clear_faults(&Target::All, world.now);
    assert_eq!(deadline(&world), None);
}

#[test]
fn a_delay_keeps_the_order_and_ends() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.outputs.clear();
    world.inject(fault::Delay::new(seconds(3)), Some(seconds(10)));
    world.frame(id, json!({"type": "ping"}));
    assert!(world.deliveries_to(id).is_empty());
    world.advance(seconds(3));
    assert_eq!(world.frames_to(id)[0]["type"], "pong");
    // Clearing sends the held frames immediately.
    world.outputs.clear();
    world.frame(id, json!({"type": "ping"}));
    world.cloud.clear_faults(&Target::All, world.now);
    world.drain();
    world.frame(id, json!({"type": "dashboard_mode_change", "mode": "main"}));
    world.advance(Duration::ZERO);
    assert_eq!(world.frames_to(id).len(), 1);
    world.frame(id, json!({"type": "ping"}));
    assert_eq!(world.frames_to(id).len(), 2);
}

#[test]
fn a_close_frame_follows_delayed_frames() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.outputs.clear();
    world.inject(fault::Delay::new(seconds(3)), None);
    world
        .cloud
        .stop_apps(&Target::All, "user_disabled", world.now);
    world.drain();
    assert!(world.deliveries_to(id).is_empty());
    world.advance(seconds(4));
    let outputs: Vec<String> = world
        .deliveries_to(id)
        .iter()
        .map(|(at, what)| format!("{} {what:?}", at.as_millis()))
        .collect();
    assert_eq!(outputs.len(), 2, "{outputs:?}");
    assert!(
        outputs[0].starts_with("3000") && outputs[0].contains("app_stopped"),
        "{outputs:?}"
    );
    assert!(
        outputs[1].starts_with("3000") && outputs[1].contains("App stopped"),
        "{outputs:?}"
    );
    assert_eq!(world.cut_at(id), None);
    world.advance(seconds(1));
    assert_eq!(world.cut_at(id), Some(Instant::from_millis(5_000)));
}

#[test]
fn refuse_affects_the_next_connection_or_a_period() {
    let mut world = World::new();
    let open = |world: &mut World| {
        let opened = world.cloud.open("10.0.0.1:5", Dialect::MentraOs, world.now);
        world.drain();
        opened.map(|_| ())
    };
    world.inject(Fault::from(fault::Refuse {}), None);
    assert_eq!(open(&mut world), Err(OpenError::ResetByFault));
    assert_eq!(open(&mut world), Ok(()));
    world.inject(fault::Refuse {}, Some(seconds(2)));
    assert_eq!(open(&mut world), Err(OpenError::ResetByFault));
    world.advance(Duration::from_millis(1_999));
    assert_eq!(open(&mut world), Err(OpenError::ResetByFault));
    world.advance(Duration::from_millis(1));
    assert_eq!(open(&mut world), Ok(()));
    world.inject(fault::Refuse {}, Some(seconds(60)));
    world.cloud.clear_faults(&Target::All, world.now);
    assert_eq!(open(&mut world), Ok(()));
}

#[test]
fn refuse_with_a_target_acts_after_the_first_frame() {
    let mut world = World::new();
    let request = FaultRequest {
        fault: fault::Refuse {}.into(),
        target: Target::Package(PACKAGE.to_owned()),
        period: None,
        share: tpa_cloud::Share::ALL,
    };
    world.cloud.inject(&request, world.now);
    world.connect("user1", "org.example.other");
    let targeted = world.open();
    world.handshake(targeted, "user1", PACKAGE);
    assert!(world.cut_at(targeted).is_some());
    world.connect("user1", PACKAGE);
}

#[test]
fn drop_acks_affects_one_handshake() {
    let mut world = World::new();
    world.inject(fault::DropAcks {}, None);
    let id = world.open();
    world.handshake(id, "user1", PACKAGE);
    assert!(world.deliveries_to(id).is_empty());
    assert_eq!(world.cloud.sessions(), json!([]));
    world.connect("user1", PACKAGE);
}

#[test]
fn flap_cuts_each_connection_within_the_period() {
    let mut world = World::new();
    let first = world.connect("user1", PACKAGE);
    world.inject(fault::Flap { uptime: seconds(1) }, Some(seconds(5)));
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
fn a_fault_with_a_period_affects_reconnects() {
    let mut world = World::new();
    world.connect("user1", PACKAGE);
    let reason = "again".to_owned();
    let fault = fault::Close { code: 1011, reason };
    assert_eq!(world.inject(fault, Some(seconds(5))).len(), 1);
    let back = world.connect_and_lose("user1");
    assert_eq!(world.close_of(back), Some((1011, "again".to_owned())));
    world.advance(seconds(5));
    let back = world.connect("user1", PACKAGE);
    assert_eq!(world.close_of(back), None);
}

#[test]
fn restart_forgets_sessions_and_refuses() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.inject(fault::Restart::default(), Some(seconds(2)));
    assert!(world.cut_at(id).is_some());
    assert_eq!(world.cloud.sessions(), json!([]));
    let refused = world
        .cloud
        .open("10.0.0.1:5", Dialect::AugmentOs, world.now);
    assert_eq!(refused, Err(OpenError::ResetByFault));
    world.advance(seconds(2));
    world.connect("user1", PACKAGE);
}

#[test]
fn each_error_code_can_be_injected() {
    for (error, code) in [
        ("INVALID_API_KEY", 1008),
        ("INVALID_JWT", 1008),
        ("JWT_SIGNATURE_FAILED", 1008),
        ("PACKAGE_NOT_FOUND", 1008),
        ("SESSION_NOT_FOUND", 1008),
        ("MALFORMED_MESSAGE", 1008),
        ("INTERNAL_ERROR", 1011),
    ] {
        let mut world = World::new();
        world.inject(fault::Reject { error }, None);
        let id = world.open();
        world.handshake(id, "user1", PACKAGE);
        assert_eq!(world.frames_to(id)[0]["code"], error);
        assert_eq!(world.close_of(id).unwrap().0, code, "{error}");
        // It affected one connection only.
        world.connect("user1", PACKAGE);
    }
}

#[test]
fn faults_are_cleared_by_target() {
    let mut world = World::new();
    let one = world.connect("user1", PACKAGE);
    let other = world.connect("user2", PACKAGE);
    let target = Target::Session(format!("user1-{PACKAGE}"));
    world.inject(fault::Freeze::default(), Some(seconds(20)));
    world.cloud.clear_faults(&target, world.now);
    world.drain();
    let state = |world: &World, user: usize| {
        world.cloud.sessions()[user]["connections"][0]["state"].clone()
    };
    assert_eq!(
        (state(&world, 0), state(&world, 1)),
        (json!("connected"), json!("frozen"))
    );
    assert_ne!(one, other);
}
