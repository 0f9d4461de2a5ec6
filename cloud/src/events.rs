//! Events, which are broadcast to every component, the log and observers.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::faults::Direction;
use crate::identity::{ConnectionId, Identity, UserSessionId};
use crate::protocol::RoomConfig;
use crate::protocol::View;

/// A fact with its connection and time.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// The fact.
    #[serde(flatten)]
    pub fact: Fact,
    /// The connection, if the fact concerns one.
    #[serde(flatten, serialize_with = "behind_arc")]
    pub who: Option<Arc<Identity>>,
    /// ISO-8601 date.
    pub at: String,
}

impl Event {
    /// Returns the user session, if the event concerns one.
    pub fn user_session_id(&self) -> Option<&UserSessionId> {
        if let Fact::DisplayEnded {
            user_session_id, ..
        }
        | Fact::Evicted { user_session_id }
        | Fact::AppStarted {
            user_session_id, ..
        }
        | Fact::AppStopped {
            user_session_id, ..
        }
        | Fact::AppGivenUp {
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

    /// Returns the app, if the event concerns one.
    pub fn package_name(&self) -> Option<&str> {
        if let Fact::DisplayEnded { package_name, .. }
        | Fact::AppStarted { package_name, .. }
        | Fact::AppStopped { package_name, .. }
        | Fact::AppGivenUp { package_name, .. }
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
    /// A connection was acknowledged.
    Acked,
    /// A socket or a handshake was refused. [`Fact::Closed`] follows if the socket was accepted.
    Refused {
        /// Code of the error frame, or `FAULT` or `TOO_MANY_CONNECTIONS` without a frame.
        error: &'static str,
        /// Code of the close frame, if one is sent.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<u16>,
        /// Message for people.
        reason: String,
    },
    /// A connection was silent for too long. [`Fact::Closed`] follows.
    Stale {
        /// Duration of the silence.
        silent_ms: u64,
    },
    /// Another connection replaced this one. [`Fact::Closed`] follows.
    Superseded {
        /// The new connection.
        by: ConnectionId,
    },
    /// A connection is no longer the app's current one and stays open.
    Detached {
        /// The new connection; without one the cloud has forgotten this one.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<ConnectionId>,
    },
    /// A connection ended. The last fact about it.
    Closed {
        /// Code of the close frame; 1006 without a frame.
        code: u16,
        /// Reason of the close frame.
        reason: String,
        /// The side that ended it.
        by: Side,
    },
    /// A fault was injected, or faults were cleared.
    Fault {
        /// Name of the fault, or `clear`.
        fault: &'static str,
        /// Direction of the frames that it affects.
        #[serde(skip_serializing_if = "Option::is_none")]
        direction: Option<Direction>,
        /// Connections that are affected immediately.
        connections: Vec<ConnectionId>,
        /// Period of the fault.
        #[serde(skip_serializing_if = "Option::is_none")]
        for_ms: Option<u64>,
    },
    /// A TPA changed its subscriptions.
    Subscriptions {
        /// The complete list.
        subscriptions: Vec<String>,
    },
    /// A TPA showed a layout.
    Display {
        /// The view.
        view: View,
        /// The layout.
        layout: Value,
        /// Duration of the display; unlimited without it.
        #[serde(skip_serializing_if = "Option::is_none")]
        duration_ms: Option<u64>,
    },
    /// A display expired, or its app was stopped.
    DisplayEnded {
        /// The view.
        view: View,
        /// The app that showed the layout.
        package_name: String,
        /// User session of the app.
        user_session_id: UserSessionId,
    },
    /// A user session lost its displays, dashboard and settings, because those of all sessions
    /// together took too much memory.
    Evicted {
        /// The user session.
        user_session_id: UserSessionId,
    },
    /// A TPA changed its dashboard content.
    Dashboard {
        /// Text or a layout.
        content: Value,
        /// Modes in which the content is visible; empty for a section of the system dashboard.
        modes: Vec<String>,
        /// Section of the system dashboard.
        #[serde(skip_serializing_if = "Option::is_none")]
        section: Option<String>,
    },
    /// The dashboard changed its mode.
    DashboardMode {
        /// `main`, `expanded` or `none`.
        mode: String,
    },
    /// An app's settings changed.
    Settings {
        /// The complete list.
        settings: Vec<Value>,
    },
    /// A TPA joined a room.
    RoomJoined {
        /// Id of the room.
        room_id: String,
        /// Used if the room is new.
        config: RoomConfig,
    },
    /// A TPA left a room. Not reported when its connection ends.
    RoomLeft {
        /// Id of the room.
        room_id: String,
    },
    /// A TPA released its session and is not to be restarted.
    Released {
        /// `switching_clouds`, `clean_shutdown` or `user_logout`.
        reason: String,
    },
    /// An app was started or restarted.
    AppStarted {
        /// Package name of the app.
        package_name: String,
        /// User session of the app.
        user_session_id: UserSessionId,
        /// URL of its webhook.
        #[serde(skip_serializing_if = "Option::is_none")]
        webhook_url: Option<String>,
    },
    /// A request to an app succeeded or failed.
    Webhook {
        /// `session_request`, `stop_request`, `photo_upload`, `settings` or `tool_call`.
        request: &'static str,
        /// Package name of the app.
        package_name: String,
        /// User session of the app.
        user_session_id: UserSessionId,
        /// True if the app agreed.
        success: bool,
        /// Message for people.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// A started app did not connect in time, or its webhook failed.
    AppGivenUp {
        /// Package name of the app.
        package_name: String,
        /// User session of the app.
        user_session_id: UserSessionId,
        /// Message for people.
        reason: String,
    },
    /// An app was stopped.
    AppStopped {
        /// Package name of the app.
        package_name: String,
        /// User session of the app.
        user_session_id: UserSessionId,
        /// `user_disabled`, `system_stop` or `error`.
        reason: String,
    },
    /// The playback of a plan started or ended.
    Scenario {
        /// Name of the plan.
        name: String,
        /// The new phase.
        phase: Phase,
    },
    /// A frame was received from a TPA.
    Message {
        /// Type of the frame; `binary` for a binary frame.
        frame: String,
        /// Number of frames received on the connection.
        count: u64,
        /// Text of the frame, if [`Config::message_content`](crate::Config::message_content) asks
        /// for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
}

/// Phase of the playback of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The playback began.
    Started,
    /// The last step was performed.
    Ended,
    /// The playback was stopped before its end.
    Stopped,
}

/// A side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The cloud.
    Cloud,
    /// The TPA or the network.
    Peer,
}
