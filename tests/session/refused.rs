//! Messages that the cloud refuses by closing the connection.

use tpa_session::session::{Config, Input, Outgoing, Output, Reply, State, WakeHint};

use crate::world::{World, at_least_once, config, flush, flushed, pong};

/// A cloud that answers pings and refuses some messages.
struct Cloud {
    world: World,
    refused: &'static [&'static str],
    closure: (u16, &'static str),
    /// The next closure; they alternate.
    other: (u16, &'static str),
    received: Vec<String>,
    dials: u32,
    /// Number of outputs that were handled.
    handled: usize,
}

impl Cloud {
    fn new(config: Config, closure: (u16, &'static str), refused: &'static [&'static str]) -> Self {
        Self {
            world: World::connected(config),
            refused,
            closure,
            other: closure,
            received: Vec::new(),
            dials: 0,
            handled: 0,
        }
    }

    /// Handles what the session has sent, until it rests.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            if let Some(output) = self.world.outputs.get(self.handled).cloned() {
                self.handled += 1;
                self.handle(&output);
            } else if self.world.session.state() == State::Stopped
                || self.world.session.poll_timeout().is_none()
            {
                return;
            } else {
                let socket = self.world.socket;
                let (at, _) = self.world.session.poll_timeout().expect("a deadline");
                self.world.now = self.world.now.max(at.as_millis());
                self.world.input(Input::Buffered(socket, 0));
                self.world.input(Input::Timeout);
            }
        }
        panic!("the session never rests");
    }

    fn handle(&mut self, output: &Output<testkit::Message>) {
        let socket = match output {
            Output::Open(_) => {
                self.dials += 1;
                return self.world.acknowledge();
            }
            Output::Transmit(socket, _) => *socket,
            _ => return,
        };
        if socket != self.world.socket || self.world.session.state() == State::Waiting {
            // The cloud has closed this connection.
            return;
        }
        match output {
            Output::Transmit(_, Outgoing::Message(message)) => {
                let text = self.world.text(*message).to_owned();
                if self.refused.contains(&text.as_str()) {
                    self.world.now += 5;
                    let (code, reason) = self.closure;
                    std::mem::swap(&mut self.closure, &mut self.other);
                    self.world.close(code, reason);
                } else {
                    self.received.push(text);
                }
            }
            Output::Transmit(_, Outgoing::Ping(_)) => {
                self.world.now += 5;
                pong(&mut self.world);
            }
            _ => {}
        }
    }

    fn send_all(&mut self, texts: &[&str]) {
        for text in texts {
            self.world.send(text);
        }
        self.settle();
    }

    fn refused(&self) -> Vec<&str> {
        let dropped = self.world.dropped().into_iter();
        let refused = dropped.filter(|(_, reason)| *reason == "refused");
        refused.map(|(text, _)| text).collect()
    }

    /// Everything but the culprits arrived, and only they were dropped.
    fn check(&self, texts: &[&str]) {
        assert_eq!(self.world.session.state(), State::Connected);
        assert_eq!(self.refused(), self.refused);
        assert_eq!(self.world.dropped().len(), self.refused.len());
        for text in texts {
            let arrived = self.received.iter().any(|received| received == text);
            assert_eq!(arrived, !self.refused.contains(text), "{text}");
        }
    }
}

const BLAMING: [(u16, &str); 6] = [
    (1003, ""),
    (1007, "Invalid UTF-8"),
    (1008, "Malformed message"),
    (1008, "Invalid message format"),
    (1008, "Payload too large"),
    (1009, ""),
];

#[test]
fn refused_message_is_dropped_and_the_others_arrive() {
    let texts = ["a", "b", "bad", "c", "d", "e"];
    for closure in BLAMING {
        let mut cloud = Cloud::new(at_least_once(), closure, &["bad"]);
        cloud.send_all(&texts);
        cloud.check(&texts);
    }
}

#[test]
fn refused_message_may_be_anywhere_in_the_queue() {
    for at in 0..9 {
        let mut texts = vec!["a", "b", "c", "d", "e", "f", "g", "h"];
        texts.insert(at, "bad");
        let mut cloud = Cloud::new(at_least_once(), (1008, "Malformed message"), &["bad"]);
        cloud.world.close(1006, "");
        cloud.send_all(&texts);
        cloud.check(&texts);
    }
}

#[test]
fn message_that_is_too_big_is_refused_at_the_first_closure_that_proves_it() {
    let mut cloud = Cloud::new(at_least_once(), (1009, ""), &["big"]);
    cloud.send_all(&["big", "small"]);
    cloud.check(&["big", "small"]);
    assert_eq!(cloud.dials, 2, "one to find it, one for the rest");
}

#[test]
fn other_closures_must_come_twice() {
    let mut cloud = Cloud::new(at_least_once(), (1008, "Malformed message"), &["bad"]);
    cloud.send_all(&["bad", "good"]);
    cloud.check(&["bad", "good"]);
    assert_eq!(cloud.dials, 3);
}

#[test]
fn two_closures_shortly_after_the_same_message_blame_one() {
    for closure in [(1006, ""), (1011, "Internal server error")] {
        let texts = ["a", "bad", "c"];
        let mut cloud = Cloud::new(at_least_once(), closure, &["bad"]);
        cloud.send_all(&texts);
        cloud.check(&texts);
    }
}

