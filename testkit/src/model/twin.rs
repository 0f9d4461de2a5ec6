//! A second session that sends by itself wherever the first one permits it, as the shell does. It
//! must do the same as the first, which is told of each message.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use tpa_session::session::{
    Command, CommandError, Config, Direct, DirectState, Duration, Input, Instant, Outgoing, Output,
    Permit, Reply, Session, SocketId,
};

use super::{Violation, ensure};
use crate::Message;

/// One in so many messages is sent by command although there is a permit.
const BY_COMMAND: u32 = 8;

#[derive(Clone, Debug)]
pub struct Twin {
    session: Session<Message>,
    permit: Option<Permit>,
    /// What was sent under the permit.
    sent: Direct<Message>,
    /// The session was called since the loop ran dry.
    is_called: bool,
    /// Messages that it has sent by itself, and the other session has not sent yet.
    ahead: VecDeque<(SocketId, Message)>,
    /// First output that differed.
    difference: Option<String>,
    /// Number of messages that it has sent by itself.
    pub count: u64,
}

fn nothing() -> Direct<Message> {
    Direct {
        messages: 0,
        bytes: 0,
        last: Instant::default(),
        state: None,
    }
}

impl Twin {
    pub fn new(config: &Config, seed: u64) -> Self {
        Self {
            session: Session::new(config.clone(), seed, Instant::default()),
            permit: None,
            sent: nothing(),
            is_called: false,
            ahead: VecDeque::new(),
            difference: None,
            count: 0,
        }
    }

    pub fn reseed(&mut self, seed: u64) {
        self.session.reseed(seed);
    }

    pub fn command(
        &mut self,
        command: &Command<Message>,
        reply: Result<Reply, CommandError>,
        now: Instant,
    ) -> Result<(), Violation> {
        let own = if self.sends(command, now) {
            Ok(Reply::Sent)
        } else {
            self.enter();
            self.session.command(command.clone(), now)
        };
        ensure!(
            own == reply,
            "direct",
            "the reply to {command:?} is {own:?} and not {reply:?}"
        );
        Ok(())
    }

    pub fn input(&mut self, input: Input, now: Instant) {
        self.enter();
        self.session.handle_input(input, now);
    }

    /// Takes an output of the other session, or that it has none. A difference is reported by the
    /// next check.
    pub fn output(&mut self, output: Option<&Output<Message>>) {
        if let Some(Output::Transmit(socket, Outgoing::Message(message))) = output
            && self.ahead.front() == Some(&(*socket, *message))
        {
            self.ahead.pop_front();
            return;
        }
        let own = self.session.poll_output();
        if own.as_ref() != output || !self.ahead.is_empty() {
            let ahead = &self.ahead;
            let text = format!("{ahead:?} was sent, then the output is {own:?}, not {output:?}");
            self.difference.get_or_insert(text);
        }
        if output.is_none() && std::mem::take(&mut self.is_called) {
            self.permit = self.session.permit();
        }
    }

    pub fn check_outputs(&self) -> Result<(), Violation> {
        let difference = self.difference.as_ref();
        ensure!(difference.is_none(), "direct", "{difference:?}");
        Ok(())
    }

    /// Checks that both sessions are the same once this one has been told.
    pub fn check_rest(&self, other: &Session<Message>) -> Result<(), Violation> {
        self.check_outputs()?;
        let (own, expected) = (self.session.poll_timeout(), other.poll_timeout());
        ensure!(
            own == expected,
            "direct",
            "the deadline is {own:?} and not {expected:?}"
        );
        let (own, expected) = (self.told().stats(), other.stats());
        ensure!(
            own == expected,
            "direct",
            "the counters are {own:?} and not {expected:?}"
        );
        Ok(())
    }

    /// The session as it is once it has been told.
    pub fn told(&self) -> Session<Message> {
        let mut twin = self.clone();
        twin.enter();
        twin.session
    }

    /// Hashes what the session has not been told yet.
    pub fn fingerprint(
        &self,
        now: Instant,
        name: impl Fn(&Message) -> u64,
        hasher: &mut impl Hasher,
    ) {
        let age = |at: Instant| now.since(at);
        let permit = self.permit.map(|permit| permit.until.since(now));
        (permit, self.is_called, self.sent.messages).hash(hasher);
        if self.sent.messages > 0 {
            age(self.sent.last).hash(hasher);
        }
        let state = self.sent.state.as_ref();
        let state = state.map(|state| (name(&state.payload), state.number, age(state.sent_at)));
        state.hash(hasher);
    }

    /// Ends the permit, and reports what was sent under it.
    fn enter(&mut self) {
        self.is_called = true;
        self.permit = None;
        let sent = std::mem::replace(&mut self.sent, nothing());
        if sent.messages > 0 {
            let now = sent.last;
            self.session.report_direct(sent, now);
        }
    }

    /// Sends a message by itself, if that is permitted.
    fn sends(&mut self, command: &Command<Message>, now: Instant) -> bool {
        let Command::Send {
            payload,
            key,
            ttl,
            replay,
            buffered: Some(held),
        } = command
        else {
            return false;
        };
        let size = payload.size;
        let Some(permit) = self.permit.as_ref().filter(|permit| {
            now < permit.until
                && self.sent.bytes + size <= permit.bytes
                && *held as usize <= permit.buffered
                && payload.serial % BY_COMMAND != 0
        }) else {
            return false;
        };
        if let (Some(key), Some(state)) = (key, &self.sent.state)
            && *key != state.key
        {
            return false;
        }
        self.ahead.push_back((permit.socket, *payload));
        self.record(*payload, key.as_deref(), (*ttl, *replay), now);
        true
    }

    fn record(
        &mut self,
        payload: Message,
        key: Option<&str>,
        (ttl, replay): (Option<Duration>, bool),
        now: Instant,
    ) {
        let sent = &mut self.sent;
        sent.messages += 1;
        sent.bytes += payload.size;
        sent.last = now;
        if let Some(key) = key {
            sent.state = Some(DirectState {
                payload,
                key: key.into(),
                ttl,
                replay,
                number: sent.messages,
                size: payload.size,
                sent_at: now,
            });
        }
        self.count += 1;
    }
}
