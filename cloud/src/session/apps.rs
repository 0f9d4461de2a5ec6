//! The started apps of one user. If the connection of an app is lost, the cloud waits for it to
//! reconnect and then restarts the app.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::context::Context;
use crate::events::{Event, Fact, Side};
use crate::identity::UserSessionId;
use crate::output::{Output, WebhookCall};
use crate::protocol::close;
use crate::timers::Timer;

#[derive(Debug, Default)]
pub(crate) struct Apps {
    by_package: BTreeMap<String, App>,
}

#[derive(Debug)]
struct App {
    /// Called to start and stop the app.
    webhook_url: Option<String>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Started, not yet connected.
    Starting,
    Connected,
    /// Disconnected; a restart is scheduled.
    Lost,
    /// Disconnected by itself; not restarted.
    Released,
}

impl Apps {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other events do not affect apps"
    )]
    pub(crate) fn handle_event(
        &mut self,
        event: &Event,
        user: &UserSessionId,
        context: &mut Context,
    ) {
        let Some(package) = event.package_name() else {
            return;
        };
        let timer = Timer::AppRestart(user.clone(), package.to_owned());
        match &event.fact {
            Fact::AppStarted { webhook_url, .. } => {
                let app = App {
                    webhook_url: webhook_url.clone(),
                    state: State::Starting,
                };
                request_start(&app, user, package, context);
                context.timers.stop(&timer);
                self.by_package.insert(package.to_owned(), app);
            }
            Fact::AppStopped { reason, .. } => {
                context.timers.stop(&timer);
                if let Some(app) = self.by_package.remove(package) {
                    request_stop(&app, user, package, reason, context);
                }
            }
            fact => {
                let Some(app) = self.by_package.get_mut(package) else {
                    return;
                };
                match fact {
                    Fact::Acked => {
                        app.state = State::Connected;
                        context.timers.stop(&timer);
                    }
                    Fact::Released { .. } => app.state = State::Released,
                    Fact::Closed { code, by, .. } if app.state == State::Connected => {
                        let is_intended =
                            *by == Side::Peer && matches!(*code, close::NORMAL | close::GOING_AWAY);
                        if is_intended {
                            app.state = State::Released;
                        } else {
                            app.state = State::Lost;
                            let due = context.now() + context.config.app_restart_after;
                            context.timers.set(timer, due);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Returns the event of a restart, if the app is lost.
    pub(crate) fn restart(&self, user: &UserSessionId, package: &str) -> Option<Fact> {
        let app = self.by_package.get(package)?;
        (app.state == State::Lost).then(|| Fact::AppStarted {
            package_name: package.to_owned(),
            user_session_id: user.clone(),
            webhook_url: app.webhook_url.clone(),
        })
    }

    /// Returns the URL of an app's webhook.
    pub(crate) fn webhook_of(&self, package: &str) -> Option<&str> {
        self.by_package.get(package)?.webhook_url.as_deref()
    }

    pub(crate) fn packages(&self) -> impl Iterator<Item = &String> {
        self.by_package.keys()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_package.is_empty()
    }

    /// Returns the apps as JSON.
    pub(crate) fn snapshot(&self) -> Value {
        let apps = self.by_package.iter();
        apps.map(|(package, app)| {
            let state = match app.state {
                State::Starting => "starting",
                State::Connected => "connected",
                State::Lost => "lost",
                State::Released => "released",
            };
            json!({"packageName": package, "state": state, "webhookUrl": app.webhook_url})
        })
        .collect()
    }
}

fn request_start(app: &App, user: &UserSessionId, package: &str, context: &mut Context) {
    let base = context.config.public_url.clone();
    let more = json!({
        "websocketUrl": format!("{base}/app-ws"),
        "augmentOSWebsocketUrl": format!("{base}/tpa-ws"),
        "mentraOSWebsocketUrl": format!("{base}/app-ws"),
    });
    call_webhook("session_request", app, user, package, more, context);
}

fn request_stop(app: &App, user: &UserSessionId, package: &str, why: &str, context: &mut Context) {
    let more = json!({"reason": why});
    call_webhook("stop_request", app, user, package, more, context);
}

fn call_webhook(
    request: &'static str,
    app: &App,
    user: &UserSessionId,
    package: &str,
    more: Value,
    context: &mut Context,
) {
    let Some(url) = app.webhook_url.clone() else {
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
    context.push(Output::Webhook(WebhookCall {
        url,
        request,
        package_name: package.to_owned(),
        user_session_id: user.clone(),
        body: body.to_string(),
    }));
}
