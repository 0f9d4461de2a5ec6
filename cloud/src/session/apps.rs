//! The started apps of one user. If the connection of an app is lost, the cloud waits for it to
//! reconnect and then restarts the app. An app that does not connect after its start is given up.

use std::time::Duration;

use litemap::LiteMap;
use serde_json::{Value, json};

use crate::config::RestartForm;
use crate::context::Context;
use crate::events::{Event, Fact};
use crate::identity::UserSessionId;
use crate::output::{Output, WebhookCall};
use crate::timers::Timer;

/// Number of tries of a `session_request`.
const START_TRIES: u8 = 2;

/// Time between the tries.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Time for the response to a `session_request`.
const START_RESPONSE: Duration = Duration::from_secs(10);

/// Time for the response to a `stop_request`. A restart waits for it; production clouds wait without
/// a limit.
const STOP_RESPONSE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Apps {
    by_package: LiteMap<String, App>,
}

#[derive(Debug)]
struct App {
    /// Called to start and stop the app.
    webhook_url: Option<String>,
    state: State,
    /// Id of the call whose response is awaited.
    awaited: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Started, not yet connected. Number of webhook calls so far.
    Starting(u8),
    Connected,
    /// Disconnected; a restart is scheduled.
    Lost,
    /// The first half of a restart: the response to the `stop_request` is awaited.
    Restarting,
    /// Disconnected by itself; not restarted.
    Released,
    /// Not connected in time after its start.
    GivenUp,
    /// Stopped; remembered to refuse its connections.
    Stopped,
}

impl Apps {
    /// Handles an event. `is_attached` is false if its connection is not the app's current one.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other events do not affect apps"
    )]
    pub(crate) fn handle_event(
        &mut self,
        event: &Event,
        is_attached: bool,
        user: &UserSessionId,
        context: &mut Context,
    ) {
        let Some(package) = event.package_name() else {
            return;
        };
        if let Fact::AppStarted { webhook_url, .. } = &event.fact {
            return self.start(webhook_url.clone(), user, package, context);
        }
        let Some(app) = self.by_package.get_mut(package) else {
            return;
        };
        let next_step = Timer::AppNextStep(user.clone(), package.to_owned());
        let start_timeout = Timer::AppStartTimeout(user.clone(), package.to_owned());
        match &event.fact {
            Fact::AppStopped { reason, .. } => {
                context.timers.stop(&next_step);
                context.timers.stop(&start_timeout);
                if app.webhook_url.is_none() {
                    self.by_package.remove(package);
                    return;
                }
                if !matches!(app.state, State::Stopped | State::GivenUp) {
                    app.request_stop(user, package, reason, context);
                }
                app.state = State::Stopped;
                app.awaited = None;
            }
            Fact::AppGivenUp { .. } => {
                context.timers.stop(&next_step);
                context.timers.stop(&start_timeout);
                app.state = State::GivenUp;
                app.awaited = None;
            }
            Fact::Acked => {
                app.state = State::Connected;
                context.timers.stop(&next_step);
                context.timers.stop(&start_timeout);
            }
            Fact::Released { .. } => app.state = State::Released,
            Fact::Closed { .. } | Fact::Detached { by: None }
                if is_attached && app.state == State::Connected =>
            {
                app.state = State::Lost;
                if app.webhook_url.is_some() {
                    let due = context.now() + context.config.app_restart_after;
                    context.timers.set(next_step, due);
                }
            }
            _ => {}
        }
    }

    fn start(
        &mut self,
        webhook_url: Option<String>,
        user: &UserSessionId,
        package: &str,
        context: &mut Context,
    ) {
        let mut app = App {
            webhook_url,
            state: State::Starting(1),
            awaited: None,
        };
        let (user_id, name) = (user.clone(), package.to_owned());
        context.timers.stop(&Timer::AppNextStep(user_id, name));
        let timer = Timer::AppStartTimeout(user.clone(), package.to_owned());
        if app.webhook_url.is_some() {
            app.request_start(user, package, context);
            let due = context.now() + context.config.app_start_timeout;
            context.timers.set(timer, due);
        } else {
            context.timers.stop(&timer);
        }
        self.by_package.insert(package.to_owned(), app);
    }

    /// Takes the next step of a start or restart. Returns an event that the caller broadcasts.
    pub(crate) fn take_next_step(
        &mut self,
        user: &UserSessionId,
        package: &str,
        context: &mut Context,
    ) -> Option<Fact> {
        let app = self.by_package.get_mut(package)?;
        match app.state {
            State::Lost => match context.config.restart {
                RestartForm::StopStart => {
                    app.state = State::Restarting;
                    app.request_stop(user, package, "user_disabled", context);
                    None
                }
                RestartForm::Start => Some(app.started(user, package)),
            },
            State::Starting(tries) => {
                app.state = State::Starting(tries + 1);
                app.request_start(user, package, context);
                None
            }
            State::Connected
            | State::Restarting
            | State::Released
            | State::GivenUp
            | State::Stopped => None,
        }
    }

    /// Handles the response to a webhook call. Returns an event that the caller broadcasts.
    pub(crate) fn handle_response(
        &mut self,
        call: &WebhookCall,
        answer: &Result<(), String>,
        context: &mut Context,
    ) -> Option<Fact> {
        let (user, package) = (&call.user_session_id, call.package_name.as_str());
        let app = self.by_package.get_mut(package)?;
        if app.awaited != Some(call.id) {
            return None;
        }
        app.awaited = None;
        match (app.state, answer) {
            // A restart ignores the status.
            (State::Restarting, _) => Some(app.started(user, package)),
            (State::Starting(tries), Err(_)) if tries < START_TRIES => {
                let due = context.now() + RETRY_AFTER;
                let timer = Timer::AppNextStep(user.clone(), package.to_owned());
                context.timers.set(timer, due);
                None
            }
            (State::Starting(_), Err(error)) => {
                Some(given_up(user, package, format!("webhook failed: {error}")))
            }
            (State::Starting(_), Ok(()))
            | (
                State::Connected | State::Lost | State::Released | State::GivenUp | State::Stopped,
                _,
            ) => None,
        }
    }

    /// Returns the event of an app that has not connected in time.
    pub(crate) fn time_out(
        &self,
        user: &UserSessionId,
        package: &str,
        context: &Context,
    ) -> Option<Fact> {
        let app = self.by_package.get(package)?;
        let time = humantime::format_duration(context.config.app_start_timeout);
        matches!(app.state, State::Starting(_))
            .then(|| given_up(user, package, format!("no connection within {time}")))
    }

    /// Reports whether an app is stopped, so that its connections are refused.
    pub(crate) fn is_stopped(&self, package: &str) -> bool {
        let app = self.by_package.get(package);
        app.is_some_and(|app| {
            app.webhook_url.is_some()
                && matches!(
                    app.state,
                    State::Restarting | State::GivenUp | State::Stopped
                )
        })
    }

    /// Returns the URL of an app's webhook, unless the app is stopped.
    pub(crate) fn webhook_of(&self, package: &str) -> Option<&str> {
        let app = self.by_package.get(package)?;
        let is_stopped = app.state == State::Stopped;
        app.webhook_url.as_deref().filter(|_| !is_stopped)
    }

    /// Returns the apps that are not stopped.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &String> {
        let apps = self.by_package.iter();
        apps.filter(|(_, app)| app.state != State::Stopped)
            .map(|(package, _)| package)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.packages().next().is_none()
    }

    /// Returns the apps as JSON.
    pub(crate) fn snapshot(&self) -> Value {
        let apps = self.by_package.iter();
        apps.filter_map(|(package, app)| {
            let state = match app.state {
                State::Starting(_) => "starting",
                State::Connected => "connected",
                State::Lost => "lost",
                State::Restarting => "restarting",
                State::Released => "released",
                State::GivenUp => "given_up",
                State::Stopped => return None,
            };
            Some(json!({"packageName": package, "state": state, "webhookUrl": app.webhook_url}))
        })
        .collect()
    }
}

