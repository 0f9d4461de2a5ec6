//! Random choices about clients and their cloud.

use std::time::Duration;

use testkit::closures::CLOSURES;
use testkit::world::app::{AppCall, KEYS, SESSIONS};
use testkit::world::dial_outcome::{CloseEvents, DialOutcome};
use tpa_cloud::{Config as CloudConfig, Fault, RestartForm, ShutdownCode, fault};
use tpa_session::session::{CloseKind, Config};

use super::cloud_model::MAX_DELAY;
use super::frames::InvalidFrame;
use super::schedule::{Action, MAX_LATENESS, SESSIONS_AT_START, Sent, Settings, Whom, WithCloud};
use super::transport::{AttemptPlan, Ends, LinkFault, SUCCESS};
use crate::client::ClientAction;
use crate::schedule::{Generator, Schedule, Step};

impl Generator {
    /// Schedule of typical clients with the faults of the seeded plan. Their attempts are not
    /// limited: if one fault follows another closely, three attempts can be too few.
    pub(super) fn replay(&mut self, seed: u64) -> Schedule<WithCloud> {
        let sessions = [
            SESSIONS_AT_START[0],
            SESSIONS_AT_START[2],
            SESSIONS_AT_START[3],
        ];
        let count = self.pick(&[1, 2, 3]);
        let patient = Config {
            max_reconnect_attempts: None,
            ..Config::default()
        };
        let of = |session| (session, patient.clone());
        let settings = Settings {
            clients: sessions[..count]
                .iter()
                .map(|session| of(*session))
                .collect(),
            cloud: CloudConfig {
                stream_interval: Duration::from_secs(20),
                ..CloudConfig::default()
            },
            is_replay: true,
        };
        let mut steps = Vec::new();
        let mut add = |wait, action| steps.push(Step { wait, action });
        add(0, Action::Play(Whom::All));
        for (index, (session, _)) in settings.clients.iter().enumerate() {
            add(
                0,
                Action::Client(
                    index,
                    ClientAction::Call(AppCall::Subscribe(&["transcription"])),
                ),
            );
            add(
                0,
                Action::Client(index, ClientAction::Call(AppCall::Connect(session))),
            );
        }
        for _ in 0..self.pick(&[10, 20, 40]) {
            let wait = self.up_to(8000);
            let call = AppCall::Send {
                size: 5,
                key: self.pick(&[None, Some(KEYS[0]), Some(KEYS[1])]),
                ttl: None,
            };
            let index = self.below(count);
            add(wait, Action::Client(index, ClientAction::Call(call)));
        }
        Schedule {
            seed,
            settings,
            steps,
        }
    }

    pub(super) fn cloud_config(&mut self, clients: usize) -> CloudConfig {
        let millis = Duration::from_millis;
        let (ping, stale) = self.pick(&[
            (15_000, 45_000),
            (15_000, 45_000),
            (5000, 15_000),
            (5000, 8000),
        ]);
        let strict = self.once_in(6);
        CloudConfig {
            ping_interval: millis(ping),
            stale_after: millis(stale),
            stream_interval: millis(self.pick(&[1000, 30_000, 30_000, 30_000, 30_000, 30_000])),
            pong: self.below(4) > 0,
            strict_sessions: strict,
            user_sessions: ["ann", "bob"].map(str::to_owned).to_vec(),
            app_restart_after: millis(self.pick(&[5000, 0])),
            restart: self.pick(&[RestartForm::StopStart, RestartForm::Start]),
            app_start_timeout: millis(self.pick(&[5000, 300])),
            handshake_timeout: millis(self.pick(&[10_000, 10_000, 400])),
            close_timeout: millis(self.pick(&[2000, 2000, 100])),
            max_frame_bytes: self.pick(&[1024 * 1024, 2048]),
            max_connections: self.pick(&[16_384, 16_384, clients]),
            max_send_buffer_bytes: self.pick(&[4 << 20, 4 << 20, 4 << 20, 8000, 2500]),
            shutdown_code: ShutdownCode::GoingAway,
            ..CloudConfig::default()
        }
    }

    pub(super) fn action_with_cloud(&mut self, index: usize, session: &'static str) -> Action {
        match self.below(100) {
            0..36 => Action::Client(index, own(self.app_action(), session)),
            36..43 => Action::Client(index, self.runtime_action()),
            43..48 => Action::Plan(index, self.plan_with_cloud()),
            48..62 => {
                let back = self.pick(&[0, 0, 0, 0, 1, 2]);
                Action::Link(index, back, self.link_fault())
            }
            62..66 => Action::Sleep {
                client: index,
                millis: self.pick(&[1000, 20_000, 40_000, 60_000, 100_000]),
                unnoticed: self.once_in(2),
            },
            66..84 => Action::Inject {
                fault: self.cloud_fault(),
                whom: self.whom(index),
                period: self.period(),
            },
            84..86 => Action::Clear(self.whom(index)),
            86..88 => Action::Play(self.whom(index)),
            88..89 => Action::StopPlaying(self.whom(index)),
            89..91 => {
                let reason = self.pick(&["user_disabled", "system_stop", "error"]);
                Action::StopApps(self.whom(index), reason)
            }
            91..94 => {
                let sent = self.pick(&[
                    Sent::Settings,
                    Sent::Mode,
                    Sent::Unknown,
                    Sent::Stream,
                    Sent::Burst,
                    Sent::Burst,
                ]);
                Action::Send(self.whom(index), sent)
            }
            94..95 => Action::StartApp {
                session,
                has_webhook: self.once_in(2),
            },
            95..96 => {
                let longest = self.pick(&[0, 100, MAX_LATENESS]);
                Action::Lateness(self.up_to(longest))
            }
            96..97 => Action::Wake,
            97..99 => Action::Crash {
                silently: self.once_in(2),
                down: self.wait().min(8000),
            },
            _ => Action::ShutDown {
                down: self.wait().min(8000),
            },
        }
    }

