//! Coverage of the runs with the cloud.

use std::fmt;

use tpa_cloud::{Fact, Timer};

use crate::coverage::{Counts, Coverage, Situation};
use crate::runner::Sum;

/// Facts that the cloud can report.
const FACTS: [&str; 22] = [
    "opened",
    "acked",
    "refused",
    "stale",
    "superseded",
    "closed",
    "fault",
    "subscriptions",
    "display",
    "display ended",
    "dashboard",
    "dashboard mode",
    "settings",
    "room joined",
    "room left",
    "released",
    "app started",
    "webhook",
    "app given up",
    "app stopped",
    "scenario",
    "message",
];

/// Faults that the cloud can inject.
const FAULTS: [&str; 12] = [
    "close",
    "cut",
    "freeze",
    "refuse",
    "reject",
    "delay",
    "slow",
    "drop_acks",
    "malformed",
    "flap",
    "restart",
    "clear",
];

/// Closures that the cloud causes by itself.
const ENDINGS: [&str; 13] = [
    "1000 App stopped",
    "1001 Server shutting down",
    "1006 ",
    "1006 send buffer full",
    "1008 App not started for this session",
    "1008 Handshake timeout",
    "1008 Invalid API key",
    "1008 Malformed message",
    "1008 No active session",
    "1009 Frame too big",
    "1012 Service restart",
    "4008 No sign of life",
    "4009 Superseded by another connection",
];

/// Timers, apart from those of streams that no client here subscribes to.
const TIMERS: [&str; 15] = [
    "handshake",
    "ping",
    "stale",
    "cut",
    "release",
    "arrive",
    "overflow",
    "thaw",
    "flap",
    "streams",
    "plan",
    "app next step",
    "app start timeout",
    "display end",
    "armed fault end",
];

/// Further events.
const EVENTS: [&str; 22] = [
    "pings",
    "pongs",
    "pings of a client",
    "goodbyes",
    "links reset",
    "links dead for the cloud only",
    "links dead for the client only",
    "closings answered",
    "congested links",
    "frames too long to read",
    "binary frames",
    "frozen connections that speak",
    "dials turned away by a fault",
    "dials that were too many",
    "crashes",
    "crashes without a reset",
    "shutdowns",
    "dials without a cloud",
    "late timers",
    "timers without need",
    "agreements",
    "displays that agree",
];

/// Situations that only a hostile cloud causes.
const NOT_HERE: [Situation; 5] = [
    Situation::NoAck,
    Situation::SlowAck,
    Situation::ExtraAck,
    Situation::ProtocolPing,
    Situation::ExtraPong,
];

#[derive(Clone, Debug)]
pub struct CloudCoverage {
    pub runs: u64,
    pub replays: u64,
    pub clients: Coverage,
    facts: Counts<&'static str>,
    faults: Counts<&'static str>,
    endings: Counts<&'static str>,
    timers: Counts<&'static str>,
    events: Counts<&'static str>,
}

impl Default for CloudCoverage {
    fn default() -> Self {
        Self {
            runs: 0,
            replays: 0,
            clients: Coverage::default(),
            facts: Counts::of(&FACTS),
            faults: Counts::of(&FAULTS),
            endings: Counts::of(&ENDINGS),
            timers: Counts::of(&TIMERS),
            events: Counts::of(&EVENTS),
        }
    }
}

impl CloudCoverage {
    pub fn event(&mut self, event: &'static str) {
        debug_assert!(EVENTS.contains(&event), "{event} is not in the list");
        self.events.add(event, 1);
    }

    pub fn fact(&mut self, fact: &Fact) {
        self.facts.add(fact_name(fact), 1);
        if let Fact::Fault { fault, .. } = fact {
            self.faults.add(fault, 1);
        }
        if let Fact::Closed { code, reason, .. } = fact {
            let text = format!("{code} {reason}");
            let is =
                |ending: &&&str| text == **ending || (*code == 4008 && ending.starts_with("4008"));
            if let Some(ending) = ENDINGS.iter().find(is) {
                self.endings.add(ending, 1);
            }
        }
    }

    pub fn timer(&mut self, timer: &Timer) {
        self.timers.add(timer_name(timer), 1);
    }

    /// Items that never occurred.
    pub fn missing(&self) -> Vec<String> {
        let lists = [
            &self.facts,
            &self.faults,
            &self.endings,
            &self.timers,
            &self.events,
        ];
        let own = lists.into_iter().flat_map(|list| list.missing());
        let own = own.map(|name| format!("cloud: {name}"));
        own.chain(self.clients.missing(&NOT_HERE)).collect()
    }
}

impl Sum for CloudCoverage {
    fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.replays += other.replays;
        self.clients.merge(&other.clients);
        self.facts.merge(&other.facts);
        self.faults.merge(&other.faults);
        self.endings.merge(&other.endings);
        self.timers.merge(&other.timers);
        self.events.merge(&other.events);
    }
}

impl fmt::Display for CloudCoverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} runs with the cloud, {} of them as `tpa-cloud --seed` plays",
            self.runs, self.replays
        )?;
        self.facts.show(f, "facts")?;
        self.faults.show(f, "faults")?;
        self.endings.show(f, "connections ended")?;
        self.timers.show(f, "timers of the cloud")?;
        self.events.show(f, "events")?;
        write!(f, "clients: {}", self.clients)
    }
}

const fn fact_name(fact: &Fact) -> &'static str {
    match fact {
        Fact::Opened => "opened",
        Fact::Acked => "acked",
        Fact::Refused { .. } => "refused",
        Fact::Stale { .. } => "stale",
        Fact::Superseded { .. } => "superseded",
        Fact::Closed { .. } => "closed",
        Fact::Fault { .. } => "fault",
        Fact::Subscriptions { .. } => "subscriptions",
        Fact::Display { .. } => "display",
        Fact::DisplayEnded { .. } => "display ended",
        Fact::Evicted { .. } => "evicted",
        Fact::Dashboard { .. } => "dashboard",
        Fact::DashboardMode { .. } => "dashboard mode",
        Fact::Settings { .. } => "settings",
        Fact::RoomJoined { .. } => "room joined",
        Fact::RoomLeft { .. } => "room left",
        Fact::Released { .. } => "released",
        Fact::AppStarted { .. } => "app started",
        Fact::Webhook { .. } => "webhook",
        Fact::AppGivenUp { .. } => "app given up",
        Fact::Detached { .. } => "detached",
        Fact::AppStopped { .. } => "app stopped",
        Fact::Scenario { .. } => "scenario",
        Fact::Message { .. } => "message",
    }
}

const fn timer_name(timer: &Timer) -> &'static str {
    match timer {
        Timer::Handshake(_) => "handshake",
        Timer::Ping(_) => "ping",
        Timer::Stale(_) => "stale",
        Timer::Cut(_) => "cut",
        Timer::Release(_) => "release",
        Timer::Arrive(_) => "arrive",
        Timer::Overflow(_) => "overflow",
        Timer::Thaw(_) => "thaw",
        Timer::Flap(_) => "flap",
        Timer::Streams(_) => "streams",
        Timer::Audio(_) => "audio",
        Timer::Plan(_) => "plan",
        Timer::AppNextStep(..) => "app next step",
        Timer::AppStartTimeout(..) => "app start timeout",
        Timer::DisplayEnd(..) => "display end",
        Timer::ArmedFaultEnd => "armed fault end",
    }
}
