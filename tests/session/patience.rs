//! Time that a pong may take, and how much may be handed over before one.

use tpa_session::session::{
    Close, Command, Config, Duration, Input, Reply, State, Timer, WakeHint,
};

use crate::world::{World, answer, answered, ping_ids, pings, pong, watched};

pub const KIB: usize = 1024;

/// Text of this size, which begins with a number.
fn text(number: usize, size: usize) -> String {
    let number = number.to_string();
    number.clone() + &"x".repeat(size.saturating_sub(number.len()))
}

/// Sends a message of this size.
pub fn send_bytes(world: &mut World, number: usize, size: usize) -> Reply {
    let payload = world.message(&text(number, size));
    world.command(Command::Send {
        payload,
        key: None,
        ttl: None,
        replay: true,
        buffered: Some(0),
    })
}

/// Milliseconds until the connection is left.
pub fn time_to_leave(world: &mut World) -> u64 {
    let start = world.now;
    while world.session.state() == State::Connected {
        world.next_deadline();
    }
    world.now - start
}

/// Connects again, and has the first ping answered.
pub fn reconnect(world: &mut World) {
    while world.session.state() == State::Waiting {
        world.next_deadline();
    }
    world.acknowledge();
    pong(world);
}

#[test]
fn patience_follows_the_measured_round_trips() {
    let mut config = watched();
    config.watch.pong_timeout = Duration::from_millis(1000);
    let mut world = World::connected(config);
    world.advance(800);
    pong(&mut world);
    // RFC 6298: 800 + 4 * 400.
    world.advance(14_200);
    assert_eq!(time_to_leave(&mut world), 2400);
}

#[test]
fn steady_round_trips_bring_the_patience_down_to_the_option() {
    let mut world = World::connected(watched());
    world.advance_answering(600_000, 4000);
    assert_eq!(world.session.state(), State::Connected);
    world.advance_answering(604_000, 20);
    world.take();
    while pings(&world) == 0 {
        world.next_deadline();
    }
    assert_eq!(time_to_leave(&mut world), 5000);
}

#[test]
fn round_trips_are_remembered_over_connections() {
    let mut world = World::connected(watched());
    world.advance(4000);
    pong(&mut world);
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    assert_eq!(time_to_leave(&mut world), 4000 + 4 * 2000);
}

#[test]
fn patience_doubles_for_each_connection_in_a_row_that_was_left() {
    let mut config = watched();
    config.max_reconnect_attempts = None;
    let mut world = World::connected(config);
    pong(&mut world);
    let mut patience = Vec::new();
    for _ in 0..6 {
        world.take();
        while pings(&world) == 0 {
            world.next_deadline();
        }
        patience.push(time_to_leave(&mut world) / 1000);
        reconnect(&mut world);
    }
    assert_eq!(patience, [5, 10, 20, 40, 60, 60]);
}

#[test]
fn other_closures_end_the_row() {
    let mut world = answered();
    time_to_leave(&mut world);
    reconnect(&mut world);
    world.close(1006, "");
    reconnect(&mut world);
    world.advance(15_000);
    assert_eq!(time_to_leave(&mut world), 5000);
}

#[test]
fn patience_is_halved_after_a_minute_of_answers() {
    for (answered_for, patience) in [(40_000, 10_000), (80_000, 5000)] {
        let mut world = answered();
        time_to_leave(&mut world);
        reconnect(&mut world);
        world.advance_answering(answered_for, 20);
        assert_eq!(world.session.state(), State::Connected);
        world.take();
        while pings(&world) == 0 {
            world.next_deadline();
        }
        assert_eq!(time_to_leave(&mut world), patience);
    }
}

#[test]
fn longer_timeout_of_the_options_is_kept() {
    let mut config = watched();
    config.watch.pong_timeout = Duration::from_millis(90_000);
    let mut world = World::connected(config);
    pong(&mut world);
    world.advance(15_000);
    assert_eq!(time_to_leave(&mut world), 90_000);
}

