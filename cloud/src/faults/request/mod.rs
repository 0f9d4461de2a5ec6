//! Reads what is to be made to happen from JSON; what is wrong with it is said by field.

#[cfg(feature = "server")]
mod app;
mod fault;
mod fields;
mod frame;
mod stop;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::faults::action::Action;
#[cfg(feature = "server")]
pub(crate) use app::read_app;
pub use fault::read_fault;
pub(crate) use fields::{Fields, TIME};
#[cfg(feature = "server")]
pub(crate) use frame::read_frame_request;
#[cfg(feature = "server")]
pub(crate) use stop::read_stop;

/// Reads the body of any of the requests; which one it is, its fields tell.
pub(crate) fn read_action(mut fields: Fields) -> Result<Action, BadRequest> {
    const WHAT: &str = "there must be a `fault`, a `frame` (or one in short), `stop` or `clear`";
    if fields.has("fault") {
        fault::fault_of(fields).map(Action::Fault)
    } else if frame::FRAMES.iter().any(|field| fields.has(field)) {
        let (frame, target) = frame::frame_of(fields)?;
        Ok(Action::Frame { frame, target })
    } else if let Some(reason) = fields.take("stop") {
        fields.put("reason", reason);
        let (target, reason) = stop::stop_of(fields)?;
        Ok(Action::StopApps { target, reason })
    } else if fields.take("clear") == Some(Value::Bool(true)) {
        let target = fields.target()?;
        fields.nothing_else("`clear`")?;
        Ok(Action::ClearFaults(target))
    } else {
        Err(BadRequest::whole(WHAT))
    }
}

/// Why a wish cannot be granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadRequest {
    /// The field that is wrong; empty when it is the body as a whole.
    pub field: String,
    /// What is wrong with it and what is allowed.
    pub error: String,
}

impl BadRequest {
    /// A complaint about `field`, which must be `allowed`.
    pub fn new(field: &str, allowed: &str, got: Option<&Value>) -> Self {
        let got = match got {
            None => "it is missing".to_owned(),
            Some(value) => {
                let text: String = value.to_string().chars().take(80).collect();
                format!("got {text}")
            }
        };
        Self {
            field: field.to_owned(),
            error: format!("`{field}` must be {allowed}; {got}"),
        }
    }

    /// A complaint about the body as a whole.
    pub(crate) fn whole(error: &str) -> Self {
        Self {
            field: String::new(),
            error: error.to_owned(),
        }
    }

    /// The same complaint about something that is at `place` in something larger.
    pub(crate) fn inside(self, place: &str) -> Self {
        let field = match self.field.as_str() {
            "" => place.to_owned(),
            field => format!("{place}.{field}"),
        };
        Self {
            field,
            error: format!("{place}: {}", self.error),
        }
    }
}

impl fmt::Display for BadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)
    }
}
