//! The class `TpaSession` of JavaScript. Its types and docs for JavaScript are in the
//! package's `index.d.ts`.

use std::rc::Rc;

use js_sys::{Array, Function, JsString, Promise};
use wasm_bindgen::prelude::*;

use crate::session::{Command, Reply};

use super::dispatcher::Dispatcher;
use super::driver::Driver;
use super::message::{self, Message};
use super::options::{SessionOptions, type_error};

/// One app's session with the cloud.
///
/// Every method takes `&self`, and none holds a borrow while code of the app runs, so that a
/// handler may call any of them. A clone is the same session, for another owner in Rust.
#[wasm_bindgen]
#[derive(Clone)]
pub struct TpaSession(Rc<Driver>);

#[wasm_bindgen]
impl TpaSession {
    /// A session that is idle. Throws a `TypeError` for options that are wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> Result<TpaSession, JsValue> {
        Ok(Self(Driver::new(SessionOptions::read(options)?)))
    }

    /// One of the methods below, for the package's class of JavaScript, by its place in
    /// `pkg-template/src/session/methods.js`. Each export of its own would be 60 bytes of the
    /// download.
    pub fn invoke(
        &self,
        method: u32,
        first: &JsValue,
        second: &JsValue,
    ) -> Result<JsValue, JsValue> {
        let mut answer = JsValue::UNDEFINED;
        match method {
            0 => answer = self.connect(first).into(),
            1 => self.disconnect(first),
            2 => answer = self.send(first, second)?.into(),
            3 => answer = self.flush().into(),
            4 => self.subscribe(first)?,
            5 => self.unsubscribe(first)?,
            6 => self.change(Command::Follow(names(first)))?,
            7 => answer = self.subscriptions().into(),
            8 => self.reconnect_now(),
            9 => answer = self.state().into(),
            10 => answer = self.0.inspect(|core| core.session_id().into()),
            11 => answer = self.stats(),
            12 => answer = self.timeline().into(),
            _ => answer = self.0.link.take().into(),
        }
        Ok(answer)
    }
}

impl TpaSession {
    /// Starts the session; resolves with the settings at the first ack.
    pub fn connect(&self, session_id: &JsValue) -> Promise {
        // What is no string is refused as an empty one is.
        self.0.connect(session_id.as_string().unwrap_or_default())
    }

    /// Ends the session.
    pub fn disconnect(&self, reason: &JsValue) {
        let reason = reason.as_string();
        // Never an error: there is nothing that `Disconnect` could get wrong.
        let _ = self.0.command(Command::Disconnect { reason });
    }

    /// Sends a message, or keeps it until there is a connection.
    pub fn send(&self, message: &JsValue, options: &JsValue) -> Result<JsString, JsValue> {
        let reply = match self.0.send(message, options)? {
            Reply::Sent => "sent",
            Reply::Queued => "queued",
            Reply::Dropped | Reply::Done | Reply::Run(_) | Reply::Flush(_) => "dropped",
        };
        Ok(reply.into())
    }

    /// Resolves when all messages so far have been received.
    pub fn flush(&self) -> Promise {
        self.0.flush()
    }

    /// Adds a handler; returns its undo. A `TypeError` says which of the two is wrong.
    pub fn on(&self, event: &JsValue, handler: &JsValue) -> Result<Function, JsValue> {
        self.handlers()?.on(event, handler, false)
    }

    /// Adds a handler for the next event only; returns its undo.
    pub fn once(&self, event: &JsValue, handler: &JsValue) -> Result<Function, JsValue> {
        self.handlers()?.on(event, handler, true)
    }

    /// Removes a handler.
    pub fn off(&self, event: &JsValue, handler: &JsValue) -> Result<(), JsValue> {
        self.handlers()?.off(event, handler)
    }

    /// Asks the cloud for streams: one name, or a list of them.
    pub fn subscribe(&self, streams: &JsValue) -> Result<(), JsValue> {
        self.change(Command::Subscribe(names(streams)))
    }

    /// No longer asks for them.
    pub fn unsubscribe(&self, streams: &JsValue) -> Result<(), JsValue> {
        self.change(Command::Unsubscribe(names(streams)))
    }

    /// The streams asked for.
    pub fn subscriptions(&self) -> Array {
        self.0.inspect(|core| {
            let streams = core.subscriptions().iter();
            streams
                .map(|stream| JsValue::from(stream.as_str()))
                .collect()
        })
    }

    /// Makes the next attempt now, where one is waited for.
    pub fn reconnect_now(&self) {
        // Never an error: there is nothing that `ReconnectNow` could get wrong.
        let _ = self.0.command(Command::ReconnectNow);
    }

    /// Where the session is.
    pub fn state(&self) -> JsString {
        self.0.inspect(|core| core.state().name().into())
    }

    /// The id given to `connect()`.
    pub fn session_id(&self) -> Option<String> {
        self.0.inspect(|core| core.session_id().map(str::to_owned))
    }

    /// Counters, as plain data.
    pub fn stats(&self) -> JsValue {
        self.0.stats()
    }

    /// The last transitions, as plain data.
    pub fn timeline(&self) -> Array {
        self.0.timeline()
    }

    fn change(&self, command: Command<Message>) -> Result<(), JsValue> {
        match self.0.command(command) {
            Ok(_) => Ok(()),
            Err(error) => Err(type_error(error.message())),
        }
    }

    fn handlers(&self) -> Result<Dispatcher, JsValue> {
        let dispatcher = self.0.link.dispatcher();
        dispatcher.ok_or_else(|| type_error("this session is gone"))
    }
}

/// One name, or a list of them.
fn names(streams: &JsValue) -> Vec<String> {
    // What is no string is refused as an empty one is.
    let names = message::texts(streams);
    names.iter().filter_map(|name| name.as_string()).collect()
}
