//! The options of a session: read by field, validated by the core.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use js_sys::{Function, TypeError};
use wasm_bindgen::prelude::*;
use web_sys::Url;

use crate::session::{
    LogLevel, OptionError, Options, Source, URL_ALLOWED, URL_OPTIONS, Value, websocket_url,
};

use super::dial::{Provider, js_provider};
use super::environment::browser_closes_cleanly;
use super::events::{ShouldReconnect, js_should_reconnect};
use super::reflect;

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = optionError)]
    fn option_error(name: &str, allowed: &str, given: &JsValue, secret: bool) -> JsValue;
}

/// Validated options, and the values that only the runtime has.
pub(super) struct SessionOptions {
    /// Shared by all sessions with equal options.
    pub(super) options: Rc<Options>,
    pub(super) api_key_provider: Option<Provider>,
    pub(super) url_provider: Option<Provider>,
    pub(super) should_reconnect: Option<ShouldReconnect>,
    pub(super) web_socket: Option<Function>,
    pub(super) logger: Option<JsValue>,
}

impl SessionOptions {
    /// Reads the options of an app in JavaScript.
    ///
    /// # Errors
    ///
    /// A `TypeError` that names the option, its value and what is allowed.
    pub(super) fn read(given: &JsValue) -> Result<Self, JsValue> {
        if !given.is_object() {
            return Err(type_error("options: must be an object"));
        }
        let get = |field: &str| reflect::get(given, field);
        let options = validate(&|field| value(field, &get(field)), get)?;
        let provider = |option| Some(js_provider(option, get(option).dyn_into().ok()?));
        let should_reconnect = get("shouldReconnect").dyn_into().ok();
        let logger = get("logger");
        Ok(Self {
            api_key_provider: provider("apiKey"),
            url_provider: provider(options.url_field),
            should_reconnect: should_reconnect.map(js_should_reconnect),
            web_socket: get("WebSocket").dyn_into().ok(),
            logger: (!logger.is_undefined()).then_some(logger),
            options,
        })
    }
}

/// Validates the options that `get` gives by name; `show` gives them for an error message.
pub(super) fn validate(
    get: &dyn Fn(&'static str) -> Value,
    show: impl Fn(&str) -> JsValue,
) -> Result<Rc<Options>, JsValue> {
    let refuse = |error: OptionError| {
        let given = show(error.field);
        option_error(error.field, error.allowed, &given, error.secret)
    };
    let mut options = Options::read(get).map_err(refuse)?;
    let [first, second] = URL_OPTIONS.map(&show);
    if !first.is_undefined() && !second.is_undefined() && first != second {
        return Err(refuse(OptionError {
            field: URL_OPTIONS[1],
            allowed: "the same as augmentOSWebsocketUrl",
            secret: false,
        }));
    }
    if let Source::Fixed(url) = &options.url
        && socket_url(url).is_none()
    {
        return Err(refuse(OptionError {
            field: options.url_field,
            allowed: URL_ALLOWED,
            secret: false,
        }));
    }
    if let Some(config) = Arc::get_mut(&mut options.config) {
        config.browser_closes_cleanly = browser_closes_cleanly();
    }
    Ok(share(options))
}

thread_local! {
    /// Options of the newest session.
    static NEWEST: RefCell<Weak<Options>> = RefCell::default();
}

/// Replaces options by those of the newest session if they are equal: a server gives the same ones
/// to thousands of sessions.
fn share(options: Options) -> Rc<Options> {
    NEWEST.with_borrow_mut(|newest| {
        let shared = newest.upgrade().filter(|newest| **newest == options);
        shared.unwrap_or_else(|| {
            let options = Rc::new(options);
            *newest = Rc::downgrade(&options);
            options
        })
    })
}

/// The URL for a WebSocket, if it is valid: the core checks the scheme, the runtime the rest.
pub(super) fn socket_url(url: &str) -> Option<String> {
    websocket_url(url).filter(|url| Url::new(url).is_ok())
}

/// True if a logger has the method of each level.
fn is_logger(logger: &JsValue) -> bool {
    let mut levels = LogLevel::ALL.iter().skip(1);
    levels.all(|level| reflect::get(logger, level.name()).is_function())
}

pub(super) fn type_error(message: &str) -> JsValue {
    TypeError::new(message).into()
}

fn value(field: &str, given: &JsValue) -> Value {
    if field == "logger" && given.is_object() && !is_logger(given) {
        Value::Other
    } else if given.is_undefined() {
        Value::Missing
    } else if let Some(given) = given.as_bool() {
        Value::Bool(given)
    } else if let Some(given) = given.as_f64() {
        Value::Number(given)
    } else if let Some(given) = given.as_string() {
        Value::Text(given)
    } else if given.is_function() {
        Value::Function
    } else if given.is_object() {
        Value::Object
    } else {
        Value::Other
    }
}
