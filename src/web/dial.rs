//! Preparation of an attempt: the WebSocket constructor, the URL and the key.

use std::rc::{Rc, Weak};

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::session::{Input, SocketId, Source, URL_ALLOWED};

use super::driver::Driver;
use super::options::{SessionOptions, socket_url};
use super::promises::Deferred;
use super::reflect;
use super::socket::Socket;

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = webSocket)]
    fn web_socket(given: Option<&Function>) -> JsValue;

    #[wasm_bindgen(js_name = loadWebSocket)]
    fn load_web_socket() -> Promise;

    #[wasm_bindgen(js_name = askProvider)]
    fn ask_provider(option: &str, provider: &Function, abandoned: &Promise) -> Promise;
}

/// Message for a runtime without a WebSocket.
const NO_WEB_SOCKET: &str = "This runtime has no WebSocket. Install the package \"ws\" \
    (npm install ws), or pass a constructor as the option WebSocket";

/// Function that asks the app for a key or a URL. Its argument resolves when the attempt is over,
/// after which the answer is no longer of use.
pub(super) type Provider = Box<dyn Fn(&Promise) -> Promise>;

/// Wraps a provider of JavaScript that was given as this option.
pub(super) fn js_provider(option: &'static str, provider: Function) -> Provider {
    Box::new(move |abandoned| ask_provider(option, &provider, abandoned))
}

/// What an attempt needs before its socket can be opened.
#[derive(Clone, Copy)]
enum Requirement {
    WebSocket,
    Url,
    ApiKey,
}

/// Reason why a requirement was not met.
enum PrepareError {
    /// A provider failed; another attempt may succeed.
    Retryable(String),
    /// The runtime has no WebSocket.
    Fatal(&'static str),
}

/// The requirements of one attempt, as far as they are met.
#[derive(Default)]
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
    /// Resolved when the attempt is over, for the providers that were asked.
    abandoned: Option<Deferred>,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(abandoned) = &self.abandoned {
            abandoned.resolve(&JsValue::UNDEFINED);
        }
    }
}

impl Driver {
    /// Carries out `Output::Prepare`: reports `Prepared`, at once if nothing has to be awaited.
    pub(super) fn prepare(&self, socket: SocketId) {
        *self.attempt.borrow_mut() = Some(Attempt {
            socket,
            context: DialContext::new(&self.options),
            abandoned: None,
        });
        if let Some((requirement, answer)) = self.ask_next(socket) {
            spawn_local(resolve(self.me.clone(), socket, requirement, answer));
        }
    }

    /// Asks for the first requirement that is not met. Reports `Prepared` if all are met; does
    /// nothing if the attempt is over.
    fn ask_next(&self, socket: SocketId) -> Option<(Requirement, Promise)> {
        let missing = match &mut *self.attempt.borrow_mut() {
            Some(attempt) if attempt.socket == socket => {
                attempt.context.missing().map(|requirement| {
                    let abandoned = attempt.abandoned.get_or_insert_with(Deferred::new);
                    (requirement, abandoned.promise())
                })
            }
            _ => return None,
        };
        let Some((requirement, abandoned)) = missing else {
            self.input(Input::Prepared(socket));
            return None;
        };
        let provider = match requirement {
            Requirement::WebSocket => return Some((requirement, load_web_socket())),
            Requirement::Url => &self.options.url_provider,
            Requirement::ApiKey => &self.options.api_key_provider,
        };
        // May run code of the app, so nothing is borrowed here. An option without a fixed value has
        // a provider.
        let answer = match provider {
            Some(provider) => provider(&abandoned),
            None => abandoned,
        };
        Some((requirement, answer))
    }

    /// Stores the answer to a requirement, unless the attempt is over.
    fn store(
        &self,
        socket: SocketId,
        requirement: Requirement,
        answer: Result<JsValue, JsValue>,
    ) -> Result<(), PrepareError> {
        let mut attempt = self.attempt.borrow_mut();
        let Some(attempt) = attempt.as_mut().filter(|attempt| attempt.socket == socket) else {
            return Ok(());
        };
        let context = &mut attempt.context;
        if let Requirement::WebSocket = requirement {
            let constructor = answer.ok().and_then(|found| found.dyn_into().ok());
            context.web_socket = Some(constructor.ok_or(PrepareError::Fatal(NO_WEB_SOCKET))?);
            return Ok(());
        }
        let text = answer.map_err(|error| {
            PrepareError::Retryable(reflect::text(&error, "message").unwrap_or_default())
        })?;
        let text = text.as_string().unwrap_or_default();
        if let Requirement::ApiKey = requirement {
            self.set_api_key(text);
            context.has_api_key = true;
            return Ok(());
        }
        context.url = socket_url(&text);
        if context.url.is_none() {
            let option = self.options.options.url_field;
            let message = [option, ": must give ", URL_ALLOWED].concat();
            return Err(PrepareError::Retryable(message));
        }
        Ok(())
    }

    /// Carries out `Output::Open`.
    pub(super) fn open(&self, id: SocketId) {
        let attempt = self.attempt.take();
        let Some(context) = attempt.map(|mut attempt| std::mem::take(&mut attempt.context)) else {
            return;
        };
        let (Some(web_socket), Some(url), Some(dispatcher)) =
            (context.web_socket, context.url, self.dispatcher.get())
        else {
            return;
        };
        match Socket::open(id, &web_socket, &url, &dispatcher) {
            Ok(socket) => *self.socket.borrow_mut() = Some(Rc::new(socket)),
            Err(message) => self.attempt_failed(id, &message),
        }
    }

    fn attempt_failed(&self, socket: SocketId, message: &str) {
        let reason = self.redactor.borrow().redact_line(message);
        self.input(Input::AttemptFailed { socket, reason });
    }
}

/// Awaits the requirements of an attempt, one after the other, until all are met, one fails, or
/// the attempt is over.
async fn resolve(
    driver: Weak<Driver>,
    socket: SocketId,
    mut requirement: Requirement,
    mut answer: Promise,
) {
    loop {
        let resolved = JsFuture::from(answer).await;
        let Some(driver) = driver.upgrade() else {
            return;
        };
        match driver.store(socket, requirement, resolved) {
            Ok(()) => {}
            Err(PrepareError::Retryable(message)) => {
                return driver.attempt_failed(socket, &message);
            }
            Err(PrepareError::Fatal(message)) => {
                let reason = message.into();
                return driver.input(Input::Unsupported { socket, reason });
            }
        }
        match driver.ask_next(socket) {
            Some(next) => (requirement, answer) = next,
            None => return,
        }
    }
}