#[test]
fn ping_follows_each_64_kib() {
    let mut world = answered();
    for number in 0..16 {
        send_bytes(&mut world, number, 8 * KIB);
        assert_eq!(pings(&world), (number + 1) / 8);
    }
}

#[test]
fn bytes_before_a_ping_extend_its_time() {
    let mut world = answered();
    send_bytes(&mut world, 0, 64 * KIB);
    assert_eq!(pings(&world), 1);
    assert_eq!(time_to_leave(&mut world), 5000 + 8000);
}

#[test]
fn each_pong_starts_the_time_of_the_next_ping() {
    let mut world = answered();
    for number in 0..4 {
        send_bytes(&mut world, number, 64 * KIB);
    }
    for id in ping_ids(&world.outputs) {
        world.advance(12_000);
        answer(&mut world, id);
        assert_eq!(world.session.state(), State::Connected);
    }
}

#[test]
fn at_most_256_kib_are_unconfirmed_where_the_cloud_pongs() {
    let mut world = answered();
    for number in 0..4 {
        assert_eq!(send_bytes(&mut world, number, 64 * KIB), Reply::Sent);
    }
    assert_eq!(send_bytes(&mut world, 4, 1), Reply::Queued);
    pong(&mut world);
    assert_eq!(world.next_deadline(), Some(Timer::Drain));
    world.input(Input::Buffered(world.socket, 0));
    assert_eq!(world.sent().len(), 5);
}

#[test]
fn rest_is_asked_about_where_messages_wait_for_it() {
    let mut world = answered();
    send_bytes(&mut world, 0, 10 * KIB);
    assert_eq!(pings(&world), 0);
    assert_eq!(send_bytes(&mut world, 1, 250 * KIB), Reply::Queued);
    assert_eq!(pings(&world), 1, "nothing else would bring a pong");
    pong(&mut world);
    world.input(Input::Buffered(world.socket, 0));
    assert_eq!(world.sent().len(), 2);
}

#[test]
fn message_that_is_longer_goes_alone() {
    let mut world = answered();
    assert_eq!(send_bytes(&mut world, 0, 900 * KIB), Reply::Sent);
    assert_eq!(send_bytes(&mut world, 1, 1), Reply::Queued);
}

#[test]
fn cloud_without_pongs_does_not_limit_what_is_unconfirmed() {
    let mut world = World::connected(watched());
    for number in 0..20 {
        assert_eq!(send_bytes(&mut world, number, 64 * KIB), Reply::Sent);
    }
}

#[test]
fn lower_rates_are_allowed_after_a_connection_was_left() {
    let mut config = watched();
    config.max_reconnect_attempts = None;
    let mut world = World::connected(config);
    pong(&mut world);
    let mut allowed = Vec::new();
    for number in 0..3 {
        send_bytes(&mut world, number, 64 * KIB);
        allowed.push(time_to_leave(&mut world) / 1000);
        reconnect(&mut world);
    }
    assert_eq!(allowed, [5 + 8, 10 + 16, 20 + 32]);
}

/// An uplink with a rate, and a socket whose number of waiting bytes is always zero.
struct Uplink {
    rate: u64,
    /// Time at which the line is free again, ms.
    free: u64,
    /// Pongs on their way: time, and id.
    pongs: std::collections::VecDeque<(u64, tpa_session::session::PingId)>,
}

impl Uplink {
    /// Runs the session for `millis`, with the app sending a message every `pause` ms.
    fn run(&mut self, world: &mut World, millis: u64, pause: u64, size: usize) {
        let end = world.now + millis;
        let (mut next_send, mut number) = (world.now, 1_000_000);
        while world.now < end {
            let deadline = world.session.poll_timeout().map(|(at, _)| at.as_millis());
            let pong = self.pongs.front().map(|(at, _)| *at);
            let next = [Some(next_send), deadline, pong]
                .into_iter()
                .flatten()
                .min();
            world.now = world.now.max(next.unwrap_or(end));
            if world.session.state() == State::Connected && next_send <= world.now {
                number += 1;
                send_bytes(world, number, size);
            }
            if next_send <= world.now {
                next_send += pause;
            }
            while let Some((_, id)) = self.pongs.front().filter(|(at, _)| *at <= world.now) {
                answer(world, *id);
                self.pongs.pop_front();
            }
            if deadline.is_some_and(|at| at <= world.now) {
                if world.session.state() == State::Connected {
                    world.input(Input::Buffered(world.socket, 0));
                }
                world.input(Input::Timeout);
            }
            self.carry(world);
        }
    }

