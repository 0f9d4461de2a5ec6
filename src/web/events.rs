//! Events of the core: their payloads for the app's handlers, and their log lines.

use wasm_bindgen::prelude::*;

use crate::session::{Cause, CloseKind, Event, LogLevel, Reconnect, decimal};

use super::convert;
use super::driver::Driver;
use super::message::Message;
use super::reflect;

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = askShouldReconnect, catch)]
    fn ask_should_reconnect(ask: &js_sys::Function, closure: &JsValue) -> Result<JsValue, JsValue>;
}

impl Driver {
    /// Logs an event and calls its handlers.
    pub(super) fn emit(&self, event: &Event<Message>) {
        let payload = match event {
            Event::Connecting(event) => convert::to_js(event),
            Event::Connected => self.settings.borrow().clone(),
            Event::Disconnected(event) => {
                let is_intended = event.was_clean || event.kind == CloseKind::ClientDisconnect;
                let level = match (is_intended, event.permanent) {
                    (true, _) => LogLevel::Info,
                    (false, false) => LogLevel::Warn,
                    (false, true) => LogLevel::Error,
                };
                self.log(level, &event.message);
                convert::to_js(event)
            }
            Event::Reconnecting(event) => {
                let delay = decimal(event.delay.as_millis() as u32);
                let code = decimal(event.cause.code.into());
                let is_offline = event.cause.kind == CloseKind::Offline;
                let offline = if is_offline { " (offline)" } else { "" };
                let reason = &event.cause.reason;
                let line = [
                    "reconnecting in ",
                    &delay,
                    " ms",
                    offline,
                    ", after ",
                    &code,
                    " ",
                    reason,
                ];
                self.log(LogLevel::Warn, &line.concat());
                convert::to_js(event)
            }
            Event::StateChange(event) => {
                self.log(LogLevel::Info, event.to.name());
                convert::to_js(event)
            }
            Event::Error(error) => {
                self.log(LogLevel::Warn, error.message());
                convert::session_error(error)
            }
            Event::Sent(message) => convert::message(&message.original()),
            Event::Dropped(message, reason) => {
                self.log(LogLevel::Debug, &["dropped: ", reason.name()].concat());
                convert::dropped(&message.original(), *reason)
            }
        };
        self.dispatcher.emit(event.name(), &payload);
    }

    /// Logs the exception of a handler and, if it is to be told, emits `error`.
    pub(super) fn handler_failed(&self, failure: &JsValue) {
        let text = |field: &str| self.redact(&reflect::text(failure, field).unwrap_or_default());
        let stack = text("stack");
        self.log(LogLevel::Error, &stack);
        if reflect::get(failure, "isTold").as_bool() == Some(true) {
            let error = convert::handler_error(&text("message"), &stack);
            self.dispatcher.emit("error", &error);
        }
    }

    /// Asks the app whether to reconnect. `None` leaves the decision to the table of closures.
    pub(super) fn ask_should_reconnect(&self, cause: &Cause) -> Option<Reconnect> {
        let ask = self.options.should_reconnect.as_ref()?;
        match ask(cause) {
            Ok(decision) => decision,
            Err(message) => {
                let message = self.redact(&message);
                let what = ["shouldReconnect: ", &message, "; the default applies"];
                self.log(LogLevel::Error, &what.concat());
                None
            }
        }
    }
}

/// Function of the app that decides whether to reconnect.
pub(super) type ShouldReconnect = Box<dyn Fn(&Cause) -> Result<Option<Reconnect>, String>>;

/// Wraps the option `shouldReconnect` of JavaScript.
pub(super) fn js_should_reconnect(ask: js_sys::Function) -> ShouldReconnect {
    Box::new(move |cause| {
        let answer = ask_should_reconnect(&ask, &convert::closure(cause));
        let answer = answer.map_err(|_| String::from("the function threw"))?;
        convert::reconnect(&answer)
    })
}
