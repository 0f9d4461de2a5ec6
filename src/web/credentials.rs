//! What an attempt needs before there can be a socket: a constructor, the URL and the key.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::session::{Redacted, Source, URL_ALLOWED};

use super::callback::callback;
use super::fields;
use super::options::{SessionOptions, socket_url};

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = globalWebSocket)]
    fn global_web_socket() -> JsValue;

    #[wasm_bindgen(js_name = findWebSocket)]
    fn find_web_socket(tell: &JsValue);
}

#[wasm_bindgen(module = "/src/web/js/providers.js")]
extern "C" {
    fn ask(field: &str, provider: Option<&Function>, tell: &JsValue);
}

/// What to tell a developer whose runtime has no WebSocket.
const NO_WEB_SOCKET: &str = "This runtime has no WebSocket. Install the package \"ws\" \
    (npm install ws), or pass a constructor as the option WebSocket";

/// All that one socket needs, as far as it is there.
pub(super) struct Credentials {
    pub(super) constructor: Option<Function>,
    pub(super) url: Option<String>,
    pub(super) api_key: Option<String>,
}

/// What is asked for, one after the other.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Constructor,
    Url,
    ApiKey,
}

/// Why a part will not be there.
pub(super) enum Missing {
    /// This time: a provider failed.
    Now(String),
    /// For good: there is no constructor.
    Ever(Redacted),
}

impl Credentials {
    /// What is known without asking.
    pub(super) fn known(options: &SessionOptions) -> Self {
        let given = options.web_socket.clone();
        Self {
            constructor: given.or_else(|| global_web_socket().dyn_into().ok()),
            url: fixed(&options.options.url),
            api_key: fixed(&options.options.api_key),
        }
    }

    /// The first part that is not there yet.
    pub(super) fn missing(&self) -> Option<Part> {
        if self.constructor.is_none() {
            Some(Part::Constructor)
        } else if self.url.is_none() {
            Some(Part::Url)
        } else if self.api_key.is_none() {
            Some(Part::ApiKey)
        } else {
            None
        }
    }

    /// Takes in the answer to [`ask_for`].
    pub(super) fn take_in(
        &mut self,
        part: Part,
        answer: Result<JsValue, JsValue>,
        options: &SessionOptions,
    ) -> Result<(), Missing> {
        if let Part::Constructor = part {
            let found = answer.ok().and_then(|found| found.dyn_into().ok());
            self.constructor = Some(found.ok_or_else(|| Missing::Ever(NO_WEB_SOCKET.into()))?);
            return Ok(());
        }
        let text = answer
            .map_err(|error| Missing::Now(fields::text(&error, "message").unwrap_or_default()))?
            .as_string();
        if let Part::ApiKey = part {
            self.api_key = text;
            return Ok(());
        }
        self.url = text.and_then(|url| socket_url(&url));
        if self.url.is_none() {
            let field = options.options.url_field;
            return Err(Missing::Now([field, ": must give ", URL_ALLOWED].concat()));
        }
        Ok(())
    }
}

/// As in providers.js.
const GIVEN: u32 = 0;

/// Asks for a part; this may run code of the app. `answered` is called later, or never.
pub(super) fn ask_for(
    part: Part,
    options: &SessionOptions,
    answered: impl Fn(Result<JsValue, JsValue>) + 'static,
) {
    let tell = callback(move |what, _, answer| {
        answered(if what == GIVEN {
            Ok(answer)
        } else {
            Err(answer)
        });
    });
    // For as long as there may be an answer, which only the garbage collector knows.
    let tell = tell.into_js_value();
    match part {
        Part::Constructor => find_web_socket(&tell),
        Part::Url => ask(
            options.options.url_field,
            options.url_provider.as_ref(),
            &tell,
        ),
        Part::ApiKey => ask("apiKey", options.api_key_provider.as_ref(), &tell),
    }
}

fn fixed(source: &Source) -> Option<String> {
    match source {
        Source::Fixed(value) => Some(value.clone()),
        Source::Provider => None,
    }
}
