//! The manager of one user session. It owns the registry, the health monitor, the subscriptions
//! and the displays; each learns of arrivals and closures through [`SessionManager::announce`] and
//! in no other way, so that none can keep a dead connection.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::displays::{Displays, View};
use crate::effects::{Delivery, Effects};
use crate::events::{Event, Fact};
use crate::health_monitor::HealthMonitor;
use crate::identity::{ConnectionId, Identity, UserSessionId};
use crate::protocol::{self, DashboardContent, DisplayEvent, FromTpa};
use crate::registry::Registry;
use crate::streams::{self, Scripts};
use crate::subscriptions::Subscriptions;
use crate::time::{Instant, WallClock};
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
    scripts: Scripts,
}

impl SessionManager {
    pub(crate) fn new(id: UserSessionId) -> Self {
        Self {
            id,
            registry: Registry::default(),
            health: HealthMonitor::default(),
            subscriptions: Subscriptions::default(),
            displays: Displays::default(),
            scripts: Scripts::default(),
        }
    }

    /// The one broadcast: every part hears of every fact, and so does whoever watches.
    pub(crate) fn announce(&mut self, who: Arc<Identity>, fact: Fact, effects: &mut Effects) {
        let event = effects.announce(Some(who), fact);
        self.follow(&event, effects);
    }

