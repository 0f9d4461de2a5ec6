//! Frames of control requests, in their short forms.

use tpa_cloud::{Action, Plan, Scenario};

use crate::world::*;

/// Performs a scenario step. Returns the frames that a TPA receives.
fn sent(world: &mut World, id: ConnectionId, step: Value) -> Vec<Value> {
    let mut step = step;
    step["at"] = json!(0);
    let text = json!({"steps": [step]}).to_string();
    let scenario = Scenario::from_json("by-hand", &text).unwrap();
    world.outputs.clear();
    world
        .cloud
        .play(Plan::Scenario(scenario), Target::All, world.now);
    world.advance(Duration::ZERO);
    world.frames_to(id)
}

#[test]
fn short_forms_become_complete_frames() {
    for (step, kind, field, value) in [
        (
            json!({"systemSettings": {"brightness": 80}}),
            "augmentos_settings_update",
            "settings",
            json!({"brightness": 80}),
        ),
        (
            json!({"dashboardMode": "expanded"}),
            "dashboard_mode_changed",
            "mode",
            json!("expanded"),
        ),
        (
            json!({"dashboardAlwaysOn": true}),
            "dashboard_always_on_changed",
            "enabled",
            json!(true),
        ),
        (
            json!({"capabilities": {"hasCamera": false}, "modelName": "G1"}),
            "capabilities_update",
            "modelName",
            json!("G1"),
        ),
        (
            json!({"customMessage": {"action": "wave", "payload": 7}}),
            "custom_message",
            "payload",
            json!(7),
        ),
        (
            json!({"permissionError": ["audio_chunk"]}),
            "permission_error",
            "details",
            json!([{"stream": "audio_chunk", "requiredPermission": "MICROPHONE",
                    "message": "audio_chunk needs the permission MICROPHONE"}]),
        ),
    ] {
        let mut world = World::new();
        let id = world.connect("user1", PACKAGE);
        let frame = sent(&mut world, id, step.clone()).pop().unwrap();
        assert_eq!(frame["type"], kind, "{step}");
        assert_eq!(frame[field], value, "{step}");
        assert_eq!(frame["sessionId"], format!("user1-{PACKAGE}"), "{step}");
        assert!(frame["timestamp"].is_string(), "{step}");
    }
}

#[test]
fn changed_settings_are_sent_and_stored() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    let other = world.connect("user2", PACKAGE);
    let change = json!({"settings": {"line_width": "40"}, "sessionId": format!("user1-{PACKAGE}")});
    let frame = sent(&mut world, id, change).pop().unwrap();
    assert_eq!(frame["type"], "settings_update");
    assert_eq!(frame["packageName"], PACKAGE);
    let width = |frame: &Value| {
        let settings = frame["settings"].as_array().unwrap();
        let width = settings.iter().find(|one| one["key"] == "line_width");
        width.unwrap()["value"].clone()
    };
    assert_eq!(width(&frame), "40");
    assert!(world.frames_to(other).is_empty());
    // After a reconnect the ack has them.
    world.outputs.clear();
    let back = world.connect("user1", PACKAGE);
    assert_eq!(width(&world.frames_to(back)[0]), "40");
    let elsewhere = world.connect("user3", PACKAGE);
    assert_eq!(width(&world.frames_to(elsewhere)[0]), "32");
}

#[test]
fn stream_data_is_sent_to_subscribers() {
    let mut world = World::new();
    let subscriber = world.connect("user1", PACKAGE);
    let all = world.connect("user2", PACKAGE);
    let unsubscribed = world.connect("user3", PACKAGE);
    world.subscribe(subscriber, &["button_press"]);
    world.subscribe(all, &["*"]);
    world.subscribe(unsubscribed, &["head_position"]);
    let press =
        json!({"stream": "button_press", "data": {"buttonId": "left", "pressType": "long"}});
    let frames = sent(&mut world, subscriber, press);
    assert_eq!(frames[0]["type"], "data_stream");
    assert_eq!(frames[0]["data"]["buttonId"], "left");
    assert_eq!(world.frames_to(all).len(), 1);
    assert!(world.frames_to(unsubscribed).is_empty());
}

#[test]
fn actions_return_the_affected_connections() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    let stop = Action::StopApps {
        target: Target::All,
        reason: "error".to_owned(),
    };
    assert_eq!(world.cloud.act(&stop, world.now), [id]);
}
