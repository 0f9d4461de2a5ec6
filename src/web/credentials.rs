//! What an attempt needs before there can be a socket: a constructor, the URL and the key.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::session::{Source, URL_ALLOWED};

use super::fields;
use super::options::{SessionOptions, socket_url};

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = globalWebSocket)]
    fn global_web_socket() -> JsValue;

    #[wasm_bindgen(js_name = findWebSocket)]
    fn find_web_socket() -> JsValue;
}

/// What to tell a developer whose runtime has no WebSocket.
const NO_WEB_SOCKET: &str = "This runtime has no WebSocket. Install the package \"ws\" \
    (npm install ws), or pass a constructor as the option WebSocket";

/// All that one socket needs.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    pub(super) constructor: Function,
    pub(super) url: String,
    pub(super) api_key: String,
}

/// Why there are none.
#[derive(Debug)]
pub(super) enum Missing {
    /// This time: a provider failed.
    Now(String),
    /// For good: there is no constructor.
    Ever(String),
    /// Nobody waits for them any more.
    Unwanted,
}

/// Gets them without waiting where nothing has to be waited for.
pub(super) fn at_once(options: &SessionOptions) -> Option<Credentials> {
    let given = options.web_socket.clone();
    let constructor = given.or_else(|| global_web_socket().dyn_into().ok())?;
    match (&options.options.url, &options.options.api_key) {
        (Source::Fixed(url), Source::Fixed(api_key)) => Some(Credentials {
            constructor,
            url: url.clone(),
            api_key: api_key.clone(),
        }),
        (Source::Provider, _) | (_, Source::Provider) => None,
    }
}

/// Gets them from wherever they come, as long as they are `wanted`.
pub(super) async fn gather(
    options: &SessionOptions,
    wanted: impl Fn() -> bool,
) -> Result<Credentials, Missing> {
    let constructor = match &options.web_socket {
        Some(constructor) => constructor.clone(),
        None => found_constructor().await?,
    };
    let field = options.options.url_field;
    let url = match &options.options.url {
        Source::Fixed(url) => url.clone(),
        Source::Provider => {
            let url = ask(field, options.url_provider.as_ref()).await?;
            socket_url(&url)
                .ok_or_else(|| Missing::Now([field, ": must give ", URL_ALLOWED].concat()))?
        }
    };
    if !wanted() {
        return Err(Missing::Unwanted);
    }
    let api_key = match &options.options.api_key {
        Source::Fixed(key) => key.clone(),
        Source::Provider => ask("apiKey", options.api_key_provider.as_ref()).await?,
    };
    Ok(Credentials {
        constructor,
        url,
        api_key,
    })
}

async fn found_constructor() -> Result<Function, Missing> {
    let found = settled(find_web_socket()).await;
    found
        .ok()
        .and_then(|found| found.dyn_into().ok())
        .ok_or_else(|| Missing::Ever(NO_WEB_SOCKET.into()))
}

/// Asks a provider, which may answer later. Its answer is never repeated in an error.
async fn ask(field: &str, provider: Option<&Function>) -> Result<String, Missing> {
    let failed = |why: &str| Missing::Now([field, ": the provider ", why].concat());
    let provider = provider.ok_or_else(|| failed("is gone"))?;
    let answer = match provider.call0(&JsValue::UNDEFINED) {
        Ok(answer) => settled(answer).await,
        Err(error) => Err(error),
    };
    let answer = answer.map_err(|error| {
        let message = fields::text(&error, "message");
        failed(&["failed: ", message.as_deref().unwrap_or("no message")].concat())
    })?;
    let text = answer.as_string().filter(|text| !text.is_empty());
    text.ok_or_else(|| failed("gave no non-empty string"))
}

async fn settled(value: JsValue) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&value)).await
}
