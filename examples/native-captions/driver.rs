//! Driver for the core outside of JavaScript: sockets by tokio-tungstenite, time by tokio.
//!
//! Numbers in comments are the steps of the run loop in [`tpa_session::session`].

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant as Clock};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tpa_session::session::{
    Close, Command, Config, Control, Event, Init, Input, Instant, Malformed, NO_CLOSE_FRAME,
    Outgoing, Output, Payload, Redactor, Session, SocketId, State, SubscriptionUpdate,
    is_replayable, ping_frame, state_key, time_to_live,
};

/// Settings of the app.
pub struct App {
    /// URL of the cloud, `ws://…/tpa-ws`.
    pub url: String,
    /// `<userSessionId>-<packageName>`.
    pub session_id: String,
    /// Reverse-DNS name of the app.
    pub package_name: String,
    /// Key of the app.
    pub api_key: String,
}

/// Request of the app.
pub enum Request {
    /// Sends a message, an object with a `type`.
    Send(Value),
    /// Subscribes to streams.
    Subscribe(Vec<String>),
    /// Ends the session.
    Disconnect,
}

/// Notification for the app.
#[derive(Debug)]
pub enum Notification {
    /// Event of the connection.
    Event(Event<Text>),
    /// Frame for the app.
    Frame(Value),
}

/// JSON text of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Text(String);

impl Payload for Text {
    fn size(&self) -> usize {
        self.0.len()
    }
}

/// Event of a socket.
enum SocketEvent {
    Opened,
    Frame(Message),
    Closed { code: u16, reason: String },
}

/// Runs one session to its end.
pub async fn run(
    app: App,
    mut requests: UnboundedReceiver<Request>,
    notify: UnboundedSender<Notification>,
) {
    let (socket_events, mut incoming) = unbounded_channel();
    let mut driver = Driver {
        session: Session::new(Config::default(), seed(), Instant::default()),
        redactor: Redactor::new(&app.api_key),
        app,
        clock: Clock::now(),
        notify,
        socket_events,
        socket: None,
    };
    let session_id = driver.app.session_id.clone();
    driver.command(Command::Connect { session_id });
    while driver.session.state() != State::Stopped {
        // 5.
        let due = driver.session.poll_timeout().map(|(at, _)| at);
        let deadline = driver.sleep(due);
        tokio::select! {
            request = requests.recv() => driver.request(request.unwrap_or(Request::Disconnect)),
            Some((socket, event)) = incoming.recv() => driver.on_socket_event(socket, event),
            () = deadline => driver.input(Input::Timeout),
        }
    }
}

/// Seed that differs for each process and session.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

struct Driver {
    session: Session<Text>,
    redactor: Redactor,
    app: App,
    clock: Clock,
    notify: UnboundedSender<Notification>,
    socket_events: UnboundedSender<(SocketId, SocketEvent)>,
    /// The open socket, and the queue of its outgoing frames.
    socket: Option<(SocketId, UnboundedSender<Message>)>,
}

