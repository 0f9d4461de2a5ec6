//! A shell for the core outside of JavaScript: sockets by tokio-tungstenite, time by tokio.
//!
//! The numbers are those of the contract in [`tpa_session::session`].

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant as Clock};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tpa_session::session::{
    Close, Command, Config, Control, Event, Input, Instant, Malformed, NO_CLOSE_FRAME, Outgoing,
    Output, Payload, Redactor, Session, SocketId, State, state_key, time_to_live,
};

/// Whose session it is, and with which cloud.
pub struct App {
    /// Where the cloud listens, `ws://…/tpa-ws`.
    pub url: String,
    /// `<userSessionId>-<packageName>`.
    pub session_id: String,
    /// Reverse-DNS name of the app.
    pub package_name: String,
    /// The app's key.
    pub api_key: String,
}

/// What the app may ask.
pub enum Ask {
    /// A message, an object with a `type`.
    Send(Value),
    /// More streams.
    Subscribe(Vec<String>),
    /// The end.
    Disconnect,
}

/// What the app is told.
#[derive(Debug)]
pub enum Told {
    /// Something about the connection.
    Event(Event<Text>),
    /// A frame that is the app's.
    Frame(Value),
}

/// A message as it goes out.
#[derive(Clone, Debug, PartialEq)]
pub struct Text(String);

impl Payload for Text {
    fn size(&self) -> usize {
        self.0.len()
    }
}

/// What a socket says of itself.
enum Heard {
    Opened,
    Frame(Message),
    Closed { code: u16, reason: String },
}

/// Lives one session, to its end.
pub async fn run(app: App, mut asks: UnboundedReceiver<Ask>, told: UnboundedSender<Told>) {
    let (hear, mut heard) = unbounded_channel();
    let mut shell = Shell {
        session: Session::new(Config::default(), seed(), Instant::default()),
        redactor: Redactor::new(&app.api_key),
        app,
        clock: Clock::now(),
        told,
        hear,
        socket: None,
        heard_at: None,
    };
    let session_id = shell.app.session_id.clone();
    shell.command(Command::Connect { session_id });
    while shell.session.state() != State::Stopped {
        // 5.
        let due = shell.session.poll_timeout().map(|(at, _)| at);
        let alarm = shell.sleep(due);
        tokio::select! {
            ask = asks.recv() => shell.ask(ask.unwrap_or(Ask::Disconnect)),
            Some((socket, what)) = heard.recv() => shell.heard(socket, what),
            () = alarm => shell.ring(),
        }
    }
}

/// What differs from process to process and from session to session.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

struct Shell {
    session: Session<Text>,
    redactor: Redactor,
    app: App,
    clock: Clock,
    told: UnboundedSender<Told>,
    hear: UnboundedSender<(SocketId, Heard)>,
    /// The socket, by what goes out on it.
    socket: Option<(SocketId, UnboundedSender<Message>)>,
    heard_at: Option<(SocketId, Instant)>,
}

