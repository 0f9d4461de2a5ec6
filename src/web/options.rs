//! The constructor's options: read by field, validated by the core.

use js_sys::{Function, TypeError};
use wasm_bindgen::prelude::*;

use web_sys::Url;

use crate::session::{OptionError, Options, Source, URL_ALLOWED, Value, websocket_url};

use super::fields;

#[wasm_bindgen(module = "/src/web/js/options.js")]
extern "C" {
    fn refusal(field: &str, allowed: &str, given: &JsValue, secret: bool) -> JsValue;
}

/// Validated options, and those that only JavaScript can hold.
#[derive(Debug)]
pub(super) struct SessionOptions {
    pub(super) options: Options,
    pub(super) api_key_provider: Option<Function>,
    pub(super) url_provider: Option<Function>,
    pub(super) web_socket: Option<Function>,
    pub(super) should_reconnect: Option<Function>,
    pub(super) logger: Option<JsValue>,
}

impl SessionOptions {
    /// Fails with a `TypeError` that names the option, its value and what is allowed.
    pub(super) fn read(given: &JsValue) -> Result<Self, JsValue> {
        if !given.is_object() {
            return Err(type_error("options: must be an object"));
        }
        let get = |field: &str| fields::get(given, field);
        let refuse = |error: OptionError| {
            let given = get(error.field);
            refusal(error.field, error.allowed, &given, error.secret)
        };
        let options = Options::read(&|field| value(&get(field))).map_err(refuse)?;
        if let Source::Fixed(url) = &options.url
            && socket_url(url).is_none()
        {
            return Err(refuse(OptionError {
                field: options.url_field,
                allowed: URL_ALLOWED,
                secret: false,
            }));
        }
        let logger = get("logger");
        Ok(Self {
            api_key_provider: get("apiKey").dyn_into().ok(),
            url_provider: get(options.url_field).dyn_into().ok(),
            web_socket: get("WebSocket").dyn_into().ok(),
            should_reconnect: get("shouldReconnect").dyn_into().ok(),
            logger: (!logger.is_undefined()).then_some(logger),
            options,
        })
    }
}

/// The URL for a WebSocket, where this place takes it for one: the core knows the schemes,
/// and the platform the rest.
pub(super) fn socket_url(url: &str) -> Option<String> {
    websocket_url(url).filter(|url| Url::new(url).is_ok())
}

/// A `TypeError` with this message.
pub(super) fn type_error(message: &str) -> JsValue {
    TypeError::new(message).into()
}

fn value(given: &JsValue) -> Value {
    if given.is_undefined() {
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
