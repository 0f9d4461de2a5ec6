//! The manager of one user session. It owns the registry, the health monitor, the subscriptions
//! and the displays; each changes only by what it hears in [`SessionManager::follow`], so that
//! none can keep a dead connection.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::context::Context;
use crate::events::{Event, Fact};
use crate::identity::{ConnectionId, Identity, UserSessionId};
use crate::output::Delivery;
use crate::protocol::frame_spec;
use crate::protocol::{self, FromTpa, View};
use crate::session::apps::Apps;
use crate::session::displays::Displays;
use crate::session::health::HealthMonitor;
use crate::session::registry::Registry;
use crate::session::streams::{self, Rate, Scripts};
use crate::session::subscriptions::Subscriptions;
use crate::time::Instant;
use crate::timers::Timer;

/// The app that may change the dashboard's mode and its system sections.
const SYSTEM_DASHBOARD: &str = "system.augmentos.dashboard";

#[derive(Debug)]
pub(crate) struct SessionManager {
    id: UserSessionId,
    registry: Registry,
    health: HealthMonitor,
    subscriptions: Subscriptions,
    displays: Displays,
    apps: Apps,
    /// The settings of the apps that have had theirs changed.
    settings: BTreeMap<String, Vec<Value>>,
    scripts: Scripts,
    /// How often they speak, while somebody listens.
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
            settings: BTreeMap::new(),
            scripts: Scripts::default(),
            rate: None,
            audio_rate: None,
        }
    }

    /// This session's share of the one broadcast: every part hears of every fact.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what only the parts care about"
    )]
    pub(crate) fn follow(&mut self, event: &Event, context: &mut Context) {
        self.registry.follow(event);
        self.health.follow(event, context);
        self.subscriptions.follow(event);
        self.displays.follow(event);
        self.apps.follow(event, &self.id, context);
        match &event.fact {
            Fact::Closed { .. } | Fact::Subscriptions { .. } => self.schedule_streams(context),
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
            Fact::DashboardMode { mode } => self.tell_dashboard_mode(mode, context),
            _ => {}
        }
    }

    /// Stops the deadlines of a session that is given up.
    pub(crate) fn retire(&self, context: &mut Context) {
        for timer in [
            Timer::Streams(self.id.clone()),
            Timer::Audio(self.id.clone()),
            Timer::DisplayEnd(self.id.clone(), View::Main),
            Timer::DisplayEnd(self.id.clone(), View::Dashboard),
            Timer::DisplayEnd(self.id.clone(), View::AlwaysOn),
        ] {
            context.timers.stop(&timer);
        }
        for package in self.apps.packages() {
            let timer = Timer::AppRestart(self.id.clone(), package.clone());
            context.timers.stop(&timer);
        }
    }

    /// The connection that an app has now.
    pub(crate) fn connection_of(&self, package: &str) -> Option<ConnectionId> {
        self.registry.connection_of(package)
    }

    /// Whether nobody is connected and nothing is started.
    pub(crate) fn is_empty(&self) -> bool {
        self.registry.is_empty() && self.apps.is_empty()
    }

    /// Who is connected.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Arc<Identity>> {
        self.registry.iter()
    }

    /// Whose silence is judged.
    pub(crate) fn watched(&self) -> impl Iterator<Item = ConnectionId> {
        self.health.watched()
    }

    /// Who has said what it wants to hear.
    pub(crate) fn subscribers(&self) -> impl Iterator<Item = ConnectionId> {
        self.subscriptions.subscribers()
    }

    /// Whether a connection wants what a stream says.
    pub(crate) fn hears(&self, id: ConnectionId, stream: &str) -> bool {
        self.subscriptions.hears(id, stream)
    }

    /// The apps that were started.
    pub(crate) fn apps(&self) -> impl Iterator<Item = &String> {
        self.apps.packages()
    }

    /// That an app is started again, when it is lost.
    pub(crate) fn restart(&self, package: &str) -> Option<Fact> {
        self.apps.restart(&self.id, package)
    }

    /// The settings of an app.
    pub(crate) fn settings_of(&self, package: &str) -> Vec<Value> {
        let changed = self.settings.get(package).cloned();
        changed.unwrap_or_else(protocol::default_settings)
    }

    /// Notes a sign of life.
    pub(crate) fn heard(&mut self, id: ConnectionId, now: Instant) {
        self.health.heard(id, now);
    }

    pub(crate) fn ping(&self, id: ConnectionId, context: &mut Context) {
        self.health.ping(id, context);
    }

    /// For how long `id` has been silent, when that is too long.
    pub(crate) fn silence(&self, id: ConnectionId, context: &mut Context) -> Option<Duration> {
        self.health.judge(id, context)
    }

    /// What a frame of a connected TPA comes to: a fact, which the caller announces.
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
            FromTpa::DashboardSection { section, content } => {
                of_system().then_some(Fact::Dashboard {
                    content,
                    modes: Vec::new(),
                    section: Some(section),
                })
            }
            FromTpa::Release { reason } => Some(Fact::Released { reason }),
            // The cloud itself sees to these.
            FromTpa::Init(_)
            | FromTpa::Ask(_)
            | FromTpa::Tell(_)
            | FromTpa::Ping
            | FromTpa::Other => None,
        }
    }

    /// That what `view` shows is over, when it shows something. A display can outlive the
    /// connection that showed it, so this fact is nobody's.
    pub(crate) fn display_end(&self, view: View) -> Option<Fact> {
        let package_name = self.displays.owner(view)?.to_owned();
        Some(Fact::DisplayEnded {
            view,
            package_name,
            user_session_id: self.id.clone(),
        })
    }

    /// The views that show something of an app.
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
        self.settings.insert(package, settings.to_vec());
        let frame = frame_spec::settings_update(settings, who, &context.date());
        context.deliver_text(who.connection_id, frame);
    }

    fn tell_dashboard_mode(&self, mode: &str, context: &mut Context) {
        let date = context.date();
        for who in self.registry.iter() {
            let frame = protocol::dashboard_mode_changed(session_of(who), mode, &date);
            context.deliver_text(who.connection_id, frame);
        }
    }

    /// Starts the scripts that somebody wants and stops those that nobody does.
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

    /// Lets the scripted streams speak.
    pub(crate) fn speak(&mut self, context: &mut Context) {
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
            let said = self.scripts.advance(&wanted, interval, &date);
            for (id, stream) in self.subscriptions.served() {
                if let (Some(data), Some(who)) = (said.get(stream), self.registry.get(id)) {
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

    /// Sends the next audio chunk to whoever wants it.
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

    /// The session as JSON, for people and tests.
    pub(crate) fn snapshot(&self, context: &Context) -> Value {
        let connections: Vec<Value> = self
            .registry
            .iter()
            .map(|who| {
                let id = who.connection_id;
                let frozen = context.links.get(id).is_some_and(|link| link.frozen);
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
