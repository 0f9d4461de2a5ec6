//! `/apps`: start and stop of apps.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Shared;
use super::{accepted, bad_request, json_response};
use crate::faults::Target;
use crate::faults::request;
use crate::identity::UserSessionId;

/// Number of started apps.
const MAX_APPS: usize = 10_000;

/// `POST /apps`
pub(in crate::server) async fn start(State(shared): State<Shared>, body: Bytes) -> Response {
    let app = match request::read_app(&body) {
        Ok(app) => app,
        Err(bad) => return bad_request(&bad),
    };
    if shared.driver.with(|cloud, _| cloud.app_count()) >= MAX_APPS {
        let error = format!("{MAX_APPS} apps are started; stop one of them first");
        let body = json!({"error": error, "field": ""});
        return json_response(StatusCode::SERVICE_UNAVAILABLE, &body);
    }
    let user = UserSessionId::new(&app.user_id);
    let session_id = shared.driver.with(|cloud, now| {
        let webhook = app.webhook_url.clone();
        cloud.start_app(&user, &app.package_name, webhook, now)
    });
    let body = json!({"sessionId": session_id});
    json_response(StatusCode::ACCEPTED, &body)
}

/// Query of a stop; by default the app is stopped for all users.
#[derive(Debug, Deserialize)]
pub(in crate::server) struct StopQuery {
    #[serde(rename = "userId")]
    user_id: Option<String>,
}

/// `DELETE /apps/{packageName}`
pub(in crate::server) async fn stop(
    State(shared): State<Shared>,
    Path(package): Path<String>,
    Query(query): Query<StopQuery>,
) -> Response {
    let target = match query.user_id {
        Some(user) => Target::Session(format!("{user}-{package}")),
        None => Target::Package(package),
    };
    accepted(
        shared
            .driver
            .with(|cloud, now| cloud.stop_apps(&target, "user_disabled", now)),
    )
}

/// `POST /apps/stop`
pub(in crate::server) async fn stop_many(State(shared): State<Shared>, body: Bytes) -> Response {
    match request::read_stop(&body) {
        Ok((target, reason)) => accepted(
            shared
                .driver
                .with(|cloud, now| cloud.stop_apps(&target, &reason, now)),
        ),
        Err(bad) => bad_request(&bad),
    }
}

/// `POST /tools`
pub(in crate::server) async fn call_tool(State(shared): State<Shared>, body: Bytes) -> Response {
    let request = match request::read_tool_call(&body) {
        Ok(request) => request,
        Err(bad) => return bad_request(&bad),
    };
    let user = UserSessionId::new(&request.user_id);
    let call = shared.driver.with(|cloud, now| {
        let parameters = Value::Object(request.tool_parameters);
        let package = &request.package_name;
        cloud.tool_call(&user, package, &request.tool_id, &parameters, now)
    });
    let Some(call) = call else {
        let error = format!(
            "{} was not started with a webhook for {user}",
            request.package_name
        );
        let body = json!({"error": error, "field": "packageName"});
        return json_response(StatusCode::NOT_FOUND, &body);
    };
    match shared.caller.call(call).await {
        Ok((status, body)) => {
            let text = || String::from_utf8_lossy(&body).into_owned().into();
            let body: Value = serde_json::from_slice(&body).unwrap_or_else(|_| text());
            json_response(StatusCode::OK, &json!({"status": status, "body": body}))
        }
        Err(error) => json_response(
            StatusCode::BAD_GATEWAY,
            &json!({"error": error, "field": ""}),
        ),
    }
}
