//! The line between a machine and the cloud, as it is at a time.

use fastrand::Rng;

/// Time that a packet is under way, on top of what waits before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// In milliseconds.
    Constant(u64),
    /// One packet in `one_in` takes as long as `spike`.
    Spiky { usual: u64, spike: u64, one_in: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Bytes a second to the cloud.
    pub up: u64,
    /// Bytes a second to the client.
    pub down: u64,
    /// One way.
    pub delay: Delay,
    /// Bytes that the kernel takes from a socket before the socket shows that they wait.
    pub kernel: u64,
    /// Time at which nothing gets lost any more.
    pub silent_until: u64,
}

impl Line {
    pub const GOOD: Self = Self {
        up: 1_000_000,
        down: 1_000_000,
        delay: Delay::Constant(20),
        kernel: 65_536,
        silent_until: 0,
    };

    pub fn delay(&self, rng: &mut Rng) -> u64 {
        match self.delay {
            Delay::Constant(delay) => delay,
            Delay::Spiky {
                usual,
                spike,
                one_in,
            } => {
                if rng.u64(..one_in) == 0 {
                    spike
                } else {
                    usual
                }
            }
        }
    }

    pub const fn is_silent(&self, now: u64) -> bool {
        now < self.silent_until
    }

    /// From now on nothing gets through for so long, on this connection and all others.
    pub fn silence(&mut self, now: u64, time: u64) {
        self.silent_until = self.silent_until.max(now + time);
    }
}
