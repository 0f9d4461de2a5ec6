//! `POST /apps`.

use http::Uri;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{BadRequest, MAX_ID_BYTES, object};
use crate::json::{self, checked, short};

const MAX_URL_BYTES: usize = 2048;

/// Reads `{"packageName", "userId", "webhookUrl"?}`.
pub fn read_app(body: &[u8]) -> Result<StartApp, BadRequest> {
    Ok(json::parse(object(body)?, &[])?)
}

/// Reads `{"packageName", "userId", "toolId", "toolParameters"?}`.
pub fn read_tool_call(body: &[u8]) -> Result<ToolCall, BadRequest> {
    Ok(json::parse(object(body)?, &[])?)
}

/// A request to call a tool of an app.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolCall {
    #[serde(deserialize_with = "package_name")]
    pub package_name: String,
    #[serde(deserialize_with = "user_id")]
    pub user_id: String,
    #[serde(deserialize_with = "tool_id")]
    pub tool_id: String,
    #[serde(default, deserialize_with = "parameters")]
    pub tool_parameters: Map<String, Value>,
}

fn tool_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    checked(deserializer, "the id of a tool, of at most 512 bytes", id)
}

fn parameters<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    checked(deserializer, "an object", |value| {
        value.as_object().cloned()
    })
}

/// A request to start an app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartApp {
    #[serde(deserialize_with = "package_name")]
    pub package_name: String,
    #[serde(deserialize_with = "user_id")]
    pub user_id: String,
    /// Called when the app is to start or stop.
    #[serde(default, deserialize_with = "webhook_url")]
    pub webhook_url: Option<String>,
}

fn package_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    checked(deserializer, "a package name of at most 512 bytes", id)
}

fn user_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    checked(deserializer, "a user's id of 1 to 512 bytes", id)
}

fn webhook_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    const ALLOWED: &str = "a URL of at most 2048 bytes that begins with http://";
    checked(deserializer, ALLOWED, |value| {
        let text = short(value, MAX_URL_BYTES)?;
        let uri = text.parse::<Uri>().ok()?;
        let is_valid = uri.scheme_str() == Some("http") && uri.host().is_some();
        is_valid.then_some(Some(text))
    })
}

fn id(value: &Value) -> Option<String> {
    short(value, MAX_ID_BYTES).filter(|id| !id.is_empty())
}
