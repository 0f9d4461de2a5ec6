//! One direction of one TCP connection: in order, with a rate, and silent at times.

use std::collections::VecDeque;

/// Interval before the first retransmission of a packet, ms; it doubles with each.
const RETRANSMISSION: u64 = 300;
/// The same for the first packet of a connection.
const SYN_RETRANSMISSION: u64 = 1000;

#[derive(Clone, Debug)]
struct Packet<T> {
    frame: T,
    size: u64,
    ready_at: u64,
    /// Time of the first transmission, where one was lost.
    lost_at: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Lane<T> {
    packets: VecDeque<Packet<T>>,
    /// Bytes of the packets.
    held: u64,
    /// Everything so far has been put on the line.
    free_at: u64,
    /// Nothing gets through any more, and the sender is not told.
    dead: bool,
}

impl<T> Lane<T> {
    pub const fn new() -> Self {
        Self {
            packets: VecDeque::new(),
            held: 0,
            free_at: 0,
            dead: false,
        }
    }

    /// Adds a frame. `rate` is in bytes a second.
    pub fn push(&mut self, frame: T, size: u64, (now, rate, delay): (u64, u64, u64)) {
        self.free_at = self.free_at.max(now) + (size * 1000).div_ceil(rate);
        let last = self.packets.back().map_or(0, |packet| packet.ready_at);
        self.held += size;
        self.packets.push_back(Packet {
            frame,
            size,
            ready_at: last.max(self.free_at + delay),
            lost_at: None,
        });
    }

    /// Time at which the next frame arrives, as far as is known now.
    pub fn next(&self) -> Option<u64> {
        let packet = self.packets.front().filter(|_| !self.dead)?;
        Some(packet.ready_at)
    }

    pub fn front(&self) -> Option<&T> {
        self.packets.front().map(|packet| &packet.frame)
    }

    pub fn pop(&mut self) -> Option<T> {
        let packet = self.packets.pop_front()?;
        self.held -= packet.size;
        Some(packet.frame)
    }

    /// The first frame was lost at `now`, on a line that is silent until `end`: it arrives with
    /// the first retransmission after that. `dials` marks the first packet of a connection.
    pub fn lose(&mut self, now: u64, end: u64, dials: bool) {
        let Some(packet) = self.packets.front_mut() else {
            return;
        };
        let lost_at = *packet.lost_at.get_or_insert(now);
        let mut interval = if dials {
            SYN_RETRANSMISSION
        } else {
            RETRANSMISSION
        };
        let mut again = lost_at + interval;
        while again < end {
            interval *= 2;
            again += interval;
        }
        packet.ready_at = again;
    }

    /// The first frame waits until then.
    pub fn hold(&mut self, until: u64) {
        if let Some(packet) = self.packets.front_mut() {
            packet.ready_at = packet.ready_at.max(until);
        }
    }

    /// Bytes that have not arrived.
    pub const fn held(&self) -> u64 {
        self.held
    }

    pub const fn kill(&mut self) {
        self.dead = true;
    }

    pub const fn is_dead(&self) -> bool {
        self.dead
    }

    /// Frames wait until those of another lane have been put on the line.
    pub fn follow(&mut self, other: &Self) {
        self.free_at = self.free_at.max(other.free_at);
    }

    /// Everything that has not arrived is thrown away.
    pub fn clear(&mut self) {
        self.packets.clear();
        self.held = 0;
        self.free_at = 0;
    }
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Lane;

    #[test]
    fn what_waits_before_a_frame_delays_it() {
        let mut lane = Lane::new();
        lane.push('a', 2000, (0, 2000, 10));
        lane.push('b', 20, (0, 2000, 10));
        assert_eq!((lane.next(), lane.held()), (Some(1010), 2020));
        lane.pop();
        assert_eq!((lane.next(), lane.held()), (Some(1020), 20));
    }

    #[test]
    fn a_lost_frame_comes_with_a_retransmission() {
        let mut lane = Lane::new();
        lane.push('a', 1, (0, 1_000_000, 0));
        lane.lose(0, 3000, false);
        assert_eq!(lane.next(), Some(4500));
        lane.lose(4500, 5000, false);
        assert_eq!(lane.next(), Some(9300));
        lane.kill();
        assert_eq!(lane.next(), None);
    }
}
