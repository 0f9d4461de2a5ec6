//! The manager of one user session. Its components change only in
//! [`SessionManager::handle_event`], so that none keeps a closed connection.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use litemap::LiteMap;
use serde_json::{Value, json};

use crate::context::Context;
use crate::events::{Event, Fact};
use crate::identity::{ConnectionId, Identity, UserSessionId};
use crate::json::heap_bytes;
use crate::output::{Delivery, WebhookCall};
use crate::protocol::frame_spec;
use crate::protocol::{self, DashboardSection, FromTpa, Release, View};
use crate::session::apps::Apps;
use crate::session::displays::Displays;
use crate::session::health::HealthMonitor;
use crate::session::registry::Registry;
use crate::session::streams::{self, Rate, Scripts};
use crate::session::subscriptions::Subscriptions;
use crate::time::Instant;
use crate::timers::Timer;

/// The app that may change the dashboard's mode and system sections.
const SYSTEM_DASHBOARD: &str = "system.augmentos.dashboard";

#[derive(Debug)]
pub(crate) struct SessionManager {
    id: UserSessionId,
    registry: Registry,
    health: HealthMonitor,
    subscriptions: Subscriptions,
    displays: Displays,
    apps: Apps,
    /// Settings that differ from the defaults, by package, and their estimated memory.
    settings: LiteMap<String, Vec<Value>>,
    settings_bytes: usize,
    scripts: Scripts,
    /// Rates of the scripts, while there are subscribers.
    rate: Option<Rate>,
    audio_rate: Option<Rate>,
}

impl SessionManager {
    pub(crate) fn new(id: UserSessionId) -> Self {
        Self {
            id,
            registry: Registry::default(),
            health: HealthMonitor::default(),
            subscriptions: Subscriptions::default(),
            displays: Displays::default(),
            apps: Apps::default(),
            settings: LiteMap::new(),
            settings_bytes: 0,
            scripts: Scripts::default(),
            rate: None,
            audio_rate: None,
        }
    }

