//! Reference model of tpa-cloud: tracks what came in and went out on each connection, and
//! determines what the cloud must know and do.

mod checks;
mod displays;
mod facts;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use testkit::ensure;
use testkit::model::Violation;
use tpa_cloud::{Config, ConnectionId, Delivery, Fault, Output};

use super::frames::API_KEY;
use displays::Displays;

/// Longest delay of a frame by a fault of any run or seeded plan, ms.
pub const MAX_DELAY: u64 = 3000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Handshaking,
    Member,
    /// Closing since that time.
    Closing(u64),
}

#[derive(Debug)]
struct Connection {
    stage: Stage,
    opened: u64,
    session: Option<String>,
    /// Time of the last sign of life that reached the cloud, or of the ack.
    heard: u64,
    /// Time of the last ping, of the ack, or of the end of a freeze.
    pinged: u64,
    /// No ping was sent since the ack, or since a freeze: the next may come sooner.
    may_ping_soon: bool,
    frozen: bool,
    /// It was frozen without an end, so that some of its pings may have no answer.
    lost_frames: bool,
    /// Time until which frames may be held, and not only delayed.
    held_until: u64,
    /// The client has sent the valid key.
    has_key: bool,
    /// Time at which the freeze must end.
    thaws: Option<u64>,
    /// Date of the last frame to the client.
    date: String,
    close_sent: bool,
    cut: bool,
    /// Streams of the last subscription update, or those that the cloud held.
    streams: Option<BTreeSet<String>>,
    /// The cloud may have forgotten the streams in a restart.
    may_lack_streams: bool,
    /// The app has released the session after its last subscription update.
    released: bool,
    /// Number of the client's pings that are not answered yet.
    unanswered: u64,
}

/// Expected metrics since the start of this cloud.
#[derive(Debug, Default)]
pub struct Figures {
    pub opened: u64,
    pub acknowledged: u64,
    pub stale: u64,
    pub superseded: u64,
    pub pings: u64,
    pub pongs: u64,
    /// Pongs that the cloud may have handled just before the end of their connection.
    pub pongs_at_end: u64,
    pub events: u64,
}

/// Subscriptions that the cloud holds for the next connection of a session.
#[derive(Debug)]
struct Held {
    streams: BTreeSet<String>,
    until: u64,
    may_be_forgotten: bool,
}

