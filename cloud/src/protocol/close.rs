//! The closures that this cloud makes; the only file with close codes.

/// A wanted end.
pub const NORMAL: u16 = 1000;
/// The server goes away.
pub const GOING_AWAY: u16 = 1001;
/// No close frame came. Never on the wire.
pub const ABNORMAL: u16 = 1006;
/// The connection was refused, or misbehaved.
pub const POLICY: u16 = 1008;
/// A frame was too long.
pub const TOO_BIG: u16 = 1009;
/// The cloud is at fault.
pub const INTERNAL: u16 = 1011;
/// The health monitor heard nothing for too long.
pub const STALE: u16 = 4008;
/// Another connection took the session over.
pub const SUPERSEDED: u16 = 4009;

/// Reasons that go with the codes.
pub const APP_STOPPED: &str = "App stopped";
/// With [`POLICY`].
pub const INVALID_API_KEY: &str = "Invalid API key";
/// With [`POLICY`].
pub const INVALID_SESSION_ID: &str = "Invalid session ID format";
/// With [`POLICY`].
pub const NO_ACTIVE_SESSION: &str = "No active session";
/// With [`POLICY`].
pub const PACKAGE_NOT_FOUND: &str = "Package not found";
/// With [`POLICY`].
pub const MALFORMED: &str = "Malformed message";
/// With [`POLICY`].
pub const HANDSHAKE_TIMEOUT: &str = "Handshake timeout";
/// With [`INTERNAL`].
pub const INTERNAL_ERROR: &str = "Internal server error";
/// With [`TOO_BIG`].
pub const FRAME_TOO_BIG: &str = "Frame too big";
/// With [`SUPERSEDED`].
pub const SUPERSEDED_REASON: &str = "Superseded by another connection";
/// With [`GOING_AWAY`].
pub const SHUTTING_DOWN: &str = "Server shutting down";

/// The longest reason that fits into a close frame, in bytes.
pub const MAX_REASON_BYTES: usize = 123;

/// Whether a close frame may carry `code`.
pub fn may_be_sent(code: u64) -> bool {
    // 1004 is undefined; 1005, 1006 and 1015 say that there was no close frame; 1016 to 2999 are
    // reserved and make browsers fail the connection instead.
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// The reason of a closure as [`STALE`]. Cut to what fits, at a character.
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
