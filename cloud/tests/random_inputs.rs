//! Random inputs to a cloud in virtual time, with its invariants checked. A failure
//! names its seed.
#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "all of this is tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;
use tpa_cloud::{
    Cloud, Config, ConnectionId, Delivery, Dialect, Direction, Fact, Fault, FaultRequest,
    FrameSpec, Input, Instant, OldConnection, Output, Plan, RestartForm, Scenario, SeededPlan,
    Share, Target, UserSessionId, WallClock, fault,
};

const SEEDS: u64 = 50;
const STEPS: u64 = 120;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }
}

/// Each treatment of older connections, and each form of a restart.
fn config_of(seed: u64) -> Config {
    let modes = [
        OldConnection::Close,
        OldConnection::Deaf,
        OldConnection::Detach,
    ];
    let forms = [RestartForm::StopStart, RestartForm::Start];
    Config {
        old_connection: modes[seed as usize % modes.len()],
        restart: forms[seed as usize % forms.len()],
        ..Config::default()
    }
}

struct Life {
    seed: u64,
    random: Random,
    cloud: Cloud,
    now: Instant,
    /// The sockets that are not closed.
    sockets: BTreeSet<ConnectionId>,
    /// The connections that have an ack and have not ended.
    connected: BTreeMap<ConnectionId, String>,
    over: BTreeSet<ConnectionId>,
    /// The connections that were sent a close frame, which must be the last frame.
    closing: BTreeSet<ConnectionId>,
    webhooks: u32,
}

impl Life {
    fn new(seed: u64) -> Self {
        let clock = WallClock::starting_at(1_700_000_000_000);
        Self {
            seed,
            random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            cloud: Cloud::new(config_of(seed), clock, Instant::ZERO),
            now: Instant::ZERO,
            sockets: BTreeSet::new(),
            connected: BTreeMap::new(),
            over: BTreeSet::new(),
            closing: BTreeSet::new(),
            webhooks: 0,
        }
    }

    fn step(&mut self) {
        match self.random.below(10) {
            0 | 1 => self.open(),
            2..=5 => self.hear(),
            6 => self.inject(),
            7 => match self.random.below(7) {
                5 => self.start_app(),
                0 => self.cloud.clear_faults(&Target::All, self.now),
                1 => self.play(),
                2 => self.cloud.stop_playing(&Target::All, self.now),
                3 => drop(self.cloud.stop_apps(&Target::All, "error", self.now)),
                _ => {
                    let frame = FrameSpec::Verbatim("{}".to_owned());
                    drop(self.cloud.send_frame(&Target::All, &frame, self.now));
                }
            },
            _ => {
                let millis = 1 << self.random.below(16);
                self.advance(Duration::from_millis(millis));
            }
        }
        self.drain();
        self.check();
    }

    fn open(&mut self) {
        if let Ok(id) = self.cloud.open("10.0.0.1:5", Dialect::AugmentOs, self.now) {
            self.sockets.insert(id);
            self.handshake(id);
        }
    }

    fn handshake(&mut self, id: ConnectionId) {
        let (user, app) = (self.random.below(3), self.random.below(3));
        let session_id = format!("user{user}-app{app}");
        let init = json!({"type": "tpa_connection_init", "sessionId": session_id,
            "packageName": format!("app{app}"), "apiKey": "dev-key"});
        self.say(id, Input::Text(&init.to_string()));
    }

    fn say(&mut self, id: ConnectionId, input: Input<'_>) {
        self.cloud.handle_input(id, input, self.now);
    }

    /// Sends a random input, valid or not.
    fn hear(&mut self) {
        let index = self.random.below(self.sockets.len().max(1) as u64) as usize;
        let Some(id) = self.sockets.iter().nth(index).copied() else {
            return;
        };
        let texts = [
            r#"{"type":"ping"}"#,
            r#"{"type":"subscription_update","subscriptions":["*","transcription:de-DE"]}"#,
            r#"{"type":"subscription_update","subscriptions":[]}"#,
            r#"{"type":"display_event","layout":{"layoutType":"text_wall"},"durationMs":1e300}"#,
            r#"{"type":"display_event","layout":{"layoutType":"text_wall"},"durationMs":5}"#,
            r#"{"type":"dashboard_content_update","content":null,"modes":[]}"#,
            r#"{"type":"app_room_join","roomId":"kitchen"}"#,
            r#"{"type":"app_room_leave","roomId":"kitchen"}"#,
            r#"{"type":"app_broadcast_message","payload":1}"#,
            r#"{"type":"app_broadcast_message","payload":1,"roomId":"kitchen"}"#,
            r#"{"type":"app_direct_message","targetUserId":"user1","payload":{}}"#,
            r#"{"type":"photo_request","requestId":"p1"}"#,
            r#"{"type":"ownership_release"}"#,
            r#"{"type":"surprise","sessionId":{}}"#,
            r#"{"type":"display_event"}"#,
            "nonsense",
        ];
        match self.random.below(14) {
            0 => self.handshake(id),
            1 => self.say(id, Input::Binary(b"sound")),
            2 => self.say(id, Input::Pong),
            3 => self.say(id, Input::Congested),
            4 => {
                let reason = "bye";
                self.say(id, Input::Closed { code: 1000, reason });
            }
            5 => {
                self.say(id, Input::Gone);
                self.sockets.remove(&id);
            }
            _ => {
                let text = texts[self.random.below(texts.len() as u64) as usize];
                self.say(id, Input::Text(text));
            }
        }
    }