#[derive(Debug)]
pub struct CloudModel {
    config: Config,
    held: BTreeMap<String, Held>,
    connections: BTreeMap<ConnectionId, Connection>,
    pub displays: Displays,
    pub figures: Figures,
    /// Longest lateness of the cloud's timer so far.
    pub lateness: u64,
    /// A fault has held frames back, or still does.
    delays: bool,
    /// Time until which a fault may hold frames of new connections.
    held_until: u64,
    pub shutting_down: bool,
    /// Times until which a fault refuses all sockets, or suppresses all acks.
    doors_shut: u64,
    acks_shut: u64,
    /// A restart forgets everything.
    pub forgets: bool,
    /// Apps are being stopped.
    pub stopping: bool,
    /// The connection that was just superseded, and its successor.
    superseded: Option<(ConnectionId, ConnectionId)>,
    stale: Option<ConnectionId>,
    /// The last fault, and the connections that it hit.
    hit: Option<(&'static str, Vec<ConnectionId>)>,
    /// Something happened that the snapshot must show.
    changed: bool,
}

impl CloudModel {
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            held: BTreeMap::new(),
            connections: BTreeMap::new(),
            displays: Displays::default(),
            figures: Figures::default(),
            lateness: 0,
            delays: false,
            held_until: 0,
            shutting_down: false,
            doors_shut: 0,
            acks_shut: 0,
            forgets: false,
            stopping: false,
            superseded: None,
            stale: None,
            hit: None,
            changed: true,
        }
    }

    pub fn opened(&mut self, id: ConnectionId, now: u64) -> Result<(), Violation> {
        let connection = Connection {
            stage: Stage::Handshaking,
            opened: now,
            session: None,
            heard: now,
            pinged: now,
            may_ping_soon: true,
            frozen: false,
            lost_frames: false,
            held_until: self.held_until,
            has_key: false,
            thaws: None,
            date: String::new(),
            close_sent: false,
            cut: false,
            streams: None,
            may_lack_streams: false,
            released: false,
            unanswered: 0,
        };
        let before = self.connections.insert(id, connection);
        ensure!(before.is_none(), "registry", "{id} is used twice");
        ensure!(
            self.doors_shut <= now,
            "faults",
            "{id} is accepted, and faults refuse all sockets until {}",
            self.doors_shut
        );
        self.figures.opened += 1;
        Ok(())
    }

    /// True for a connection that is acknowledged and not over.
    pub fn is_member(&self, id: ConnectionId) -> bool {
        let connection = self.connections.get(&id);
        connection.is_some_and(|connection| connection.stage == Stage::Member)
    }

    /// Connections that are acknowledged and not over, with their sessions.
    pub fn members(&self) -> impl Iterator<Item = (ConnectionId, &str)> {
        let members = self.connections.iter();
        let members = members.filter(|(_, connection)| connection.stage == Stage::Member);
        members.map(|(id, connection)| (*id, connection.session.as_deref().unwrap_or_default()))
    }

    /// True for a connection that exists and is not over.
    pub fn is_alive(&self, id: ConnectionId) -> bool {
        let connection = self.connections.get(&id);
        connection.is_some_and(|connection| !matches!(connection.stage, Stage::Closing(_)))
    }

    /// Connections that are over, and whose sockets still exist.
    pub fn closing(&self) -> impl Iterator<Item = ConnectionId> {
        let over = self.connections.iter();
        let over = over.filter(|(_, one)| matches!(one.stage, Stage::Closing(_)));
        over.map(|(id, _)| *id)
    }

    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// A fault for all connections applies to new ones until then.
    pub fn shut(&mut self, fault: &Fault, until: u64) {
        match fault {
            Fault::Refuse(_) | Fault::Restart(_) => self.doors_shut = until.max(self.doors_shut),
            Fault::Reject(_) | Fault::DropAcks(_) => self.acks_shut = until.max(self.acks_shut),
            _ => {}
        }
    }

    /// Ends all faults.
    pub fn clear(&mut self) {
        self.doors_shut = 0;
        self.acks_shut = 0;
    }

    /// The cloud handles something from this connection.
    pub fn heard(&mut self, id: ConnectionId, now: u64) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.heard = now;
        }
    }

    /// The cloud handles a frame of a session.
    pub fn read(&mut self, id: ConnectionId, text: &str, now: u64) {
        self.heard(id, now);
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let frame: Value = serde_json::from_str(text).expect("a frame");
        connection.has_key |= frame["apiKey"] == API_KEY;
        if connection.stage != Stage::Member {
            // The first frame names its session, so that faults for that or its package hit it now.
            connection.held_until = connection.held_until.max(self.held_until);
            return;
        }
        self.changed |= frame["type"] != "ping";
        match frame["type"].as_str() {
            Some("subscription_update") => {
                let list = frame["subscriptions"].as_array().expect("a list");
                let list = list.iter().map(|s| s.as_str().expect("a name").to_owned());
                connection.streams = Some(list.collect());
            }
            Some("ping") => connection.unanswered += u64::from(self.config.pong),
            Some("display_event") => {
                let session = connection.session.clone().unwrap_or_default();
                self.displays.show(&session, &frame, now);
            }
            _ => {}
        }
    }

    /// The socket is gone, and the cloud was told.
    pub fn gone(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
        self.changed = true;
    }

    pub fn ponged(&mut self) {
        self.figures.pongs += 1;
    }

    /// Checks an output of the cloud; `now` is the time that the cloud knows.
    pub fn output(&mut self, output: &Output, now: u64) -> Result<(), Violation> {
        match output {
            Output::Deliver { to, what } => self.delivered(*to, what, now),
            Output::Cut { to } => {
                let connection = self.of(*to, "cut")?;
                let over = matches!(connection.stage, Stage::Closing(_));
                ensure!(over, "registry", "{to} is cut before it is over");
                connection.cut = true;
                Ok(())
            }
            Output::Freeze { to, frozen } => {
                let connection = self.of(*to, "frozen")?;
                connection.frozen = *frozen;
                connection.thaws = connection.thaws.filter(|_| *frozen);
                connection.pinged = connection.pinged.max(now);
                connection.may_ping_soon = true;
                Ok(())
            }
            Output::Webhook(_) | Output::AppCall(_) => Ok(()),
            Output::Event(event) => {
                self.figures.events += 1;
                self.happened(&event.fact, event.who.as_deref(), now)
            }
        }
    }

    /// Additional delay of frames that a fault holds back, with a timer that is late as well.
    const fn slack(&self) -> u64 {
        if self.delays {
            MAX_DELAY + self.lateness
        } else {
            0
        }
    }

    fn of(&mut self, id: ConnectionId, what: &str) -> Result<&mut Connection, Violation> {
        let connection = self.connections.get_mut(&id);
        connection.ok_or_else(|| Violation {
            rule: "registry",
            detail: format!("{what}: {id}, which is gone"),
        })
    }

    fn delivered(&mut self, to: ConnectionId, what: &Delivery, now: u64) -> Result<(), Violation> {
        let interval = millis(self.config.ping_interval);
        let (slack, lateness) = (self.slack(), self.lateness);
        self.figures.pings += u64::from(*what == Delivery::Ping);
        let connection = self.of(to, "something for")?;
        let is_held = now <= connection.held_until + slack + lateness;
        if matches!(what, Delivery::Text(text) if text.contains(r#""type":"pong""#)) {
            let asked = connection.unanswered > 0 || connection.lost_frames;
            ensure!(asked, "pongs", "{to} did not call");
            connection.unanswered = connection.unanswered.saturating_sub(1);
        }
        ensure!(
            !connection.close_sent && !connection.cut,
            "registry",
            "{what:?} for {to} after its end"
        );
        match what {
            Delivery::Close { .. } => {
                let over = matches!(connection.stage, Stage::Closing(_));
                ensure!(over, "registry", "{to} is closed before it is over");
                connection.close_sent = true;
            }
            Delivery::Ping => {
                let waited = now - connection.pinged;
                ensure!(
                    connection.may_ping_soon || waited + slack + lateness >= interval,
                    "pings",
                    "{to} is pinged after {waited} ms"
                );
                connection.pinged = now;
                // Its turn may have come long before.
                connection.may_ping_soon = is_held;
            }
            // Frames that were held back may still be sent before the close.
            Delivery::Text(_) | Delivery::Binary(_) => {
                if let Delivery::Text(text) = what
                    && let Some(date) = date_of(text)
                {
                    ensure!(
                        *connection.date <= *date,
                        "order",
                        "what {to} gets from {date} comes after {}",
                        connection.date
                    );
                    connection.date = date.to_owned();
                }
                let over = matches!(connection.stage, Stage::Closing(_));
                ensure!(
                    !over || slack > 0 || is_held,
                    "registry",
                    "{what:?} for {to}, which is over"
                );
            }
        }
        Ok(())
    }
}

pub fn millis(duration: std::time::Duration) -> u64 {
    duration.as_millis() as u64
}

/// Date in a frame.
fn date_of(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(r#""timestamp":""#)?;
    rest.split('"').next()
}
