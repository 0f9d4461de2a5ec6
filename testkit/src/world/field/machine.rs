//! The machine that a session runs on: its timers, its two clocks, and its sleep.

/// Service of the timers of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timers {
    OnTime,
    /// Only at multiples of so many milliseconds: hidden tabs.
    Grid(u64),
    /// Timers and events are served only in the first `open` of each `every` milliseconds.
    Thaws {
        every: u64,
        open: u64,
    },
}

/// Clocks that run in sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    Both,
    Monotonic,
    Wall,
    Neither,
}

impl Running {
    pub const ALL: [Self; 4] = [Self::Both, Self::Monotonic, Self::Wall, Self::Neither];
}

#[derive(Clone, Copy, Debug)]
pub struct Machine {
    pub timers: Timers,
    /// No code runs before that time.
    pub frozen_until: u64,
    /// What runs first after a thaw: timers, or events of sockets.
    pub timers_first: bool,
    /// Lead of the world's time over the monotonic clock, ms.
    monotonic_behind: u64,
    /// The same for the wall clock.
    wall_behind: u64,
    /// Time in which timers were served on time, ms.
    on_time: u64,
}

impl Machine {
    pub const fn new() -> Self {
        Self {
            timers: Timers::OnTime,
            frozen_until: 0,
            timers_first: true,
            monotonic_behind: 0,
            wall_behind: 0,
            on_time: 0,
        }
    }

    pub const fn monotonic(&self, now: u64) -> u64 {
        now.saturating_sub(self.monotonic_behind)
    }

    pub const fn wall(&self, now: u64) -> u64 {
        1_000_000_000 + now.saturating_sub(self.wall_behind)
    }

    /// World time at which a deadline of the monotonic clock is served.
    pub fn alarm(&self, deadline: u64, now: u64) -> u64 {
        let at = deadline.saturating_add(self.monotonic_behind).max(now);
        let at = at.max(self.frozen_until);
        match self.timers {
            Timers::OnTime => at,
            Timers::Grid(grid) => at.div_ceil(grid).saturating_mul(grid),
            Timers::Thaws { .. } => self.event(at),
        }
    }

    /// World time at which an event of a socket that came at `at` is served.
    pub fn event(&self, at: u64) -> u64 {
        let at = at.max(self.frozen_until);
        match self.timers {
            Timers::Thaws { every, open } if at % every >= open => at - at % every + every,
            Timers::OnTime | Timers::Grid(_) | Timers::Thaws { .. } => at,
        }
    }

    /// The machine sleeps for so long from now on.
    pub const fn sleep(&mut self, now: u64, time: u64, running: Running) {
        self.freeze(now, time);
        match running {
            Running::Both => {}
            Running::Monotonic => self.wall_behind += time,
            Running::Wall => self.monotonic_behind += time,
            Running::Neither => {
                self.wall_behind += time;
                self.monotonic_behind += time;
            }
        }
    }

    /// No code runs for so long from now on, and the clocks do.
    pub const fn freeze(&mut self, now: u64, time: u64) {
        if self.frozen_until < now + time {
            self.frozen_until = now + time;
        }
    }

    pub const fn is_frozen(&self, now: u64) -> bool {
        now < self.frozen_until
    }

    /// Time has passed.
    pub fn pass(&mut self, from: u64, to: u64) {
        if self.timers == Timers::OnTime {
            self.on_time += to.saturating_sub(from.max(self.frozen_until));
        }
    }

    pub const fn on_time(&self) -> u64 {
        self.on_time
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}
