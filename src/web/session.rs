//! The class `TpaSession` of JavaScript. Its types and docs for JavaScript are in the
//! package's `index.d.ts`.

use std::rc::Rc;

use js_sys::{Array, Function, JsString, Promise};
use wasm_bindgen::prelude::*;

use crate::session::{Command, Reply};

use super::driver::Driver;
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

    /// Resolves when all messages so far have been received.
    pub fn flush(&self) -> Promise {
        self.0.flush()
    }

    /// The last transitions, as plain data.
    pub fn timeline(&self) -> Array {
        self.0.timeline()
    }

    /// Counters, as plain data.
    #[wasm_bindgen(getter)]
    pub fn stats(&self) -> JsValue {
        self.0.stats()
    }

    /// Makes the next attempt now, where one is waited for.
    #[wasm_bindgen(js_name = reconnectNow)]
    pub fn reconnect_now(&self) {
        // Never an error: there is nothing that `ReconnectNow` could get wrong.
        let _ = self.0.command(Command::ReconnectNow);
    }

    /// Adds a handler; returns its undo.
    pub fn on(&self, event: &JsValue, handler: &JsValue) -> Result<Function, JsValue> {
        self.listen(event, handler, false)
    }

    /// Adds a handler for the next event only; returns its undo.
    pub fn once(&self, event: &JsValue, handler: &JsValue) -> Result<Function, JsValue> {
        self.listen(event, handler, true)
    }

    /// Removes a handler.
    pub fn off(&self, event: &JsValue, handler: &JsValue) -> Result<(), JsValue> {
        let (event, handler) = listener(event, handler)?;
        if let Some(dispatcher) = self.0.link.dispatcher() {
            dispatcher.off(event, handler);
        }
        Ok(())
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

    /// Asks the cloud for streams.
    pub fn subscribe(&self, streams: &JsValue) -> Result<(), JsValue> {
        self.change(Command::Subscribe(names(streams)))
    }

    /// No longer asks for them.
    pub fn unsubscribe(&self, streams: &JsValue) -> Result<(), JsValue> {
        self.change(Command::Unsubscribe(names(streams)))
    }

    /// Handlers listen to these streams and to no others.
    pub fn follow(&self, streams: &JsValue) -> Result<(), JsValue> {
        self.change(Command::Follow(names(streams)))
    }

    /// The streams asked for.
    #[wasm_bindgen(getter)]
    pub fn subscriptions(&self) -> Array {
        self.0.inspect(|core| {
            let streams = core.subscriptions().iter();
            streams
                .map(|stream| JsValue::from(stream.as_str()))
                .collect()
        })
    }

    /// Where the session is.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> JsString {
        self.0.inspect(|core| core.state().name().into())
    }

    /// The id given to `connect()`.
    #[wasm_bindgen(getter, js_name = sessionId)]
    pub fn session_id(&self) -> Option<String> {
        self.0.inspect(|core| core.session_id().map(str::to_owned))
    }

    /// The handlers. The JavaScript object that takes them must keep them for as long as it
    /// has this session; a session whose handlers were never taken keeps them itself, and is
    /// never collected where they refer to it.
    #[wasm_bindgen(js_name = takeHandlers)]
    pub fn take_handlers(&self) -> JsValue {
        self.0.link.take().map_or(JsValue::UNDEFINED, Into::into)
    }

    fn listen(&self, event: &JsValue, handler: &JsValue, once: bool) -> Result<Function, JsValue> {
        let (event, handler) = listener(event, handler)?;
        let dispatcher = self.0.link.dispatcher();
        let dispatcher = dispatcher.ok_or_else(|| type_error("this session is gone"))?;
        Ok(dispatcher.on(event, handler, once))
    }

    fn change(&self, command: Command<super::message::Message>) -> Result<(), JsValue> {
        match self.0.command(command) {
            Ok(_) => Ok(()),
            Err(error) => Err(type_error(error.message())),
        }
    }
}

fn listener<'a>(
    event: &'a JsValue,
    handler: &'a JsValue,
) -> Result<(&'a JsString, &'a Function), JsValue> {
    let event = event
        .dyn_ref::<JsString>()
        .filter(|event| event.length() > 0)
        .ok_or_else(|| type_error("event: must be a non-empty string"))?;
    let handler = handler
        .dyn_ref::<Function>()
        .ok_or_else(|| type_error("handler: must be a function"))?;
    Ok((event, handler))
}

/// One name, or a list of them.
fn names(streams: &JsValue) -> Vec<String> {
    // What is no string is refused as an empty one is.
    let names = super::message::texts(streams);
    names.iter().filter_map(|name| name.as_string()).collect()
}
