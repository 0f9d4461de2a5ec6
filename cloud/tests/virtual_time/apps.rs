//! Start, loss, restart and stop of apps.

use tpa_cloud::{UserSessionId, WebhookCall};

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

#[test]
fn a_lost_app_is_restarted_after_five_seconds() {
    let mut world = World::new();
    world.start_app();
    world.connect("user1", PACKAGE);
    world.inject(fault::Cut {}, None);
    assert_eq!(world.app_state(), "lost");
    world.advance(Duration::from_millis(4_999));
    assert_eq!(world.calls().len(), 1);
    world.advance(Duration::from_millis(1));
    let calls = world.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(
        (calls[1].0, &calls[1].2["type"]),
        (5_000, &json!("session_request"))
    );
    // The app is restarted only once.
    world.advance(seconds(60));
    assert_eq!(world.calls().len(), 2);
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
fn an_app_that_closes_normally_is_not_restarted() {
    let release = |world: &mut World, id: ConnectionId| {
        world.frame(
            id,
            json!({"type": "ownership_release", "packageName": PACKAGE,
                   "sessionId": format!("user1-{PACKAGE}"), "reason": "switching_clouds"}),
        );
        world.input(id, Input::Gone);
    };
    let close = |world: &mut World, id: ConnectionId| {
        let reason = "";
        world.input(id, Input::Closed { code: 1000, reason });
        world.input(id, Input::Gone);
    };
    for end in [release, close] {
        let mut world = World::new();
        world.start_app();
        let id = world.connect("user1", PACKAGE);
        end(&mut world, id);
        assert_eq!(world.app_state(), "released");
        world.advance(seconds(60));
        assert_eq!(world.calls().len(), 1);
        // After a reconnect the cloud restarts it again.
        let id = world.connect("user1", PACKAGE);
        world.input(id, Input::Gone);
        world.advance(seconds(60));
        assert_eq!(world.calls().len(), 2);
    }
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
