//! Errors of the API for Rust.

use std::fmt;

use wasm_bindgen::JsValue;

use crate::web::reflect;

/// Error of a session, which is an error of JavaScript inside.
#[derive(Clone, Debug)]
pub struct Error(JsValue);

impl Error {
    /// Meaning of the closure that ended the session before it was connected, e.g. `Rejected`;
    /// the reference lists them. `None` for other errors.
    pub fn kind(&self) -> Option<String> {
        reflect::text(&self.0, "kind")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&reflect::text(&self.0, "message").unwrap_or_default())
    }
}

impl std::error::Error for Error {}

impl From<JsValue> for Error {
    fn from(error: JsValue) -> Self {
        Self(error)
    }
}

impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        error.0
    }
}

impl From<serde_wasm_bindgen::Error> for Error {
    fn from(error: serde_wasm_bindgen::Error) -> Self {
        Self(error.into())
    }
}
