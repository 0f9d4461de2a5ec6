//! Metrics in Prometheus' format.

use std::collections::BTreeSet;

use litemap::LiteMap;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::events::{Event, Fact, Side};
use crate::identity::ConnectionId;
use crate::output::Delivery;
use crate::time::Instant;

/// Further close codes are counted as `other`, because each code is a time series and a peer can
/// send thousands.
const MAX_CODES: usize = 64;

/// Buckets for lifetimes of connections, in seconds.
const LIFETIMES: [f64; 9] = [0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0, 28_800.0];

#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    connections: IntGaugeVec,
    user_sessions: IntGauge,
    opened: IntCounter,
    acknowledged: IntCounter,
    refused: IntCounterVec,
    closures: IntCounterVec,
    lifetimes: Histogram,
    stale: IntCounter,
    superseded: IntCounter,
    faults: IntCounterVec,
    webhooks: IntCounterVec,
    frames_received: IntCounterVec,
    bytes_received: IntCounter,
    pongs_received: IntCounter,
    frames_sent: IntCounterVec,
    bytes_sent: IntCounter,
    pings_sent: IntCounter,
    codes: BTreeSet<u16>,
    opened_at: LiteMap<ConnectionId, Instant>,
}

/// Numbers of sockets by state, and of user sessions.
pub(crate) struct ConnectionCounts {
    pub(crate) handshaking: usize,
    pub(crate) connected: usize,
    pub(crate) closing: usize,
    pub(crate) user_sessions: usize,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let make = Registrar(Registry::new());
        Self {
            connections: make.gauges("tpa_cloud_connections", "Open sockets by state.", "state"),
            user_sessions: make.gauge("tpa_cloud_user_sessions", "User sessions."),
            opened: make.counter("tpa_cloud_connections_opened_total", "Opened sockets."),
            acknowledged: make.counter(
                "tpa_cloud_connections_acknowledged_total",
                "Acknowledged connections.",
            ),
            refused: make.counters(
                "tpa_cloud_connections_refused_total",
                "Refused connections by error.",
                &["error"],
            ),
            closures: make.counters(
                "tpa_cloud_closures_total",
                "Ended connections by close code (1006 without a close frame) and side.",
                &["code", "by"],
            ),
            lifetimes: make.histogram(
                "tpa_cloud_connection_duration_seconds",
                "Lifetimes of connections, from the opening of the socket.",
                &LIFETIMES,
            ),
            stale: make.counter(
                "tpa_cloud_connections_stale_total",
                "Connections closed because of silence.",
            ),
            superseded: make.counter(
                "tpa_cloud_connections_superseded_total",
                "Connections replaced by another one of the same session.",
            ),
            faults: make.counters(
                "tpa_cloud_faults_total",
                "Injected faults by name.",
                &["fault"],
            ),
            webhooks: make.counters(
                "tpa_cloud_webhooks_total",
                "Webhook calls by request and outcome.",
                &["request", "outcome"],
            ),
            frames_received: make.counters(
                "tpa_cloud_frames_received_total",
                "Frames received from TPAs by kind.",
                &["kind"],
            ),
            bytes_received: make.counter(
                "tpa_cloud_received_bytes_total",
                "Payload of the frames received from TPAs.",
            ),
            pongs_received: make.counter(
                "tpa_cloud_pongs_received_total",
                "Protocol-level pongs received from TPAs.",
            ),
            frames_sent: make.counters(
                "tpa_cloud_frames_sent_total",
                "Frames sent to TPAs by kind.",
                &["kind"],
            ),
            bytes_sent: make.counter(
                "tpa_cloud_sent_bytes_total",
                "Payload of the frames sent to TPAs.",
            ),
            pings_sent: make.counter(
                "tpa_cloud_pings_sent_total",
                "Protocol-level pings sent to TPAs.",
            ),
            codes: BTreeSet::new(),
            opened_at: LiteMap::new(),
            registry: make.0,
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other events are not counted"
    )]
    pub(crate) fn handle_event(&mut self, event: &Event, now: Instant) {
        let id = event.who.as_ref().map(|who| who.connection_id);
        match &event.fact {
            Fact::Opened => {
                self.opened.inc();
                self.opened_at.extend(id.map(|id| (id, now)));
            }
            Fact::Acked => self.acknowledged.inc(),
            Fact::Refused { error, .. } => count(&self.refused, &[error]),
            Fact::Stale { .. } => self.stale.inc(),
            Fact::Superseded { .. } => self.superseded.inc(),
            Fact::Closed { code, by, .. } => {
                let code = self.code_label(*code);
                let by = match by {
                    Side::Cloud => "cloud",
                    Side::Peer => "peer",
                };
                count(&self.closures, &[&code, by]);
                if let Some(since) = id.and_then(|id| self.opened_at.remove(&id)) {
                    self.lifetimes.observe(now.since(since).as_secs_f64());
                }
            }
            Fact::Fault { fault, .. } => count(&self.faults, &[fault]),
            Fact::Webhook {
                request, success, ..
            } => {
                let outcome = if *success { "success" } else { "error" };
                count(&self.webhooks, &[request, outcome]);
            }
            _ => {}
        }
    }

    /// Returns the connections whose lifetime is being measured.
    #[cfg(feature = "test-util")]
    pub(crate) fn alive(&self) -> impl Iterator<Item = ConnectionId> {
        self.opened_at.keys().copied()
    }

    pub(crate) fn received(&self, kind: &str, bytes: usize) {
        count(&self.frames_received, &[kind]);
        self.bytes_received.inc_by(bytes as u64);
    }

    pub(crate) fn pong_received(&self) {
        self.pongs_received.inc();
    }

    pub(crate) fn sent(&self, what: &Delivery) {
        let (kind, bytes) = match what {
            Delivery::Text(text) => ("text", text.len()),
            Delivery::Binary(bytes) => ("binary", bytes.len()),
            Delivery::Ping => return self.pings_sent.inc(),
            // Counted as a closure.
            Delivery::Close { .. } => return,
        };
        count(&self.frames_sent, &[kind]);
        self.bytes_sent.inc_by(bytes as u64);
    }

    /// Returns all metrics in Prometheus' text format.
    pub(crate) fn text(&self, counts: &ConnectionCounts) -> String {
        for (state, count) in [
            ("handshaking", counts.handshaking),
            ("connected", counts.connected),
            ("closing", counts.closing),
        ] {
            self.connections
                .with_label_values(&[state])
                .set(count as i64);
        }
        self.user_sessions.set(counts.user_sessions as i64);
        // Encoding fails only for families without series, and those are not gathered.
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap_or_default()
    }

    fn code_label(&mut self, code: u16) -> String {
        if self.codes.len() < MAX_CODES {
            self.codes.insert(code);
        }
        if self.codes.contains(&code) {
            code.to_string()
        } else {
            "other".to_owned()
        }
    }
}

