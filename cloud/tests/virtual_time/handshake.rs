//! Handshakes, and the frames that follow an acknowledgement.

use tpa_cloud::UserSessionId;

use crate::world::*;

const HYPHENATED: &str = "anna-maria.o-neill@mail-2.example.com";

#[test]
fn user_ids_may_contain_hyphens() {
    for package in [PACKAGE, "org.example.my-app"] {
        let mut world = World::with(Config {
            strict_sessions: true,
            user_sessions: vec![HYPHENATED.to_owned()],
            ..Config::default()
        });
        let id = world.connect(HYPHENATED, package);
        let sessions = world.cloud.sessions();
        assert_eq!(sessions.as_array().unwrap().len(), 1);
        assert_eq!(sessions[0]["userSessionId"], HYPHENATED);
        assert_eq!(sessions[0]["connections"][0]["packageName"], package);
        // A prefix up to a hyphen is another user.
        let other = world.open();
        world.handshake(other, "anna", package);
        let refused = (1008, "No active session".to_owned());
        assert_eq!(world.close_of(other), Some(refused));
        assert_eq!(world.close_of(id), None);
    }
}

#[test]
fn apps_of_users_with_hyphens_are_started_and_stopped() {
    let mut world = World::new();
    let user = UserSessionId::new(HYPHENATED);
    let url = Some("http://127.0.0.1:7010/webhook".to_owned());
    let session_id = world.cloud.start_app(&user, PACKAGE, url, world.now);
    assert_eq!(session_id, format!("{HYPHENATED}-{PACKAGE}"));
    let id = world.connect(HYPHENATED, PACKAGE);
    let target = Target::Session(session_id);
    let stopped = world.cloud.stop_apps(&target, "user_disabled", world.now);
    assert_eq!(stopped, [id]);
}

#[test]
fn a_session_of_another_package_is_refused() {
    let mut world = World::new();
    let id = world.open();
    world.frame(
        id,
        json!({"type": "tpa_connection_init", "sessionId": format!("user1-{PACKAGE}"),
               "packageName": "captions", "apiKey": "dev-key"}),
    );
    let refused = (1008, "Package not found".to_owned());
    assert_eq!(world.close_of(id), Some(refused));
    let frame = &world.frames_to(id)[0];
    assert_eq!(
        frame["message"],
        format!("packageName is \"captions\", but the sessionId \"user1-{PACKAGE}\" does not end with it")
    );
}
