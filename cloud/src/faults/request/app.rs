//! Reads which apps are to be started.

use serde_json::Value;

use super::{BadRequest, Fields};

/// Reads `{"packageName", "userId", "webhookUrl"?}`: which app to start for whom, and where it is
/// told so.
pub fn read_app(body: &[u8]) -> Result<AppRequested, BadRequest> {
    let mut fields = Fields::read(body)?;
    let package_name = fields.required_text("packageName", "a package name")?;
    let user_id = fields.required_text("userId", USER_ID)?;
    let webhook_url = fields.text("webhookUrl", WEBHOOK_URL)?;
    fields.nothing_else("an app")?;
    if package_name.is_empty() {
        let value = Value::String(package_name);
        return Err(BadRequest::new(
            "packageName",
            "a package name",
            Some(&value),
        ));
    }
    if user_id.is_empty() || user_id.contains('-') {
        return Err(BadRequest::new(
            "userId",
            USER_ID,
            Some(&Value::String(user_id)),
        ));
    }
    if let Some(url) = webhook_url.as_ref()
        && !is_webhook_url(url)
    {
        let value = Value::String(url.clone());
        return Err(BadRequest::new("webhookUrl", WEBHOOK_URL, Some(&value)));
    }
    Ok(AppRequested {
        package_name,
        user_id,
        webhook_url,
    })
}

/// An app that somebody wants started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRequested {
    /// The app.
    pub package_name: String,
    /// For whom.
    pub user_id: String,
    /// Where it is told so.
    pub webhook_url: Option<String>,
}

const USER_ID: &str = "a user's id, which is not empty and has no `-`";
const WEBHOOK_URL: &str = "a URL that begins with http://";

fn is_webhook_url(text: &str) -> bool {
    let uri = text.parse::<axum::http::Uri>();
    uri.is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some())
}
