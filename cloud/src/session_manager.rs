//! The manager of one user session. It owns the registry, the health monitor, the subscriptions
//! and the displays; each changes only by what it hears in [`SessionManager::follow`], so that
//! none can keep a dead connection.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::apps::Apps;
use crate::displays::{Displays, View};
use crate::effects::{Delivery, Effects};
use crate::events::{Event, Fact};
use crate::hand_made;
use crate::health_monitor::HealthMonitor;
use crate::identity::{ConnectionId, Identity, UserSessionId};
use crate::protocol::{self, FromTpa};
use crate::registry::Registry;
use crate::streams::{self, Pace, Scripts};
use crate::subscriptions::Subscriptions;
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
    pace: Option<Pace>,
    audio_pace: Option<Pace>,
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
            pace: None,
            audio_pace: None,
        }
    }

    /// This session's share of the one broadcast: every part hears of every fact.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what only the parts care about"
    )]
    pub(crate) fn follow(&mut self, event: &Event, effects: &mut Effects) {
        self.registry.follow(event);
        self.health.follow(event, effects);
        self.subscriptions.follow(event);
        self.displays.follow(event);
        self.apps.follow(event, &self.id, effects);
        match &event.fact {
            Fact::Closed { .. } | Fact::Subscriptions { .. } => self.schedule_streams(effects),
            Fact::Display {
                view, duration_ms, ..
            } => self.schedule_display_end(*view, *duration_ms, effects),
            Fact::DisplayEnded { view, .. } => {
                effects
                    .timers
                    .stop(&Timer::DisplayEnd(self.id.clone(), *view));
            }
            Fact::Settings { settings } => {
                if let Some(who) = &event.who {
                    self.change_settings(who, settings, effects);
                }
            }
            Fact::DashboardMode { mode } => self.tell_dashboard_mode(mode, effects),
            _ => {}
        }
    }

    /// Stops the deadlines of a session that is given up.
    pub(crate) fn retire(&self, effects: &mut Effects) {
        for timer in [
            Timer::Streams(self.id.clone()),
            Timer::Audio(self.id.clone()),
            Timer::DisplayEnd(self.id.clone(), View::Main),
            Timer::DisplayEnd(self.id.clone(), View::Dashboard),
            Timer::DisplayEnd(self.id.clone(), View::AlwaysOn),
        ] {
            effects.timers.stop(&timer);
        }
        for package in self.apps.packages() {
            let timer = Timer::AppRestart(self.id.clone(), package.clone());
            effects.timers.stop(&timer);
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

    pub(crate) fn ping(&self, id: ConnectionId, effects: &mut Effects) {
        self.health.ping(id, effects);
    }

    /// For how long `id` has been silent, when that is too long.
    pub(crate) fn silence(&self, id: ConnectionId, effects: &mut Effects) -> Option<Duration> {
        self.health.judge(id, effects)
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

    fn schedule_display_end(&self, view: View, millis: Option<u64>, effects: &mut Effects) {
        let timer = Timer::DisplayEnd(self.id.clone(), view);
        match millis {
            Some(millis) => {
                let end = effects.now() + Duration::from_millis(millis);
                effects.timers.set(timer, end);
            }
            None => effects.timers.stop(&timer),
        }
    }

    fn change_settings(&mut self, who: &Identity, settings: &[Value], effects: &mut Effects) {
        let package = package_of(who).to_owned();
        self.settings.insert(package, settings.to_vec());
        let frame = hand_made::settings_update(settings, who, &effects.date());
        effects.deliver_text(who.connection_id, frame);
    }

    fn tell_dashboard_mode(&self, mode: &str, effects: &mut Effects) {
        let date = effects.date();
        for who in self.registry.iter() {
            let frame = protocol::dashboard_mode_changed(session_of(who), mode, &date);
            effects.deliver_text(who.connection_id, frame);
        }
    }

    /// Starts the scripts that somebody wants and stops those that nobody does.
    fn schedule_streams(&mut self, effects: &mut Effects) {
        let is_audio = |stream: &str| stream == streams::AUDIO;
        let audio = self.subscriptions.served().any(|(_, s)| is_audio(s));
        let frames = self.subscriptions.served().any(|(_, s)| !is_audio(s));
        let now = effects.now();
        for (timer, is_wanted, pace, interval) in [
            (
                Timer::Streams(self.id.clone()),
                frames,
                &mut self.pace,
                effects.config.stream_interval,
            ),
            (
                Timer::Audio(self.id.clone()),
                audio,
                &mut self.audio_pace,
                effects.config.audio_interval,
            ),
        ] {
            if !is_wanted {
                *pace = None;
                effects.timers.stop(&timer);
            } else if !effects.timers.is_set(&timer) {
                let pace = pace.get_or_insert_with(|| Pace::new(interval, now));
                effects.timers.set(timer, pace.next(now));
            }
        }
    }

    /// Lets the scripted streams speak.
    pub(crate) fn speak(&mut self, effects: &mut Effects) {
        let interval = effects.config.stream_interval;
        let date = effects.date();
        let now = effects.now();
        let wanted: BTreeSet<&str> = self
            .subscriptions
            .served()
            .map(|(_, stream)| stream)
            .collect();
        let due = self.pace.as_mut().map_or(0, |pace| pace.take_due(now));
        for _ in 0..due {
            let said = self.scripts.advance(&wanted, interval, &date);
            for (id, stream) in self.subscriptions.served() {
                if let (Some(data), Some(who)) = (said.get(stream), self.registry.get(id)) {
                    let frame = if stream == streams::CUSTOM {
                        protocol::custom_message(session_of(who), data, &date)
                    } else {
                        protocol::data_stream(session_of(who), stream, data, &date)
                    };
                    effects.deliver_text(id, frame);
                }
            }
        }
        self.schedule_streams(effects);
    }

    /// Sends the next audio chunk to whoever wants it.
    pub(crate) fn send_audio(&mut self, effects: &mut Effects) {
        let now = effects.now();
        let pace = self.audio_pace.as_mut();
        for _ in 0..pace.map_or(0, |pace| pace.take_due(now)) {
            let chunk = self.scripts.audio();
            for (id, stream) in self.subscriptions.served() {
                if stream == streams::AUDIO {
                    effects.deliver(id, Delivery::Binary(chunk.to_vec()));
                }
            }
        }
        self.schedule_streams(effects);
    }

    /// The session as JSON, for people and tests.
    pub(crate) fn snapshot(&self, effects: &Effects) -> Value {
        let connections: Vec<Value> = self
            .registry
            .iter()
            .map(|who| {
                let id = who.connection_id;
                let frozen = effects.links.get(id).is_some_and(|link| link.frozen);
                json!({
                    "connectionId": id,
                    "packageName": who.package_name,
                    "sessionId": who.session_id,
                    "peer": who.peer,
                    "since": who.since,
                    "lastSeen": self.health.last_seen(id).map(|at| effects.clock.iso(at)),
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
