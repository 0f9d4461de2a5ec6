//! Requests to apps whose results are not known yet.

use litemap::LiteMap;
use std::time::Duration;

use serde_json::json;
use tpa_cloud::{AppCall, WebhookCall};
use wasm_bindgen::JsValue;

use crate::outputs;

/// A request to an app.
#[derive(Debug)]
pub enum Call {
    /// To its webhook.
    Webhook(WebhookCall),
    /// To another endpoint.
    App(AppCall),
    /// To a tool, for a request of the control interface.
    Tool(AppCall),
}

/// The requests by number.
#[derive(Debug, Default)]
pub struct Calls {
    last: u64,
    calls: LiteMap<u64, Call>,
}

impl Calls {
    /// Adds a request. Returns the object that describes it.
    pub fn add(&mut self, call: Call) -> JsValue {
        self.last += 1;
        let number = self.last as f64;
        let object = match &call {
            Call::Webhook(call) => {
                let about = about(call.request, &call.package_name, call.timeout);
                outputs::call(
                    "webhook",
                    number,
                    &call.url,
                    "application/json",
                    call.body.as_bytes(),
                    &about,
                )
            }
            Call::App(call) => app_call("appCall", number, call),
            Call::Tool(call) => app_call("toolCall", number, call),
        };
        self.calls.insert(self.last, call);
        object
    }

    /// Removes a request, once its result is known.
    pub fn remove(&mut self, number: u64) -> Option<Call> {
        self.calls.remove(&number)
    }
}

fn app_call(kind: &str, number: f64, call: &AppCall) -> JsValue {
    let about = about(call.request, &call.package_name, AppCall::TIMEOUT);
    outputs::call(
        kind,
        number,
        &call.url,
        &call.content_type,
        &call.body,
        &about,
    )
}

fn about(request: &str, package: &str, timeout: Duration) -> String {
    let fields = json!({
        "request": request,
        "packageName": package,
        "timeoutMs": timeout.as_millis() as u64,
        "timeoutError": tpa_cloud::late_answer(timeout),
    });
    fields.to_string()
}