fn given_up(user: &UserSessionId, package: &str, reason: String) -> Fact {
    Fact::AppGivenUp {
        package_name: package.to_owned(),
        user_session_id: user.clone(),
        reason,
    }
}

impl App {
    fn started(&self, user: &UserSessionId, package: &str) -> Fact {
        Fact::AppStarted {
            package_name: package.to_owned(),
            user_session_id: user.clone(),
            webhook_url: self.webhook_url.clone(),
        }
    }

    fn request_start(&mut self, user: &UserSessionId, package: &str, context: &mut Context) {
        let base = context.config.public_url.clone();
        let more = json!({
            "websocketUrl": format!("{base}/app-ws"),
            "augmentOSWebsocketUrl": format!("{base}/tpa-ws"),
            "mentraOSWebsocketUrl": format!("{base}/app-ws"),
        });
        let request = ("session_request", START_RESPONSE);
        self.call_webhook(request, user, package, more, context);
    }

    fn request_stop(
        &mut self,
        user: &UserSessionId,
        package: &str,
        why: &str,
        context: &mut Context,
    ) {
        let request = ("stop_request", STOP_RESPONSE);
        self.call_webhook(request, user, package, json!({"reason": why}), context);
    }

    fn call_webhook(
        &mut self,
        (request, timeout): (&'static str, Duration),
        user: &UserSessionId,
        package: &str,
        more: Value,
        context: &mut Context,
    ) {
        let Some(url) = self.webhook_url.clone() else {
            return;
        };
        let mut body = json!({
            "type": request,
            "sessionId": format!("{user}-{package}"),
            "userId": user,
            "timestamp": context.date(),
        });
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        let id = context.next_call_id();
        self.awaited = Some(id);
        context.push(Output::Webhook(WebhookCall {
            id,
            url,
            request,
            package_name: package.to_owned(),
            user_session_id: user.clone(),
            body: body.to_string(),
            timeout,
        }));
    }
}