    fn follow(&mut self, event: &Event, effects: &mut Effects) {
        self.registry.follow(event);
        self.health.follow(event, effects);
        self.subscriptions.follow(event);
        if matches!(event.fact, Fact::Closed { .. }) {
            self.schedule_streams(effects);
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
    }

    /// The connection that an app has now.
    pub(crate) fn connection_of(&self, package: &str) -> Option<ConnectionId> {
        self.registry.connection_of(package)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.registry.is_empty()
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

    /// Acts on a frame of a connected TPA.
    pub(crate) fn handle_frame(&mut self, id: ConnectionId, frame: FromTpa, effects: &mut Effects) {
        let Some(who) = self.registry.get(id).map(Arc::clone) else {
            return;
        };
        match frame {
            FromTpa::Subscriptions(list) => self.subscribe(who, list, effects),
            FromTpa::Display(event) => self.show(who, event, effects),
            FromTpa::DashboardContent(content) => self.set_dashboard(who, content, effects),
            FromTpa::DashboardMode(mode) => {
                if is_system_dashboard(&who) {
                    self.change_dashboard_mode(&mode, effects);
                }
            }
            FromTpa::DashboardSection { section, content } => {
                if is_system_dashboard(&who) {
                    self.set_section(who, section, content, effects);
                }
            }
            FromTpa::Ping => {
                if effects.config.pong {
                    let pong = protocol::pong(&effects.date());
                    effects.deliver_text(id, pong);
                }
            }
            // An init cannot come here: the cloud refuses a second one.
            FromTpa::Init(_) | FromTpa::Other => {}
        }
    }

    fn subscribe(&mut self, who: Arc<Identity>, list: Vec<String>, effects: &mut Effects) {
        let id = who.connection_id;
        self.subscriptions.replace(id, list);
        let subscriptions = self.subscriptions.of(id);
        self.announce(who, Fact::Subscriptions { subscriptions }, effects);
        self.schedule_streams(effects);
    }

    fn show(&mut self, who: Arc<Identity>, event: DisplayEvent, effects: &mut Effects) {
        let timer = Timer::DisplayEnd(self.id.clone(), event.view);
        match event.duration_ms {
            Some(millis) => {
                let end = effects.now + Duration::from_millis(millis);
                effects.timers.set(timer, end);
            }
            None => effects.timers.stop(&timer),
        }
        let fact = Fact::Display {
            view: event.view,
            layout: event.layout.clone(),
            duration_ms: event.duration_ms,
        };
        self.displays.show(package_of(&who), event);
        self.announce(who, fact, effects);
    }

    /// Takes away a display whose time is over.
    pub(crate) fn end_display(&mut self, view: View, effects: &mut Effects) {
        if let Some(package) = self.displays.end(view) {
            self.announce_display_end(view, &package, effects);
        }
    }

    /// Forgets what an app that was stopped has put on the glasses.
    pub(crate) fn forget_app(&mut self, package: &str, effects: &mut Effects) {
        for view in self.displays.forget(package) {
            let timer = Timer::DisplayEnd(self.id.clone(), view);
            effects.timers.stop(&timer);
            self.announce_display_end(view, package, effects);
        }
    }

    /// A display can outlive the connection that showed it, so this fact is nobody's.
    fn announce_display_end(&self, view: View, package: &str, effects: &mut Effects) {
        let fact = Fact::DisplayEnded {
            view,
            package_name: package.to_owned(),
            user_session_id: self.id.clone(),
        };
        effects.announce(None, fact);
    }

    fn set_dashboard(
        &mut self,
        who: Arc<Identity>,
        content: DashboardContent,
        effects: &mut Effects,
    ) {
        let fact = Fact::Dashboard {
            content: content.content.clone(),
            modes: content.modes.clone(),
            section: None,
        };
        self.displays.set_dashboard(package_of(&who), content);
        self.announce(who, fact, effects);
    }

    fn set_section(
        &mut self,
        who: Arc<Identity>,
        section: String,
        content: Value,
        effects: &mut Effects,
    ) {
        let fact = Fact::Dashboard {
            content: content.clone(),
            modes: Vec::new(),
            section: Some(section.clone()),
        };
        self.displays.set_section(section, content);
        self.announce(who, fact, effects);
    }

    fn change_dashboard_mode(&self, mode: &str, effects: &mut Effects) {
        let date = effects.date();
        for who in self.registry.iter() {
            let frame = protocol::dashboard_mode_changed(session_of(who), mode, &date);
            effects.deliver_text(who.connection_id, frame);
        }
    }

    /// Starts the scripts that somebody wants and stops those that nobody does.
    fn schedule_streams(&self, effects: &mut Effects) {
        let wanted = self.subscriptions.wanted();
        let is_audio = |(_, stream): &(ConnectionId, &str)| *stream == streams::AUDIO;
        let audio = wanted.iter().any(is_audio);
        let frames = !wanted.iter().all(is_audio);
        let interval = effects.config.stream_interval;
        for (timer, is_wanted, period) in [
            (Timer::Streams(self.id.clone()), frames, interval),
            (Timer::Audio(self.id.clone()), audio, streams::AUDIO_CHUNK),
        ] {
            if !is_wanted {
                effects.timers.stop(&timer);
            } else if !effects.timers.is_set(&timer) {
                let first = effects.now + period;
                effects.timers.set(timer, first);
            }
        }
    }

    /// Lets the scripted streams speak.
    pub(crate) fn speak(&mut self, effects: &mut Effects) {
        let wanted = self.subscriptions.wanted();
        let streams = wanted.iter().map(|(_, stream)| *stream).collect();
        let interval = effects.config.stream_interval;
        let said = self.scripts.advance(&streams, interval);
        let date = effects.date();
        for (id, stream) in &wanted {
            if let (Some(data), Some(who)) = (said.get(stream), self.registry.get(*id)) {
                let frame = protocol::data_stream(session_of(who), stream, data, &date);
                effects.deliver_text(*id, frame);
            }
        }
        self.schedule_streams(effects);
    }

    /// Sends the next audio chunk to whoever wants it.
    pub(crate) fn send_audio(&mut self, effects: &mut Effects) {
        let chunk = self.scripts.audio();
        for (id, stream) in self.subscriptions.wanted() {
            if stream == streams::AUDIO {
                effects.deliver(id, Delivery::Binary(chunk.clone()));
            }
        }
        self.schedule_streams(effects);
    }

    /// The session as JSON, for people and tests.
    pub(crate) fn snapshot(&self, effects: &Effects, clock: WallClock) -> Value {
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
                    "lastSeen": self.health.last_seen(id).map(|at| clock.iso(at)),
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

fn is_system_dashboard(who: &Identity) -> bool {
    package_of(who) == SYSTEM_DASHBOARD
}
