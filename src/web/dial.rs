//! Preparation of an attempt: the WebSocket constructor, the URL and the key.

use std::future::Future;
use std::pin::Pin;
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
    #[wasm_bindgen(js_name = globalWebSocket)]
    fn global_web_socket() -> JsValue;

    #[wasm_bindgen(js_name = loadWebSocket)]
    fn load_web_socket() -> Promise;

    #[wasm_bindgen(js_name = askProvider)]
    fn ask_provider(option: &str, provider: &Function, abandoned: &Promise) -> Promise;
}

/// Message for a runtime without a WebSocket.
const NO_WEB_SOCKET: &str = "This runtime has no WebSocket. Install the package \"ws\" \
    (npm install ws), or pass a constructor as the option WebSocket";

/// Answer of a provider, or the message of its failure.
pub(super) type Answer = Pin<Box<dyn Future<Output = Result<String, String>>>>;

/// Function that gives a key or a URL at each attempt. Its argument resolves when the attempt is
/// over, after which the answer is no longer of use.
pub(super) type Provider = Box<dyn Fn(&Promise) -> Answer>;

/// Wraps a provider of JavaScript that was given as this option.
pub(super) fn js_provider(option: &'static str, provider: Function) -> Provider {
    Box::new(move |abandoned| {
        let answer = JsFuture::from(ask_provider(option, &provider, abandoned));
        Box::pin(async move {
            match answer.await {
                Ok(answer) => Ok(answer.as_string().unwrap_or_default()),
                Err(error) => Err(reflect::text(&error, "message").unwrap_or_default()),
            }
        })
    })
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
        let given = options.web_socket.clone();
        Self {
            web_socket: given.or_else(|| global_web_socket().dyn_into().ok()),
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

/// A requirement that was met.
enum Resolved {
    WebSocket(Function),
    Url(String),
    ApiKey(String),
}

type Resolving = Pin<Box<dyn Future<Output = Result<Resolved, PrepareError>>>>;

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
        if let Some(resolving) = self.resolve_next(socket) {
            spawn_local(resolve(self.me.clone(), socket, resolving));
        }
    }

    /// Asks for the first requirement that is not met. Reports `Prepared` if all are met; does
    /// nothing if the attempt is over.
    fn resolve_next(&self, socket: SocketId) -> Option<Resolving> {
        let (requirement, abandoned) = match &mut *self.attempt.borrow_mut() {
            Some(attempt) if attempt.socket == socket => {
                let abandoned = attempt.abandoned.get_or_insert_with(Deferred::new);
                (attempt.context.missing(), abandoned.promise())
            }
            _ => return None,
        };
        match requirement {
            // May run code of the app, so nothing is borrowed here.
            Some(requirement) => Some(self.ask(requirement, &abandoned)),
            None => {
                self.input(Input::Prepared(socket));
                None
            }
        }
    }

    fn ask(&self, requirement: Requirement, abandoned: &Promise) -> Resolving {
        let ask = |provider: &Option<Provider>| -> Answer {
            match provider {
                Some(provider) => provider(abandoned),
                // An option without a fixed value has a provider.
                None => Box::pin(async { Err(String::new()) }),
            }
        };
        match requirement {
            Requirement::WebSocket => {
                let loaded = JsFuture::from(load_web_socket());
                Box::pin(async {
                    let web_socket = loaded.await.ok().and_then(|it| it.dyn_into().ok());
                    let web_socket = web_socket.map(Resolved::WebSocket);
                    web_socket.ok_or(PrepareError::Fatal(NO_WEB_SOCKET))
                })
            }
            Requirement::Url => {
                let answer = ask(&self.options.url_provider);
                let option = self.options.options.url_field;
                Box::pin(async move {
                    let url = answer.await.map_err(PrepareError::Retryable)?;
                    let url = socket_url(&url).map(Resolved::Url);
                    url.ok_or_else(|| {
                        PrepareError::Retryable([option, ": must give ", URL_ALLOWED].concat())
                    })
                })
            }
            Requirement::ApiKey => {
                let answer = ask(&self.options.api_key_provider);
                Box::pin(async {
                    let key = answer.await.map_err(PrepareError::Retryable)?;
                    Ok(Resolved::ApiKey(key))
                })
            }
        }
    }

    fn store(&self, socket: SocketId, resolved: Resolved) {
        let mut attempt = self.attempt.borrow_mut();
        let Some(attempt) = attempt.as_mut().filter(|attempt| attempt.socket == socket) else {
            return;
        };
        match resolved {
            Resolved::WebSocket(constructor) => attempt.context.web_socket = Some(constructor),
            Resolved::Url(url) => attempt.context.url = Some(url),
            Resolved::ApiKey(key) => {
                self.set_api_key(&key);
                attempt.context.has_api_key = true;
            }
        }
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
        match Socket::open(id, &web_socket, &url, &dispatcher, &self.sink) {
            Ok(socket) => *self.socket.borrow_mut() = Some(Rc::new(socket)),
            Err(message) => self.attempt_failed(id, &message),
        }
    }

    fn attempt_failed(&self, socket: SocketId, message: &str) {
        let reason = self.redactor().redact(message);
        self.input(Input::AttemptFailed { socket, reason });
    }
}

/// Awaits the requirements of an attempt, one after the other, until all are met, one fails, or
/// the attempt is over.
async fn resolve(driver: Weak<Driver>, socket: SocketId, mut resolving: Resolving) {
    loop {
        let resolved = resolving.await;
        let Some(driver) = driver.upgrade() else {
            return;
        };
        match resolved {
            Ok(resolved) => driver.store(socket, resolved),
            Err(PrepareError::Retryable(message)) => {
                return driver.attempt_failed(socket, &message);
            }
            Err(PrepareError::Fatal(message)) => {
                let reason = message.into();
                return driver.input(Input::Unsupported { socket, reason });
            }
        }
        match driver.resolve_next(socket) {
            Some(next) => resolving = next,
            None => return,
        }
    }
}