    fn carry(&mut self, world: &mut World) {
        use tpa_session::session::{Outgoing, Output};
        for output in world.take() {
            let Output::Transmit(_, frame) = output else {
                continue;
            };
            let size = match frame {
                Outgoing::Message(message) => message.size as u64,
                _ => 30,
            };
            self.free = self.free.max(world.now) + size * 1000 / self.rate;
            if let Outgoing::Ping(id) = frame {
                self.pongs.push_back((self.free + 50, id));
            }
        }
    }
}

fn roomy() -> Config {
    Config {
        max_reconnect_attempts: None,
        ..watched()
    }
}

#[test]
fn slow_uplink_with_a_mebibyte_waiting_is_kept_for_an_hour() {
    let mut world = World::new(roomy());
    world.connect("user-org.example.app");
    for number in 0..16 {
        let payload = world.message(&text(number, 65_500));
        world.command(Command::Send {
            payload,
            key: None,
            ttl: None,
            replay: true,
            buffered: None,
        });
    }
    world.acknowledge();
    let mut line = Uplink {
        rate: 64_000,
        free: 0,
        pongs: [].into(),
    };
    line.carry(&mut world);
    // Another mebibyte each minute, at once.
    for _ in 0..60 {
        for number in 0..16 {
            send_bytes(&mut world, 2_000_000 + number, 65_500);
        }
        line.run(&mut world, 60_000, 1000, 300);
    }
    assert_eq!(world.session.stats().connections, 1);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn uplink_of_2_kb_per_second_is_left_at_most_twice() {
    for size in [300, 4000, 65_500, 300_000] {
        let mut world = World::connected(roomy());
        let mut line = Uplink {
            rate: 2000,
            free: 0,
            pongs: [].into(),
        };
        pong(&mut world);
        for _ in 0..60 {
            line.run(&mut world, 60_000, 1000, size);
            if world.session.state() != State::Connected {
                line.free = world.now;
                line.pongs.clear();
                reconnect(&mut world);
            }
        }
        let connections = world.session.stats().connections;
        assert!(
            connections <= 3,
            "{connections} connections, {size} bytes a second"
        );
    }
}

#[test]
fn sign_asks_with_two_and_a_half_seconds() {
    for hint in [WakeHint::Resumed, WakeHint::Shown, WakeHint::AddressChanged] {
        let mut world = answered();
        world.input(Input::Wake(hint));
        assert_eq!(pings(&world), 1);
        world.input(Input::Wake(hint));
        assert_eq!(pings(&world), 1, "one is out");
        assert_eq!(time_to_leave(&mut world), 2500, "{hint:?}");
    }
}

#[test]
fn sign_gives_a_slow_line_its_time() {
    let mut world = World::connected(watched());
    world.advance_answering(300_000, 4000);
    world.take();
    world.input(Input::Wake(WakeHint::Shown));
    let ids = ping_ids(&world.outputs);
    world.advance(3999);
    assert_eq!(world.session.state(), State::Connected);
    answer(&mut world, ids[0]);
    world.advance(5000);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn closure_of_the_abandoned_socket_is_not_awaited() {
    let mut world = answered();
    let dead = world.socket;
    time_to_leave(&mut world);
    reconnect(&mut world);
    world.take();
    world.input(Input::Closed(dead, Close::new(1000, "")));
    assert_eq!(world.outputs, []);
}
