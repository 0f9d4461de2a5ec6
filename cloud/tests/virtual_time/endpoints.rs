//! Photos, settings and tool calls of apps that were started with a webhook.

use tpa_cloud::{AppCall, FrameSpec, SettingsChange, UserSessionId, fault};

use crate::world::*;

const WEBHOOK: &str = "http://127.0.0.1:7010/webhook?secret=1";

fn started() -> (World, ConnectionId) {
    let mut world = World::new();
    let user = UserSessionId::new("user1");
    let url = Some(WEBHOOK.to_owned());
    world.cloud.start_app(&user, PACKAGE, url, world.now);
    let id = world.connect("user1", PACKAGE);
    (world, id)
}

impl World {
    fn request_photo(&mut self, from: ConnectionId, request_id: &str) {
        self.frame(
            from,
            json!({"type": "photo_request", "requestId": request_id}),
        );
    }

    /// The calls so far.
    fn app_calls(&self) -> Vec<AppCall> {
        let outputs = self.outputs.iter();
        outputs
            .filter_map(|(_, output)| match output {
                Output::AppCall(call) => Some(call.clone()),
                _ => None,
            })
            .collect()
    }

    /// The results that were reported so far: request, and error if it failed.
    fn results(&self) -> Vec<(&'static str, Option<String>)> {
        let outputs = self.outputs.iter();
        outputs
            .filter_map(|(_, output)| match output {
                Output::Event(event) => match &event.fact {
                    Fact::Webhook { request, error, .. } => Some((*request, error.clone())),
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }
}

/// The text of a form; bytes of a picture are replaced.
fn text(call: &AppCall) -> String {
    String::from_utf8_lossy(&call.body).into_owned()
}

#[test]
fn a_photo_is_uploaded_next_to_the_webhook() {
    let (mut world, id) = started();
    world.request_photo(id, "p1");
    let calls = world.app_calls();
    let [call] = calls.as_slice() else {
        panic!("{calls:?}");
    };
    assert_eq!(call.url, "http://127.0.0.1:7010/photo-upload?secret=1");
    assert!(
        call.content_type
            .starts_with("multipart/form-data; boundary=")
    );
    for field in [
        "name=\"requestId\"\r\n\r\np1\r\n",
        "name=\"type\"\r\n\r\nphoto_upload\r\n",
        "name=\"success\"\r\n\r\ntrue\r\n",
        "name=\"photo\"; filename=\"photo.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n",
    ] {
        assert!(text(call).contains(field), "{field}");
    }
    let frames = world.frames_to(id);
    assert!(frames.iter().all(|frame| frame["type"] != "photo_response"));
    world.cloud.handle_app_answer(call, Ok(()), world.now);
    world.drain();
    assert_eq!(world.results(), [("photo_upload", None)]);
}

#[test]
fn an_app_without_a_webhook_gets_a_frame() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.request_photo(id, "p1");
    assert_eq!(world.app_calls(), []);
    assert_eq!(
        world.frames_to(id).last().unwrap()["type"],
        "photo_response"
    );
}

#[test]
fn a_photo_fails_once_or_for_a_time() {
    let (mut world, id) = started();
    world.inject(fault::FailPhotos {}, None);
    for (request, kind) in [("p1", "photo_error"), ("p2", "photo_upload")] {
        world.request_photo(id, request);
        let call = world.app_calls().pop().unwrap();
        let field = format!("name=\"type\"\r\n\r\n{kind}\r\n");
        assert!(text(&call).contains(&field), "{request}");
    }
    let call = &world.app_calls()[0];
    assert!(text(call).contains("name=\"errorCode\"\r\n\r\nPHOTO_CAPTURE_FAILED\r\n"));
    assert!(!text(call).contains("name=\"photo\""));

    let other = world.connect("user2", PACKAGE);
    world.inject(fault::FailPhotos {}, Some(seconds(1)));
    for (request, success) in [("p3", false), ("p4", false), ("p5", true)] {
        if success {
            world.advance(seconds(1));
        }
        world.request_photo(other, request);
        let frames = world.frames_to(other);
        let frame = frames.last().unwrap();
        assert_eq!(frame["success"], success, "{request}");
        assert_eq!(frame["error"]["code"].is_string(), !success);
    }
}

#[test]
fn uploads_in_progress_are_bounded() {
    let (mut world, id) = started();
    for request in 0..100 {
        world.request_photo(id, &format!("p{request}"));
    }
    let calls = world.app_calls();
    assert_eq!(calls.len(), 64);
    assert_eq!(world.results().len(), 36);
    world.cloud.handle_app_answer(&calls[0], Ok(()), world.now);
    world.request_photo(id, "another");
    assert_eq!(world.app_calls().len(), 65);
}

#[test]
fn an_id_that_a_form_cannot_carry_is_an_event() {
    let (mut world, id) = started();
    world.request_photo(id, "p\r\n--boundary");
    assert_eq!(world.app_calls(), []);
    let (request, error) = world.results().pop().unwrap();
    assert_eq!(request, "photo_upload");
    assert!(error.unwrap().contains("requestId"));
}

#[test]
fn settings_are_posted_and_sent_as_a_frame() {
    let (mut world, id) = started();
    let values = json!({"line_width": "40"});
    let change = SettingsChange::Merge(values.as_object().unwrap().clone());
    let frame = FrameSpec::Settings(change);
    world.cloud.send_frame(&Target::All, &frame, world.now);
    world.drain();
    let call = world.app_calls().pop().unwrap();
    assert_eq!(call.url, "http://127.0.0.1:7010/settings?secret=1");
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(body["userIdForSettings"], "user1");
    let frames = world.frames_to(id);
    let frame = frames.last().unwrap();
    assert_eq!(frame["type"], "settings_update");
    assert_eq!(frame["settings"], body["settings"]);
}

#[test]
fn a_tool_is_called_where_the_app_has_a_webhook() {
    let (mut world, _) = started();
    let user = UserSessionId::new("user1");
    let parameters = json!({"title": "milk"});
    let call = world
        .cloud
        .tool_call(&user, PACKAGE, "add", &parameters, world.now);
    let call = call.unwrap();
    assert_eq!(call.url, "http://127.0.0.1:7010/tool?secret=1");
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(
        (&body["toolId"], &body["toolParameters"], &body["userId"]),
        (&json!("add"), &parameters, &json!("user1"))
    );
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'));
    let stranger = UserSessionId::new("user2");
    let call = world
        .cloud
        .tool_call(&stranger, PACKAGE, "add", &parameters, world.now);
    assert_eq!(call, None);
}