    /// Passes an event to all components.
    pub(crate) fn handle_event(&mut self, event: &Event, context: &mut Context) {
        context.kept_bytes -= self.kept_bytes();
        self.update(event, context);
        context.kept_bytes += self.kept_bytes();
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other events affect the components only"
    )]
    fn update(&mut self, event: &Event, context: &mut Context) {
        let id = event.who.as_ref().map(|who| who.connection_id);
        let is_attached = id.is_some_and(|id| self.registry.get(id).is_some());
        self.registry.handle_event(event);
        self.health.handle_event(event, context);
        self.subscriptions.handle_event(event, context);
        self.displays.handle_event(event);
        self.apps
            .handle_event(event, is_attached, &self.id, context);
        match &event.fact {
            Fact::Acked
            | Fact::Detached { .. }
            | Fact::Closed { .. }
            | Fact::Subscriptions { .. } => {
                self.schedule_streams(context);
            }
            Fact::Display {
                view, duration_ms, ..
            } => self.schedule_display_end(*view, *duration_ms, context),
            Fact::DisplayEnded { view, .. } => {
                context
                    .timers
                    .stop(&Timer::DisplayEnd(self.id.clone(), *view));
            }
            Fact::Settings { settings } => {
                if let Some(who) = &event.who {
                    self.change_settings(who, settings, context);
                }
            }
            Fact::DashboardMode { mode } => self.send_dashboard_mode(mode, context),
            Fact::Evicted { .. } => {
                self.stop_display_timers(context);
                self.settings.clear();
                self.settings_bytes = 0;
            }
            _ => {}
        }
    }

    /// Returns the estimated memory of displays, dashboard, settings and long subscriptions.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.displays.bytes() + self.settings_bytes + self.subscriptions.bytes()
    }

    fn stop_display_timers(&self, context: &mut Context) {
        for view in [View::Main, View::Dashboard, View::AlwaysOn] {
            let timer = Timer::DisplayEnd(self.id.clone(), view);
            context.timers.stop(&timer);
        }
    }

    /// Releases what the context holds for a session that is removed.
    pub(crate) fn release(&self, context: &mut Context) {
        context.kept_bytes -= self.kept_bytes();
        self.stop_display_timers(context);
        for timer in [
            Timer::Streams(self.id.clone()),
            Timer::Audio(self.id.clone()),
        ] {
            context.timers.stop(&timer);
        }
        for package in self.apps.packages() {
            let (user, package) = (self.id.clone(), package.clone());
            let timer = Timer::AppNextStep(user.clone(), package.clone());
            context.timers.stop(&timer);
            context.timers.stop(&Timer::AppStartTimeout(user, package));
        }
    }

    /// Returns the connection of an app.
    pub(crate) fn connection_of(&self, package: &str) -> Option<ConnectionId> {
        self.registry.connection_of(package)
    }

    /// Reports whether the session has neither connections nor started apps.
    pub(crate) fn is_empty(&self) -> bool {
        self.registry.is_empty() && self.apps.is_empty()
    }

    /// Returns the connected TPAs.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Arc<Identity>> {
        self.registry.iter()
    }

    /// Returns the connections that the health monitor checks.
    #[cfg(feature = "test-util")]
    pub(crate) fn watched(&self) -> impl Iterator<Item = ConnectionId> {
        self.health.watched()
    }

    /// Returns the connections with subscriptions.
    #[cfg(feature = "test-util")]
    pub(crate) fn subscribers(&self) -> impl Iterator<Item = ConnectionId> {
        self.subscriptions.subscribers()
    }

    /// Returns the connected TPAs that subscribe to a stream.
    pub(crate) fn subscribers_of(&self, stream: &str) -> impl Iterator<Item = &Arc<Identity>> {
        let is_subscribed = move |id| self.subscriptions.is_subscribed(id, stream);
        self.registry
            .iter()
            .filter(move |who| is_subscribed(who.connection_id))
    }

    /// Returns the started apps.
    pub(crate) fn apps(&self) -> impl Iterator<Item = &String> {
        self.apps.packages()
    }

    /// Returns the URL of an app's webhook.
    pub(crate) fn webhook_of(&self, package: &str) -> Option<&str> {
        self.apps.webhook_of(package)
    }

    /// Takes the next step of an app's start or restart.
    pub(crate) fn take_app_step(&mut self, package: &str, context: &mut Context) -> Option<Fact> {
        self.apps.take_next_step(&self.id, package, context)
    }

    /// Handles the response to a webhook call.
    pub(crate) fn handle_response(
        &mut self,
        call: &WebhookCall,
        answer: &Result<(), String>,
        context: &mut Context,
    ) -> Option<Fact> {
        self.apps.handle_response(call, answer, context)
    }

    /// Returns the event of an app that has not connected in time.
    pub(crate) fn time_out_app(&self, package: &str, context: &Context) -> Option<Fact> {
        self.apps.time_out(&self.id, package, context)
    }

    /// Reports whether an app is stopped, so that its connections are refused.
    pub(crate) fn is_app_stopped(&self, package: &str) -> bool {
        self.apps.is_stopped(package)
    }

    /// Returns the current connection of an app with its identity.
    pub(crate) fn current(&self, package: &str) -> Option<&Arc<Identity>> {
        let id = self.registry.connection_of(package)?;
        self.registry.get(id)
    }

    /// Returns the subscriptions that the next connection of an app takes over.
    pub(crate) fn held_subscriptions(&self, package: &str, now: Instant) -> Vec<String> {
        self.subscriptions.held(package, now)
    }

    /// Returns the settings of an app.
    pub(crate) fn settings_of(&self, package: &str) -> Vec<Value> {
        let changed = self.settings.get(package).cloned();
        changed.unwrap_or_else(protocol::default_settings)
    }

    /// Records that something was received.
    pub(crate) fn record_activity(&mut self, id: ConnectionId, now: Instant) {
        self.health.record_activity(id, now);
    }

    pub(crate) fn ping(&self, id: ConnectionId, context: &mut Context) {
        self.health.ping(id, context);
    }

    /// Returns for how long a connection has been silent, if that is too long.
    pub(crate) fn stale_for(&self, id: ConnectionId, context: &mut Context) -> Option<Duration> {
        self.health.check(id, context)
    }

    /// Converts a frame of a connected TPA to an event, which the caller broadcasts.
    pub(crate) fn read(&self, who: &Identity, frame: FromTpa) -> Option<Fact> {
        let of_system = || package_of(who) == SYSTEM_DASHBOARD;
        match frame {
            FromTpa::Subscriptions(list) => {
                let list: BTreeSet<String> = list.into_iter().collect();
                let subscriptions = list.into_iter().collect();
                Some(Fact::Subscriptions { subscriptions })
            }
            FromTpa::Display(event) => Some(Fact::Display {
                view: event.view,
                layout: event.layout,
                duration_ms: event.duration_ms,
            }),
            FromTpa::DashboardContent(content) => Some(Fact::Dashboard {
                content: content.content,
                modes: content.modes,
                section: None,
            }),
            FromTpa::DashboardMode(mode) => of_system().then_some(Fact::DashboardMode { mode }),
            FromTpa::DashboardSection(DashboardSection { section, content }) => of_system()
                .then_some(Fact::Dashboard {
                    content,
                    modes: Vec::new(),
                    section: Some(section),
                }),
            FromTpa::Release(Release { reason }) => Some(Fact::Released { reason }),
            // Handled by the cloud.
            FromTpa::Init(_)
            | FromTpa::Request(_)
            | FromTpa::ToApps(_)
            | FromTpa::Ping { .. }
            | FromTpa::Other => None,
        }
    }

    /// Returns the end of what a view shows. A display can outlive its connection, so the event has
    /// no identity.
    pub(crate) fn display_end(&self, view: View) -> Option<Fact> {
        let package_name = self.displays.owner(view)?.to_owned();
        Some(Fact::DisplayEnded {
            view,
            package_name,
            user_session_id: self.id.clone(),
        })
    }

    /// Returns the views that show a layout of an app.
    pub(crate) fn views_of(&self, package: &str) -> Vec<View> {
        self.displays.views_of(package)
    }

    fn schedule_display_end(&self, view: View, millis: Option<u64>, context: &mut Context) {
        let timer = Timer::DisplayEnd(self.id.clone(), view);
        match millis {
            Some(millis) => {
                let end = context.now() + Duration::from_millis(millis);
                context.timers.set(timer, end);
            }
            None => context.timers.stop(&timer),
        }
    }

    fn change_settings(&mut self, who: &Identity, settings: &[Value], context: &mut Context) {
        let package = package_of(who).to_owned();
        let bytes = |settings: &[Value]| settings.iter().map(heap_bytes).sum::<usize>();
        self.settings_bytes += bytes(settings);
        let before = self.settings.insert(package, settings.to_vec());
        self.settings_bytes -= before.map_or(0, |settings| bytes(&settings));
        let frame = frame_spec::settings_update(settings, who, &context.date());
        context.deliver_text(who.connection_id, frame);
    }

    fn send_dashboard_mode(&self, mode: &str, context: &mut Context) {
        let date = context.date();
        for who in self.registry.iter() {
            let frame = protocol::dashboard_mode_changed(session_of(who), mode, &date);
            context.deliver_text(who.connection_id, frame);
        }
    }

    /// Starts the scripts that have subscribers and stops the others.
    fn schedule_streams(&mut self, context: &mut Context) {
        let is_audio = |stream: &str| stream == streams::AUDIO;
        let audio = self.subscriptions.served().any(|(_, s)| is_audio(s));
        let frames = self.subscriptions.served().any(|(_, s)| !is_audio(s));
        let now = context.now();
        for (timer, is_wanted, rate, interval) in [
            (
                Timer::Streams(self.id.clone()),
                frames,
                &mut self.rate,
                context.config.stream_interval,
            ),
            (
                Timer::Audio(self.id.clone()),
                audio,
                &mut self.audio_rate,
                context.config.audio_interval,
            ),
        ] {
            if !is_wanted {
                *rate = None;
                context.timers.stop(&timer);
            } else if !context.timers.is_set(&timer) {
                let rate = rate.get_or_insert_with(|| Rate::new(interval, now));
                context.timers.set(timer, rate.next(now));
            }
        }
    }

    /// Sends the data of the scripted streams that is due.
    pub(crate) fn send_streams(&mut self, context: &mut Context) {
        let interval = context.config.stream_interval;
        let date = context.date();
        let now = context.now();
        let wanted: BTreeSet<&str> = self
            .subscriptions
            .served()
            .map(|(_, stream)| stream)
            .collect();
        let due = self.rate.as_mut().map_or(0, |rate| rate.take_due(now));
        for _ in 0..due {
            let frames = self.scripts.advance(&wanted, interval, &date);
            for (id, stream) in self.subscriptions.served() {
                if let (Some(data), Some(who)) = (frames.get(stream), self.registry.get(id)) {
                    let frame = if stream == streams::CUSTOM {
                        protocol::custom_message(session_of(who), data, &date)
                    } else {
                        protocol::data_stream(session_of(who), stream, data, &date)
                    };
                    context.deliver_text(id, frame);
                }
            }
        }
        self.schedule_streams(context);
    }

    /// Sends the audio that is due to its subscribers.
    pub(crate) fn send_audio(&mut self, context: &mut Context) {
        let now = context.now();
        let rate = self.audio_rate.as_mut();
        for _ in 0..rate.map_or(0, |rate| rate.take_due(now)) {
            let chunk = self.scripts.audio();
            for (id, stream) in self.subscriptions.served() {
                if stream == streams::AUDIO {
                    context.deliver(id, Delivery::Binary(chunk.to_vec()));
                }
            }
        }
        self.schedule_streams(context);
    }

    /// Returns the session as JSON.
    pub(crate) fn snapshot(&self, context: &Context) -> Value {
        let connections: Vec<Value> = self
            .registry
            .iter()
            .map(|who| {
                let id = who.connection_id;
                let frozen = context
                    .transports
                    .get(id)
                    .is_some_and(|transport| transport.frozen);
                json!({
                    "connectionId": id,
                    "packageName": who.package_name,
                    "sessionId": who.session_id,
                    "peer": who.peer,
                    "since": who.since,
                    "lastSeen": self.health.last_seen(id).map(|at| context.clock.iso(at)),
                    "state": if frozen { "frozen" } else { "connected" },
                })
            })
            .collect();
        let subscriptions: serde_json::Map<String, Value> = self
            .registry
            .iter()
            .map(|who| {
                let list = self.subscriptions.of(who.connection_id);
                (package_of(who).to_owned(), json!(list))
            })
            .collect();
        json!({
            "userSessionId": self.id,
            "connections": connections,
            "subscriptions": subscriptions,
            "apps": self.apps.snapshot(),
            "displays": self.displays.layouts(),
            "dashboard": self.displays.dashboard(),
        })
    }
}

fn package_of(who: &Identity) -> &str {
    who.package_name.as_deref().unwrap_or_default()
}

fn session_of(who: &Identity) -> &str {
    who.session_id.as_deref().unwrap_or_default()
}