#[test]
fn attempts_that_find_a_culprit_are_not_counted() {
    let all = ["1", "2", "3", "4", "5", "6", "7", "8"];
    for closure in [(1009, ""), (1008, "Malformed message")] {
        let mut cloud = Cloud::new(
            at_least_once(),
            closure,
            &["1", "2", "3", "4", "5", "6", "7", "8"],
        );
        cloud.send_all(&[&all[..], &["good"]].concat());
        cloud.check(&["good"]);
        let counted = cloud.world.reconnecting();
        let counted = counted.iter().filter(|next| next.counted).count();
        assert_eq!(counted, 1, "only the first closure proves nothing");
    }
}

#[test]
fn at_most_eight_are_looked_for_in_one_outage() {
    let mut cloud = Cloud::new(
        at_least_once(),
        (1009, ""),
        &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    );
    cloud.send_all(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert_eq!(cloud.world.session.state(), State::Stopped);
    assert_eq!(cloud.refused(), ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[test]
fn next_outage_looks_for_eight_again() {
    let mut cloud = Cloud::new(at_least_once(), (1009, ""), &["bad"]);
    for _ in 0..20 {
        cloud.send_all(&["bad", "good"]);
        cloud.world.advance(6000);
    }
    assert_eq!(cloud.world.session.state(), State::Connected);
    assert_eq!(cloud.refused().len(), 20);
}

#[test]
fn refused_message_does_not_end_a_session_that_sends_at_most_once() {
    for closure in BLAMING {
        let mut cloud = Cloud::new(config(), closure, &["bad"]);
        cloud.send_all(&["bad", "lost"]);
        cloud.world.close(1006, "");
        cloud.send_all(&["bad", "a", "b"]);
        assert_eq!(cloud.world.session.state(), State::Connected);
        assert_eq!(cloud.received, ["a", "b"], "{closure:?}");
        let refused: &[_] = if closure.0 == 1009 { &["bad"] } else { &[] };
        assert_eq!(cloud.refused(), refused, "{closure:?}");
    }
}

#[test]
fn closure_before_the_first_message_blames_none() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    for _ in 0..2 {
        world.close(1008, "Malformed message");
        world.next_deadline();
        world.acknowledge();
    }
    pong(&mut world);
    pong(&mut world);
    assert_eq!(world.dropped(), []);
    assert_eq!(world.sent(), ["a", "a"]);
}

#[test]
fn nothing_goes_out_before_the_connection_has_proved_itself() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.close(1009, "");
    world.next_deadline();
    world.take();
    world.acknowledge();
    assert_eq!(world.sent(), [""; 0]);
    assert_eq!(world.send("b"), Reply::Queued);
    pong(&mut world);
    assert_eq!(world.sent(), ["a"], "one message");
    pong(&mut world);
    assert_eq!(world.sent(), ["a", "b"]);
}

#[test]
fn window_doubles_with_each_pong() {
    let mut world = World::connected(at_least_once());
    let texts: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    for text in &texts {
        world.send(text);
    }
    world.close(1009, "");
    world.next_deadline();
    world.acknowledge();
    for expected in [1, 2, 4, 8, 5] {
        world.take();
        pong(&mut world);
        assert_eq!(world.sent().len(), expected);
    }
}

#[test]
fn closure_that_comes_without_the_suspect_acquits_it() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.close(1008, "Malformed message");
    for _ in 0..3 {
        world.next_deadline();
        world.acknowledge();
        pong(&mut world);
        world.close(1008, "Malformed message");
        if world.session.state() == State::Stopped {
            break;
        }
        // The second time, the connection has to last without it first.
        world.next_deadline();
        world.acknowledge();
        world.take();
        pong(&mut world);
        world.advance(1000);
        // Another pong does not shorten that.
        world.input(Input::Wake(WakeHint::Resumed));
        pong(&mut world);
        world.advance(999);
        assert_eq!(world.sent(), [""; 0]);
        world.close(1008, "Malformed message");
        if world.session.state() == State::Stopped {
            break;
        }
    }
    assert!(
        world
            .dropped()
            .iter()
            .all(|(_, reason)| *reason != "refused")
    );
}

#[test]
fn cloud_without_pongs_is_probed_by_time() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.send("b");
    world.close(1009, "");
    world.next_deadline();
    world.acknowledge();
    for expected in [["a"], ["b"]] {
        world.take();
        world.advance(4999);
        world.input(Input::Buffered(world.socket, 0));
        assert_eq!(world.sent(), [""; 0]);
        world.advance(1);
        world.input(Input::Buffered(world.socket, 0));
        assert_eq!(world.sent(), expected);
    }
    assert_eq!(world.dropped(), []);
}

#[test]
fn flush_waits_for_suspects() {
    let mut cloud = Cloud::new(at_least_once(), (1009, ""), &["bad"]);
    cloud.world.send("bad");
    cloud.world.send("good");
    let id = flush(&mut cloud.world);
    cloud.settle();
    cloud.check(&["bad", "good"]);
    assert_eq!(flushed(&cloud.world), [(id, Ok(()))]);
}

#[test]
fn closures_that_differ_convict_no_message() {
    let dials = |closure, other| {
        let mut cloud = Cloud::new(at_least_once(), closure, &["bad"]);
        cloud.other = other;
        cloud.send_all(&["bad"]);
        cloud.dials
    };
    let reasons = [
        "0: Malformed message",
        "1: Malformed message",
        "2: Malformed message",
    ];
    for (closure, other) in [
        ((1008, reasons[0]), (1003, reasons[1])),
        ((1008, reasons[0]), (1008, reasons[1])),
        ((1008, reasons[0]), (1008, reasons[2])),
    ] {
        let (equal, different) = (dials(closure, closure), dials(closure, other));
        assert_eq!((equal, different), (3, 11), "{closure:?}, {other:?}");
    }
}
