//! What waits to be sent: bounded, keyed, and with an end to its waiting.

use std::collections::VecDeque;

use super::time::Instant;

/// The app's own form of a message, which the core keeps and never reads.
pub trait Payload {
    /// Bytes on the wire (UTF-8). Asked for only when the message has to wait.
    fn size(&self) -> usize;
}

/// A message that the app wants sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<P> {
    /// What is to be sent.
    pub payload: P,
    /// Makes the message state: while it waits, a newer one with the same key takes its place.
    pub key: Option<String>,
    /// From when on it is too late to send it.
    pub expires: Option<Instant>,
}

/// How much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most messages.
    pub messages: usize,
    /// Most bytes, all messages together.
    pub bytes: usize,
}

#[derive(Debug)]
struct Waiting<P> {
    message: Message<P>,
    size: usize,
}

/// The queue of messages that wait for a connection, oldest first.
#[derive(Debug)]
pub(super) struct Outbox<P> {
    waiting: VecDeque<Waiting<P>>,
    bytes: usize,
    limits: Limits,
}

impl<P: Payload> Outbox<P> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            waiting: VecDeque::new(),
            bytes: 0,
            limits,
        }
    }

    /// Lets a message wait. Returns what had to give way, oldest first; the message itself is
    /// the error when it could not fit even into an empty queue.
    pub(super) fn push(&mut self, message: Message<P>) -> Result<Vec<P>, P> {
        let size = message.payload.size();
        if self.limits.messages == 0 || size > self.limits.bytes {
            return Err(message.payload);
        }
        self.bytes += size;
        let waiting = Waiting { message, size };
        let index = match self.position(waiting.message.key.as_deref()) {
            Some(index) => {
                let replaced = std::mem::replace(&mut self.waiting[index], waiting);
                self.bytes -= replaced.size;
                index
            }
            None => {
                self.waiting.push_back(waiting);
                self.waiting.len() - 1
            }
        };
        Ok(self.trim(index))
    }

    pub(super) fn pop(&mut self) -> Option<P> {
        let first = self.waiting.pop_front()?;
        self.bytes -= first.size;
        Some(first.message.payload)
    }

    /// Takes out what is too old to be sent, oldest first.
    pub(super) fn take_expired(&mut self, now: Instant) -> Vec<P> {
        let mut expired = Vec::new();
        for _ in 0..self.waiting.len() {
            let Some(first) = self.waiting.pop_front() else {
                break;
            };
            if first.message.expires.is_some_and(|at| at <= now) {
                self.bytes -= first.size;
                expired.push(first.message.payload);
            } else {
                self.waiting.push_back(first);
            }
        }
        expired
    }

    /// When the first of the waiting messages expires.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.waiting.iter().filter_map(|w| w.message.expires).min()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn position(&self, key: Option<&str>) -> Option<usize> {
        let key = key?;
        self.waiting
            .iter()
            .position(|w| w.message.key.as_deref() == Some(key))
    }

    /// Drops the oldest until the limits hold, but not the newcomer, wherever it stands.
    fn trim(&mut self, mut newcomer: usize) -> Vec<P> {
        let mut dropped = Vec::new();
        while self.waiting.len() > self.limits.messages || self.bytes > self.limits.bytes {
            let oldest = usize::from(newcomer == 0);
            let Some(gone) = self.waiting.remove(oldest) else {
                break;
            };
            newcomer = newcomer.saturating_sub(1);
            self.bytes -= gone.size;
            dropped.push(gone.message.payload);
        }
        dropped
    }
}
