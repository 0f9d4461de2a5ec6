//! Ids of connections, sessions and plans.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Id of a socket, written `c17`. Not reused while the cloud runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(crate) u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

impl FromStr for ConnectionId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix('c').ok_or(())?;
        digits.parse().map(Self).map_err(|_| ())
    }
}

impl Serialize for ConnectionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Id of one playback of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlayId(pub(crate) u64);

/// Id of the session of one pair of glasses, which several apps share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserSessionId(Arc<str>);

impl UserSessionId {
    /// Creates an id.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for UserSessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Session id of a TPA: `<userSessionId>-<packageName>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionId {
    /// The part before the first `-`.
    pub user_session: UserSessionId,
    /// The rest; a package name may contain `-`.
    pub package: String,
}

impl SessionId {
    /// Parses a session id.
    pub fn parse(text: &str) -> Option<Self> {
        let (user, package) = text.split_once('-')?;
        if user.is_empty() || package.is_empty() {
            return None;
        }
        Some(Self {
            user_session: UserSessionId::new(user),
            package: package.to_owned(),
        })
    }
}

/// Identity of a connection. Fields that the handshake provides are `None` before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Id of the connection.
    pub connection_id: ConnectionId,
    /// Package name of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_name: Option<String>,
    /// Session id of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// User session of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_session_id: Option<UserSessionId>,
    /// Address of the peer.
    pub peer: String,
    /// ISO-8601 date of the opening.
    pub since: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_split_at_the_first_hyphen() {
        let id = SessionId::parse("user1-org.example.my-app").unwrap();
        assert_eq!(id.user_session.as_str(), "user1");
        assert_eq!(id.package, "org.example.my-app");
        for bad in ["", "-", "user1", "user1-", "-org.example.app"] {
            assert_eq!(SessionId::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn connection_ids_read_what_they_write() {
        let id = ConnectionId(17);
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "c", "17", "c-1", "c99999999999999999999", "cé"] {
            assert_eq!(bad.parse::<ConnectionId>(), Err(()), "{bad:?}");
        }
    }
}
