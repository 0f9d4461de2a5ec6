//! Schedule of a seed: the clients, and everything that will happen to them and to their cloud.

use std::time::Duration;

use testkit::world::app::{AppCall, SESSIONS, STREAMS};
use tpa_cloud::{Config as CloudConfig, Fault, fault};
use tpa_session::session::Config;

use super::frames::SYSTEM_SESSION;
use super::transport::{AttemptPlan, LinkFault};
use crate::client::ClientAction;
use crate::schedule::{Generator, Kind, Schedule, Step};

/// Sessions of the clients at the start: two tabs of one session, another app of the same user,
/// another user of the same app, and the dashboard.
pub const SESSIONS_AT_START: [&str; 5] = [
    SESSIONS[0],
    SESSIONS[0],
    "ann-org.example.other",
    SESSIONS[1],
    SYSTEM_SESSION,
];

/// Longest lateness of the cloud's timer, ms.
pub const MAX_LATENESS: u64 = 3000;

/// The world of several clients with the real tpa-cloud.
#[derive(Clone, Debug)]
pub struct WithCloud;

impl Kind for WithCloud {
    type Settings = Settings;
    type Action = Action;
}

#[derive(Clone, Debug)]
pub struct Settings {
    /// Session at the start and options of each client.
    pub clients: Vec<(&'static str, Config)>,
    pub cloud: CloudConfig,
    /// The only faults are those of the seeded plan, which `tpa-cloud --seed` plays.
    pub is_replay: bool,
}

/// Target of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    All,
    Package(&'static str),
    Session(&'static str),
    /// The connection of this client, if it has one.
    ConnectionOf(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A change of settings.
    Settings,
    /// A change of the dashboard's mode.
    Mode,
    /// A frame of an unknown type.
    Unknown,
    /// A frame of a stream.
    Stream,
    /// More at once than some links hold.
    Burst,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Client(usize, ClientAction),
    /// Plans the next attempt of this client that has no plan yet; attempts without a plan
    /// succeed.
    Plan(usize, AttemptPlan),
    /// A fault of the newest link of this client, or of the one that many before it.
    Link(usize, u32, LinkFault),
    /// The client's machine sleeps. Its monotonic clock may stand still meanwhile.
    Sleep {
        client: usize,
        millis: u64,
        unnoticed: bool,
    },
    Inject {
        fault: Fault,
        whom: Whom,
        period: Option<u64>,
    },
    Clear(Whom),
    /// The cloud plays the plan of the run's own seed.
    Play(Whom),
    StopPlaying(Whom),
    StopApps(Whom, &'static str),
    Send(Whom, Sent),
    StartApp {
        session: &'static str,
        has_webhook: bool,
    },
    /// From now on the cloud's timer is late by so much.
    Lateness(u64),
    /// The cloud's timer fires without need.
    Wake,
    /// The cloud's process dies, and is back after so long. If the whole machine dies, nothing
    /// resets its connections.
    Crash {
        silently: bool,
        down: u64,
    },
    /// The cloud shuts down, and is back so long after that.
    ShutDown {
        down: u64,
    },
}

impl Schedule<WithCloud> {
    pub fn with_cloud_of(seed: u64) -> Self {
        let mut generator = Generator::of(seed ^ 0x0070_9E74_E200);
        // The plan that `tpa-cloud --seed` plays.
        if generator.once_in(12) {
            return generator.replay(seed);
        }
        let mut sessions = SESSIONS_AT_START.to_vec();
        let mut clients = Vec::new();
        for _ in 0..generator.pick(&[1, 2, 2, 3, 3]) {
            let session = sessions.remove(generator.below(sessions.len()));
            clients.push((session, generator.config()));
        }
        let cloud = generator.cloud_config(clients.len());
        let settings = Settings {
            clients,
            cloud,
            is_replay: false,
        };
        let mut steps = Vec::new();
        let mut add = |wait, action| steps.push(Step { wait, action });
        let count = settings.clients.len();
        for (index, (session, _)) in settings.clients.iter().enumerate() {
            for _ in 0..generator.below(3) {
                add(0, Action::Plan(index, generator.plan_with_cloud()));
            }
            for _ in 0..generator.pick(&[0, 0, 1, 6]) {
                add(0, Action::Client(index, generator.handler()));
            }
            if generator.below(4) > 0 {
                add(
                    0,
                    Action::Client(
                        index,
                        ClientAction::Call(AppCall::Subscribe(generator.pick(&STREAMS))),
                    ),
                );
            }
            add(
                generator.wait(),
                Action::Client(index, ClientAction::Call(AppCall::Connect(session))),
            );
        }
        if generator.once_in(4) {
            add(0, Action::Play(Whom::All));
        }
        for _ in 0..generator.below(40) {
            let index = generator.below(count);
            let action = generator.action_with_cloud(index, settings.clients[index].0);
            if let Action::Send(whom, Sent::Burst) = action {
                // Some links cannot hold what accumulates during a delay.
                let by = Duration::from_millis(generator.up_to(500));
                let fault = fault::Delay::new(by).into();
                let period = None;
                let delay = Action::Inject {
                    fault,
                    whom,
                    period,
                };
                add(generator.wait(), delay);
            }
            add(generator.wait(), action);
            if generator.once_in(12) {
                for _ in 0..generator.below(8) {
                    add(
                        0,
                        Action::Client(index, ClientAction::Call(generator.send())),
                    );
                }
            }
        }
        Self {
            seed,
            settings,
            steps,
        }
    }

    /// True if the plan that `tpa-cloud --seed` plays is played from the start.
    pub fn is_replay(&self) -> bool {
        let first = self.steps.first();
        let plays =
            first.is_some_and(|step| (step.wait, &step.action) == (0, &Action::Play(Whom::All)));
        self.settings.is_replay && plays
    }
}
