//! Random walk of a session that is checked against the reference model at every step.

use std::collections::VecDeque;

use testkit::Message;
use testkit::model::{CheckedSession, Violation};
use testkit::world::app::AppCall;
use tpa_session::session::{
    Close, CommandError, Config, Control, Input, Instant, Malformed, Output, Redacted, SocketId,
};

/// Upper bound for the deadlines of one wait.
const MAX_DEADLINES: u32 = 100_000;

/// A call of the app.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    Connect(&'static str),
    Disconnect,
    Dispose,
    Send {
        key: Option<&'static str>,
        ttl: Option<u64>,
        writable: bool,
        /// Bytes of the message beyond its serial number.
        padding: usize,
    },
    Subscribe(&'static [&'static str]),
    Unsubscribe(&'static [&'static str]),
}

/// An event of a socket.
#[derive(Clone, Debug)]
pub enum SocketEvent {
    Prepared,
    AttemptFailed,
    Unsupported,
    Opened,
    Failed,
    Closed(u16, &'static str),
    Control(Control),
    Malformed,
}

impl SocketEvent {
    fn input(&self, socket: SocketId) -> Input {
        let reason = "no socket".into();
        match self {
            Self::Prepared => Input::Prepared(socket),
            Self::AttemptFailed => Input::AttemptFailed { socket, reason },
            Self::Unsupported => Input::Unsupported { socket, reason },
            Self::Opened => Input::Opened(socket),
            Self::Failed => Input::Failed(socket, Redacted::default()),
            Self::Closed(code, reason) => Input::Closed(socket, Close::new(*code, *reason)),
            Self::Control(control) => Input::Control(socket, control.clone()),
            Self::Malformed => Input::Malformed(socket, Malformed::NotJson),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Step {
    Call(Call),
    /// An event of the newest socket.
    Socket(SocketEvent),
    /// An event of the newest socket, and a call before the outputs are carried out.
    Interrupt(SocketEvent, Call),
    /// An event of a socket that was given up so many sockets ago.
    Stale(u32, SocketEvent),
    /// The newest socket gets as far as its ack.
    Succeed,
    /// Time passes, and timers fire when they should.
    Wait(u64),
    /// Time passes, and timers are late.
    Sleep(u64),
    /// A timer fires, whether anything is due or not.
    Timeout,
}

pub struct Walk {
    checked: CheckedSession,
    now: u64,
    written: u32,
    /// Calls of the handlers of the coming events.
    reactions: VecDeque<Option<Call>>,
    /// The newest socket that was asked for.
    prepared: SocketId,
    /// All outputs.
    pub outputs: Vec<Output<Message>>,
}

impl Walk {
    pub fn new(config: &Config, seed: u64) -> Self {
        Self {
            checked: CheckedSession::new(config, seed),
            now: 0,
            written: 0,
            reactions: VecDeque::new(),
            prepared: SocketId(0),
            outputs: Vec::new(),
        }
    }

    pub fn reacting(mut self, reactions: Vec<Option<Call>>) -> Self {
        self.reactions = reactions.into();
        self
    }

    pub fn step(&mut self, step: &Step) {
        check(self.try_step(step));
    }

    fn try_step(&mut self, step: &Step) -> Result<(), Violation> {
        match step {
            Step::Call(call) => self.call(*call)?,
            Step::Socket(event) => self.input(event.input(self.prepared))?,
            Step::Interrupt(event, call) => {
                self.input(event.input(self.prepared))?;
                self.call(*call)?;
            }
            Step::Stale(back, event) => {
                let has_socket = self.checked.model.lifecycle.current().is_some();
                let back = back + u32::from(has_socket);
                let socket = SocketId(self.prepared.0.wrapping_sub(back));
                self.input(event.input(socket))?;
                let output = self.checked.poll_output();
                assert_eq!(output, None, "{event:?} of a stale socket had an effect");
            }
            Step::Succeed => {
                for event in [
                    SocketEvent::Prepared,
                    SocketEvent::Opened,
                    SocketEvent::Control(Control::Ack),
                ] {
                    self.input(event.input(self.prepared))?;
                    self.carry_out()?;
                }
            }
            Step::Wait(millis) => self.wait(*millis)?,
            Step::Sleep(millis) => self.now += millis,
            Step::Timeout => self.input(Input::Timeout)?,
        }
        self.carry_out()
    }

    fn call(&mut self, call: Call) -> Result<(), Violation> {
        let mut message = None;
        let mut buffered = None;
        let call = match call {
            Call::Connect(session) => AppCall::Connect(session),
            Call::Disconnect => AppCall::Disconnect(None),
            Call::Dispose => AppCall::Dispose,
            Call::Send {
                key,
                ttl,
                writable,
                padding,
            } => {
                self.written += 1;
                let serial = self.written;
                let size = serial.to_string().len() + padding;
                message = Some(Message { serial, size });
                buffered = writable.then_some(0);
                AppCall::Send { size, key, ttl }
            }
            Call::Subscribe(streams) => AppCall::Subscribe(streams),
            Call::Unsubscribe(streams) => AppCall::Unsubscribe(streams),
        };
        let command = call.command(message, buffered).expect("a command");
        let (reply, _) = self.checked.command(command.clone(), self.instant())?;
        assert!(
            matches!(reply, Ok(_) | Err(CommandError::Disposed)),
            "{reply:?} to {command:?}"
        );
        Ok(())
    }

    fn input(&mut self, input: Input) -> Result<(), Violation> {
        self.checked.input(input, self.instant()).map(drop)
    }

    fn wait(&mut self, millis: u64) -> Result<(), Violation> {
        let end = self.now + millis;
        let mut deadlines = 0;
        while let Some((at, _)) = self.checked.session.poll_timeout()
            && at.as_millis() <= end
        {
            deadlines += 1;
            assert!(deadlines < MAX_DEADLINES, "the session never rests");
            self.now = self.now.max(at.as_millis());
            self.input(Input::Timeout)?;
            self.carry_out()?;
        }
        self.now = end;
        Ok(())
    }

    /// Carries out all outputs as the shell does, and then checks the session at rest.
    fn carry_out(&mut self) -> Result<(), Violation> {
        while let Some(output) = self.checked.poll_output() {
            self.checked.check_output(&output, &|_, _| true)?;
            if let Output::Prepare(socket) = output {
                self.prepared = socket;
            }
            let is_event = matches!(output, Output::Emit(_));
            self.outputs.push(output);
            if is_event && let Some(Some(call)) = self.reactions.pop_front() {
                self.call(call)?;
            }
        }
        self.checked.check_rest()
    }

    const fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }
}

fn check(result: Result<(), Violation>) {
    if let Err(Violation { rule, detail }) = result {
        panic!("{rule}: {detail}");
    }
}
