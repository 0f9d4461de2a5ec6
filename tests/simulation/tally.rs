//! What the lives have seen, so that the simulation cannot go blind unnoticed.

use std::fmt;

use tpa_session::session::{CloseKind, DropReason, Timer};

use crate::runner::Sum;

/// Everything that must be seen once at least.
macro_rules! sights {
    ($($name:ident: $words:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Sight { $($name,)* }

        impl Sight {
            const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $words),)*];
        }
    };
}

sights! {
    Closed: "closes",
    ErrorThenClose: "errors with a close after them",
    ErrorOnly: "errors without a close",
    Twice: "errors and closes told twice",
    Cut: "lines cut",
    LostUp: "half-open lines, deaf",
    LostDown: "half-open lines, mute",
    Stalled: "lines that stall",
    Closing: "sockets that are closing",
    Congested: "sockets that are congested",
    Refused: "dials refused",
    DialHung: "dials that hang",
    DialThrew: "constructors that throw",
    KeyLate: "keys that come late",
    KeyFailed: "keys that do not come",
    KeyHung: "keys that are waited for in vain",
    SlowAck: "acks after the time for them",
    NoAck: "acks that never come",
    ExtraAck: "acks that nobody asked for",
    FatalRefusal: "refusals that are fatal",
    MildRefusal: "refusals that are not",
    RefusedConnected: "error frames at any time",
    StopFrame: "app_stopped frames",
    Malformed: "malformed frames",
    Data: "frames of the app's",
    Ping: "pings",
    ExtraPong: "pongs that nobody asked for",
    Slept: "sleeps",
    SleptUnnoticed: "sleeps that only the wall clock shows",
    NoNetwork: "first attempts without a network",
    Pardoned: "closures that the app wants retried",
    Condemned: "closures that the app wants final",
    NoVerdict: "closures that the app leaves to the table",
    StalePrepared: "keys for attempts given up",
    StaleOpened: "opens of sockets given up",
    StaleFailed: "errors of sockets given up",
    StaleClosed: "closes of sockets given up",
    StaleAck: "acks on sockets given up",
    StaleFrame: "other frames of sockets given up",
    StaleWhileLive: "any of these while another socket lives",
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
    TakenBack: "events taken back",
    OtherSession: "connect() with another id",
    SameSession: "connect() with the same id",
    Misuse: "calls that can't be right",
    Unwritable: "sends that the socket would lose",
    SentAfterEnd: "sends after the end",
    Replaced: "messages replaced by key",
    Resent: "messages to be sent again",
    AllArrived: "lives whose messages all had to arrive",
    Unconfirmable: "clouds found to confirm nothing",
    Flushed: "flushes that succeed",
    FlushLost: "flushes whose connection is lost",
    FlushUnsupported: "flushes that the cloud does not support",
    FlushOver: "flushes without a session",
    Threw: "handlers that throw",
    Followed: "handlers that change what they listen to",
    JudgeThrew: "handlers that throw when they are asked about a closure",
    NestedFlush: "flush() in a handler",
    Connected: "lives that got to a connection at last",
    WrongKey: "keys that are wrong",
}

/// Every kind of closure that must be seen.
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

/// How often each was seen; there are few of a sort, so that a list is quicker than a map.
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

    pub fn never(&self) -> impl Iterator<Item = T> {
        let never = self.0.iter().filter(|(_, count)| *count == 0);
        never.map(|&(one, _)| one)
    }

    pub fn show(&self, f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
        write!(f, "{what}:")?;
        for (one, count) in &self.0 {
            write!(f, " {one:?} {count},")?;
        }
        writeln!(f)
    }
}

/// What was seen in one life, or in many.
#[derive(Clone, Debug)]
pub struct Tally {
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
    sights: [u64; Sight::ALL.len()],
}

impl Tally {
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
            sights: [0; Sight::ALL.len()],
        }
    }

    pub fn saw(&mut self, sight: Sight) {
        self.sights[sight as usize] += 1;
    }

    pub fn saw_if(&mut self, sight: Sight, happened: bool) {
        self.saw_times(sight, u64::from(happened));
    }

    pub fn saw_times(&mut self, sight: Sight, times: u64) {
        self.sights[sight as usize] += times;
    }

    pub fn ended(&mut self, kind: CloseKind) {
        self.kinds.add(kind, 1);
    }

    pub fn dropped(&mut self, why: DropReason) {
        self.drops.add(why, 1);
    }

    pub fn all_dropped(&self) -> u64 {
        self.drops.0.iter().map(|(_, count)| count).sum()
    }

    pub fn timer(&mut self, timer: Timer) {
        self.timers.add(timer, 1);
    }

    /// What should have been seen and never was, but for this, which cannot be seen here.
    pub fn never_but(&self, not_here: &[Sight]) -> Vec<String> {
        let kinds = self.kinds.never().map(|kind| format!("{kind:?}"));
        let drops = self.drops.never().map(|why| format!("{why:?}"));
        let timers = self.timers.never().map(|timer| format!("{timer:?}"));
        let sights = Sight::ALL
            .iter()
            .filter(|(s, _)| self.sights[*s as usize] == 0 && !not_here.contains(s));
        let sights = sights.map(|(_, words)| (*words).to_string());
        kinds.chain(drops).chain(timers).chain(sights).collect()
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

impl Sum for Tally {
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
        for (sum, count) in self.sights.iter_mut().zip(other.sights) {
            *sum += count;
        }
    }
}

impl fmt::Display for Tally {
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
        for (sight, words) in Sight::ALL {
            writeln!(f, "{:>10} {words}", self.sights[*sight as usize])?;
        }
        Ok(())
    }
}
