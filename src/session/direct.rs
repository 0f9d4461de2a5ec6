//! Messages that the driver passes to the socket by itself, while the session would only count
//! them.

use crate::session::keys::Key;
use crate::session::outbox::Message;
use crate::session::{Duration, Instant, Payload, Session, SocketId};

/// Permission to pass messages to a socket without [`Command::Send`](crate::session::Command).
///
/// It ends with the next call that changes the session. Before that call, the driver
/// [reports](Session::report_direct) what it has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// The only socket that it is for.
    pub socket: SocketId,
    /// Time from which it is void.
    pub until: Instant,
    /// Most bytes of all messages together.
    pub bytes: usize,
    /// Most bytes in the buffer of the socket, which must be open, before each message.
    pub buffered: usize,
}

/// Messages that were sent under one [`Permit`], of which those with a key all have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Direct<P> {
    /// Number of messages.
    pub messages: u32,
    /// Bytes of all of them.
    pub bytes: usize,
    /// Time of the last one.
    pub last: Instant,
    /// The last one with a key.
    pub state: Option<DirectState<P>>,
}

/// Message with a key that was sent under a [`Permit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectState<P> {
    /// Content.
    pub payload: P,
    /// Its key.
    pub key: String,
    /// Time after which it is not sent once more.
    pub ttl: Option<Duration>,
    /// If the connection is lost before it is confirmed, it is sent once more.
    pub replay: bool,
    /// Its number among the messages, from 1.
    pub number: u32,
    /// Its bytes.
    pub size: usize,
    /// Time at which it was sent.
    pub sent_at: Instant,
}

impl<P: Payload> Session<P> {
    /// Permits the driver to send by itself, when there are no outputs and a message of the app
    /// would be sent at once and have no other effect than to be counted, and kept if it is state.
    pub fn permit(&self) -> Option<Permit> {
        let is_clear = self.is_connected()
            && !self.has_output()
            && self.first_unsent().is_none()
            && self.probe.is_none()
            && !self.keeps_sent()
            && !self.acks.is_flushing();
        let until = self.liveness.link.silence.unchanged_until();
        let until = until.filter(|_| is_clear)?;
        let bytes = self.bytes_until_ping().min(self.room_for_state()?);
        Some(Permit {
            socket: self.last_socket,
            until,
            bytes: bytes.min(self.liveness.window()),
            buffered: self.config.outbox.buffered,
        })
    }

    /// Records messages that were sent under the last [`Permit`]. Their times are at most `now`,
    /// whatever they say: the raw clock may have gone back since they were noted.
    pub fn report_direct(&mut self, sent: Direct<P>, now: Instant) {
        let before = self.acks.pass(sent.messages);
        if let Some(state) = sent.state {
            let sent_at = state.sent_at.min(now);
            self.advance(sent_at);
            let message = Message {
                payload: state.payload,
                key: Some(Key::new(state.key)),
                expires: state.ttl.map(|ttl| sent_at.after(ttl)),
                replay: state.replay,
            };
            let serial = before + u64::from(state.number);
            self.keep_state(&message, (serial, state.size), sent_at);
        }
        self.advance(sent.last.min(now));
        self.stats.sent = self.stats.sent.wrapping_add(sent.messages);
        self.on_handed_over(sent.bytes);
    }
}
