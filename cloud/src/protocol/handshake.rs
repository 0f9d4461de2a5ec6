//! Validation of handshakes.

use crate::config::Config;
use crate::identity::{SessionId, UserSessionId};
use crate::protocol::ConnectionInit;
use crate::protocol::close;

/// Code of an error frame; one of [`Refusal::CODES`] where a fault chooses it.
pub type ErrorCode = &'static str;

/// A refusal: first an error frame with `code` and `message`, then `close` with `reason`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The error frame's code.
    pub code: ErrorCode,
    /// The error frame's message, for people.
    pub message: String,
    /// The close frame's code.
    pub close: u16,
    /// The close frame's reason.
    pub reason: &'static str,
}

impl Refusal {
    /// Codes of the production clouds.
    pub const CODES: [ErrorCode; 7] = [
        "INVALID_API_KEY",
        "INVALID_JWT",
        "JWT_SIGNATURE_FAILED",
        "PACKAGE_NOT_FOUND",
        "SESSION_NOT_FOUND",
        "MALFORMED_MESSAGE",
        "INTERNAL_ERROR",
    ];

    /// Returns the refusal of a `reject` fault.
    pub fn injected(code: ErrorCode) -> Self {
        let (close, reason) = match code {
            "PACKAGE_NOT_FOUND" => (close::POLICY, close::PACKAGE_NOT_FOUND),
            "SESSION_NOT_FOUND" => (close::POLICY, close::NO_ACTIVE_SESSION),
            "MALFORMED_MESSAGE" => (close::POLICY, close::MALFORMED),
            "INTERNAL_ERROR" => (close::INTERNAL, close::INTERNAL_ERROR),
            _ => (close::POLICY, close::INVALID_API_KEY),
        };
        Self {
            code,
            message: "refused by a fault".to_owned(),
            close,
            reason,
        }
    }

    /// Returns the refusal of an app that is stopped.
    pub fn not_started() -> Self {
        Self {
            code: "SESSION_NOT_FOUND",
            message: close::APP_NOT_STARTED.to_owned(),
            close: close::POLICY,
            reason: close::APP_NOT_STARTED,
        }
    }

    /// Returns the refusal of an invalid or unexpected frame.
    pub fn malformed(message: String) -> Self {
        Self {
            code: "MALFORMED_MESSAGE",
            message,
            close: close::POLICY,
            reason: close::MALFORMED,
        }
    }
}

/// Validates the first frame of a connection. `is_known` reports whether a user session exists; it
/// is called last, so that a peer without a key cannot find out.
pub fn check(
    init: &ConnectionInit,
    config: &Config,
    is_known: impl FnOnce(&UserSessionId) -> bool,
) -> Result<SessionId, Refusal> {
    if !SessionId::is_valid(&init.session_id) {
        return Err(Refusal {
            code: "MALFORMED_MESSAGE",
            message: "sessionId must be <userSessionId>-<packageName>".to_owned(),
            close: close::POLICY,
            reason: close::INVALID_SESSION_ID,
        });
    }
    if !config.api_key.accepts(&init.api_key) {
        return Err(Refusal {
            code: "INVALID_API_KEY",
            message: "Invalid API key".to_owned(),
            close: close::POLICY,
            reason: close::INVALID_API_KEY,
        });
    }
    let Some(session) = SessionId::of_package(&init.session_id, &init.package_name) else {
        return Err(Refusal {
            code: "PACKAGE_NOT_FOUND",
            message: format!(
                "packageName is {:?}, but the sessionId {:?} does not end with it",
                init.package_name, init.session_id
            ),
            close: close::POLICY,
            reason: close::PACKAGE_NOT_FOUND,
        });
    };
    if config.strict_sessions && !is_known(&session.user_session) {
        return Err(Refusal {
            code: "SESSION_NOT_FOUND",
            message: format!(
                "There is no user session {:?}",
                session.user_session.as_str()
            ),
            close: close::POLICY,
            reason: close::NO_ACTIVE_SESSION,
        });
    }
    Ok(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn init(session_id: &str, package_name: &str, api_key: &str) -> ConnectionInit {
        ConnectionInit {
            session_id: session_id.to_owned(),
            package_name: package_name.to_owned(),
            api_key: api_key.to_owned(),
        }
    }

    #[test]
    fn each_refusal_has_its_code_and_reason() {
        let strict = Config {
            strict_sessions: true,
            ..Config::default()
        };
        let checked = |init| {
            check(&init, &strict, |user| user.as_str() == "user1")
                .map_err(|refusal| (refusal.code, refusal.reason))
        };
        assert!(checked(init("user1-a.b", "a.b", "dev-key")).is_ok());
        for (introduction, code, reason) in [
            (
                init("user1", "a.b", "dev-key"),
                "MALFORMED_MESSAGE",
                "Invalid session ID format",
            ),
            (
                init("user1-a.b", "a.b", "wrong"),
                "INVALID_API_KEY",
                "Invalid API key",
            ),
            (
                init("user1-a.b", "a.b", ""),
                "INVALID_API_KEY",
                "Invalid API key",
            ),
            (
                init("user1-a.b", "a.c", "dev-key"),
                "PACKAGE_NOT_FOUND",
                "Package not found",
            ),
            (
                init("user2-a.b", "a.b", "dev-key"),
                "SESSION_NOT_FOUND",
                "No active session",
            ),
        ] {
            assert_eq!(checked(introduction), Err((code, reason)));
        }
    }

    #[test]
    fn a_wrong_key_does_not_reveal_sessions() {
        let strict = Config {
            strict_sessions: true,
            ..Config::default()
        };
        let refusal = check(&init("user2-a.b", "a.b", "wrong"), &strict, |_| {
            panic!("asked")
        });
        assert_eq!(
            refusal.map_err(|refusal| refusal.code),
            Err("INVALID_API_KEY")
        );
    }
}
