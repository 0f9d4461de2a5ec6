//! Bindings for the program: access rules and values of options.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::{Value, json};
use tpa_cloud::access::{Access, Head, Scope};
use tpa_cloud::options;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::type_error;

/// The access control of a server.
#[wasm_bindgen]
pub struct WasmAccess(Access);

#[wasm_bindgen]
impl WasmAccess {
    /// Creates the access control of a server at an address. Further origins are separated by
    /// spaces.
    #[wasm_bindgen(constructor)]
    pub fn new(
        address: &str,
        token: Option<String>,
        public_url: Option<String>,
        origins: &str,
    ) -> Result<WasmAccess, JsValue> {
        let address = address.parse().map_err(|_| type_error("no address"))?;
        let origins = origins.split_ascii_whitespace();
        let origins = origins.filter_map(|origin| options::origin(origin).ok());
        let access = Access::new(address, token, public_url.as_deref());
        Ok(Self(access.with_origins(origins.collect())))
    }

    /// Decides about a request, by its parts as JSON. A peer without an address is foreign.
    pub fn check(&self, scope: u8, peer: &str, head: &str) -> String {
        let scope = match scope {
            0 => Scope::File,
            1 => Scope::Socket,
            _ => Scope::Control,
        };
        let head: Value = serde_json::from_str(head).unwrap_or_default();
        let head = Head {
            method: head["method"].as_str().unwrap_or_default(),
            query: head["query"].as_str(),
            host: head["host"].as_str(),
            origin: head["origin"].as_str(),
            authorization: head["authorization"].as_str(),
            fetch_site: head["fetchSite"].as_str(),
            fetch_dest: head["fetchDest"].as_str(),
        };
        let peer = peer.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let verdict = self.0.check(scope, peer, &head);
        let fields = json!({
            "status": verdict.status,
            "headers": verdict.headers,
            "body": verdict.body,
        });
        fields.to_string()
    }
}

/// Checks the value of an option of the command line. The error is the problem.
#[wasm_bindgen(js_name = checkOption)]
pub fn check_option(option: &str, text: &str) -> Result<(), JsValue> {
    options::check(option, text).map_err(|problem| type_error(&problem))
}

/// Checks that idle connections can be kept alive, by two options.
#[wasm_bindgen(js_name = checkIntervals)]
pub fn check_intervals(ping_interval: &str, stale_after: &str) -> Result<(), JsValue> {
    options::check_intervals(time(ping_interval), time(stale_after))
        .map_err(|problem| type_error(&problem))
}

/// Returns the milliseconds of an option.
#[wasm_bindgen(js_name = milliseconds)]
pub fn milliseconds(text: &str) -> f64 {
    time(text).as_secs_f64() * 1e3
}

/// Returns the time of an option that has been checked.
fn time(text: &str) -> Duration {
    options::duration(text).unwrap_or_default()
}

/// Returns the path and the directory of an option that has been checked.
#[wasm_bindgen(js_name = readMount)]
pub fn read_mount(text: &str) -> Vec<String> {
    let (path, dir) = options::mount(text).unwrap_or_default();
    vec![path.to_owned(), dir.to_owned()]
}
