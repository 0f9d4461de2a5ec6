//! Bindings of the cloud for JavaScript: the run loop of [`tpa_cloud`] with numbers, strings and
//! bytes.
//!
//! `cloud/npm/js/core/cloud.js` wraps them; it documents the interface that shells use.

mod calls;
mod outputs;

use js_sys::TypeError;
use serde_json::{Value, json};
use tpa_cloud::control::{Answer, Control, Request, Response};
use tpa_cloud::{Config, Dialect, Input, Instant, OpenError, Output, Scenario, WallClock};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use calls::{Call, Calls};

/// A cloud with its control interface. Times are milliseconds of a monotonic clock.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WasmCloud {
    cloud: tpa_cloud::Cloud,
    control: Control,
    calls: Calls,
}

#[wasm_bindgen]
impl WasmCloud {
    /// Creates a cloud from options as JSON; `scenarios` is the list of all that can be played by
    /// name, objects with a `name` each.
    #[wasm_bindgen(constructor)]
    pub fn new(
        options: &str,
        scenarios: &str,
        unix_millis: f64,
        now: f64,
    ) -> Result<WasmCloud, JsValue> {
        let config = Config::from_json(options).map_err(|bad| type_error(&bad.error))?;
        let control = Control::new(read_scenarios(scenarios)?);
        let now = instant(now);
        let zero = (unix_millis.max(0.0) as u64).saturating_sub(now.as_millis());
        Ok(Self {
            cloud: tpa_cloud::Cloud::new(config, WallClock::starting_at(zero), now),
            control,
            calls: Calls::default(),
        })
    }

    /// Returns the id of a new socket, -1 if it is to be reset, or -2 if there are too many.
    pub fn open(&mut self, peer: &str, is_mentra: bool, now: f64) -> f64 {
        let dialect = match is_mentra {
            true => Dialect::MentraOs,
            false => Dialect::AugmentOs,
        };
        match self.cloud.open(peer, dialect, instant(now)) {
            Ok(id) => id.number() as f64,
            Err(OpenError::ResetByFault) => -1.0,
            Err(OpenError::TooManyConnections) => -2.0,
        }
    }

    /// Handles a text frame.
    pub fn text(&mut self, id: f64, text: &str, now: f64) {
        self.input(id, Input::Text(text), now);
    }

    /// Handles a binary frame.
    pub fn binary(&mut self, id: f64, bytes: &[u8], now: f64) {
        self.input(id, Input::Binary(bytes), now);
    }

    /// Handles the peer's close frame.
    pub fn closed(&mut self, id: f64, code: u16, reason: &str, now: f64) {
        self.input(id, Input::Closed { code, reason }, now);
    }

    /// Handles another event on a socket, by its number in `cloud.js`.
    pub fn signal(&mut self, id: f64, which: u8, now: f64) {
        let input = match which {
            0 => Input::Ping,
            1 => Input::Pong,
            2 => Input::TooBig,
            3 => Input::Congested,
            4 => Input::Overrun,
            _ => Input::Gone,
        };
        self.input(id, input, now);
    }

    fn input(&mut self, id: f64, input: Input<'_>, now: f64) {
        self.cloud
            .handle_input((id as u64).into(), input, instant(now));
    }

    /// Handles the expired timers.
    pub fn timeout(&mut self, now: f64) {
        self.cloud.handle_timeout(instant(now));
    }

    /// Returns the time at which the next timer expires.
    #[wasm_bindgen(js_name = nextTimeout)]
    pub fn next_timeout(&self) -> Option<f64> {
        let (at, _) = self.cloud.poll_timeout()?;
        Some(at.as_millis() as f64)
    }

    /// Returns the next output, an object made by `outputs.js`.
    pub fn poll(&mut self) -> JsValue {
        match self.cloud.poll_output() {
            None => JsValue::UNDEFINED,
            Some(Output::Webhook(call)) => self.calls.add(Call::Webhook(call)),
            Some(Output::AppCall(call)) => self.calls.add(Call::App(call)),
            Some(output) => outputs::object(output),
        }
    }

    /// Returns the number of sockets.
    #[wasm_bindgen(js_name = socketCount)]
    pub fn socket_count(&self) -> usize {
        self.cloud.socket_count()
    }

    /// Handles a request of the control interface: the response, a call whose answer is the
    /// response, or undefined if there is no such path.
    pub fn control(
        &mut self,
        method: &str,
        path: &str,
        query: &str,
        body: &[u8],
        now: f64,
    ) -> JsValue {
        let request = Request {
            method,
            path,
            query,
            body,
        };
        let now = instant(now);
        match self.control.handle(&mut self.cloud, &request, now) {
            None => JsValue::UNDEFINED,
            Some(Answer::Response(response)) => response_object(response),
            Some(Answer::CallTool(call)) => self.calls.add(Call::Tool(call)),
        }
    }

    /// Handles the response of an app. Returns the response to a tool call.
    pub fn answer(&mut self, call: f64, status: u16, body: &[u8], now: f64) -> JsValue {
        self.finish(call, Ok((status, body)), now)
    }

    /// Handles a call without a response. Returns the response to a tool call.
    pub fn fail(&mut self, call: f64, error: &str, now: f64) -> JsValue {
        self.finish(call, Err(error), now)
    }

    fn finish(&mut self, call: f64, answer: Result<(u16, &[u8]), &str>, now: f64) -> JsValue {
        let Some(call) = self.calls.remove(call as u64) else {
            return JsValue::UNDEFINED;
        };
        let result = match answer {
            Ok((status, body)) => tpa_cloud::read_answer(status, body),
            Err(error) => Err(error.to_owned()),
        };
        let now = instant(now);
        match call {
            Call::Webhook(call) => self.cloud.handle_webhook(&call, result, now),
            Call::App(call) => self.cloud.handle_app_answer(&call, result, now),
            Call::Tool(call) => {
                self.cloud.handle_app_answer(&call, result, now);
                return response_object(Response::of_tool(answer));
            }
        }
        JsValue::UNDEFINED
    }

    /// Closes every connection.
    #[wasm_bindgen(js_name = shutDown)]
    pub fn shut_down(&mut self, now: f64) {
        self.cloud.shut_down(instant(now));
    }
}

/// Checks scenarios, a list as for the constructor.
#[wasm_bindgen(js_name = checkScenarios)]
pub fn check_scenarios(scenarios: &str) -> Result<(), JsValue> {
    read_scenarios(scenarios).map(drop)
}

fn read_scenarios(text: &str) -> Result<Vec<Scenario>, JsValue> {
    let list: Value = serde_json::from_str(text).map_err(|error| type_error(&error.to_string()))?;
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .map(|scenario| {
            let mut fields = scenario.clone();
            let name = fields["name"].as_str().unwrap_or_default().to_owned();
            if let Some(fields) = fields.as_object_mut() {
                fields.remove("name");
            }
            Scenario::from_json(&name, &fields.to_string())
                .map_err(|bad| type_error(&format!("scenario {name:?}: {}", bad.error)))
        })
        .collect()
}

fn type_error(message: &str) -> JsValue {
    TypeError::new(message).into()
}

fn response_object(response: Response) -> JsValue {
    let head = json!({
        "status": response.status,
        "contentType": response.content_type,
        "allow": response.allow,
    });
    outputs::response(&head.to_string(), &response.body)
}

/// Converts the time of a caller, which may have fractions.
fn instant(now: f64) -> Instant {
    Instant::from_millis(now as u64)
}
