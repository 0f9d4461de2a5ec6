//! Close codes and reasons.

use crate::config::ShutdownCode;

/// Intended end.
pub const NORMAL: u16 = 1000;
/// End of the session by a page that is left or a server that ends; clients do not reconnect.
pub const GOING_AWAY: u16 = 1001;
/// End without a close frame; never on the wire.
pub const ABNORMAL: u16 = 1006;
/// Refused connection or protocol violation.
pub const POLICY: u16 = 1008;
/// Frame above the size limit.
pub const TOO_BIG: u16 = 1009;
/// Error of the cloud.
pub const INTERNAL: u16 = 1011;
/// Restart of the server; clients reconnect.
pub const RESTART: u16 = 1012;
/// Silent connection.
pub const STALE: u16 = 4008;
/// Replaced by another connection of the same session.
pub const SUPERSEDED: u16 = 4009;

/// Reason for [`NORMAL`].
pub const APP_STOPPED: &str = "App stopped";
/// Reason for [`POLICY`].
pub const INVALID_API_KEY: &str = "Invalid API key";
/// Reason for [`POLICY`].
pub const INVALID_SESSION_ID: &str = "Invalid session ID format";
/// Reason for [`POLICY`].
pub const NO_ACTIVE_SESSION: &str = "No active session";
/// Reason for [`POLICY`].
pub const APP_NOT_STARTED: &str = "App not started for this session";
/// Reason for [`POLICY`].
pub const PACKAGE_NOT_FOUND: &str = "Package not found";
/// Reason for [`POLICY`].
pub const MALFORMED: &str = "Malformed message";
/// Reason for [`POLICY`].
pub const HANDSHAKE_TIMEOUT: &str = "Handshake timeout";
/// Reason for [`INTERNAL`].
pub const INTERNAL_ERROR: &str = "Internal server error";
/// Reason for [`TOO_BIG`].
pub const FRAME_TOO_BIG: &str = "Frame too big";
/// Reason for [`SUPERSEDED`].
pub const SUPERSEDED_REASON: &str = "Superseded by another connection";
/// Reason for a shutdown.
pub const SHUTTING_DOWN: &str = "Server shutting down";

/// Size limit of a close reason, in bytes.
pub const MAX_REASON_BYTES: usize = 123;

/// Returns the code for a shutdown.
pub fn of_shutdown(code: ShutdownCode) -> u16 {
    match code {
        ShutdownCode::ServiceRestart => RESTART,
        ShutdownCode::GoingAway => GOING_AWAY,
    }
}

/// Reports whether a close frame may carry `code`.
pub fn may_be_sent(code: u64) -> bool {
    // 1004 is undefined; 1005, 1006 and 1015 mean that there was no close frame; 1016 to 2999 are
    // reserved, and browsers fail the connection.
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Returns the reason for [`STALE`], truncated to the size limit at a character.
pub fn stale_reason(package: &str) -> String {
    let mut reason = format!("No sign of life from {package}");
    while reason.len() > MAX_REASON_BYTES {
        reason.pop();
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_are_never_on_the_wire_may_not_be_sent() {
        for code in [1000, 1001, 1008, 1011, 1014, 3000, 4000, 4999] {
            assert!(may_be_sent(code), "{code}");
        }
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u64::MAX] {
            assert!(!may_be_sent(code), "{code}");
        }
    }

    #[test]
    fn long_package_names_are_cut_at_a_character() {
        let reason = stale_reason(&"é".repeat(200));
        assert!(reason.len() <= MAX_REASON_BYTES);
        assert!(reason.ends_with('é'));
    }
}
