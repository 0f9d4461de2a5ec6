//! Coverage of situations, so that the simulation cannot miss one unnoticed.

use std::fmt;

use testkit::world::dial_outcome::{CloseEvents, Credentials, Dial, DialOutcome};
use tpa_session::session::{CloseKind, DropReason, Timer};

use crate::runner::Sum;

/// Situations that must occur at least once, with their descriptions.
macro_rules! situations {
    ($($name:ident: $words:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Situation { $($name,)* }

        impl Situation {
            const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $words),)*];
        }
    };
}

situations! {
    Closed: "closes",
    ErrorThenClose: "errors with a close after them",
    ErrorOnly: "errors without a close",
    Twice: "errors and closes reported twice",
    Cut: "links cut",
    LostUp: "half-open links, nothing reaches the cloud",
    LostDown: "half-open links, nothing reaches the client",
    Stalled: "links that stall",
    Closing: "sockets that are closing",
    Congested: "sockets that are congested",
    Refused: "dials refused",
    DialHung: "dials that hang",
    DialThrew: "constructors that throw",
    KeyLate: "keys that come late",
    KeyFailed: "keys that cannot be had",
    KeyHung: "keys that never come",
    SlowAck: "acks after the timeout",
    NoAck: "acks that never come",
    ExtraAck: "unsolicited acks",
    FatalRefusal: "refusals that are fatal",
    MildRefusal: "refusals that are not",
    RefusedConnected: "error frames at any time",
    StopFrame: "app_stopped frames",
    Malformed: "malformed frames",
    Data: "data frames",
    Ping: "pings",
    ProtocolPing: "protocol pings",
    ClockJumped: "clocks that jump",
    Leaving: "pages that may be left",
    ExtraPong: "pongs without a ping",
    Slept: "sleeps",
    SleptUnnoticed: "sleeps that only the wall clock shows",
    NoNetwork: "attempts without a network",
    Uncounted: "attempts that do not count",
    ClosedByBrowser: "closures by the browser",
    DecidedRetry: "closures after which the app wants to reconnect",
    DecidedStop: "closures after which the app wants to stop",
    DecidedDelay: "closures after which the app sets the delay",
    DelaySet: "attempts after a set delay",
    NoDecision: "closures that the app leaves to the session",
    StalePrepared: "keys for attempts given up",
    StaleOpened: "opens of sockets given up",
    StaleFailed: "errors of sockets given up",
    StaleClosed: "closes of sockets given up",
    StaleAck: "acks on sockets given up",
    StaleFrame: "other frames of sockets given up",
    StaleWhileLive: "any of these while another socket runs",
    ClosedAtOnce: "closes that fire their events at once",
    FreshKey: "fresh keys after a refusal",
    LateTimer: "timers that are late",
    EarlyTimer: "timers that fire without need",
    ClockBack: "clocks that go back",
    NestedConnect: "connect() in a handler",
    NestedDisconnect: "disconnect() in a handler",
    NestedRetry: "reconnectNow() in a handler",
    NestedSend: "send() in a handler",
    NestedStreams: "subscriptions changed in a handler",
    Withdrawn: "events withdrawn",
    OtherSession: "connect() with another id",
    SameSession: "connect() with the same id",
    Misuse: "calls that can't be right",
    Unwritable: "sends that the socket would lose",
    SentAfterEnd: "sends after the end",
    Direct: "messages sent without a call",
    Replaced: "messages replaced by key",
    Resent: "messages to be sent again",
    AllArrived: "runs whose messages all had to arrive",
    Unconfirmable: "clouds found to confirm nothing",
    Flushed: "flushes that succeed",
    FlushLost: "flushes whose connection is lost",
    FlushUnsupported: "flushes that the cloud does not support",
    FlushOver: "flushes without a session",
    Threw: "handlers that throw",
    Followed: "handlers that change what they listen to",
    DecisionThrew: "shouldReconnect handlers that throw",
    NestedFlush: "flush() in a handler",
    Connected: "runs that got to a connection at last",
    WrongKey: "keys that are wrong",
    DroppedUntold: "messages of a handler of `dropped` that found no room",
}

/// Kinds of closures that must occur.
const KINDS: [CloseKind; 9] = [
    CloseKind::ClientDisconnect,
    CloseKind::SessionEnded,
    CloseKind::AppStopped,
    CloseKind::Superseded,
    CloseKind::Rejected,
    CloseKind::Normal,
    CloseKind::Abnormal,
    CloseKind::Exhausted,
    CloseKind::Unsupported,
];

const DROPS: [DropReason; 4] = [
    DropReason::Overflow,
    DropReason::Expired,
    DropReason::Ended,
    DropReason::Unconfirmed,
];

/// Number of occurrences of each item. There are few items, so that a list is faster than a map.
#[derive(Clone, Debug)]
pub struct Counts<T>(Vec<(T, u64)>);

impl<T: Copy + PartialEq + fmt::Debug> Counts<T> {
    pub fn of(all: &[T]) -> Self {
        Self(all.iter().map(|&one| (one, 0)).collect())
    }

