//! Fingerprints of sessions, for model checking.

use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use fastrand::Rng;

use crate::session::{
    Duration, Event, FlushId, Outgoing, Output, Payload, Phase, RunId, Session, SocketId,
};

impl<P: Payload> Session<P> {
    /// Restarts the random numbers with this seed, as in a new session.
    pub fn reseed(&mut self, seed: u64) {
        self.rng = Rng::with_seed(seed);
    }

    /// Hashes the state that determines the future behaviour, and nothing else, so that a model
    /// checker recognizes equivalent sessions.
    ///
    /// Two sessions with equal configurations, fingerprints and seeds
    /// ([`reseed`](Self::reseed)) give equal outputs for equal inputs from now on, except for
    /// ids (of sockets, runs, flushes and the session), codes and texts of closures and errors,
    /// and absolute times. Counters and timeline are left out because they determine nothing.
    /// The time in [`Input::Activity`](crate::session::Input::Activity) must not lie back longer
    /// than a pong may take.
    ///
    /// `name` identifies a message.
    pub fn fingerprint(&self, name: impl Fn(&P) -> u64, hasher: &mut impl Hasher) {
        self.fingerprint_run(hasher);
        self.timers.fingerprint(self.now, hasher);
        self.fingerprint_environment(hasher);
        self.subscriptions.hash(hasher);
        let times = (self.now, Duration::from_millis(2001));
        self.outbox.fingerprint(times, &name, hasher);
        let mut serials = self.outbox.serials();
        let times = (self.now, Duration::from_millis(20_001));
        self.replay.fingerprint(times, &name, hasher);
        serials.extend(self.replay.serials());
        self.probe.is_some().hash(hasher);
        if let Some(probe) = &self.probe {
            probe.fingerprint(self.now, &name, hasher);
            serials.extend(probe.serials());
        }
        self.reports_drop.hash(hasher);
        serials.extend(self.liveness.link.pings.serials());
        self.acks.fingerprint(&serials, self.now, hasher);
        self.outputs.len().hash(hasher);
        for output in &self.outputs {
            self.fingerprint_output(output, &name, hasher);
        }
    }

    fn fingerprint_environment(&self, hasher: &mut impl Hasher) {
        let environment = &self.environment;
        (environment.offline, self.wall.is_some()).hash(hasher);
        environment.offline_attempt.since(self.now).hash(hasher);
        environment.haste.since(self.now).hash(hasher);
        self.is_near_navigation().hash(hasher);
        let age = environment.navigated.map(|at| self.now.since(at));
        age.filter(|_| self.is_near_navigation()).hash(hasher);
        (environment.shown_again && self.is_near_navigation()).hash(hasher);
    }

    fn fingerprint_run(&self, hasher: &mut impl Hasher) {
        discriminant(&self.phase).hash(hasher);
        self.state().hash(hasher);
        if self.is_active() {
            let run = &self.run;
            (run.attempts, run.acknowledged).hash(hasher);
            (run.fresh_key_tried, run.next_attempt_free).hash(hasher);
            self.time_for_attempt().hash(hasher);
            let left = run.attempt_ends.since(self.now);
            run.resumes.then_some(left).hash(hasher);
            let outage = self.now.since(run.outage_since);
            outage.min(self.config.give_up_after).hash(hasher);
            let age = self.now.since(run.acknowledged_at);
            age.min(Duration::from_millis(5001)).hash(hasher);
            run.reopened.hash(hasher);
        }
        if let Phase::Waiting | Phase::AwaitingDecision(_) = self.phase {
            let cause = self.run.cause.as_ref();
            cause.map(|cause| cause.kind).hash(hasher);
        }
        match self.phase {
            Phase::AwaitingDecision(_) => {
                (self.run.default_decision, self.run.lost_in_silence).hash(hasher);
            }
            Phase::Waiting => {
                let not_before = self.run.not_before.filter(|at| *at > self.now);
                not_before.map(|at| at.since(self.now)).hash(hasher);
            }
            Phase::Idle
            | Phase::Preparing
            | Phase::Connecting
            | Phase::Handshaking
            | Phase::Connected
            | Phase::Stopped => {}
        }
        if let Phase::Preparing | Phase::Connecting = self.phase {
            // Longer than what makes a dial a silent one.
            let longest = Duration::from_millis(10_000);
            let age = self.now.since(self.run.attempt_started);
            age.min(longest).hash(hasher);
        }
        let is_connected = self.is_connected();
        if is_connected {
            self.run.answered.hash(hasher);
        }
        self.liveness.fingerprint(self.now, is_connected, hasher);
    }

    fn fingerprint_output(
        &self,
        output: &Output<P>,
        name: &impl Fn(&P) -> u64,
        hasher: &mut impl Hasher,
    ) {
        let socket = |id: SocketId| self.last_socket.0.wrapping_sub(id.0);
        let run = |id: RunId| self.run.id.0.wrapping_sub(id.0);
        let flush = |id: FlushId| self.acks.age(id);
        discriminant(output).hash(hasher);
        match output {
            Output::Prepare(id) | Output::Open(id) | Output::Close(id, _) => {
                socket(*id).hash(hasher);
            }
            Output::Transmit(id, frame) => {
                (socket(*id), discriminant(frame)).hash(hasher);
                match frame {
                    Outgoing::Init | Outgoing::Ping(_) => {}
                    Outgoing::Subscriptions(streams) => streams.hash(hasher),
                    Outgoing::Message(payload) => name(payload).hash(hasher),
                }
            }
            Output::AskShouldReconnect(cause) => cause.kind.hash(hasher),
            Output::Emit(event) => fingerprint_event(event, name, hasher),
            Output::Settle(id, result) => {
                let result = result.as_ref().map_err(|e| (e.cause.kind, e.attempts));
                (run(*id), result).hash(hasher);
            }
            Output::Flushed(id, result) => (flush(*id), result).hash(hasher),
        }
    }
}

fn fingerprint_event<P>(event: &Event<P>, name: &impl Fn(&P) -> u64, hasher: &mut impl Hasher) {
    discriminant(event).hash(hasher);
    match event {
        Event::Connecting(event) => event.attempt.hash(hasher),
        Event::Connected => {}
        Event::Disconnected(event) => (event.permanent, event.kind).hash(hasher),
        Event::Reconnecting(event) => {
            (event.attempt, event.counted, event.delay, event.cause.kind).hash(hasher);
        }
        Event::StateChange(event) => (event.from, event.to).hash(hasher),
        Event::Error(error) => discriminant(error).hash(hasher),
        Event::Sent(payload) => name(payload).hash(hasher),
        Event::Dropped(payload, reason) => (name(payload), reason).hash(hasher),
    }
}
