//! Displays and dashboard.

use crate::world::*;

#[test]
fn a_display_ends_after_its_duration() {
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
    // A display that replaces another has its own duration.
    show(&mut world, "short", Some(1_000));
    show(&mut world, "long", None);
    world.advance(seconds(5));
    assert_eq!(
        world.cloud.sessions()[0]["displays"]["main"]["text"],
        "long"
    );
}

#[test]
fn only_the_system_dashboard_changes_mode_and_sections() {
    let mut world = World::new();
    let app = world.connect("user1", PACKAGE);
    let mode = json!({"type": "dashboard_mode_change", "mode": "expanded"});
    let section =
        json!({"type": "dashboard_system_update", "section": "topLeft", "content": "9:30"});
    world.frame(app, mode.clone());
    world.frame(app, section.clone());
    assert_eq!(world.frames_to(app).len(), 2);
    assert_eq!(world.cloud.sessions()[0]["dashboard"]["system"], json!({}));

    let dashboard = world.connect("user1", "system.augmentos.dashboard");
    world.frame(dashboard, mode);
    world.frame(dashboard, section);
    assert_eq!(world.frames_to(app).pop().unwrap()["mode"], "expanded");
    let system = &world.cloud.sessions()[0]["dashboard"]["system"];
    assert_eq!(*system, json!({"topLeft": "9:30"}));
}