    pub(super) fn plan_with_cloud(&mut self) -> AttemptPlan {
        AttemptPlan {
            outcome: DialOutcome {
                // The other world has enough of the rest.
                credentials: if self.once_in(2) {
                    SUCCESS.outcome.credentials
                } else {
                    self.outcome().credentials
                },
                ..self.outcome()
            },
            shows_pings: self.once_in(2),
            has_key: !self.once_in(8),
        }
    }

    fn link_fault(&mut self) -> LinkFault {
        match self.below(20) {
            0..6 => {
                let ends = self.pick(&[Ends::Both, Ends::Both, Ends::Client, Ends::Cloud]);
                LinkFault::Cut(ends, self.close_events())
            }
            6..8 => LinkFault::LoseUp,
            8..10 => LinkFault::LoseDown,
            10..12 => LinkFault::LoseAll,
            12..14 => LinkFault::Stall(self.wait()),
            14..15 => LinkFault::Congestion(self.wait(), self.pick(&[0, 5, 9, 30, 2000])),
            15..16 => LinkFault::Closing(self.delay()),
            16 => LinkFault::Cut(Ends::Both, CloseEvents::ErrorOnly),
            _ => LinkFault::SendInvalid(self.pick(&[
                InvalidFrame::NotJson,
                InvalidFrame::Binary,
                InvalidFrame::Init,
                InvalidFrame::Long,
                InvalidFrame::Endless,
                InvalidFrame::Ping,
                InvalidFrame::Ping,
            ])),
        }
    }

    fn whom(&mut self, index: usize) -> Whom {
        self.pick(&[
            Whom::All,
            Whom::All,
            Whom::Package("org.example.app"),
            Whom::Session(SESSIONS[0]),
            Whom::ConnectionOf(index),
        ])
    }

    fn period(&mut self) -> Option<u64> {
        let longest = self.pick(&[0, 0, 3000, 3000, 20_000]);
        (longest > 0).then(|| 1 + self.up_to(longest))
    }

    fn cloud_fault(&mut self) -> Fault {
        let millis = Duration::from_millis;
        match self.below(22) {
            0..3 => {
                let (code, reason) = self.injected_close();
                fault::Close { code, reason }.into()
            }
            3..5 => fault::Cut {}.into(),
            5..8 => fault::Freeze::default().into(),
            8..10 => fault::Refuse {}.into(),
            10..12 => {
                let error = self.pick(&[
                    "INVALID_API_KEY",
                    "INVALID_JWT",
                    "JWT_SIGNATURE_FAILED",
                    "PACKAGE_NOT_FOUND",
                    "SESSION_NOT_FOUND",
                    "MALFORMED_MESSAGE",
                    "INTERNAL_ERROR",
                ]);
                fault::Reject { error }.into()
            }
            12..14 => {
                let by = millis(self.up_to(MAX_DELAY));
                fault::Delay::new(by).into()
            }
            14..16 => fault::DropAcks {}.into(),
            16..18 => fault::Malformed {}.into(),
            18..20 => {
                let uptime = millis(self.up_to(2000));
                fault::Flap { uptime }.into()
            }
            _ => {
                let closes = self.once_in(2);
                let restart = fault::Restart {
                    code: closes.then_some(1012),
                    reason: "Service restart".into(),
                };
                restart.into()
            }
        }
    }

    /// A closure that is allowed on the wire, and that the cloud does not cause by itself.
    fn injected_close(&mut self) -> (u16, String) {
        loop {
            let closure = self.pick(&CLOSURES);
            let may_be_sent = matches!(closure.code, 1000..=1003 | 1007..=1014 | 3000..=4999);
            let is_final = closure.kind != CloseKind::Abnormal && !self.once_in(4);
            if may_be_sent && !is_final && closure.reason != "App stopped" {
                return (closure.code, closure.reason.to_owned());
            }
        }
    }
}

/// An app connects to its own session rather than to the first one.
fn own(action: ClientAction, session: &'static str) -> ClientAction {
    match action {
        ClientAction::Call(AppCall::Connect(of)) if of == SESSIONS[0] => {
            ClientAction::Call(AppCall::Connect(session))
        }
        other => other,
    }
}
