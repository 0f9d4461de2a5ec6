//! Each flush is settled, however few pings the cloud answers and however late timers are.

use tpa_session::session::{Config, Delivery, Duration, FlushError, FlushId, Input, State};

use crate::world::{World, config, flush, flushed, ping_ids, pong, watched};

const MINUTE: u64 = 60_000;

/// Cloud that answers one ping in so many, without ids, and timers that are served at multiples of
/// so many milliseconds.
#[derive(Clone, Copy, Debug)]
struct Case {
    /// 0 for none.
    one_in: usize,
    grid: u64,
    interval: u64,
    timeout: u64,
    delivery: Delivery,
}

impl Case {
    fn config(&self) -> Config {
        let mut config = Config {
            delivery: self.delivery,
            max_reconnect_attempts: None,
            ..config()
        };
        config.watch.ping_interval = Duration::from_millis(self.interval);
        config.watch.pong_timeout = Duration::from_millis(self.timeout);
        config
    }

    /// Longest time for which a flush may wait: the longest patience, and a second look if the
    /// first one was late. One that shares its id with later ones waits for the flush before them
    /// as well. Where messages are sent again, the time starts again with each connection.
    const fn limit(&self) -> u64 {
        2 * (MINUTE + 2 * self.grid + 5000)
    }

    /// Lets the cloud and the timers run until then. Returns the time of the last reconnect.
    fn run_until(&self, world: &mut World, end: u64, pings: &mut usize) -> u64 {
        let mut connected = 0;
        let mut seen = 0;
        loop {
            let all = ping_ids(&world.outputs);
            let fresh = all.len() - seen;
            seen = all.len();
            for _ in 0..fresh {
                let is_answered = self.one_in > 0 && pings.is_multiple_of(self.one_in);
                *pings += 1;
                if is_answered {
                    world.now += 1;
                    pong(world);
                }
            }
            if world.session.state() == State::Connecting {
                *pings = 0;
                connected = world.now;
                world.acknowledge();
                continue;
            }
            if ping_ids(&world.outputs).len() > seen {
                continue;
            }
            let due = world.session.poll_timeout().map(|(at, _)| at.as_millis());
            let due = due.map(|at| at.max(world.now).div_ceil(self.grid) * self.grid);
            let Some(due) = due.filter(|due| *due <= end) else {
                break;
            };
            world.now = world.now.max(due);
            world.input(Input::Timeout);
        }
        world.now = world.now.max(end);
        connected
    }

    fn run(&self) {
        let mut world = World::connected(self.config());
        let mut pings = usize::from(self.interval > 0);
        if pings > 0 && self.one_in > 0 {
            pong(&mut world);
        }
        let mut connected = 0;
        let mut pending: Vec<(FlushId, u64)> = Vec::new();
        for round in 0..400_u64 {
            world.take();
            world.send(&format!("{round}"));
            let now = world.now;
            pending.push((flush(&mut world), now));
            let end = now + 1000 + round * 997 % 19_000;
            connected = connected.max(self.run_until(&mut world, end, &mut pings));
            let settled = flushed(&world);
            pending.retain(|(flush, _)| settled.iter().all(|(settled, _)| settled != flush));
            for (flush, since) in &pending {
                let age = world.now - connected.max(*since);
                assert!(
                    age <= self.limit(),
                    "{self:?}: {flush:?} waits for {age} ms"
                );
            }
        }
    }
}

/// Runs all cases of clouds that answer one ping in so many, and of timers with such grids.
fn run_all(one_in: usize, grids: &[u64]) {
    for &grid in grids {
        for interval in [0, 1000, 15_000] {
            for timeout in [500, 5000] {
                for delivery in Delivery::ALL {
                    let case = Case {
                        one_in,
                        grid,
                        interval,
                        timeout,
                        delivery,
                    };
                    case.run();
                }
            }
        }
    }
}

#[test]
fn flush_is_settled_where_all_pings_are_answered() {
    run_all(1, &[1, 1000, MINUTE]);
}

#[test]
fn flush_is_settled_where_some_pings_are_answered() {
    for one_in in [2, 3, 10] {
        run_all(one_in, &[1, 1000, MINUTE]);
    }
}

#[test]
fn flush_is_settled_where_no_ping_is_answered() {
    run_all(0, &[1, 1000]);
}

#[test]
fn flush_is_settled_where_timers_run_once_a_minute() {
    run_all(0, &[MINUTE]);
}

/// A pong of an older ping puts off the verdict on the connection, and not for ever the flush.
#[test]
fn flush_waits_longer_behind_many_bytes() {
    for (size, time) in [(0, MINUTE), (64 * 1024, MINUTE + 8000)] {
        let mut config = watched();
        config.watch.ping_interval = Duration::from_millis(1000);
        let mut world = World::connected(config);
        // Three of four pings of these remain unanswered.
        for _ in 0..20 {
            pong(&mut world);
            world.advance(4000);
        }
        world.send(&"x".repeat(size));
        let start = world.now;
        let flush = flush(&mut world);
        world.take();
        let mut next_pong = start;
        while flushed(&world).is_empty() {
            let due = world.session.poll_timeout().map(|(at, _)| at.as_millis());
            if due.is_some_and(|due| due < next_pong) {
                world.next_deadline();
            } else {
                world.now = next_pong;
                pong(&mut world);
                next_pong += 4000;
            }
        }
        assert_eq!(flushed(&world), [(flush, Err(FlushError::Unsupported))]);
        assert_eq!(world.now - start, time, "{size}");
    }
}
