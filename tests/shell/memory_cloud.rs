//! A cloud in the memory of the test: the decisions of tpa-cloud, with sockets and timers of
//! JavaScript. The numbers are those of the run loop of the crate `tpa_cloud`.

use std::cell::RefCell;
use std::time::Duration;

use tpa_cloud::{
    Cloud, Config, ConnectionId, Delivery, Dialect, FrameSpec, Input, Instant, Output, Target,
    WallClock, read_fault,
};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/tests/shell/support.js")]
extern "C" {
    /// The server's end of all sockets.
    type MemoryServer;

    /// Creates a server that reports to these functions: a new socket, a frame, a close frame,
    /// and the alarm.
    #[wasm_bindgen(constructor)]
    fn new(
        open: &Closure<dyn Fn(MemorySocket) -> u32>,
        receive: &Closure<dyn Fn(u32, String)>,
        closed: &Closure<dyn Fn(u32, u16, String)>,
        alarm: &Closure<dyn Fn()>,
    ) -> MemoryServer;

    #[wasm_bindgen(method, getter, js_name = WebSocket)]
    fn web_socket(this: &MemoryServer) -> JsValue;

    #[wasm_bindgen(method, js_name = setAlarm)]
    fn set_alarm(this: &MemoryServer, delay: Option<u32>);

    #[derive(Clone)]
    type MemorySocket;

    #[wasm_bindgen(method, js_name = deliverText)]
    fn deliver_text(this: &MemorySocket, text: &str);

    #[wasm_bindgen(method, js_name = deliverBinary)]
    fn deliver_binary(this: &MemorySocket, bytes: &[u8]);

    #[wasm_bindgen(method, js_name = deliverClose)]
    fn deliver_close(this: &MemorySocket, code: u16, reason: &str);

    #[wasm_bindgen(method)]
    fn cut(this: &MemorySocket);

    #[wasm_bindgen(method)]
    fn freeze(this: &MemorySocket, frozen: bool);
}

struct State {
    cloud: Cloud,
    server: MemoryServer,
    /// All sockets so far, by the number that the server knows them by, less 1.
    sockets: Vec<(ConnectionId, MemorySocket)>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::new());
}

impl State {
    fn new() -> Self {
        let open = Closure::new(|socket| with(|state| state.open(socket)));
        let receive = Closure::new(|number, text: String| {
            with(|state| state.input(number, Input::Text(&text)));
        });
        let closed = Closure::new(|number, code, reason: String| {
            let reason = reason.as_str();
            with(|state| {
                state.input(number, Input::Closed { code, reason });
                state.input(number, Input::Gone);
            });
        });
        let alarm = Closure::new(|| with(|state| state.cloud.handle_timeout(now())));
        let server = MemoryServer::new(&open, &receive, &closed, &alarm);
        // For as long as the tests run.
        open.forget();
        receive.forget();
        closed.forget();
        alarm.forget();
        // Frequent streams, so that a test which waits for one waits less.
        let config = Config {
            stream_interval: Duration::from_millis(100),
            ..Config::default()
        };
        Self {
            // Its instants are those of the wall clock.
            cloud: Cloud::new(config, WallClock::starting_at(0), now()),
            server,
            sockets: Vec::new(),
        }
    }

    /// Lets a socket in; its number, or 0 if it is refused.
    fn open(&mut self, socket: MemorySocket) -> u32 {
        match self.cloud.open("memory", Dialect::AugmentOs, now()) {
            Ok(id) => {
                self.sockets.push((id, socket));
                self.sockets.len() as u32
            }
            Err(_) => 0,
        }
    }

    fn input(&mut self, number: u32, input: Input<'_>) {
        let id = self.sockets[number as usize - 1].0;
        self.cloud.handle_input(id, input, now());
    }

    fn socket(&self, id: ConnectionId) -> MemorySocket {
        let found = self.sockets.iter().find(|(known, _)| *known == id);
        found.expect("a socket that was let in").1.clone()
    }

    /// Steps 2 and 3.
    fn drain(&mut self) {
        while let Some(output) = self.cloud.poll_output() {
            match output {
                Output::Deliver { to, what } => self.deliver(to, what),
                Output::Cut { to } => {
                    self.socket(to).cut();
                    self.cloud.handle_input(to, Input::Gone, now());
                }
                Output::Freeze { to, frozen } => self.socket(to).freeze(frozen),
                Output::Webhook(_) | Output::AppCall(_) | Output::Event(_) => {}
            }
        }
        let due = self.cloud.poll_timeout();
        let delay = due.map(|(at, _)| at.since(now()).as_millis().min(i32::MAX as u128) as u32);
        self.server.set_alarm(delay);
    }

    fn deliver(&mut self, to: ConnectionId, what: Delivery) {
        let socket = self.socket(to);
        match what {
            Delivery::Text(text) => socket.deliver_text(&text),
            Delivery::Binary(bytes) => socket.deliver_binary(&bytes),
            // A runtime answers it by itself.
            Delivery::Ping => self.cloud.handle_input(to, Input::Pong, now()),
            Delivery::Close { code, reason } => socket.deliver_close(code, &reason),
        }
    }
}

fn now() -> Instant {
    Instant::from_millis(js_sys::Date::now() as u64)
}

/// Step 1, then the others.
fn with<T>(call: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(|state| {
        let result = call(state);
        state.drain();
        result
    })
}

/// The class of sockets that reach this cloud.
pub fn web_socket() -> JsValue {
    STATE.with_borrow(|state| state.server.web_socket())
}

/// Injects a fault, by the body of `POST /faults`.
pub fn inject(body: &str) {
    let request = read_fault(body.as_bytes()).expect(body);
    with(|state| state.cloud.inject(&request, now()));
}

/// Sends a frame to the connection of one session.
pub fn send_frame(session_id: &str, frame: &str) {
    let target = Target::Session(session_id.into());
    let frame = FrameSpec::Verbatim(frame.into());
    with(|state| state.cloud.send_frame(&target, &frame, now()));
}

/// The cloud's sessions as JSON.
pub fn sessions() -> String {
    STATE.with_borrow(|state| state.cloud.sessions().to_string())
}