    fn inject(&mut self) {
        let reason = "because".to_owned();
        let millis = Duration::from_millis;
        let fault: Fault = match self.random.below(11) {
            0 => fault::Close { code: 4000, reason }.into(),
            1 => fault::Cut {}.into(),
            2 => {
                let direction = self.direction();
                fault::Freeze { direction }.into()
            }
            3 => fault::Refuse {}.into(),
            4 => {
                let by = millis(self.random.below(3_000));
                let direction = self.direction();
                fault::Delay { by, direction }.into()
            }
            5 => fault::DropAcks {}.into(),
            6 => fault::Malformed {}.into(),
            7 => {
                let error = "INVALID_JWT";
                fault::Reject { error }.into()
            }
            8 => {
                let uptime = millis(self.random.below(500));
                fault::Flap { uptime }.into()
            }
            9 => {
                let bytes_per_second = 1 << self.random.below(16);
                let direction = self.direction();
                fault::Slow {
                    bytes_per_second,
                    direction,
                }
                .into()
            }
            _ => fault::Restart::default().into(),
        };
        let target = match self.random.below(3) {
            0 => Target::All,
            1 => Target::Package("app1".to_owned()),
            _ => Target::Session("user0-app0".to_owned()),
        };
        let period = match self.random.below(3) {
            0 => None,
            _ => Some(Duration::from_millis(1 + self.random.below(5_000))),
        };
        let request = FaultRequest {
            fault,
            target,
            period,
            share: Share::new([0.5, 1.0][self.random.below(2) as usize]).unwrap(),
        };
        self.cloud.inject(&request, self.now);
    }

    fn direction(&mut self) -> Direction {
        [Direction::Up, Direction::Down, Direction::Both][self.random.below(3) as usize]
    }

    fn start_app(&mut self) {
        let user = UserSessionId::new(&format!("user{}", self.random.below(3)));
        let url = Some("http://127.0.0.1:9/".to_owned());
        self.cloud.start_app(&user, "app1", url, self.now);
    }

    fn play(&mut self) {
        let mut shipped = Scenario::builtin();
        let which = self.random.below(7) as usize;
        let plan = if which < shipped.len() {
            Plan::Scenario(shipped.swap_remove(which))
        } else {
            Plan::Seeded(SeededPlan::new(self.seed))
        };
        self.cloud.play(plan, Target::All, self.now);
    }

    fn advance(&mut self, by: Duration) {
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

    fn drain(&mut self) {
        let seed = self.seed;
        while let Some(output) = self.cloud.poll_output() {
            match output {
                Output::Deliver { to, what } => {
                    assert!(
                        !self.closing.contains(&to),
                        "seed {seed}: {what:?} after close"
                    );
                    if matches!(what, Delivery::Close { .. }) {
                        self.closing.insert(to);
                    }
                }
                Output::Cut { to } => {
                    assert!(
                        self.over.contains(&to),
                        "seed {seed}: cut before it is over"
                    );
                    // The socket closes.
                    self.sockets.remove(&to);
                    self.say(to, Input::Gone);
                }
                Output::Event(event) => {
                    let Some(who) = event.who else { continue };
                    let id = who.connection_id;
                    assert!(
                        !self.over.contains(&id),
                        "seed {seed}: {:?} of the dead",
                        event.fact
                    );
                    match event.fact {
                        Fact::Acked => {
                            let session = who.session_id.clone().unwrap();
                            self.connected.insert(id, session);
                        }
                        Fact::Detached { .. } => {
                            self.connected.remove(&id);
                        }
                        Fact::Closed { .. } => {
                            self.connected.remove(&id);
                            self.over.insert(id);
                        }
                        _ => {}
                    }
                }
                Output::Freeze { .. } => {}
                Output::Webhook(_) => self.webhooks += 1,
                Output::AppCall(call) => self.cloud.handle_app_answer(&call, Ok(()), self.now),
            }
        }
    }

    fn check(&self) {
        let seed = self.seed;
        let sessions: BTreeSet<&String> = self.connected.values().collect();
        assert_eq!(
            sessions.len(),
            self.connected.len(),
            "seed {seed}: two for one session"
        );
        assert_eq!(self.cloud.socket_count(), self.sockets.len(), "seed {seed}");
        // The cloud lists exactly the connected TPAs.
        let snapshot = self.cloud.sessions();
        let known: BTreeSet<String> = snapshot
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|session| session["connections"].as_array().unwrap())
            .map(|connection| connection["connectionId"].as_str().unwrap().to_owned())
            .collect();
        let expected: BTreeSet<String> = self.connected.keys().map(|id| id.to_string()).collect();
        assert_eq!(known, expected, "seed {seed}");
    }

    /// Closes all sockets.
    fn end(mut self) {
        for id in std::mem::take(&mut self.sockets) {
            self.say(id, Input::Gone);
        }
        self.drain();
        self.check();
        self.advance(Duration::from_secs(60));
        self.drain();
        assert_eq!(self.cloud.socket_count(), 0, "seed {}", self.seed);
    }
}

#[test]
fn invariants_hold_for_random_inputs() {
    for seed in 0..SEEDS {
        let mut life = Life::new(seed);
        for _ in 0..STEPS {
            life.step();
        }
        life.end();
    }
}
