//! A cloud in virtual time.

pub use std::sync::{Arc, Weak};
pub use std::time::Duration;

pub use serde_json::{Value, json};
pub use tpa_cloud::{
    Cloud, Config, ConnectionId, Delivery, Dialect, Fact, Fault, FaultRequest, Identity, Input,
    Instant, OpenError, Output, Side, Target, Timer, WallClock, fault,
};

pub const PACKAGE: &str = "org.example.captions";

/// A cloud, the time, and all outputs so far.
pub struct World {
    pub cloud: Cloud,
    pub now: Instant,
    pub outputs: Vec<(Instant, Output)>,
}

impl World {
    pub fn new() -> Self {
        Self::with(Config::default())
    }

    pub fn with(config: Config) -> Self {
        let clock = WallClock::starting_at(1_700_000_000_000);
        Self {
            cloud: Cloud::new(config, clock, Instant::ZERO),
            now: Instant::ZERO,
            outputs: Vec::new(),
        }
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.cloud.poll_output() {
            self.outputs.push((self.now, output));
        }
    }

    /// Advances the time, with a stop at each timeout.
    pub fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some((at, _)) = self.cloud.poll_timeout() {
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            self.cloud.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub fn open(&mut self) -> ConnectionId {
        let opened = self.cloud.open("10.0.0.1:5", Dialect::AugmentOs, self.now);
        self.drain();
        opened.unwrap()
    }

    pub fn input(&mut self, from: ConnectionId, input: Input<'_>) {
        self.cloud.handle_input(from, input, self.now);
        self.drain();
    }

    pub fn frame(&mut self, from: ConnectionId, frame: Value) {
        self.input(from, Input::Text(&frame.to_string()));
    }

    pub fn handshake(&mut self, id: ConnectionId, user: &str, package: &str) {
        self.frame(
            id,
            json!({"type": "tpa_connection_init", "sessionId": format!("{user}-{package}"),
                   "packageName": package, "apiKey": "dev-key"}),
        );
    }

    pub fn connect(&mut self, user: &str, package: &str) -> ConnectionId {
        let id = self.open();
        self.handshake(id, user, package);
        let frames = self.frames_to(id);
        let after = frames.len() - 2;
        assert_eq!(frames[after]["type"], "tpa_connection_ack");
        assert_eq!(frames[after + 1]["type"], "device_state_update");
        id
    }

    pub fn subscribe(&mut self, id: ConnectionId, streams: &[&str]) {
        self.frame(
            id,
            json!({"type": "subscription_update", "subscriptions": streams}),
        );
    }

    pub fn inject(
        &mut self,
        fault: impl Into<Fault>,
        period: Option<Duration>,
    ) -> Vec<ConnectionId> {
        let request = FaultRequest {
            fault: fault.into(),
            target: Target::All,
            period,
            share: tpa_cloud::Share::ALL,
        };
        let hit = self.cloud.inject(&request, self.now);
        self.drain();
        hit
    }

    pub fn deliveries_to(&self, id: ConnectionId) -> Vec<(Instant, &Delivery)> {
        let outputs = self.outputs.iter();
        outputs
            .filter_map(|(at, output)| match output {
                Output::Deliver { to, what } if *to == id => Some((*at, what)),
                _ => None,
            })
            .collect()
    }

    pub fn frames_to(&self, id: ConnectionId) -> Vec<Value> {
        let deliveries = self.deliveries_to(id).into_iter();
        deliveries
            .filter_map(|(_, what)| match what {
                Delivery::Text(text) => Some(serde_json::from_str(text).unwrap_or(Value::Null)),
                _ => None,
            })
            .collect()
    }

    pub fn streams_to(&self, id: ConnectionId) -> Vec<String> {
        let frames = self.frames_to(id).into_iter();
        frames
            .filter_map(|frame| Some(frame.get("streamType")?.as_str()?.to_owned()))
            .collect()
    }

    pub fn close_of(&self, id: ConnectionId) -> Option<(u16, String)> {
        let deliveries = self.deliveries_to(id).into_iter();
        deliveries.rev().find_map(|(_, what)| match what {
            Delivery::Close { code, reason } => Some((*code, reason.clone())),
            _ => None,
        })
    }

    pub fn cut_at(&self, id: ConnectionId) -> Option<Instant> {
        let mut outputs = self.outputs.iter();
        outputs
            .find(|(_, output)| matches!(output, Output::Cut { to } if *to == id))
            .map(|(at, _)| *at)
    }

    pub fn facts(&self) -> Vec<(Option<Arc<Identity>>, Fact)> {
        let outputs = self.outputs.iter();
        outputs
            .filter_map(|(_, output)| match output {
                Output::Event(event) => Some((event.who.clone(), event.fact.clone())),
                _ => None,
            })
            .collect()
    }

    pub fn facts_of(&self, id: ConnectionId) -> Vec<Fact> {
        let facts = self.facts().into_iter();
        facts
            .filter(|(who, _)| who.as_ref().is_some_and(|who| who.connection_id == id))
            .map(|(_, fact)| fact)
            .collect()
    }

    /// Connects; other frames may follow the ack.
    pub fn connect_and_lose(&mut self, user: &str) -> ConnectionId {
        let id = self.open();
        self.handshake(id, user, PACKAGE);
        assert_eq!(self.frames_to(id)[0]["type"], "tpa_connection_ack");
        id
    }
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
