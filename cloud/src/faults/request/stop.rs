//! Reads which apps are to be stopped.

use serde_json::Value;

use super::{BadRequest, Fields};
use crate::faults::Target;

/// Reads `{target?, "reason"?}`: whom to stop, and why.
#[cfg(feature = "server")]
pub fn read_stop(body: &[u8]) -> Result<(Target, String), BadRequest> {
    stop_of(Fields::read(body)?)
}

pub(super) fn stop_of(mut fields: Fields) -> Result<(Target, String), BadRequest> {
    const EXPECTED: &str = "user_disabled, system_stop or error";
    let target = fields.target()?;
    let reason = match fields.take("reason") {
        None => "user_disabled".to_owned(),
        Some(Value::String(reason))
            if ["user_disabled", "system_stop", "error"].contains(&reason.as_str()) =>
        {
            reason
        }
        Some(other) => return Err(BadRequest::new("reason", EXPECTED, Some(&other))),
    };
    fields.nothing_else("a stop")?;
    Ok((target, reason))
}
