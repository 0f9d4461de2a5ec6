//! What happened, as facts. One broadcast carries them to every part of a user session, to the
//! log and to whoever watches.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::identity::{ConnectionId, Identity, UserSessionId};
use crate::protocol::RoomConfig;
use crate::protocol::View;

/// A fact, whose it is, and when.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
    /// The connection that it happened to, where there is one.
    #[serde(flatten, serialize_with = "behind_arc")]
    pub who: Option<Arc<Identity>>,
    /// When, as ISO-8601.
    pub at: String,
}

impl Event {
    /// The user session that it concerns, where there is one.
    pub fn user_session_id(&self) -> Option<&UserSessionId> {
        if let Fact::DisplayEnded {
            user_session_id, ..
        }
        | Fact::AppStarted {
            user_session_id, ..
        }
        | Fact::AppStopped {
            user_session_id, ..
        }
        | Fact::Webhook {
            user_session_id, ..
        } = &self.fact
        {
            return Some(user_session_id);
        }
        self.who.as_ref()?.user_session_id.as_ref()
    }

    /// The app that it concerns, where there is one.
    pub fn package_name(&self) -> Option<&str> {
        if let Fact::DisplayEnded { package_name, .. }
        | Fact::AppStarted { package_name, .. }
        | Fact::AppStopped { package_name, .. }
        | Fact::Webhook { package_name, .. } = &self.fact
        {
            return Some(package_name);
        }
        self.who.as_ref()?.package_name.as_deref()
    }
}

fn behind_arc<S: Serializer>(
    who: &Option<Arc<Identity>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    who.as_deref().serialize(serializer)
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum Fact {
    /// A socket opened.
    Opened,
    /// A TPA introduced itself and was let in.
    Acked,
    /// A TPA or a socket was not let in; a closure follows when there was a socket.
    Refused {
        /// The error frame's code, or `FAULT` or `TOO_MANY_CONNECTIONS` without a frame.
        error: &'static str,
        /// The close frame's code, where one is sent.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<u16>,
        /// Why.
        reason: String,
    },
    /// The health monitor heard nothing for too long; a closure follows.
    Stale {
        /// How long nothing was heard.
        silent_ms: u64,
    },
    /// Another connection took the session over; a closure follows.
    Superseded {
        /// The other connection.
        by: ConnectionId,
    },
    /// A connection is over. The last fact about it.
    Closed {
        /// The close frame's code; 1006 without a frame.
        code: u16,
        /// The close frame's reason.
        reason: String,
        /// Which side ended it.
        by: Side,
    },
    /// A fault was injected, or all were cleared.
    Fault {
        /// Its name; `clear` when all were cleared.
        fault: &'static str,
        /// The connections hit at once.
        connections: Vec<ConnectionId>,
        /// For how long it goes on.
        #[serde(skip_serializing_if = "Option::is_none")]
        for_ms: Option<u64>,
    },
    /// A TPA said what it wants to hear.
    Subscriptions {
        /// The whole list.
        subscriptions: Vec<String>,
    },
    /// A TPA showed something.
    Display {
        /// Where.
        view: View,
        /// What.
        layout: Value,
        /// For how long.
        #[serde(skip_serializing_if = "Option::is_none")]
        duration_ms: Option<u64>,
    },
    /// A display's time was over, or its app was stopped.
    DisplayEnded {
        /// Where.
        view: View,
        /// Whose it was.
        package_name: String,
        /// On whose glasses.
        user_session_id: UserSessionId,
    },
    /// A TPA put something on the dashboard.
    Dashboard {
        /// Text or a layout.
        content: Value,
        /// The modes in which it shows; empty for a section of the system dashboard.
        modes: Vec<String>,
        /// The section of the system dashboard.
        #[serde(skip_serializing_if = "Option::is_none")]
        section: Option<String>,
    },
    /// The system dashboard changed its mode.
    DashboardMode {
        /// `main`, `expanded` or `none`.
        mode: String,
    },
    /// The cloud changed an app's settings.
    Settings {
        /// The whole list.
        settings: Vec<Value>,
    },
    /// A TPA joined a room.
    RoomJoined {
        /// The room.
        room_id: String,
        /// What it says about it.
        config: RoomConfig,
    },
    /// A TPA left a room. One whose connection is over leaves without a word.
    RoomLeft {
        /// The room.
        room_id: String,
    },
    /// A TPA said that it goes and is not to be started again.
    Released {
        /// Why.
        reason: String,
    },
    /// An app was started, or started again.
    AppStarted {
        /// The app.
        package_name: String,
        /// On whose glasses.
        user_session_id: UserSessionId,
        /// Where it is told so.
        #[serde(skip_serializing_if = "Option::is_none")]
        webhook_url: Option<String>,
    },
    /// A webhook answered, or did not.
    Webhook {
        /// `session_request` or `stop_request`.
        request: &'static str,
        /// The app.
        package_name: String,
        /// On whose glasses.
        user_session_id: UserSessionId,
        /// Whether the app agreed.
        success: bool,
        /// Why not.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// An app was stopped, as by its user.
    AppStopped {
        /// The app.
        package_name: String,
        /// On whose glasses.
        user_session_id: UserSessionId,
        /// `user_disabled`, `system_stop` or `error`.
        reason: String,
    },
    /// A plan of faults began or is over.
    Scenario {
        /// Its name.
        name: String,
        /// What became of it.
        phase: Phase,
    },
    /// A frame came from a TPA.
    Message {
        /// Its type; `binary` for a binary frame.
        frame: String,
        /// How many frames this connection has sent.
        count: u64,
    },
}

/// What becomes of a plan that is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It began.
    Started,
    /// Its last step is done.
    Ended,
    /// It was stopped before its end.
    Stopped,
}

/// A side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The cloud ended it.
    Cloud,
    /// The TPA ended it, or the line between did.
    Peer,
}
