//! Silences of every length up to 45 s, in which dials meet nothing: none ends a session.

use tpa_session::session::{Config, Control, Event, Input, Outgoing, Output, Session, State};

use crate::world::{SESSION, World};

/// Times after a dial at which a SYN is sent (RFC 6298: the timeout starts at 1 s and doubles), ms.
const SYNS: [u64; 6] = [0, 1000, 3000, 7000, 15_000, 31_000];
/// Round trip, ms.
const ROUND_TRIP: u64 = 20;
/// Time after which Node's own WebSocket gives a dial up, and one that no runtime waits for, ms.
const DIAL_LIMITS: [u64; 2] = [10_600, 1_000_000];
/// Time after a silence until which the session must be connected, ms.
const RECOVERY: u64 = 60_000;

/// Reports of the state of the network.
#[derive(Clone, Copy, Debug)]
enum Reports {
    /// There is a network, all the time.
    Online,
    /// There is none, from the start of the silence on, for good.
    OfflineForGood,
    /// The report changes at this interval, ms.
    Flapping(u64),
}

#[derive(Debug)]
struct Silence {
    seed: u64,
    length: u64,
    /// The socket reports its end when the silence begins.
    resets: bool,
    reports: Reports,
    /// Time after which the runtime gives a dial up, ms.
    dial_limit: u64,
}

impl Silence {
    const fn begin(&self) -> u64 {
        20_000 + self.seed * 3797 % 15_000
    }

    const fn end(&self) -> u64 {
        self.begin() + self.length
    }

    fn covers(&self, at: u64) -> bool {
        (self.begin()..self.end()).contains(&at)
    }

    /// Time at which a dial ends, if it is waited for, and whether it succeeds.
    fn end_of_dial(&self, dial: u64) -> (u64, bool) {
        let mut syns = SYNS.into_iter().map(|after| dial + after);
        let opens = syns.find(|at| !self.covers(*at)).map(|at| at + ROUND_TRIP);
        let limit = dial + self.dial_limit;
        let opens = opens.filter(|at| *at < limit);
        (opens.unwrap_or(limit), opens.is_some())
    }

    /// Time of the next report after `now`, and the report.
    fn next_report(&self, now: u64) -> Option<(u64, Input)> {
        match self.reports {
            Reports::Online => None,
            Reports::OfflineForGood => (now < self.begin()).then(|| (self.begin(), Input::Offline)),
            Reports::Flapping(every) => {
                let index = now / every + 1;
                let is_offline = index.is_multiple_of(2);
                let report = if is_offline {
                    Input::Offline
                } else {
                    Input::Online
                };
                Some((index * every, report))
            }
        }
    }

    fn run(&self) {
        let config = Config::default();
        let mut world = World::new(config.clone());
        world.session = Session::new(config, self.seed, world.now());
        world.connect(SESSION);
        let mut dial: Option<(u64, bool)> = None;
        let mut pongs = Vec::new();
        let end = self.end() + RECOVERY;
        while world.now < end {
            for output in world.take() {
                match output {
                    Output::Open(_) => dial = Some(self.end_of_dial(world.now)),
                    Output::Close(..) => {
                        dial = None;
                        pongs.clear();
                    }
                    // What is on the way waits for the end of the silence.
                    Output::Transmit(_, Outgoing::Ping(id)) => {
                        let at = if self.covers(world.now) {
                            self.end()
                        } else {
                            world.now
                        };
                        pongs.push((at + ROUND_TRIP, id));
                    }
                    Output::Emit(Event::Disconnected(end)) => {
                        assert!(!end.permanent, "{self:?}: {end:?} at {} ms", world.now);
                    }
                    _ => {}
                }
            }
            let deadline = world.session.poll_timeout().map(|(at, _)| at.as_millis());
            let report = self.next_report(world.now);
            let reset = (self.resets && world.now < self.begin()).then(|| self.begin());
            let pong = pongs.first().map(|(at, _)| *at);
            let report_at = report.as_ref().map(|(at, _)| *at);
            let dialled = dial.map(|(at, _)| at);
            let times = [deadline, report_at, reset, dialled, pong, Some(end)];
            let next = times.into_iter().flatten().min().unwrap_or(end);
            world.now = world.now.max(next);
            if Some(next) == reset {
                world.close(1006, "");
            } else if let Some((_, report)) = report.filter(|_| report_at == Some(next)) {
                world.input(report);
            } else if let Some((_, opens)) = dial.take_if(|(at, _)| *at == next) {
                if opens {
                    world.acknowledge();
                } else {
                    // Node 22 reports no close.
                    world.input(Input::Failed(world.socket, "".into()));
                }
            } else if Some(next) == pong {
                let (_, id) = pongs.remove(0);
                world.input(Input::Control(world.socket, Control::Pong { id: Some(id) }));
            } else {
                world.input(Input::Timeout);
            }
        }
        let state = world.session.state();
        assert_eq!(state, State::Connected, "{self:?}: {RECOVERY} ms after it");
    }
}

/// Runs silences of all lengths below 45 s, in steps of 100 ms.
fn run_all(reports: Reports) {
    for seed in 0..3 {
        for (resets, dial_limit) in [false, true]
            .into_iter()
            .flat_map(|resets| DIAL_LIMITS.map(|limit| (resets, limit)))
        {
            for length in (100..45_000).step_by(100) {
                Silence {
                    seed: seed * 7919 + length,
                    length,
                    resets,
                    reports,
                    dial_limit,
                }
                .run();
            }
        }
    }
}

#[test]
fn silence_of_less_than_45_s_ends_no_session() {
    run_all(Reports::Online);
}

#[test]
fn silence_with_a_report_that_stays_offline_ends_no_session() {
    run_all(Reports::OfflineForGood);
}

#[test]
fn silence_with_reports_that_flap_ends_no_session() {
    for every in [300, 1000, 7000] {
        run_all(Reports::Flapping(every));
    }
}

#[test]
fn tunnel_of_42_s_is_survived() {
    for seed in 0..2000 {
        Silence {
            seed,
            length: 42_000,
            resets: seed % 2 == 0,
            reports: Reports::Online,
            dial_limit: DIAL_LIMITS[seed as usize / 2 % 2],
        }
        .run();
    }
}
