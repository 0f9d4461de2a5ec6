//! Start, loss, restart and stop of apps.

use tpa_cloud::{RestartForm, UserSessionId, WebhookCall};

use crate::world::*;

const URL: &str = "http://127.0.0.1:7010/webhook";

impl World {
    fn start_app(&mut self) {
        let user = UserSessionId::new("user1");
        let url = Some(URL.to_owned());
        let session_id = self.cloud.start_app(&user, PACKAGE, url, self.now);
        assert_eq!(session_id, format!("user1-{PACKAGE}"));
        self.drain();
    }

    fn stop_app(&mut self) {
        let target = Target::Package(PACKAGE.to_owned());
        self.cloud.stop_apps(&target, "user_disabled", self.now);
        self.drain();
    }

    /// The webhook calls so far: time in ms, URL and body.
    fn calls(&self) -> Vec<(u64, WebhookCall, Value)> {
        let outputs = self.outputs.iter();
        outputs
            .filter_map(|(at, output)| match output {
                Output::Webhook(call) => {
                    let body = serde_json::from_str(&call.body).unwrap();
                    Some((at.as_millis(), call.clone(), body))
                }
                _ => None,
            })
            .collect()
    }

    /// Answers the last webhook call.
    fn answer(&mut self, answer: Result<(), &str>) {
        let (_, call, _) = self.calls().pop().unwrap();
        let answer = answer.map_err(str::to_owned);
        self.cloud.handle_webhook(&call, answer, self.now);
        self.drain();
    }

    fn assert_refused(&mut self) {
        let id = self.open();
        self.handshake(id, "user1", PACKAGE);
        let refused = (1008, "App not started for this session".to_owned());
        assert_eq!(self.close_of(id), Some(refused));
    }

