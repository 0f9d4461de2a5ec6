//! Preparation of an attempt: the WebSocket constructor, the URL and the key.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use crate::session::{Input, SocketId, Source, URL_ALLOWED};

use super::driver::Driver;
use super::options::{SessionOptions, socket_url};
use super::reflect;
use super::socket::Socket;

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = webSocket)]
    fn web_socket(given: Option<&Function>) -> JsValue;

    #[wasm_bindgen(js_name = loadWebSocket)]
    fn load_web_socket() -> Promise;

    #[wasm_bindgen(js_name = askProvider)]
    fn ask_provider(option: &str, provider: &Function) -> Promise;

    #[wasm_bindgen(js_name = reportAnswer)]
    fn report_answer(answer: &Promise, socket: u32, sink: &JsValue);
}

/// Message for a runtime without a WebSocket.
const NO_WEB_SOCKET: &str = "This runtime has no WebSocket. Install the package \"ws\" \
    (npm install ws), or pass a constructor as the option WebSocket";

/// Function that asks the app for a key or a URL.
pub(super) type Provider = Box<dyn Fn() -> Promise>;

/// Wraps a provider of JavaScript that was given as this option.
pub(super) fn js_provider(option: &'static str, provider: Function) -> Provider {
    Box::new(move || ask_provider(option, &provider))
}

/// What an attempt needs before its socket can be opened.
#[derive(Clone, Copy)]
enum Requirement {
    WebSocket,
    Url,
    ApiKey,
}

/// The requirements of one attempt, as far as they are met.
struct DialContext {
    web_socket: Option<Function>,
    url: Option<String>,
    has_api_key: bool,
}

impl DialContext {
    /// Takes what is known without asking.
    fn new(options: &SessionOptions) -> Self {
        let given = options.web_socket.as_ref();
        Self {
            web_socket: web_socket(given).dyn_into().ok(),
            url: match &options.options.url {
                Source::Fixed(url) => Some(url.clone()),
                Source::Provider => None,
            },
            has_api_key: matches!(options.options.api_key, Source::Fixed(_)),
        }
    }

    /// The first requirement that is not met.
    fn missing(&self) -> Option<Requirement> {
        if self.web_socket.is_none() {
            Some(Requirement::WebSocket)
        } else if self.url.is_none() {
            Some(Requirement::Url)
        } else if !self.has_api_key {
            Some(Requirement::ApiKey)
        } else {
            None
        }
    }
}

/// An attempt whose socket is not open yet.
pub(super) struct Attempt {
    socket: SocketId,
    context: DialContext,
}

impl Driver {
    /// Carries out `Output::Prepare`: reports `Prepared`, at once if nothing has to be awaited.
    pub(super) fn prepare(&self, socket: SocketId) {
        let context = DialContext::new(&self.options);
        *self.attempt.borrow_mut() = Some(Attempt { socket, context });
        self.ask_next(socket);
    }

    /// Asks for the first requirement that is not met. Reports `Prepared` if all are met; does
    /// nothing if the attempt is over.
    fn ask_next(&self, socket: SocketId) {
        let missing = match &*self.attempt.borrow() {
            Some(attempt) if attempt.socket == socket => attempt.context.missing(),
            _ => return,
        };
        let provider = match missing {
            None => return self.input(Input::Prepared(socket)),
            Some(Requirement::WebSocket) => None,
            Some(Requirement::Url) => self.options.url_provider.as_ref(),
            Some(Requirement::ApiKey) => self.options.api_key_provider.as_ref(),
        };
        // May run code of the app, so nothing is borrowed here. An option without a fixed value has
        // a provider.
        let answer = provider.map_or_else(load_web_socket, |provider| provider());
        report_answer(&answer, socket.0, self.sink.as_ref());
    }

    /// Takes the answer to a requirement, which is an error if it was refused, and asks for the
    /// next. Does nothing if the attempt is over.
    pub(super) fn on_answer(&self, socket: SocketId, answer: &JsValue) {
        match self.store(socket, answer) {
            Ok(()) => self.ask_next(socket),
            Err(input) => self.input(input),
        }
    }

    /// Stores the answer to the first requirement that is not met, unless the attempt is over.
    fn store(&self, socket: SocketId, answer: &JsValue) -> Result<(), Input> {
        let mut attempt = self.attempt.borrow_mut();
        let Some(attempt) = attempt.as_mut().filter(|attempt| attempt.socket == socket) else {
            return Ok(());
        };
        let context = &mut attempt.context;
        let Some(requirement) = context.missing() else {
            return Ok(());
        };
        if let Requirement::WebSocket = requirement {
            let constructor = answer.dyn_ref().cloned();
            let reason = NO_WEB_SOCKET.into();
            context.web_socket = Some(constructor.ok_or(Input::Unsupported { socket, reason })?);
            return Ok(());
        }
        let text = answer.as_string().ok_or_else(|| {
            self.failed(
                socket,
                &reflect::text(answer, "message").unwrap_or_default(),
            )
        })?;
        if let Requirement::ApiKey = requirement {
            self.set_api_key(&text);
            context.has_api_key = true;
            return Ok(());
        }
        context.url = socket_url(&text);
        if context.url.is_none() {
            let option = self.options.options.url_field;
            return Err(self.failed(socket, &[option, ": must give ", URL_ALLOWED].concat()));
        }
        Ok(())
    }

    /// Carries out `Output::Open`.
    pub(super) fn open(&self, id: SocketId) {
        let Some(Attempt { context, .. }) = self.attempt.take() else {
            return;
        };
        let (Some(web_socket), Some(url), Some(dispatcher)) =
            (context.web_socket, context.url, self.dispatcher.get())
        else {
            return;
        };
        match Socket::open(id, &web_socket, &url, &dispatcher, self.sink.as_ref()) {
            Ok(socket) => *self.socket.borrow_mut() = Some(Rc::new(socket)),
            Err(message) => self.input(self.failed(id, &message)),
        }
    }

    fn failed(&self, socket: SocketId, message: &str) -> Input {
        let reason = self.redact(message);
        Input::AttemptFailed { socket, reason }
    }
}