impl Driver {
    fn now(&self) -> Instant {
        Instant::from_millis(u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Completes at `due`, or never if there is no deadline.
    fn sleep(&self, due: Option<Instant>) -> impl Future<Output = ()> + use<> {
        let wait = due.map(|due| Duration::from_millis(due.since(self.now()).as_millis()));
        async move {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        }
    }

    /// Step 1 for the app, then the loop.
    fn command(&mut self, command: Command<Text>) {
        if let Err(error) = self.session.command(command, self.now()) {
            eprintln!("{}", error.message());
        }
        self.drain();
    }

    /// Step 1 for an event from outside, then the loop.
    fn input(&mut self, input: Input) {
        self.session.handle_input(input, self.now());
        self.drain();
    }

    /// Steps 2 to 4.
    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                // Step 3: nested calls do step 1 only.
                Output::Prepare(socket) => {
                    self.session
                        .handle_input(Input::Prepared(socket), self.now());
                }
                Output::AskShouldReconnect(_) => self
                    .session
                    .handle_input(Input::ShouldReconnect(None), self.now()),
                Output::Open(socket) => self.open(socket),
                Output::Transmit(socket, frame) => self.transmit(socket, frame),
                Output::Close(socket, close) => self.close(socket, &close),
                Output::Emit(event) => self.notify(Notification::Event(event)),
                // This driver has no promises; the events say the same.
                Output::Settle(..) | Output::Flushed(..) => {}
            }
        }
    }

    fn notify(&self, notification: Notification) {
        // An error means that the app is gone.
        let _ = self.notify.send(notification);
    }

    fn request(&mut self, request: Request) {
        self.command(match request {
            Request::Subscribe(streams) => Command::Subscribe(streams),
            Request::Disconnect => Command::Disconnect { reason: None },
            Request::Send(mut message) => {
                let kind = message["type"].as_str().unwrap_or_default().to_owned();
                let field = |name: &str| message[name].as_str().map(str::to_owned);
                let key = state_key(&kind, field);
                let ttl = time_to_live(&kind, message["durationMs"].as_f64());
                message["packageName"] = json!(self.app.package_name);
                message["sessionId"] = json!(self.app.session_id);
                Command::Send {
                    payload: Text(message.to_string()),
                    key,
                    ttl,
                    replay: is_replayable(&kind),
                    buffered: self.socket.is_some().then_some(0),
                }
            }
        });
    }

    fn open(&mut self, socket: SocketId) {
        let (out, outgoing) = unbounded_channel();
        self.socket = Some((socket, out));
        tokio::spawn(run_socket(
            socket,
            self.app.url.clone(),
            outgoing,
            self.socket_events.clone(),
        ));
    }

    /// Ends the task of the socket by dropping its queue. The core ignores its further events.
    fn close(&mut self, socket: SocketId, close: &Close) {
        if let Some((_, out)) = self.socket.take_if(|(open, _)| *open == socket) {
            let (code, reason) = close.to_send();
            let frame = CloseFrame {
                code: code.into(),
                reason: reason.to_owned().into(),
            };
            let _ = out.send(Message::Close(Some(frame)));
        }
    }

    fn transmit(&mut self, socket: SocketId, frame: Outgoing<Text>) {
        let (session_id, package_name) = (&self.app.session_id, &self.app.package_name);
        let text = match frame {
            Outgoing::Init => json!(Init {
                session_id,
                package_name,
                api_key: &self.app.api_key,
            })
            .to_string(),
            Outgoing::Subscriptions(streams) => json!(SubscriptionUpdate {
                package_name,
                session_id,
                subscriptions: &streams,
            })
            .to_string(),
            Outgoing::Ping(id) => ping_frame(id),
            Outgoing::Message(Text(text)) => text,
        };
        if let Some((open, out)) = &self.socket
            && *open == socket
        {
            // An error means that the socket is gone; its close event follows.
            let _ = out.send(Message::text(text));
        }
    }

    fn on_socket_event(&mut self, socket: SocketId, event: SocketEvent) {
        match event {
            SocketEvent::Opened => self.input(Input::Opened(socket)),
            SocketEvent::Closed { code, reason } => {
                let close = Close::new(code, self.redactor.redact(&reason));
                self.input(Input::Closed(socket, close));
            }
            SocketEvent::Frame(frame) => {
                if let Message::Text(text) = frame {
                    self.frame(socket, &text);
                } else {
                    self.input(Input::Activity(socket, self.now()));
                }
            }
        }
    }

    fn frame(&mut self, socket: SocketId, text: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            return self.input(Input::Malformed(socket, Malformed::NotJson));
        };
        if !frame.is_object() {
            return self.input(Input::Malformed(socket, Malformed::NotObject));
        }
        let Some(kind) = frame["type"].as_str().filter(|kind| !kind.is_empty()) else {
            return self.input(Input::Malformed(socket, Malformed::NoType));
        };
        let text = |field: &str| frame[field].as_str().map(str::to_owned);
        let number = |field: &str| frame[field].as_f64();
        match Control::parse(kind, text, number, &self.redactor) {
            Some(control) => self.input(Input::Control(socket, control)),
            None => {
                self.input(Input::Activity(socket, self.now()));
                self.notify(Notification::Frame(frame));
            }
        }
    }
}

fn closed(code: u16, reason: &str) -> SocketEvent {
    let reason = reason.to_owned();
    SocketEvent::Closed { code, reason }
}

/// Runs one socket from its dial to its end.
async fn run_socket(
    id: SocketId,
    url: String,
    mut outgoing: UnboundedReceiver<Message>,
    events: UnboundedSender<(SocketId, SocketEvent)>,
) {
    let report = |event| _ = events.send((id, event));
    let broken = || closed(NO_CLOSE_FRAME, "");
    // A dial is abandoned when the session drops the queue.
    let dial = tokio::select! {
        dial = connect_async(url) => dial,
        _ = outgoing.recv() => return,
    };
    let Ok((mut socket, _)) = dial else {
        return report(broken());
    };
    report(SocketEvent::Opened);
    loop {
        tokio::select! {
            frame = outgoing.recv() => {
                let Some(frame) = frame else { return };
                if socket.send(frame).await.is_err() {
                    return report(broken());
                }
            }
            frame = socket.next() => match frame {
                Some(Ok(Message::Close(frame))) => {
                    return report(frame.map_or_else(
                        || closed(1005, ""),
                        |frame| closed(frame.code.into(), &frame.reason),
                    ));
                }
                Some(Ok(frame)) => report(SocketEvent::Frame(frame)),
                Some(Err(_)) | None => return report(broken()),
            },
        }
    }
}
