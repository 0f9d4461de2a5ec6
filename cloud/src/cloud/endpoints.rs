//! Requests to the endpoints of apps: photos, settings and tool calls.

use serde_json::Value;

use super::{Cloud, WebhookAnswer};
use crate::events::Fact;
use crate::identity::{Identity, UserSessionId};
use crate::output::{AppCall, Output};
use crate::protocol::AppRequest;
use crate::session::endpoints::{Content, Endpoint};
use crate::session::glasses;
use crate::time::Instant;

/// Number of requests whose result is not known yet. Apps cause them by asking for photos.
const MAX_IN_PROGRESS: usize = 64;

impl Cloud {
    /// Answers a request to the glasses. A photo for an app with a webhook is uploaded to its web
    /// server, every other answer is a frame.
    pub(super) fn answer_request(&mut self, who: &Identity, request: &AppRequest, nth: u64) {
        let mut failure = None;
        if let AppRequest::Photo { request_id, .. } = request {
            failure = self.faults.fails_photo(who, self.context.now());
            if let Some((user, package)) =
                who.user_session_id.as_ref().zip(who.package_name.as_ref())
                && let Some(webhook) = self.webhook_of(user, package)
            {
                let content = Content::photo(request_id, failure);
                return self.call_app(Endpoint::PhotoUpload, &webhook, user, package, content);
            }
        }
        let date = self.context.date();
        for frame in glasses::answer(request, failure, who, nth, &date) {
            self.context.deliver_text(who.connection_id, frame);
        }
    }

    /// Posts the settings of an app to its web server, if it has one.
    pub(super) fn post_settings(
        &mut self,
        user: &UserSessionId,
        package: &str,
        settings: &[Value],
    ) {
        if let Some(webhook) = self.webhook_of(user, package) {
            let content = Ok(Content::settings(user, settings));
            self.call_app(Endpoint::Settings, &webhook, user, package, content);
        }
    }

    /// Returns the request that calls a tool of an app, `None` if the app was not started with a
    /// webhook. The result goes to [`Cloud::handle_app_answer`].
    pub fn tool_call(
        &mut self,
        user: &UserSessionId,
        package: &str,
        tool: &str,
        parameters: &Value,
        now: Instant,
    ) -> Option<AppCall> {
        self.context.set_time(now);
        let webhook = self.webhook_of(user, package)?;
        let content = Content::tool_call(user, tool, parameters, &self.context.date());
        Some(app_call(Endpoint::Tool, &webhook, user, package, content))
    }

    /// Handles the result of an [`Output::AppCall`] or of a tool call.
    pub fn handle_app_answer(&mut self, call: &AppCall, answer: WebhookAnswer, now: Instant) {
        self.context.set_time(now);
        // Tool calls are not counted.
        if call.request != Endpoint::Tool.request() {
            self.calls_in_progress = self.calls_in_progress.saturating_sub(1);
        }
        self.broadcast_answer(
            call.request,
            &call.user_session_id,
            &call.package_name,
            answer,
        );
    }

    fn call_app(
        &mut self,
        endpoint: Endpoint,
        webhook: &str,
        user: &UserSessionId,
        package: &str,
        content: Result<Content, String>,
    ) {
        let content = if self.calls_in_progress < MAX_IN_PROGRESS {
            content
        } else {
            Err(format!(
                "{MAX_IN_PROGRESS} requests to apps are in progress"
            ))
        };
        match content {
            Ok(content) => {
                self.calls_in_progress += 1;
                let call = app_call(endpoint, webhook, user, package, content);
                self.context.push(Output::AppCall(call));
            }
            Err(problem) => {
                self.broadcast_answer(endpoint.request(), user, package, Err(problem));
            }
        }
    }

    fn broadcast_answer(
        &mut self,
        request: &'static str,
        user: &UserSessionId,
        package: &str,
        answer: WebhookAnswer,
    ) {
        let fact = Fact::Webhook {
            request,
            package_name: package.to_owned(),
            user_session_id: user.clone(),
            success: answer.is_ok(),
            error: answer.err(),
        };
        self.broadcast(None, fact);
    }

    fn webhook_of(&self, user: &UserSessionId, package: &str) -> Option<String> {
        self.sessions
            .get(user)?
            .webhook_of(package)
            .map(str::to_owned)
    }
}

fn app_call(
    endpoint: Endpoint,
    webhook: &str,
    user: &UserSessionId,
    package: &str,
    content: Content,
) -> AppCall {
    AppCall {
        url: endpoint.url(webhook),
        request: endpoint.request(),
        package_name: package.to_owned(),
        user_session_id: user.clone(),
        content_type: content.content_type,
        body: content.body,
    }
}
