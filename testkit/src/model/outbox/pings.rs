//! Pings of one connection among its messages: what their pongs confirm, and how much more may be
//! handed over.

use std::collections::VecDeque;

use crate::model::liveness::Answer;

/// Bytes after which a ping follows.
const BLOCK: u64 = 64 * 1024;
/// Most bytes that are not confirmed, where the cloud pongs.
const WINDOW: u64 = 256 * 1024;

/// Most pings that the session tells apart.
const REMEMBERED: usize = 32;

/// Point between two messages of a connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    /// Place of the last message before it.
    pub place: u32,
    /// Bytes before it.
    pub handed: u64,
    /// Time of the ping that was sent there.
    pub at: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Pings {
    /// The cloud pongs, as far as is known.
    pub is_expected: bool,
    /// Unanswered pings: their numbers, and where they were sent.
    pub out: VecDeque<(u32, Mark)>,
    /// Pings that are answered, as far as is known, but may still be confirmed.
    passed: VecDeque<(u32, Mark)>,
    /// There were more of both than the session tells apart.
    has_overflowed: bool,
    /// Pings that are expected in this call.
    ahead: VecDeque<Mark>,
    /// A ping went out while another one was unanswered, and none had to be answered: it is not
    /// known from which of them on the session counts.
    pub is_vague: bool,
    end: Mark,
    /// Bytes before the last ping, and before the one that is expected in this call.
    last: u64,
    at_ping: u64,
    /// The last message that was carried out.
    carried: Mark,
    confirmed: u64,
}

impl Pings {
    /// A connection begins. A ping at once confirms nothing.
    pub fn acknowledged(&mut self, asks_at_once: bool) {
        self.ahead.extend(asks_at_once.then_some(self.end));
    }

    pub fn hand_over(&mut self, size: usize, place: u32) {
        self.end = Mark {
            place,
            handed: self.end.handed + size as u64,
            at: 0,
        };
        if self.end.handed - self.at_ping >= BLOCK {
            self.at_ping = self.end.handed;
            self.ahead.push_back(self.end);
        }
    }

    pub fn blocks(&self) -> u32 {
        let blocks = self.ahead.iter().filter(|mark| mark.handed > 0);
        u32::try_from(blocks.count()).unwrap_or(u32::MAX)
    }

    /// Pings were sent, the last of which has this number; all messages were sent up to `place`.
    pub fn sent(&mut self, count: u32, last: u32, place: u32, now: u64) {
        self.end.place = place;
        self.is_vague |= count > 0 && !self.is_expected && !self.out.is_empty();
        let mut marks = std::mem::take(&mut self.ahead);
        marks.resize(count as usize, self.end);
        let first = last.wrapping_sub(count).wrapping_add(1);
        // Where pings are useless, a block is not followed by one.
        self.last = marks.back().map_or(self.last, |mark| mark.handed);
        self.at_ping = self.last;
        let marks = marks.into_iter().map(|mark| Mark { at: now, ..mark });
        self.out.extend((first..).zip(marks));
        self.has_overflowed |= self.out.len() + self.passed.len() > REMEMBERED;
    }

    /// A message was carried out.
    pub const fn carry(&mut self, size: usize, place: u32) {
        self.carried.handed += size as u64;
        self.carried.place = place;
    }

    /// A ping was carried out. That tells for sure between which messages it is.
    pub fn transmitted(&mut self, number: u32) {
        let is_last = self.out.back().is_some_and(|(last, _)| *last == number);
        let mut out = self.out.iter_mut();
        if let Some((_, mark)) = out.find(|(other, _)| *other == number) {
            (mark.place, mark.handed) = (self.carried.place, self.carried.handed);
            if is_last {
                (self.last, self.at_ping) = (mark.handed, mark.handed);
            }
        }
    }

    /// Takes the ping that a pong answers: this one, or a later one that was sent at this time.
    pub fn answer(&mut self, answer: &Answer, sent_at: Option<u64>) -> Option<u32> {
        let first = answer.ping?;
        let is_candidate = |number| number == first || number > first && !answer.is_exact;
        let candidates = self.out.iter().filter(|(number, _)| is_candidate(*number));
        let &(number, mark) = candidates.min_by_key(|(_, mark)| Some(mark.at) != sent_at)?;
        let split = self.out.partition_point(|(other, _)| *other <= number);
        self.passed.extend(self.out.drain(..split));
        self.confirmed = mark.handed;
        Some(number)
    }

    /// Takes the ping that a pong confirms, with all before it. Returns the place of the last
    /// message before it, or an earlier one that the session `confirms` if it had too many pings
    /// to tell them apart.
    pub fn confirm(&mut self, answer: &Answer, confirms: impl Fn(u32) -> bool) -> Option<u32> {
        let mut pending = self.passed.iter().chain(&self.out);
        let place = pending
            .find(|(number, _)| *number == answer.confirms)?
            .1
            .place;
        self.passed.retain(|(number, _)| *number > answer.confirms);
        let is_told = answer.is_exact || !self.has_overflowed || confirms(place);
        let earlier = || (0..place).rev().find(|place| confirms(*place));
        if is_told { Some(place) } else { earlier() }
    }

    /// Places of the last messages before the pings that may still be confirmed.
    pub fn places(&self) -> impl Iterator<Item = u32> {
        let pending = self.passed.iter().chain(&self.out);
        pending.map(|(_, mark)| mark.place)
    }

    /// True if a message of this size must wait for a pong.
    pub const fn are_awaited(&self, size: usize) -> bool {
        let open = self.end.handed - self.confirmed;
        self.is_expected && open > 0 && open + size as u64 > WINDOW
    }
}
