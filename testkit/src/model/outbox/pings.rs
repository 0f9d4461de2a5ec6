//! Pings of one connection among its messages: what their pongs confirm, and how much more may be
//! handed over.

use std::collections::VecDeque;

/// Bytes after which a ping follows.
const BLOCK: u64 = 64 * 1024;
/// Most bytes that are not confirmed, where the cloud pongs.
const WINDOW: u64 = 256 * 1024;

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

    /// Takes the ping that a pong answers: this one, or a later one that `confirms`, preferably
    /// one that was sent at this time.
    pub fn answer(
        &mut self,
        number: u32,
        sent_at: Option<u64>,
        confirms: impl Fn(u32) -> bool,
    ) -> Option<(u32, u32)> {
        let later = |(other, _): &&(u32, Mark)| *other >= number;
        let candidates = || self.out.iter().filter(later);
        // More messages may have gone out since, so that the time tells more than their number.
        let rank = |(_, mark): &&(u32, Mark)| (Some(mark.at) != sent_at, !confirms(mark.place));
        let (number, mark) = *candidates().min_by_key(rank)?;
        self.out.retain(|(other, _)| *other > number);
        self.confirmed = mark.handed;
        Some((number, mark.place))
    }

    /// True if a message of this size must wait for a pong.
    pub const fn are_awaited(&self, size: usize) -> bool {
        let open = self.end.handed - self.confirmed;
        self.is_expected && open > 0 && open + size as u64 > WINDOW
    }
}
