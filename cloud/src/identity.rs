//! Ids of connections, sessions and plans.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Id of a socket, written `c17`. Not reused while the cloud runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(crate) u64);

impl ConnectionId {
    /// Returns the number in the id.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl From<u64> for ConnectionId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

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
    /// The part before the package name; may contain `-`.
    pub user_session: UserSessionId,
    /// The package name; may contain `-`.
    pub package: String,
}

impl SessionId {
    /// Reports whether the text can be a session id of some package.
    pub fn is_valid(text: &str) -> bool {
        let hyphens = text.match_indices('-');
        hyphens
            .map(|(at, _)| at)
            .any(|at| at > 0 && at + 1 < text.len())
    }

    /// Splits a session id at the name of its package. `None` if it belongs to another one.
    pub fn of_package(text: &str, package: &str) -> Option<Self> {
        let user = text.strip_suffix(package)?.strip_suffix('-')?;
        (!user.is_empty() && !package.is_empty()).then(|| Self {
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
    fn session_ids_split_at_the_package_name() {
        for user in [
            "user1",
            "anna-maria@example.com",
            "a-",
            "-",
            "é-b@c-d.example",
        ] {
            for package in ["org.example.app", "org.example.my-app", "a"] {
                let text = format!("{user}-{package}");
                assert!(SessionId::is_valid(&text), "{text:?}");
                let id = SessionId::of_package(&text, package).unwrap();
                assert_eq!(id.user_session.as_str(), user);
                assert_eq!(id.package, package);
            }
        }
        for (text, package) in [
            ("user1-org.example.app", "example.app"),
            ("user1-org.example.app", "org.example.other"),
            ("user1-org.example.app", ""),
            ("user1-", ""),
            ("-org.example.app", "org.example.app"),
            ("org.example.app", "org.example.app"),
        ] {
            assert_eq!(SessionId::of_package(text, package), None, "{text:?}");
        }
        for bad in ["", "-", "user1", "user1-", "-org.example.app"] {
            assert!(!SessionId::is_valid(bad), "{bad:?}");
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
