//! `/apps` and `/tools`: start and stop of apps, calls of their tools.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::Response;
use crate::cloud::Cloud;
use crate::faults::Target;
use crate::faults::request;
use crate::faults::request::BadRequest;
use crate::identity::UserSessionId;
use crate::output::AppCall;
use crate::time::Instant;

/// Number of started apps.
const MAX_APPS: usize = 10_000;

/// `POST /apps`
pub(super) fn start(cloud: &mut Cloud, body: &[u8], now: Instant) -> Response {
    let app = match request::read_app(body) {
        Ok(app) => app,
        Err(bad) => return Response::bad_request(&bad),
    };
    if cloud.app_count() >= MAX_APPS {
        let error = format!("{MAX_APPS} apps are started; stop one of them first");
        return Response::error(503, &error, "");
    }
    let user = UserSessionId::new(&app.user_id);
    let session_id = cloud.start_app(&user, &app.package_name, app.webhook_url, now);
    Response::json(202, &json!({"sessionId": session_id}))
}

/// `DELETE /apps/{packageName}`; without `userId` in the query the app is stopped for all users.
pub(super) fn stop(cloud: &mut Cloud, package: &str, query: &str, now: Instant) -> Response {
    let Ok(package) = percent_decode_str(package).decode_utf8() else {
        let error = format!("the path has no package name in UTF-8: {package}");
        return Response::bad_request(&BadRequest::whole(&error));
    };
    let mut query = form_urlencoded::parse(query.as_bytes());
    let user: Option<Cow<'_, str>> = query.find(|(name, _)| name == "userId").map(|it| it.1);
    let target = match user {
        Some(user) => Target::Session(format!("{user}-{package}")),
        None => Target::Package(package.into_owned()),
    };
    Response::accepted(&cloud.stop_apps(&target, "user_disabled", now))
}

/// `POST /apps/stop`
pub(super) fn stop_many(cloud: &mut Cloud, body: &[u8], now: Instant) -> Response {
    match request::read_stop(body) {
        Ok((target, reason)) => Response::accepted(&cloud.stop_apps(&target, &reason, now)),
        Err(bad) => Response::bad_request(&bad),
    }
}

/// `POST /tools`
pub(super) fn tool_call(cloud: &mut Cloud, body: &[u8], now: Instant) -> Result<AppCall, Response> {
    let request = request::read_tool_call(body).map_err(|bad| Response::bad_request(&bad))?;
    let user = UserSessionId::new(&request.user_id);
    let parameters = Value::Object(request.tool_parameters);
    let package = &request.package_name;
    let call = cloud.tool_call(&user, package, &request.tool_id, &parameters, now);
    call.ok_or_else(|| {
        let error = format!("{package} was not started with a webhook for {user}");
        Response::error(404, &error, "packageName")
    })
}