impl Shell {
    fn now(&self) -> Instant {
        Instant::from_millis(u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Ends at this time, or never.
    fn sleep(&self, due: Option<Instant>) -> impl Future<Output = ()> + use<> {
        let wait = due.map(|due| Duration::from_millis(due.since(self.now()).as_millis()));
        async move {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        }
    }

    /// 1 for the app, then the loop.
    fn command(&mut self, command: Command<Text>) {
        if let Err(error) = self.session.command(command, self.now()) {
            eprintln!("{}", error.message());
        }
        self.drain();
    }

    /// 1 for the world, then the loop.
    fn input(&mut self, input: Input) {
        self.session.handle_input(input, self.now());
        self.drain();
    }

    /// 2 to 4.
    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                // 3: what is reported from inside the loop only goes in.
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
                Output::Emit(event) => self.tell(Told::Event(event)),
                // Events say the same to an app that keeps no promises.
                Output::Settle(..) | Output::Flushed(..) => {}
            }
        }
    }

    fn tell(&self, told: Told) {
        // An app that listens no longer wants to hear nothing.
        let _ = self.told.send(told);
    }

    fn ask(&mut self, ask: Ask) {
        self.command(match ask {
            Ask::Subscribe(streams) => Command::Subscribe(streams),
            Ask::Disconnect => Command::Disconnect { reason: None },
            Ask::Send(mut message) => {
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
                    buffered: self.socket.is_some().then_some(0),
                }
            }
        });
    }

    /// The time has come; who was heard is said first.
    fn ring(&mut self) {
        if let Some((socket, at)) = self.heard_at.take() {
            self.session
                .handle_input(Input::Activity(socket, at), self.now());
        }
        self.input(Input::Timeout);
    }

    fn open(&mut self, socket: SocketId) {
        let (out, outgoing) = unbounded_channel();
        self.socket = Some((socket, out));
        tokio::spawn(live(
            socket,
            self.app.url.clone(),
            outgoing,
            self.hear.clone(),
        ));
    }

    /// Its task ends with the channel; what it still says is of a dead socket.
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
        let (id, package) = (&self.app.session_id, &self.app.package_name);
        let text = match frame {
            Outgoing::Init => json!({
                "type": "tpa_connection_init", "sessionId": id, "packageName": package,
                "apiKey": self.app.api_key,
            })
            .to_string(),
            Outgoing::Subscriptions(streams) => json!({
                "type": "subscription_update", "sessionId": id, "packageName": package,
                "subscriptions": streams,
            })
            .to_string(),
            Outgoing::Ping => json!({"type": "ping"}).to_string(),
            Outgoing::Message(Text(text)) => text,
        };
        if let Some((open, out)) = &self.socket
            && *open == socket
        {
            // A socket that is gone will say so.
            let _ = out.send(Message::text(text));
        }
    }

    fn heard(&mut self, socket: SocketId, what: Heard) {
        match what {
            Heard::Opened => self.input(Input::Opened(socket)),
            Heard::Closed { code, reason } => {
                let close = Close::new(code, self.redactor.redact(&reason));
                self.input(Input::Closed(socket, close));
            }
            Heard::Frame(frame) => {
                self.heard_at = Some((socket, self.now()));
                if let Message::Text(text) = frame {
                    self.frame(socket, &text);
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
        match Control::parse(kind, text, &self.redactor) {
            Some(control) => self.input(Input::Control(socket, control)),
            None => self.tell(Told::Frame(frame)),
        }
    }
}

fn closed(code: u16, reason: &str) -> Heard {
    let reason = reason.to_owned();
    Heard::Closed { code, reason }
}

/// One socket, from its dial to its end.
async fn live(
    id: SocketId,
    url: String,
    mut outgoing: UnboundedReceiver<Message>,
    hear: UnboundedSender<(SocketId, Heard)>,
) {
    let say = |what| _ = hear.send((id, what));
    let broken = || closed(NO_CLOSE_FRAME, "");
    // Dialling ends with the interest in it, too.
    let dialled = tokio::select! {
        dialled = connect_async(url) => dialled,
        _ = outgoing.recv() => return,
    };
    let Ok((mut socket, _)) = dialled else {
        return say(broken());
    };
    say(Heard::Opened);
    loop {
        tokio::select! {
            frame = outgoing.recv() => {
                let Some(frame) = frame else { return };
                if socket.send(frame).await.is_err() {
                    return say(broken());
                }
            }
            frame = socket.next() => match frame {
                Some(Ok(Message::Close(frame))) => {
                    return say(frame.map_or_else(
                        || closed(1005, ""),
                        |frame| closed(frame.code.into(), &frame.reason),
                    ));
                }
                Some(Ok(frame)) => say(Heard::Frame(frame)),
                Some(Err(_)) | None => return say(broken()),
            },
        }
    }
}
