//! Requests of the control interface and steps of scenarios: reading.

mod app;
mod fault;
pub(super) mod field;
mod frame;
mod stop;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::Target;
use super::action::Action;
use crate::identity::ConnectionId;
use crate::json::{self, FieldError, checked};
pub(crate) use app::{read_app, read_tool_call};
pub use fault::read_fault;
pub(crate) use frame::read_frame_request;
pub(crate) use stop::read_stop;

/// Longest id of an app, a user or a session, in bytes.
const MAX_ID_BYTES: usize = 512;

/// Fields that select the target of a request.
pub(crate) const TARGET_FIELDS: [&str; 3] = ["packageName", "sessionId", "connectionId"];

/// Reads a request of any kind; its fields determine the kind.
pub(crate) fn read_action(mut fields: Map<String, Value>) -> Result<Action, BadRequest> {
    const EXPECTED: &str =
        "expected one of the fields `fault`, `frame` (or its short forms), `stop` and `clear`";
    if fields.contains_key("fault") {
        fault::fault_of(fields).map(Action::Fault)
    } else if frame::kind_of(&fields).is_some() {
        let (frame, target) = frame::frame_of(fields)?;
        Ok(Action::Frame { frame, target })
    } else if let Some(reason) = fields.remove("stop") {
        fields.insert("reason".to_owned(), reason);
        let (target, reason) = stop::stop_of(fields)?;
        Ok(Action::StopApps { target, reason })
    } else if fields.contains_key("clear") {
        let (target, fields) = split_target(fields)?;
        let Clear { clear: () } = json::parse(fields, &TARGET_FIELDS)?;
        Ok(Action::ClearFaults(target))
    } else {
        Err(BadRequest::whole(EXPECTED))
    }
}

/// Reads the body of a request. Fields that are null count as missing.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, BadRequest> {
    if json::is_excessive(body) {
        let error = format!("the body has {}", json::TOO_MANY_VALUES);
        return Err(BadRequest::whole(&error));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(mut fields)) => {
            remove_nulls(&mut fields);
            Ok(fields)
        }
        Ok(_) => Err(BadRequest::whole("the body must be a JSON object")),
        Err(error) => Err(BadRequest::whole(&format!(
            "the body must be JSON: {error}"
        ))),
    }
}

/// Removes fields that are null, which count as missing.
pub(crate) fn remove_nulls(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| !value.is_null());
}

/// Separates the target of a request from its other fields.
pub(crate) fn split_target(
    fields: Map<String, Value>,
) -> Result<(Target, Map<String, Value>), BadRequest> {
    let selected: TargetFields = json::parse(fields, &[])?;
    for (field, id) in [
        ("packageName", &selected.package_name),
        ("sessionId", &selected.session_id),
    ] {
        let length = id.as_ref().map_or(0, String::len);
        if length > MAX_ID_BYTES {
            let problem = format!("{length} bytes, expected at most {MAX_ID_BYTES}");
            return Err(BadRequest::new(field, &problem));
        }
    }
    let target = match (
        selected.package_name,
        selected.session_id,
        selected.connection_id,
    ) {
        (None, None, None) => Target::All,
        (Some(package), None, None) => Target::Package(package),
        (None, Some(session), None) => Target::Session(session),
        (None, None, Some(id)) => Target::Connection(id),
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
            return Err(BadRequest {
                field: "target".to_owned(),
                error: "expected at most one of `packageName`, `sessionId` and `connectionId`"
                    .to_owned(),
            });
        }
    };
    Ok((target, selected.rest))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetFields {
    package_name: Option<String>,
    session_id: Option<String>,
    #[serde(default, deserialize_with = "connection_id")]
    connection_id: Option<ConnectionId>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

fn connection_id<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<ConnectionId>, D::Error> {
    checked(deserializer, "a connection id such as c17", |value| {
        value.as_str()?.parse().ok().map(Some)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clear {
    #[serde(deserialize_with = "only_true")]
    clear: (),
}

fn only_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    checked(deserializer, "true", |value| {
        (*value == Value::Bool(true)).then_some(())
    })
}

/// Error for a request that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadRequest {
    /// Path of the field; empty for the request as a whole.
    pub field: String,
    /// The problem, the value, and what is allowed.
    pub error: String,
}

impl BadRequest {
    pub(crate) fn new(field: &str, problem: &str) -> Self {
        Self {
            field: field.to_owned(),
            error: format!("`{field}`: {problem}"),
        }
    }

    /// An error about the request as a whole.
    pub(crate) fn whole(error: &str) -> Self {
        Self {
            field: String::new(),
            error: error.to_owned(),
        }
    }

    /// Prefixes the path of the field.
    pub(crate) fn inside(self, parent: &str) -> Self {
        let field = match self.field.as_str() {
            "" => parent.to_owned(),
            field => format!("{parent}.{field}"),
        };
        Self {
            field,
            error: format!("{parent}: {}", self.error),
        }
    }
}

impl From<FieldError> for BadRequest {
    fn from(error: FieldError) -> Self {
        match error.field.as_str() {
            "" => Self::whole(&error.problem),
            field => Self::new(field, &error.problem),
        }
    }
}

impl fmt::Display for BadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)
    }
}

impl std::error::Error for BadRequest {}
