//! Start and stop of apps.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Cloud;
use super::disconnect::Ending;
use crate::events::Fact;
use crate::faults::Target;
use crate::identity::{ConnectionId, UserSessionId};
use crate::output::WebhookCall;
use crate::protocol;
use crate::protocol::close;
use crate::session::manager::SessionManager;
use crate::time::Instant;

/// Result of a webhook call; the error is a message for people.
pub type WebhookAnswer = Result<(), String>;

impl Cloud {
    /// Starts an app for a user: calls its webhook, and restarts the app if its connection is lost
    /// and not reestablished. Returns the session id.
    pub fn start_app(
        &mut self,
        user: &UserSessionId,
        package: &str,
        webhook_url: Option<String>,
        now: Instant,
    ) -> String {
        self.context.set_time(now);
        self.drop_idle_sessions();
        self.sessions
            .entry(user.clone())
            .or_insert_with(|| SessionManager::new(user.clone()));
        let fact = Fact::AppStarted {
            package_name: package.to_owned(),
            user_session_id: user.clone(),
            webhook_url,
        };
        self.broadcast(None, fact);
        format!("{user}-{package}")
    }

    /// Returns the number of started apps.
    pub fn app_count(&self) -> usize {
        let sessions = self.sessions.values();
        sessions.map(|session| session.apps().count()).sum()
    }

    /// Handles the result of an [`Output::Webhook`](crate::Output::Webhook).
    pub fn handle_webhook(&mut self, call: &WebhookCall, answer: WebhookAnswer, now: Instant) {
        self.context.set_time(now);
        let fact = Fact::Webhook {
            request: call.request,
            package_name: call.package_name.clone(),
            user_session_id: call.user_session_id.clone(),
            success: answer.is_ok(),
            error: answer.clone().err(),
        };
        self.broadcast(None, fact);
        if let Some(session) = self.sessions.get_mut(&call.user_session_id)
            && let Some(fact) = session.handle_response(call, &answer, &mut self.context)
        {
            self.broadcast(None, fact);
        }
    }

    /// Stops apps: sends `app_stopped`, closes the connections and calls the webhooks. Returns the
    /// connections.
    pub fn stop_apps(&mut self, target: &Target, reason: &str, now: Instant) -> Vec<ConnectionId> {
        self.context.set_time(now);
        let members = self.members(target);
        for who in &members {
            let session_id = who.session_id.as_deref().unwrap_or_default();
            let frame = protocol::app_stopped(session_id, reason, &self.context.date());
            self.context.deliver_text(who.connection_id, frame);
            if let (Some(user), Some(package)) = (&who.user_session_id, &who.package_name) {
                self.broadcast_stop(user.clone(), package.clone(), reason);
            }
            let ending = Ending::close(close::NORMAL, close::APP_STOPPED);
            self.end(who.connection_id, ending);
        }
        for (user, package) in self.started_apps(target) {
            self.broadcast_stop(user, package, reason);
        }
        members.iter().map(|who| who.connection_id).collect()
    }

    /// Takes the next step of an app's start or restart.
    pub(super) fn take_app_step(&mut self, user: &UserSessionId, package: &str) {
        if let Some(session) = self.sessions.get_mut(user)
            && let Some(fact) = session.take_app_step(package, &mut self.context)
        {
            self.broadcast(None, fact);
        }
    }

    /// Gives up an app that did not connect after its start.
    pub(super) fn give_up_app(&mut self, user: &UserSessionId, package: &str) {
        let session = self.sessions.get(user);
        let fact = session.and_then(|session| session.time_out_app(package, &self.context));
        if let Some(fact) = fact {
            self.broadcast(None, fact);
        }
    }

    /// Returns the started apps of a target, connected or not.
    fn started_apps(&self, target: &Target) -> BTreeSet<(UserSessionId, String)> {
        let is_target = |user: &UserSessionId, package: &str| match target {
            Target::All => true,
            Target::Package(target) => target == package,
            Target::Session(target) => *target == format!("{user}-{package}"),
            // Apps with a connection are stopped through it.
            Target::Connection(_) => false,
        };
        self.sessions
            .iter()
            .flat_map(|(user, session)| session.apps().map(move |package| (user, package)))
            .filter(|(user, package)| is_target(user, package))
            .map(|(user, package)| (user.clone(), package.clone()))
            .collect()
    }
}

/// Reads the response of an app, whose status 2xx is success unless the body's `status` is `error`.
///
/// # Errors
///
/// The error is the result of the request, for [`Cloud::handle_webhook`] and
/// [`Cloud::handle_app_answer`].
pub fn read_answer(status: u16, body: &[u8]) -> WebhookAnswer {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = answer["message"].as_str().unwrap_or("no reason given");
    if !(200..300).contains(&status) {
        return Err(format!("response status {status}: {message}"));
    }
    if answer["status"] == "error" {
        return Err(format!("response with an error: {message}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_success_or_error() {
        assert_eq!(read_answer(200, br#"{"status":"success"}"#), Ok(()));
        assert_eq!(read_answer(204, b""), Ok(()));
        for (status, body) in [
            (200, r#"{"status":"error","message":"busy"}"#),
            (503, r#"{"message":"busy"}"#),
        ] {
            let error = read_answer(status, body.as_bytes()).unwrap_err();
            assert!(error.contains("busy"), "{error}");
        }
        assert!(read_answer(404, b"<html>").is_err());
    }
}
