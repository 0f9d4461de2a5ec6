//! The rules that hold for every session, whatever it is told and in whatever order.
//!
//! Much less than the invariants of `tests/simulation`, which knows what should happen. Here
//! nothing is known of the inputs, only what no sequence of them may bring about.

use std::collections::BTreeSet;

use tpa_session::session::{
    Close, Config, Event, FlushId, Outgoing, Output, Payload, Reconnecting, RunId, Session,
    SocketId, State, StateChange,
};

/// The longest wait before an attempt for which there is a fresh reason, ms.
const HASTE: u64 = 250;

/// What the outputs have told so far.
pub struct Grammar {
    config: Config,
    /// Every run that was started.
    runs: BTreeSet<RunId>,
    /// How many of them have ended.
    ends: usize,
    settled: BTreeSet<RunId>,
    /// The flushes that somebody waits for.
    flushes: BTreeSet<FlushId>,
    state: State,
    prepared: Option<SocketId>,
    /// The socket that was opened and not closed.
    live: Option<SocketId>,
    /// It has sent its init.
    introduced: bool,
    left: Option<SocketId>,
    connected: bool,
    /// Outputs were left waiting, so that the session could take some of them back.
    pub was_interrupted: bool,
}

impl Grammar {
    pub fn new(config: Config) -> Self {
        Self {
            config,
            runs: BTreeSet::new(),
            ends: 0,
            settled: BTreeSet::new(),
            flushes: BTreeSet::new(),
            state: State::Idle,
            prepared: None,
            live: None,
            introduced: false,
            left: None,
            connected: false,
            was_interrupted: false,
        }
    }

    /// `connect()` gave this run.
    pub fn started(&mut self, run: RunId) {
        self.runs.insert(run);
    }

    /// `flush()` gave this promise, to one more who waits or to the first.
    pub fn flushing(&mut self, flush: FlushId) {
        self.flushes.insert(flush);
    }

    /// Whether this socket was opened and is not closed.
    pub fn has_made(&self, socket: SocketId) -> bool {
        self.live == Some(socket)
    }

    /// Whether this socket is about to be made.
    pub fn has_promised(&self, socket: SocketId) -> bool {
        self.prepared == Some(socket)
    }

    /// The next output, which is about to be carried out.
    pub fn take<P: Payload>(&mut self, session: &mut Session<P>) -> Option<Output<P>> {
        let is_over = session.state() == State::Stopped;
        let output = session.poll_output()?;
        let is_news = matches!(
            output,
            Output::Prepare(_)
                | Output::Open(_)
                | Output::AskShouldReconnect(_)
                | Output::Emit(Event::Connecting(_) | Event::Connected | Event::Reconnecting(_))
        );
        assert!(!(is_over && is_news), "it was not taken back");
        self.see(&output);
        Some(output)
    }

    fn see<P>(&mut self, output: &Output<P>) {
        match output {
            Output::Prepare(socket) => {
                self.require_run("an attempt");
                assert_eq!((self.prepared, self.live), (None, None), "two attempts");
                self.prepared = Some(*socket);
            }
            Output::Open(socket) => {
                self.require_run("a socket");
                assert_eq!(self.live, None, "two sockets are live");
                assert_eq!(self.prepared.take(), Some(*socket), "not prepared");
                (self.live, self.introduced) = (Some(*socket), false);
            }
            Output::Transmit(socket, frame) => {
                assert_eq!(
                    self.live,
                    Some(*socket),
                    "sent on a socket that is not live"
                );
                let is_init = matches!(frame, Outgoing::Init);
                assert_ne!(self.introduced, is_init, "one init, before all else");
                self.introduced = true;
            }
            Output::Close(socket, close) => {
                judge_close(close);
                assert_ne!(self.left, Some(*socket), "closed twice");
                let known = self.live.or(self.prepared);
                assert!(known == Some(*socket) || self.was_interrupted, "{known:?}");
                (self.live, self.prepared, self.left) = (None, None, Some(*socket));
            }
            Output::Settle(run, _) => {
                assert!(self.runs.contains(run), "a promise that nobody was given");
                assert!(self.settled.insert(*run), "a promise is settled twice");
            }
            Output::Flushed(flush, result) => {
                assert!(self.flushes.remove(flush), "nobody waits for {flush:?}");
                if result.is_ok() {
                    self.require_run("a flush that succeeds");
                }
            }
            Output::Emit(event) => self.hear(event),
            _ => {}
        }
    }

