//! Listeners: called synchronously until they are removed.

use std::sync::Mutex;

use crate::world::*;

/// The calls of a listener: connection and fact.
type Calls = Arc<Mutex<Vec<(Option<String>, Fact)>>>;

fn listen(world: &mut World) -> (tpa_cloud::ListenerId, Calls) {
    let calls = Calls::default();
    let recorded = Arc::clone(&calls);
    let listener = world.cloud.add_listener(move |event| {
        let package = event.package_name().map(str::to_owned);
        recorded.lock().unwrap().push((package, event.fact.clone()));
    });
    (listener, calls)
}

#[test]
fn every_listener_receives_stale_and_closed_events() {
    let mut world = World::new();
    world.connect("user1", PACKAGE);
    let listeners = [listen(&mut world).1, listen(&mut world).1];
    // Without polling: listeners are called before the outputs.
    for _ in 0..4 {
        let (at, _) = world.cloud.poll_timeout().unwrap();
        world.cloud.handle_timeout(at);
    }
    for calls in listeners {
        let calls = calls.lock().unwrap();
        let package = Some(PACKAGE.to_owned());
        assert_eq!(
            calls[0],
            (package.clone(), Fact::Stale { silent_ms: 45_000 })
        );
        assert_eq!(calls[1].0, package);
        assert!(matches!(calls[1].1, Fact::Closed { code: 4008, .. }));
        assert_eq!(calls.len(), 2);
    }
}

#[test]
fn removed_listeners_are_not_called() {
    let mut world = World::new();
    let (listener, ended) = listen(&mut world);
    let (_, other) = listen(&mut world);
    world.cloud.remove_listener(listener);
    world.connect("user1", PACKAGE);
    assert!(ended.lock().unwrap().is_empty());
    let facts: Vec<Fact> = other
        .lock()
        .unwrap()
        .iter()
        .map(|(_, fact)| fact.clone())
        .collect();
    assert_eq!(facts.len(), 3, "{facts:?}");
    assert_eq!((&facts[0], &facts[2]), (&Fact::Opened, &Fact::Acked));
}
