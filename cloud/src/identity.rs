//! Who is who: connections, sessions and the names they go by.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Names one socket for as long as the cloud runs. Never used twice. Written `c17`.
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

/// Names one playing of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlayId(pub(crate) u64);

/// Names the session of one pair of glasses; several apps may be connected to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserSessionId(Arc<str>);

impl UserSessionId {
    /// The id with this text.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The id's text.
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

/// A TPA's session id taken apart: `<userSessionId>-<packageName>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionId {
    /// The part before the first `-`.
    pub user_session: UserSessionId,
    /// Everything after it; package names may hold a `-` themselves.
    pub package: String,
}

impl SessionId {
    /// Takes `text` apart; `None` when it is not of the form.
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

/// Whose connection it is. What only the handshake tells is absent before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The connection's name.
    pub connection_id: ConnectionId,
    /// The app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_name: Option<String>,
    /// The app's session id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The user's session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_session_id: Option<UserSessionId>,
    /// The peer's address.
    pub peer: String,
    /// When the socket opened.
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
