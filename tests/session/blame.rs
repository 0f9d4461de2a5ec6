//! No innocent message is blamed, whatever the cloud refuses and however the line breaks.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::{collection::vec, sample::select};
use testkit::Message;
use testkit::model::CheckedSession;
use tpa_session::session::{
    Close, Command, Config, Control, Delivery, DropReason, Event, Input, Instant, Outgoing, Output,
    SocketId, State,
};

use crate::world::{SESSION, watched};

/// Frame that makes the cloud close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Culprit {
    Messages,
    /// The list of streams, so many times.
    Subscriptions(u32),
    /// A ping, so many times.
    Ping(u32),
    Init(u32),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Send,
    Wait(u64),
    /// The line breaks.
    Cut,
}

/// Longest time between two deadlines that is waited for.
const ROUND_TRIP: u64 = 20;

struct Line {
    checked: CheckedSession,
    now: u64,
    socket: SocketId,
    culprit: Culprit,
    closure: (u16, &'static str),
    culprits: BTreeSet<u32>,
    /// Inputs on their way from the cloud, by time.
    coming: Vec<(u64, Input)>,
    /// The cloud has closed the connection, or the line is broken.
    is_closed: bool,
    received: BTreeSet<u32>,
    dropped: Vec<(u32, DropReason)>,
    written: u32,
}

impl Line {
    fn new(config: &Config, culprit: Culprit, closure: (u16, &'static str)) -> Self {
        Self {
            checked: CheckedSession::new(config, 1),
            now: 0,
            socket: SocketId(0),
            culprit,
            closure,
            culprits: BTreeSet::new(),
            coming: Vec::new(),
            is_closed: false,
            received: BTreeSet::new(),
            dropped: Vec::new(),
            written: 0,
        }
    }

    fn command(&mut self, command: Command<Message>) {
        let now = Instant::from_millis(self.now);
        self.checked
            .command(command, now)
            .expect("no violation")
            .0
            .expect("a command");
        self.carry_out();
    }

    fn input(&mut self, input: Input) {
        let now = Instant::from_millis(self.now);
        self.checked.input(input, now).expect("no violation");
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.checked.poll_output() {
            self.checked
                .check_output(&output, &|_, _| true)
                .expect("no violation");
            match output {
                Output::Prepare(socket) => self.after(0, Input::Prepared(socket)),
                Output::Open(socket) => {
                    self.socket = socket;
                    self.is_closed = false;
                    self.after(ROUND_TRIP, Input::Opened(socket));
                }
                Output::Transmit(socket, frame) if socket == self.socket && !self.is_closed => {
                    self.receive(&frame);
                }
                Output::Emit(Event::Dropped(message, reason)) => {
                    self.dropped.push((message.serial, reason));
                }
                _ => {}
            }
        }
        self.checked.check_rest().expect("no violation");
    }

    fn after(&mut self, millis: u64, input: Input) {
        self.coming.push((self.now + millis, input));
    }

    fn receive(&mut self, frame: &Outgoing<Message>) {
        let refuses = match (&mut self.culprit, frame) {
            (Culprit::Messages, Outgoing::Message(message)) => {
                self.culprits.contains(&message.serial)
            }
            (Culprit::Init(times), Outgoing::Init)
            | (Culprit::Ping(times), Outgoing::Ping(_))
            | (Culprit::Subscriptions(times), Outgoing::Subscriptions(_)) => {
                let refuses = *times > 0;
                *times = times.saturating_sub(1);
                refuses
            }
            _ => false,
        };
        let socket = self.socket;
        if refuses {
            self.is_closed = true;
            let close = Close::new(self.closure.0, self.closure.1);
            return self.after(ROUND_TRIP, Input::Closed(socket, close));
        }
        match frame {
            Outgoing::Init => self.after(ROUND_TRIP, Input::Control(socket, Control::Ack)),
            Outgoing::Ping(id) => {
                let pong = Control::Pong { id: Some(*id) };
                self.after(ROUND_TRIP, Input::Control(socket, pong));
            }
            Outgoing::Message(message) => {
                self.received.insert(message.serial);
            }
            Outgoing::Subscriptions(_) => {}
        }
    }

    fn cut(&mut self) {
        if self.checked.session.state() == State::Connected && !self.is_closed {
            self.is_closed = true;
            self.coming.clear();
            self.input(Input::Closed(self.socket, Close::new(1006, "")));
        }
    }

    fn wait(&mut self, millis: u64) {
        let end = self.now + millis;
        loop {
            let first = self
                .coming
                .iter()
                .enumerate()
                .min_by_key(|(_, (at, _))| *at);
            let coming = first.map(|(index, (at, _))| (*at, index));
            let deadline = self.checked.session.poll_timeout();
            let deadline = deadline.map(|(at, _)| at.as_millis().max(self.now));
            match (coming, deadline) {
                (Some((at, index)), due) if at <= end && due.is_none_or(|due| at <= due) => {
                    self.now = self.now.max(at);
                    let (_, input) = self.coming.remove(index);
                    self.input(input);
                }
                (_, Some(due)) if due <= end => {
                    self.now = due;
                    if !self.is_closed {
                        self.input(Input::Buffered(self.socket, 0));
                    }
                    self.input(Input::Timeout);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    fn send(&mut self) {
        self.written += 1;
        let payload = Message {
            serial: self.written,
            size: 10,
        };
        let buffered = (!self.is_closed).then_some(0);
        self.command(Command::Send {
            payload,
            key: None,
            ttl: None,
            replay: true,
            buffered,
        });
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Send),
        4 => select(vec![0, 5, 20, 45, 500, 2100, 7000]).prop_map(Step::Wait),
        1 => Just(Step::Cut),
    ]
}

fn culprit() -> impl Strategy<Value = Culprit> {
    prop_oneof![
        6 => Just(Culprit::Messages),
        1 => (1..3_u32).prop_map(Culprit::Subscriptions),
        1 => (1..3_u32).prop_map(Culprit::Ping),
        1 => (1..3_u32).prop_map(Culprit::Init),
    ]
}

proptest! {
    #[test]
    fn no_innocent_message_is_blamed(
        culprit in culprit(),
        culprits in prop::collection::btree_set(1..24_u32, 0..4),
        closure in select(vec![
            (1009, ""), (1003, ""), (1007, ""), (1008, "Malformed message"), (1011, "Oops"),
        ]),
        delivery in select(Delivery::ALL.to_vec()),
        steps in vec(step(), 1..60),
    ) {
        let config = Config { delivery, max_reconnect_attempts: None, ..watched() };
        let mut line = Line::new(&config, culprit, closure);
        line.culprits = culprits;
        line.command(Command::Connect { session_id: SESSION.into() });
        for step in steps {
            match step {
                Step::Send => line.send(),
                Step::Wait(millis) => line.wait(millis),
                Step::Cut => line.cut(),
            }
        }
        line.wait(600_000);
        let is_culprit = |serial: &u32| {
            culprit == Culprit::Messages && line.culprits.contains(serial)
        };
        for (serial, reason) in &line.dropped {
            prop_assert!(is_culprit(serial), "{serial} is dropped: {reason:?}");
        }
        if delivery == Delivery::AtLeastOnce {
            for serial in 1..=line.written {
                let was_refused = line.dropped.contains(&(serial, DropReason::Refused));
                prop_assert_eq!(is_culprit(&serial), was_refused, "{}", serial);
                prop_assert_eq!(!was_refused, line.received.contains(&serial), "{}", serial);
            }
        }
    }
}