    fn hear<P>(&mut self, event: &Event<P>) {
        match event {
            Event::Dropped(..) if self.runs.is_empty() => return,
            Event::Connecting(event) => {
                let max = self.config.max_reconnect_attempts;
                assert!(max.is_none_or(|max| event.attempt <= max), "{event:?}");
            }
            Event::Connected => {
                assert!(!self.connected, "connected twice");
                self.connected = true;
            }
            Event::Disconnected(end) => {
                assert_ne!(end.permanent, end.will_reconnect);
                assert_eq!(end.was_clean, matches!(end.code, 1000 | 1001));
                assert!(
                    self.connected || end.permanent || self.was_interrupted,
                    "lost what was never there: {end:?}"
                );
                self.connected = false;
            }
            Event::Reconnecting(event) => self.announced(event),
            Event::StateChange(change) => {
                assert_eq!(change.from, self.state, "to {:?}", change.to);
                assert!(is_step(*change), "{change:?}");
                self.state = change.to;
            }
            _ => {}
        }
        self.require_run("an event");
        if matches!(event, Event::Disconnected(end) if end.permanent) {
            self.ends += 1;
        }
    }

    fn announced(&self, event: &Reconnecting) {
        let max = self.config.max_reconnect_attempts;
        assert!(max.is_none_or(|max| event.attempt <= max), "{event:?}");
        let delay = event.delay.as_millis();
        let (shortest, longest) = interval(&self.config, event.attempt);
        assert!(
            delay <= HASTE || (shortest..=longest).contains(&delay),
            "{event:?} is not within {shortest} to {longest}"
        );
    }

    fn require_run(&self, what: &str) {
        assert!(self.ends < self.runs.len(), "{what} after the end");
    }

    /// What holds when all is carried out; `is_offline` says what the session was told.
    pub fn rest<P: Payload>(&self, session: &Session<P>, is_offline: bool) {
        let state = session.state();
        assert_eq!(state, self.state);
        let (messages, bytes) = session.queued();
        assert!(messages <= self.config.outbox.messages, "{messages} wait");
        assert!(bytes <= self.config.outbox.bytes, "{bytes} bytes wait");
        let kept = messages + session.stats().unconfirmed;
        assert!(kept <= self.config.outbox.messages, "{kept} are kept");
        assert!(self.flushes.len() <= 2, "{:?}", self.flushes);
        let deadline = session.poll_timeout();
        match state {
            State::Idle | State::Stopped => {
                assert_eq!((self.prepared, self.live), (None, None), "in {state:?}");
                assert_eq!(self.ends, self.runs.len(), "in {state:?}");
                assert_eq!(self.settled.len(), self.runs.len(), "in {state:?}");
                assert!(self.flushes.is_empty(), "{:?}", self.flushes);
                assert!(deadline.is_none() || state == State::Idle, "{deadline:?}");
            }
            State::Waiting => {
                assert!(deadline.is_some() || is_offline, "waits for nothing");
            }
            State::Connecting | State::Handshaking => {
                assert!(deadline.is_some(), "waits for ever in {state:?}");
            }
            State::Connected => {
                assert_eq!(self.live, Some(session.connection()), "no connection");
                assert!(self.connected, "the app was not told");
            }
        }
    }
}

/// Whether the states of a session can follow one another so.
fn is_step(change: StateChange) -> bool {
    let next: &[State] = match change.from {
        State::Idle | State::Stopped => &[State::Connecting, State::Waiting],
        State::Connecting => &[State::Handshaking, State::Waiting, State::Stopped],
        State::Handshaking => &[State::Connected, State::Waiting, State::Stopped],
        State::Connected => &[State::Waiting, State::Stopped],
        State::Waiting => &[State::Connecting, State::Stopped],
    };
    next.contains(&change.to)
}

/// What is sent when a socket is closed must be allowed, and as much of the reason as may be.
fn judge_close(close: &Close) {
    let (code, reason) = close.to_send();
    assert!(code == 1000 || (3000..5000).contains(&code), "{code}");
    assert!(close.reason.starts_with(reason));
    let most = close.reason.len().min(123);
    assert!((most.saturating_sub(3)..=most).contains(&reason.len()));
}

/// The waits that the documents allow before the attempt of this number, from 1.
pub fn interval(config: &Config, attempt: u32) -> (u64, u64) {
    let backoff = &config.backoff;
    let doublings = attempt.saturating_sub(1).min(64);
    let doubled = u128::from(backoff.initial.as_millis()) << doublings;
    let longest = doubled.min(u128::from(backoff.max.as_millis())) as u64;
    ((longest as f64 * (1.0 - backoff.jitter)) as u64, longest)
}
