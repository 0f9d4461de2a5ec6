//! Metrics: values and text format.

use std::collections::BTreeMap;

use crate::world::*;

impl World {
    /// The value of each series.
    fn metrics(&self) -> BTreeMap<String, f64> {
        let text = self.cloud.metrics();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| {
                let (series, value) = line.rsplit_once(' ').unwrap();
                (series.to_owned(), value.parse().unwrap())
            })
            .collect()
    }
}

/// A world with at least one event of each counted kind.
fn eventful() -> World {
    let mut world = World::new();
    let first = world.connect("user1", PACKAGE);
    world.input(first, Input::Binary(b"sound"));
    world.subscribe(first, &["audio_chunk"]);
    world.advance(seconds(16));
    world.input(first, Input::Pong);
    // It replaces the first and becomes stale.
    world.connect("user1", PACKAGE);
    world.advance(seconds(50));
    let refused = world.open();
    world.frame(refused, json!({"type": "ping"}));
    world.connect("user2", PACKAGE);
    world.inject(fault::Cut {}, None);
    world.open();
    world
}

#[test]
fn events_are_counted() {
    let world = eventful();
    let metrics = world.metrics();
    for (series, expected) in [
        ("tpa_cloud_connections_opened_total", 5.0),
        ("tpa_cloud_connections_acknowledged_total", 3.0),
        (
            r#"tpa_cloud_connections_refused_total{error="MALFORMED_MESSAGE"}"#,
            1.0,
        ),
        (r#"tpa_cloud_closures_total{by="cloud",code="1006"}"#, 1.0),
        (r#"tpa_cloud_closures_total{by="cloud",code="1008"}"#, 1.0),
        (r#"tpa_cloud_closures_total{by="cloud",code="4008"}"#, 1.0),
        (r#"tpa_cloud_closures_total{by="cloud",code="4009"}"#, 1.0),
        ("tpa_cloud_connections_stale_total", 1.0),
        ("tpa_cloud_connections_superseded_total", 1.0),
        (r#"tpa_cloud_faults_total{fault="cut"}"#, 1.0),
        (r#"tpa_cloud_frames_received_total{kind="text"}"#, 5.0),
        (r#"tpa_cloud_frames_received_total{kind="binary"}"#, 1.0),
        (r#"tpa_cloud_frames_sent_total{kind="text"}"#, 7.0),
        (r#"tpa_cloud_frames_sent_total{kind="binary"}"#, 609.0),
        ("tpa_cloud_pings_sent_total", 4.0),
        ("tpa_cloud_pongs_received_total", 1.0),
        (r#"tpa_cloud_connections{state="handshaking"}"#, 1.0),
        (r#"tpa_cloud_connections{state="connected"}"#, 0.0),
        ("tpa_cloud_user_sessions", 2.0),
        ("tpa_cloud_connection_duration_seconds_count", 4.0),
    ] {
        assert_eq!(metrics.get(series), Some(&expected), "{series}");
    }
    assert!(metrics["tpa_cloud_sent_bytes_total"] >= 160.0 * 3_200.0);
    assert!(metrics["tpa_cloud_received_bytes_total"] > 5.0);
    assert!(metrics["tpa_cloud_connection_duration_seconds_sum"] > 60.0);
}

#[test]
fn the_text_follows_the_prometheus_format() {
    let text = eventful().cloud.metrics();
    assert!(text.ends_with('\n'));
    let mut families = BTreeMap::new();
    let mut helped = None;
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(help.ends_with('.'), "{line}");
            helped = Some(name.to_owned());
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(helped.as_deref(), Some(name));
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            families.insert(name.to_owned(), kind.to_owned());
        } else {
            let name = line.split(['{', ' ']).next().unwrap();
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix))
                .filter(|family| {
                    families
                        .get(*family)
                        .is_some_and(|kind| kind == "histogram")
                })
                .unwrap_or(name);
            assert!(families.contains_key(family), "{line}");
            assert!(name.starts_with("tpa_cloud_"), "{line}");
            // Base units only.
            for unit in ["millis", "_ms", "minutes", "kilobytes"] {
                assert!(!name.contains(unit), "{line}");
            }
        }
    }
    assert!(families.len() > 12, "{families:?}");
}
