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
    monotonic_behind: i64,
    /// The monotonic clock stands still and shows this.
    stands_at: Option<u64>,
    /// The same for the wall clock.
    wall_behind: u64,
    /// Time in which timers were served on time, ms.
    on_time: u64,
    /// The monotonic clock has never been wrong.
    pub is_reliable: bool,
}

impl Machine {
    pub const fn new() -> Self {
        Self {
            timers: Timers::OnTime,
            frozen_until: 0,
            timers_first: true,
            monotonic_behind: 0,
            stands_at: None,
            wall_behind: 0,
            on_time: 0,
            is_reliable: true,
        }
    }

    pub fn monotonic(&self, now: u64) -> u64 {
        let runs = || now.saturating_add_signed(-self.monotonic_behind);
        self.stands_at.unwrap_or_else(runs)
    }

    pub const fn wall(&self, now: u64) -> u64 {
        1_000_000_000 + now.saturating_sub(self.wall_behind)
    }

    /// World time at which a timer is served that is armed for `at`.
    pub fn alarm(&self, at: u64) -> u64 {
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

    /// The monotonic clock stands still from now on, or runs again.
    pub fn stand(&mut self, now: u64, stands: bool) {
        let shown = self.monotonic(now);
        self.is_reliable &= !stands;
        self.stands_at = stands.then_some(shown);
        self.monotonic_behind = now as i64 - shown as i64;
    }

    /// The monotonic clock advances by so much at once, or goes back.
    pub const fn jump(&mut self, by: i64) {
        self.monotonic_behind -= by;
        self.is_reliable = false;
    }

    /// The machine sleeps for so long from now on.
    pub const fn sleep(&mut self, now: u64, time: u64, running: Running) {
        self.freeze(now, time);
        match running {
            Running::Both => {}
            Running::Monotonic => self.wall_behind += time,
            Running::Wall => self.monotonic_behind += time as i64,
            Running::Neither => {
                self.wall_behind += time;
                self.monotonic_behind += time as i64;
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