fn count(counters: &IntCounterVec, labels: &[&str]) {
    counters.with_label_values(labels).inc();
}

/// Creates and registers metrics.
struct Registrar(Registry);

#[expect(
    clippy::expect_used,
    reason = "it fails only for invalid and duplicate names, which are constants"
)]
impl Registrar {
    fn register<T: prometheus::core::Collector + Clone + 'static>(
        &self,
        made: Result<T, prometheus::Error>,
    ) -> T {
        let made = made.expect("a valid name");
        self.0.register(Box::new(made.clone())).expect("a new name");
        made
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.register(IntCounter::new(name, help))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.register(IntCounterVec::new(Opts::new(name, help), labels))
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.register(IntGauge::new(name, help))
    }

    fn gauges(&self, name: &str, help: &str, label: &str) -> IntGaugeVec {
        self.register(IntGaugeVec::new(Opts::new(name, help), &[label]))
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.register(Histogram::with_opts(options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(code: u16) -> Event {
        let reason = String::new();
        let by = Side::Peer;
        Event {
            fact: Fact::Closed { code, reason, by },
            who: None,
            at: String::new(),
        }
    }

    #[test]
    fn the_number_of_series_is_bounded() {
        let mut metrics = Metrics::new();
        for code in 3_000..=4_999 {
            metrics.handle_event(&closed(code), Instant::ZERO);
        }
        let text = metrics.text(&ConnectionCounts {
            handshaking: 0,
            connected: 0,
            closing: 0,
            user_sessions: 0,
        });
        let series = text
            .lines()
            .filter(|line| line.starts_with("tpa_cloud_closures_total{"));
        assert_eq!(series.count(), MAX_CODES + 1);
        assert!(text.contains(r#"tpa_cloud_closures_total{by="peer",code="other"} 1936"#));
    }
}
