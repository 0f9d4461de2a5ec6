//! The fields of a request, taken out one by one.

use std::time::Duration;

use serde_json::{Map, Value};

use super::BadRequest;
use crate::faults::Target;
use crate::protocol::close;
use crate::protocol::handshake::Refusal;

/// The longest period and delay: a day.
const LONGEST_MS: u64 = 24 * 60 * 60 * 1_000;

/// How a time is written.
pub(crate) const TIME: &str = "a time such as \"1m 30s\", \"800ms\" or a number of milliseconds";

/// The fields of a request; each method takes one out.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    pub(crate) fn read(body: &[u8]) -> Result<Self, BadRequest> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(BadRequest::whole("the body must be a JSON object")),
            Err(error) => Err(BadRequest::whole(&format!(
                "the body must be JSON: {error}"
            ))),
        }
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.get(field).is_some_and(|value| !value.is_null())
    }

    pub(crate) fn put(&mut self, field: &str, value: Value) {
        self.0.insert(field.to_owned(), value);
    }

    /// What is left.
    #[cfg(feature = "server")]
    pub(crate) fn into_rest(self) -> Map<String, Value> {
        self.0
    }

    /// Takes a field out; `null` counts as missing.
    pub(crate) fn take(&mut self, field: &str) -> Option<Value> {
        self.0.remove(field).filter(|value| !value.is_null())
    }

    pub(crate) fn text(
        &mut self,
        field: &str,
        allowed: &str,
    ) -> Result<Option<String>, BadRequest> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(BadRequest::new(field, allowed, Some(&other))),
        }
    }

    pub(crate) fn required_text(
        &mut self,
        field: &str,
        allowed: &str,
    ) -> Result<String, BadRequest> {
        self.text(field, allowed)?
            .ok_or_else(|| BadRequest::new(field, allowed, None))
    }

    /// A time as people write it.
    pub(crate) fn time(&mut self, field: &str) -> Result<Option<Duration>, BadRequest> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        let time = match value.as_str() {
            Some(text) => humantime::parse_duration(text).ok(),
            None => value.as_u64().map(Duration::from_millis),
        };
        match time.filter(|time| *time <= Duration::from_millis(LONGEST_MS)) {
            Some(time) => Ok(Some(time)),
            None => Err(BadRequest::new(field, TIME, Some(&value))),
        }
    }

    pub(super) fn millis(
        &mut self,
        field: &str,
        least: u64,
    ) -> Result<Option<Duration>, BadRequest> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        match value.as_u64() {
            Some(millis) if (least..=LONGEST_MS).contains(&millis) => {
                Ok(Some(Duration::from_millis(millis)))
            }
            _ => {
                let allowed =
                    format!("a whole number of milliseconds from {least} to {LONGEST_MS}");
                Err(BadRequest::new(field, &allowed, Some(&value)))
            }
        }
    }

    pub(super) fn code(&mut self) -> Result<Option<u16>, BadRequest> {
        let Some(value) = self.take("code") else {
            return Ok(None);
        };
        let code = value.as_u64().filter(|code| close::may_be_sent(*code));
        match code.and_then(|code| u16::try_from(code).ok()) {
            Some(code) => Ok(Some(code)),
            None => Err(BadRequest::new(
                "code",
                "a close code that may be sent: 1000 to 1003, 1007 to 1014 or 3000 to 4999",
                Some(&value),
            )),
        }
    }

    pub(super) fn refusal(&mut self) -> Result<&'static str, BadRequest> {
        let allowed = Refusal::CODES.join(", ");
        let Some(name) = self.text("error", &allowed)? else {
            return Ok(Refusal::CODES[0]);
        };
        let known = Refusal::CODES.iter().find(|code| **code == name);
        known
            .copied()
            .ok_or_else(|| BadRequest::new("error", &allowed, Some(&Value::String(name))))
    }

    pub(super) fn reason(&mut self) -> Result<String, BadRequest> {
        const ALLOWED: &str = "a string of at most 123 bytes of UTF-8";
        let reason = self.text("reason", ALLOWED)?.unwrap_or_default();
        if reason.len() > close::MAX_REASON_BYTES {
            let reason = Value::String(reason);
            return Err(BadRequest::new("reason", ALLOWED, Some(&reason)));
        }
        Ok(reason)
    }

    pub(crate) fn target(&mut self) -> Result<Target, BadRequest> {
        let package = self.text("packageName", "a package name")?;
        let session = self.text("sessionId", "a session id")?;
        let connection = self.text("connectionId", "a connection id such as c17")?;
        match (package, session, connection) {
            (None, None, None) => Ok(Target::All),
            (Some(package), None, None) => Ok(Target::Package(package)),
            (None, Some(session), None) => Ok(Target::Session(session)),
            (None, None, Some(id)) => id.parse().map(Target::Connection).map_err(|()| {
                let id = Value::String(id);
                BadRequest::new("connectionId", "a connection id such as c17", Some(&id))
            }),
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                Err(BadRequest {
                    field: "target".to_owned(),
                    error: "give one of `packageName`, `sessionId` and `connectionId`, or none"
                        .to_owned(),
                })
            }
        }
    }

    /// A field that is not read is a spelling mistake or does nothing; both are worth saying.
    pub(crate) fn nothing_else(&self, what: &str) -> Result<(), BadRequest> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(field) => Err(BadRequest {
                field: field.clone(),
                error: format!("{what} has no field `{field}`"),
            }),
        }
    }
}
