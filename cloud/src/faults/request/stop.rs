//! `POST /apps/stop`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::object;
use super::{BadRequest, TARGET_FIELDS, split_target};
use crate::faults::Target;
use crate::json;

/// Reads `{"reason"?, "packageName"?, "sessionId"?, "connectionId"?}`.
pub fn read_stop(body: &[u8]) -> Result<(Target, String), BadRequest> {
    stop_of(object(body)?)
}

pub(super) fn stop_of(fields: Map<String, Value>) -> Result<(Target, String), BadRequest> {
    let (target, fields) = split_target(fields)?;
    let stop: Stop = json::parse(fields, &TARGET_FIELDS)?;
    let reason = match stop.reason {
        Reason::UserDisabled => "user_disabled",
        Reason::SystemStop => "system_stop",
        Reason::Error => "error",
    };
    Ok((target, reason.to_owned()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stop {
    #[serde(default)]
    reason: Reason,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reason {
    #[default]
    UserDisabled,
    SystemStop,
    Error,
}
