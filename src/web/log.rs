//! Log lines: on the console, or to the app's own logger.

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;

use crate::session::{LogLevel, SocketId};

/// Where lines go, and which.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) level: LogLevel,
    pub(super) logger: Option<JsValue>,
    pub(super) package_name: String,
}

impl Log {
    /// Whether a line of this level would be written.
    pub(super) fn writes(&self, level: LogLevel) -> bool {
        level <= self.level
    }

    /// Writes a line that names package, session and connection.
    pub(super) fn write(
        &self,
        level: LogLevel,
        session_id: Option<&str>,
        connection: SocketId,
        text: &str,
    ) {
        if !self.writes(level) {
            return;
        }
        let line = [
            "[tpa-session] package=",
            &self.package_name,
            " session=",
            session_id.unwrap_or("-"),
            " connection=",
            &connection.0.to_string(),
            " ",
            text,
        ]
        .concat();
        let line = line.into();
        // The console is called like any logger: a page may have replaced it, even by something
        // that throws.
        let logger = match &self.logger {
            Some(logger) => logger.clone(),
            None => Reflect::get(&js_sys::global(), &"console".into()).unwrap_or_default(),
        };
        call(&logger, level, &line);
    }
}

fn call(logger: &JsValue, level: LogLevel, line: &JsValue) {
    let method = match level {
        LogLevel::Silent => return,
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    };
    // A logger that lacks a method, or throws, must not disturb the session.
    if let Ok(method) = Reflect::get(logger, &method.into())
        && let Some(method) = method.dyn_ref::<Function>()
    {
        let _ = method.call1(logger, line);
    }
}