    fn assert_given_up(&mut self, why: &str) {
        let facts = self.facts();
        let reasons: Vec<_> = facts
            .iter()
            .filter_map(|(_, fact)| match fact {
                Fact::AppGivenUp { reason, .. } => Some(reason.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(reasons, [why]);
        assert_eq!(self.app_state(), "given_up");
        self.assert_refused();
        self.start_app();
        self.connect("user1", PACKAGE);
    }

    fn app_state(&self) -> Value {
        self.cloud.sessions()[0]["apps"][0]["state"].clone()
    }
}

#[test]
fn starting_an_app_calls_its_webhook() {
    let mut world = World::with(Config {
        public_url: "ws://127.0.0.1:1234".to_owned(),
        ..Config::default()
    });
    world.start_app();
    let (_, call, body) = world.calls().pop().unwrap();
    assert_eq!(call.url, URL);
    assert_eq!(body["type"], "session_request");
    assert_eq!(body["sessionId"], format!("user1-{PACKAGE}"));
    assert_eq!(body["userId"], "user1");
    assert_eq!(body["websocketUrl"], "ws://127.0.0.1:1234/app-ws");
    assert_eq!(body["mentraOSWebsocketUrl"], body["websocketUrl"]);
    assert_eq!(body["augmentOSWebsocketUrl"], "ws://127.0.0.1:1234/tpa-ws");
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!(world.app_state(), "starting");
    world.connect("user1", PACKAGE);
    assert_eq!(world.app_state(), "connected");
}

#[test]
fn stopping_an_app_sends_a_frame_and_calls_its_webhook() {
    let mut world = World::new();
    world.start_app();
    let id = world.connect("user1", PACKAGE);
    world.stop_app();
    let frame = world.frames_to(id).pop().unwrap();
    assert_eq!(
        (&frame["type"], &frame["reason"]),
        (&json!("app_stopped"), &json!("user_disabled"))
    );
    assert_eq!(world.close_of(id), Some((1000, "App stopped".to_owned())));
    let (_, call, body) = world.calls().pop().unwrap();
    assert_eq!(call.url, URL);
    assert_eq!(body["type"], "stop_request");
    assert_eq!(body["reason"], "user_disabled");
    assert_eq!(world.cloud.sessions()[0]["apps"], json!([]));
    world.advance(seconds(60));
    assert_eq!(world.calls().len(), 2);
}

#[test]
fn a_disconnected_app_can_be_stopped() {
    let mut world = World::new();
    world.start_app();
    world.stop_app();
    assert_eq!(world.calls().len(), 2);
    world.stop_app();
    assert_eq!(world.calls().len(), 2);
}

/// Each form of a restart, with the requests that it consists of.
const RESTARTS: [(RestartForm, &[&str]); 2] = [
    (RestartForm::StopStart, &["stop_request", "session_request"]),
    (RestartForm::Start, &["session_request"]),
];

#[test]
fn a_lost_app_is_restarted_after_five_seconds() {
    for (restart, requests) in RESTARTS {
        let mut world = World::with(Config {
            restart,
            ..Config::default()
        });
        world.start_app();
        world.connect("user1", PACKAGE);
        world.inject(fault::Cut {}, None);
        assert_eq!(world.app_state(), "lost");
        world.advance(Duration::from_millis(4_999));
        assert_eq!(world.calls().len(), 1);
        world.advance(Duration::from_millis(1));
        // Whatever the app answers.
        world.answer(Err("status 503"));
        let calls = world.calls();
        let found: Vec<_> = calls[1..]
            .iter()
            .map(|(at, _, body)| (*at, body["type"].as_str().unwrap()))
            .collect();
        let expected: Vec<_> = requests.iter().map(|request| (5_000, *request)).collect();
        assert_eq!(found, expected);
        assert_eq!(world.app_state(), "starting");
        world.connect("user1", PACKAGE);
        assert_eq!(world.app_state(), "connected");
        world.advance(seconds(40));
        assert_eq!(world.calls().len(), 1 + requests.len());
    }
}

#[test]
fn a_restart_waits_for_the_response_to_the_stop() {
    let mut world = World::new();
    world.start_app();
    world.connect("user1", PACKAGE);
    world.inject(fault::Cut {}, None);
    world.advance(seconds(5));
    let (_, _, stop) = world.calls().pop().unwrap();
    assert_eq!(
        (&stop["type"], &stop["reason"]),
        (&json!("stop_request"), &json!("user_disabled"))
    );
    assert!(stop["timestamp"].as_str().unwrap().ends_with('Z'));
    // The stop is not repeated, and the app is refused meanwhile.
    world.advance(seconds(50));
    assert_eq!(world.calls().len(), 2);
    assert_eq!(world.app_state(), "restarting");
    world.assert_refused();
    world.answer(Ok(()));
    let (at, _, start) = world.calls().pop().unwrap();
    assert_eq!((at, &start["type"]), (55_000, &json!("session_request")));
    world.connect("user1", PACKAGE);
}

#[test]
fn an_app_that_reconnects_in_time_is_not_restarted() {
    let mut world = World::new();
    world.start_app();
    world.connect("user1", PACKAGE);
    world.inject(fault::Cut {}, None);
    world.advance(seconds(4));
    let back = world.connect("user1", PACKAGE);
    for _ in 0..6 {
        world.advance(seconds(10));
        world.input(back, Input::Pong);
    }
    // The same for a connection that replaces another.
    world.connect("user1", PACKAGE);
    world.advance(seconds(10));
    assert_eq!(world.calls().len(), 1);
}

#[test]
fn an_app_that_releases_its_session_is_not_restarted() {
    let mut world = World::new();
    world.start_app();
    let id = world.connect("user1", PACKAGE);
    world.frame(
        id,
        json!({"type": "ownership_release", "packageName": PACKAGE,
               "sessionId": format!("user1-{PACKAGE}"), "reason": "switching_clouds"}),
    );
    world.input(id, Input::Gone);
    assert_eq!(world.app_state(), "released");
    world.advance(seconds(60));
    assert_eq!(world.calls().len(), 1);
    // After a reconnect the cloud restarts it again.
    let id = world.connect("user1", PACKAGE);
    world.input(id, Input::Gone);
    world.advance(seconds(60));
    assert_eq!(world.calls().len(), 2);
}

#[test]
fn every_closure_begins_the_grace_period() {
    for code in [1000, 1001, 1005, 1011, 3000, 4000] {
        let mut world = World::new();
        world.start_app();
        let id = world.connect("user1", PACKAGE);
        let reason = "bye";
        world.input(id, Input::Closed { code, reason });
        world.input(id, Input::Gone);
        assert_eq!(world.app_state(), "lost", "{code}");
        world.advance(seconds(5));
        let (at, _, body) = world.calls().pop().unwrap();
        assert_eq!(
            (at, &body["type"]),
            (5_000, &json!("stop_request")),
            "{code}"
        );
    }
}

#[test]
fn an_app_without_a_webhook_is_not_restarted_or_refused() {
    let mut world = World::new();
    let user = UserSessionId::new("user1");
    world.cloud.start_app(&user, PACKAGE, None, world.now);
    world.advance(seconds(60));
    let id = world.connect("user1", PACKAGE);
    world.input(id, Input::Gone);
    world.advance(seconds(60));
    assert_eq!(world.app_state(), "lost");
    world.connect("user1", PACKAGE);
    world.stop_app();
    world.connect("user1", PACKAGE);
    assert!(world.calls().is_empty());
}

#[test]
fn an_app_that_does_not_connect_is_given_up() {
    let mut world = World::with(Config {
        app_start_timeout: seconds(6),
        ..Config::default()
    });
    world.start_app();
    world.advance(seconds(3));
    world.answer(Ok(()));
    world.advance(Duration::from_millis(2_999));
    assert_eq!(world.app_state(), "starting");
    world.advance(Duration::from_millis(1));
    assert_eq!(world.calls().len(), 1);
    world.assert_given_up("no connection within 6s");
}

#[test]
fn a_failed_start_is_tried_twice() {
    let mut world = World::new();
    world.start_app();
    world.answer(Err("connection refused"));
    world.advance(Duration::from_millis(999));
    assert_eq!(world.calls().len(), 1);
    world.advance(Duration::from_millis(1));
    let calls = world.calls();
    let (at, _, body) = &calls[1];
    assert_eq!((*at, &body["type"]), (1_000, &json!("session_request")));
    world.answer(Err("connection refused"));
    world.advance(seconds(60));
    assert_eq!(world.calls().len(), 2);
    world.assert_given_up("webhook failed: connection refused");
}

#[test]
fn the_second_try_can_succeed() {
    let mut world = World::new();
    world.start_app();
    world.answer(Err("connection refused"));
    world.advance(seconds(1));
    world.answer(Ok(()));
    world.connect("user1", PACKAGE);
    assert_eq!(world.app_state(), "connected");
}

#[test]
fn a_late_response_does_not_affect_the_next_start() {
    let mut world = World::new();
    world.start_app();
    let (_, old, _) = world.calls().pop().unwrap();
    world.stop_app();
    world.start_app();
    let failed = Err("no response within 10s".to_owned());
    world.cloud.handle_webhook(&old, failed, world.now);
    world.drain();
    world.advance(seconds(2));
    assert_eq!(world.calls().len(), 3);
    assert_eq!(world.app_state(), "starting");
}

#[test]
fn a_stopped_app_is_refused_until_it_is_started() {
    let mut world = World::new();
    world.start_app();
    world.connect("user1", PACKAGE);
    world.stop_app();
    world.assert_refused();
    // Other users and apps are not affected.
    world.connect("user2", PACKAGE);
    world.connect("user1", "org.example.other");
    world.start_app();
    world.connect("user1", PACKAGE);
}

#[test]
fn webhook_results_are_events() {
    let mut world = World::new();
    world.start_app();
    let (_, call, _) = world.calls().pop().unwrap();
    let refused = Err("connection refused".to_owned());
    world.cloud.handle_webhook(&call, refused, world.now);
    world.drain();
    let (_, fact) = world.facts().pop().unwrap();
    assert_eq!(
        fact,
        Fact::Webhook {
            request: "session_request",
            package_name: PACKAGE.to_owned(),
            user_session_id: UserSessionId::new("user1"),
            success: false,
            error: Some("connection refused".to_owned()),
        }
    );
}

#[test]
fn a_restart_forgets_the_apps() {
    let mut world = World::new();
    world.start_app();
    world.connect("user1", PACKAGE);
    world.inject(fault::Restart::default(), Some(seconds(1)));
    world.advance(seconds(60));
    assert_eq!(world.calls().len(), 1);
}
