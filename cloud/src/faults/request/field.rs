//! Values of request fields, for `deserialize_with`.

use std::time::Duration;

use serde::Deserializer;
use serde_json::Value;

use crate::faults::{Direction, Share};
use crate::json::checked;
use crate::protocol::close;
use crate::protocol::handshake::Refusal;

/// A day.
const MAX_MS: u64 = 24 * 60 * 60 * 1_000;

pub(in crate::faults) const CLOSE_CODE: &str =
    "a close code that may be sent: 1000 to 1003, 1007 to 1014 or 3000 to 4999";
pub(in crate::faults) const REASON: &str = "a string of at most 123 bytes of UTF-8";
pub(in crate::faults) const DELAY: &str = "a whole number of milliseconds from 0 to 86400000";
pub(in crate::faults) const PERIOD: &str = "a whole number of milliseconds from 1 to 86400000";
pub(in crate::faults) const ERROR_CODE: &str = "an error code: INVALID_API_KEY, INVALID_JWT, \
    JWT_SIGNATURE_FAILED, PACKAGE_NOT_FOUND, SESSION_NOT_FOUND, MALFORMED_MESSAGE or \
    INTERNAL_ERROR";
pub(in crate::faults) const DIRECTION: &str = "up, down or both";
pub(in crate::faults) const BYTES_PER_SECOND: &str = "a whole number of bytes from 1 to 1000000000";
const SHARE: &str = "a number from 0 to 1";
const TIME: &str = "a time such as \"1m 30s\", \"800ms\" or a number of milliseconds";

pub(in crate::faults) fn close_code<'de, D: Deserializer<'de>>(d: D) -> Result<u16, D::Error> {
    checked(d, CLOSE_CODE, |value| {
        let code = value.as_u64().filter(|code| close::may_be_sent(*code))?;
        u16::try_from(code).ok()
    })
}

pub(in crate::faults) fn optional_close_code<'de, D: Deserializer<'de>>(
    d: D,
) -> Result<Option<u16>, D::Error> {
    close_code(d).map(Some)
}

pub(in crate::faults) fn reason<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, REASON, |value| {
        let reason = value.as_str()?;
        (reason.len() <= close::MAX_REASON_BYTES).then(|| reason.to_owned())
    })
}

pub(in crate::faults) fn error_code<'de, D: Deserializer<'de>>(
    d: D,
) -> Result<&'static str, D::Error> {
    checked(d, ERROR_CODE, |value| {
        let name = value.as_str()?;
        Refusal::CODES.into_iter().find(|code| *code == name)
    })
}

pub(in crate::faults) fn delay<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    checked(d, DELAY, |value| millis(value, 0))
}

pub(in crate::faults) fn direction<'de, D: Deserializer<'de>>(d: D) -> Result<Direction, D::Error> {
    checked(d, DIRECTION, |value| match value.as_str()? {
        "up" => Some(Direction::Up),
        "down" => Some(Direction::Down),
        "both" => Some(Direction::Both),
        _ => None,
    })
}

pub(in crate::faults) fn bytes_per_second<'de, D: Deserializer<'de>>(
    d: D,
) -> Result<u64, D::Error> {
    checked(d, BYTES_PER_SECOND, |value| {
        value
            .as_u64()
            .filter(|rate| (1..=1_000_000_000).contains(rate))
    })
}

pub(super) fn share<'de, D: Deserializer<'de>>(d: D) -> Result<Share, D::Error> {
    checked(d, SHARE, |value| Share::new(value.as_f64()?))
}

pub(super) fn period<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
    checked(d, PERIOD, |value| millis(value, 1)).map(Some)
}

fn millis(value: &Value, min: u64) -> Option<Duration> {
    let millis = value.as_u64()?;
    (min..=MAX_MS)
        .contains(&millis)
        .then(|| Duration::from_millis(millis))
}

/// Time as text, or in milliseconds.
pub(in crate::faults) fn time<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    checked(d, TIME, |value| {
        let time = match value.as_str() {
            Some(text) => humantime::parse_duration(text).ok(),
            None => value.as_u64().map(Duration::from_millis),
        };
        time.filter(|time| *time <= Duration::from_millis(MAX_MS))
    })
}

pub(in crate::faults) fn optional_time<'de, D: Deserializer<'de>>(
    d: D,
) -> Result<Option<Duration>, D::Error> {
    time(d).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_error_codes_are_the_refusals_codes() {
        for code in Refusal::CODES {
            assert!(ERROR_CODE.contains(code), "{code}");
        }
    }
}
