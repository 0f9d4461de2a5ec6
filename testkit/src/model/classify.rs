//! Meaning of closures and error frames, written from the protocol documentation rather than
//! from the core.

use tpa_session::session::{Close, CloseKind, CloseRule, Condition, Duration, Reconnect};

/// Error codes that reject the credentials for good.
const FATAL: [&str; 4] = [
    "INVALID_API_KEY",
    "INVALID_JWT",
    "JWT_SIGNATURE_FAILED",
    "PACKAGE_NOT_FOUND",
];
/// Words in the reason of a 1008 that make it a rejection of the credentials.
const CREDENTIALS: [&str; 6] = [
    "api key",
    "apikey",
    "api_key",
    "jwt",
    "credential",
    "unauthorized",
];

pub fn is_fatal(code: Option<&str>) -> bool {
    code.is_some_and(|code| FATAL.contains(&code))
}

/// Kind of a closure that a socket reported.
pub fn kind_of_close(close: &Close) -> CloseKind {
    if let Some(kind) = kind_of_reason(&close.reason) {
        return kind;
    }
    match close.code {
        4009 => CloseKind::Superseded,
        4010 => CloseKind::ClientDisconnect,
        1008 if names_credential(&close.reason) => CloseKind::Rejected,
        1000 | 1001 => CloseKind::Normal,
        _ => CloseKind::Abnormal,
    }
}

/// Delay that a row of the table sets for a closure that a socket reported.
pub fn delay_of_close(close: &Close, rules: &[CloseRule]) -> Option<Duration> {
    if kind_of_close(close) != CloseKind::Abnormal {
        return None;
    }
    let mut rules = rules.iter();
    rules.find_map(|rule| match (rule.condition, rule.reconnect) {
        (Condition::Code(code), Reconnect::After(delay)) if code == close.code => Some(delay),
        _ => None,
    })
}

/// Kind of the closure that an error frame causes.
pub fn kind_of_error(code: Option<&str>, message: &str) -> CloseKind {
    match kind_of_reason(message) {
        Some(kind) => kind,
        None if is_fatal(code) || names_credential(message) => CloseKind::Rejected,
        None => CloseKind::Abnormal,
    }
}

fn kind_of_reason(reason: &str) -> Option<CloseKind> {
    if reason.contains("User session ended") {
        Some(CloseKind::SessionEnded)
    } else if reason.contains("App stopped") {
        Some(CloseKind::AppStopped)
    } else {
        None
    }
}

fn names_credential(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    CREDENTIALS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{kind_of_close, kind_of_error};
    use crate::closures::{REFUSALS, all_closures};

    #[test]
    fn every_closure_of_the_table_has_its_kind() {
        for closure in all_closures() {
            assert_eq!(kind_of_close(&closure.close()), closure.kind, "{closure:?}");
        }
    }

    #[test]
    fn every_refusal_of_the_table_has_its_kind() {
        for refusal in REFUSALS {
            let kind = kind_of_error(refusal.code, refusal.message);
            assert_eq!(kind, refusal.kind, "{refusal:?}");
        }
    }
}