    pub fn add(&mut self, one: T, count: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == one) {
            Some((_, sum)) => *sum += count,
            None => self.0.push((one, count)),
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for &(one, count) in &other.0 {
            self.add(one, count);
        }
    }

    pub fn missing(&self) -> impl Iterator<Item = T> {
        let missing = self.0.iter().filter(|(_, count)| *count == 0);
        missing.map(|&(one, _)| one)
    }

    pub fn show(&self, f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
        write!(f, "{what}:")?;
        for (one, count) in &self.0 {
            write!(f, " {one:?} {count},")?;
        }
        writeln!(f)
    }
}

/// Coverage of one run, or of many.
#[derive(Clone, Debug)]
pub struct Coverage {
    pub seeds: u64,
    pub steps: u64,
    pub attempts: u64,
    pub connections: u64,
    pub asked: u64,
    pub transmitted: u64,
    pub arrived: u64,
    kinds: Counts<CloseKind>,
    drops: Counts<DropReason>,
    timers: Counts<Timer>,
    situations: [u64; Situation::ALL.len()],
}

impl Coverage {
    pub fn new() -> Self {
        Self {
            seeds: 0,
            steps: 0,
            attempts: 0,
            connections: 0,
            asked: 0,
            transmitted: 0,
            arrived: 0,
            kinds: Counts::of(&KINDS),
            drops: Counts::of(&DROPS),
            timers: Counts::of(&Timer::ALL),
            situations: [0; Situation::ALL.len()],
        }
    }

    pub fn count(&mut self, situation: Situation) {
        self.situations[situation as usize] += 1;
    }

    pub fn count_if(&mut self, situation: Situation, happened: bool) {
        self.count_times(situation, u64::from(happened));
    }

    pub fn count_times(&mut self, situation: Situation, times: u64) {
        self.situations[situation as usize] += times;
    }

    pub const fn times(&self, situation: Situation) -> u64 {
        self.situations[situation as usize]
    }

    /// Counts the outcome of an attempt.
    pub fn dialled(&mut self, outcome: &DialOutcome) {
        match outcome.credentials {
            Credentials::AtOnce | Credentials::Unsupported => {}
            Credentials::After(_) => self.count(Situation::KeyLate),
            Credentials::Fail(_) => self.count(Situation::KeyFailed),
            Credentials::Hang => self.count(Situation::KeyHung),
        }
        match outcome.dial {
            Dial::Opens(_) => {}
            Dial::Refused(..) => self.count(Situation::Refused),
            Dial::Hangs => self.count(Situation::DialHung),
            Dial::Throws => self.count(Situation::DialThrew),
        }
    }

    /// Counts the events of a socket that was ended.
    pub fn closed(&mut self, events: CloseEvents) {
        self.count(match events {
            CloseEvents::Close => Situation::Closed,
            CloseEvents::ErrorThenClose => Situation::ErrorThenClose,
            CloseEvents::ErrorOnly => Situation::ErrorOnly,
            CloseEvents::Twice => Situation::Twice,
        });
    }

    pub fn ended(&mut self, kind: CloseKind) {
        self.kinds.add(kind, 1);
    }

    pub fn dropped(&mut self, reason: DropReason) {
        self.drops.add(reason, 1);
    }

    pub fn all_dropped(&self) -> u64 {
        self.drops.0.iter().map(|(_, count)| count).sum()
    }

    pub fn timer(&mut self, timer: Timer) {
        self.timers.add(timer, 1);
    }

    /// Items that never occurred, apart from those that cannot occur here.
    pub fn missing(&self, impossible: &[Situation]) -> Vec<String> {
        let kinds = self.kinds.missing().map(|kind| format!("{kind:?}"));
        let drops = self.drops.missing().map(|reason| format!("{reason:?}"));
        let timers = self.timers.missing().map(|timer| format!("{timer:?}"));
        let situations = Situation::ALL
            .iter()
            .filter(|(s, _)| self.situations[*s as usize] == 0 && !impossible.contains(s));
        let situations = situations.map(|(_, words)| (*words).to_string());
        kinds.chain(drops).chain(timers).chain(situations).collect()
    }
}

impl Default for Coverage {
    fn default() -> Self {
        Self::new()
    }
}

impl Sum for Coverage {
    fn merge(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.attempts += other.attempts;
        self.connections += other.connections;
        self.asked += other.asked;
        self.transmitted += other.transmitted;
        self.arrived += other.arrived;
        self.kinds.merge(&other.kinds);
        self.drops.merge(&other.drops);
        self.timers.merge(&other.timers);
        for (sum, count) in self.situations.iter_mut().zip(other.situations) {
            *sum += count;
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} seeds: {} steps, {} attempts, {} connections",
            self.seeds, self.steps, self.attempts, self.connections
        )?;
        writeln!(
            f,
            "messages: {} asked, {} transmitted, {} arrived",
            self.asked, self.transmitted, self.arrived
        )?;
        self.drops.show(f, "dropped")?;
        self.kinds.show(f, "closures")?;
        self.timers.show(f, "timers served")?;
        for (situation, words) in Situation::ALL {
            writeln!(f, "{:>10} {words}", self.situations[*situation as usize])?;
        }
        Ok(())
    }
}
