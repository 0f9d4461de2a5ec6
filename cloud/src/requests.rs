//! Reads what is to be made to happen from JSON; what is wrong with it is said by field.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::action::Action;
use crate::close;
use crate::faults::{Fault, FaultRequest, Target};
use crate::handshake::Refusal;

/// The longest period and delay: a day.
const LONGEST_MS: u64 = 24 * 60 * 60 * 1_000;

/// How long a connection lives under `flap` when nothing else is said.
const FLAP_UPTIME_MS: u64 = 1_000;
const FLAP_PERIOD_MS: u64 = 10_000;
const RESTART_PERIOD_MS: u64 = 3_000;

const FAULTS: &str =
    "close, cut, freeze, refuse, reject, delay, drop_acks, malformed, flap or restart";

/// How a time is written.
pub(crate) const TIME: &str = "a time such as \"1m 30s\", \"800ms\" or a number of milliseconds";

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

/// Reads `{"fault": …, "code"?, "reason"?, "delayMs"?, "forMs"?, target?}`.
pub fn read_fault(body: &[u8]) -> Result<FaultRequest, BadRequest> {
    fault_of(Fields::read(body)?)
}

/// Reads the body of any of the requests; which one it is, its fields tell.
pub(crate) fn read_action(mut fields: Fields) -> Result<Action, BadRequest> {
    const WHAT: &str = "there must be one of `fault`, `frame`, `stop` and `clear`";
    if fields.has("fault") {
        fault_of(fields).map(Action::Fault)
    } else if fields.has("frame") {
        let (frame, target) = frame_of(fields)?;
        Ok(Action::Frame { frame, target })
    } else if let Some(reason) = fields.take("stop") {
        fields.put("reason", reason);
        let (target, reason) = stop_of(fields)?;
        Ok(Action::StopApps { target, reason })
    } else if fields.take("clear") == Some(Value::Bool(true)) {
        let target = fields.target()?;
        fields.nothing_else("`clear`")?;
        Ok(Action::ClearFaults(target))
    } else {
        Err(BadRequest::whole(WHAT))
    }
}

fn fault_of(mut fields: Fields) -> Result<FaultRequest, BadRequest> {
    let name = fields.required_text("fault", FAULTS)?;
    let mut period = fields.millis("forMs", 1)?;
    let target = fields.target()?;
    let fault = match name.as_str() {
        "close" => Fault::Close {
            code: fields.code()?.unwrap_or(close::NORMAL),
            reason: fields.reason()?,
        },
        "cut" => Fault::Cut,
        "freeze" => Fault::Freeze,
        "refuse" => Fault::Refuse,
        "reject" => Fault::Reject(fields.refusal()?),
        "delay" => match fields.millis("delayMs", 0)? {
            Some(delay) => Fault::Delay(delay),
            None => return Err(BadRequest::new("delayMs", "there for `delay`", None)),
        },
        "drop_acks" => Fault::DropAcks,
        "malformed" => Fault::Malformed,
        "flap" => {
            period.get_or_insert(Duration::from_millis(FLAP_PERIOD_MS));
            let uptime = fields.millis("delayMs", 0)?;
            Fault::Flap(uptime.unwrap_or(Duration::from_millis(FLAP_UPTIME_MS)))
        }
        "restart" => {
            period.get_or_insert(Duration::from_millis(RESTART_PERIOD_MS));
            let code = fields.code()?;
            let reason = fields.reason()?;
            Fault::Restart {
                close: code.map(|code| (code, reason)),
            }
        }
        _ => return Err(BadRequest::new("fault", FAULTS, Some(&Value::String(name)))),
    };
    fields.nothing_else(&format!("`{}`", fault.name()))?;
    Ok(FaultRequest {
        fault,
        target,
        period,
    })
}

/// Reads `{"frame": {…}, target?}`: the frame as text, and whom it is for.
pub fn read_frame_request(body: &[u8]) -> Result<(String, Target), BadRequest> {
    frame_of(Fields::read(body)?)
}

fn frame_of(mut fields: Fields) -> Result<(String, Target), BadRequest> {
    const EXPECTED: &str = "an object with a string `type`";
    let frame = fields.take("frame");
    let has_type = |frame: &Value| frame.get("type").is_some_and(Value::is_string);
    let Some(frame) = frame.as_ref().filter(|frame| has_type(frame)) else {
        return Err(BadRequest::new("frame", EXPECTED, frame.as_ref()));
    };
    let target = fields.target()?;
    fields.nothing_else("a frame")?;
    Ok((frame.to_string(), target))
}

/// Reads `{target?, "reason"?}`: whom to stop, and why.
pub fn read_stop(body: &[u8]) -> Result<(Target, String), BadRequest> {
    stop_of(Fields::read(body)?)
}

fn stop_of(mut fields: Fields) -> Result<(Target, String), BadRequest> {
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

    fn millis(&mut self, field: &str, least: u64) -> Result<Option<Duration>, BadRequest> {
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

    fn code(&mut self) -> Result<Option<u16>, BadRequest> {
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

    fn refusal(&mut self) -> Result<&'static str, BadRequest> {
        let allowed = Refusal::CODES.join(", ");
        let Some(name) = self.text("error", &allowed)? else {
            return Ok(Refusal::CODES[0]);
        };
        let known = Refusal::CODES.iter().find(|code| **code == name);
        known
            .copied()
            .ok_or_else(|| BadRequest::new("error", &allowed, Some(&Value::String(name))))
    }

    fn reason(&mut self) -> Result<String, BadRequest> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read_with_their_defaults() {
        let read = |body: &str| read_fault(body.as_bytes()).unwrap();
        assert_eq!(
            read(r#"{"fault":"close","code":4321,"reason":"because","packageName":"a.b"}"#),
            FaultRequest {
                fault: Fault::Close {
                    code: 4321,
                    reason: "because".to_owned()
                },
                target: Target::Package("a.b".to_owned()),
                period: None,
            }
        );
        assert_eq!(
            read(r#"{"fault":"cut","sessionId":null}"#).target,
            Target::All
        );
        assert_eq!(
            read(r#"{"fault":"reject"}"#).fault,
            Fault::Reject("INVALID_API_KEY")
        );
        let flap = read(r#"{"fault":"flap"}"#);
        assert_eq!(flap.fault, Fault::Flap(Duration::from_secs(1)));
        assert_eq!(flap.period, Some(Duration::from_secs(10)));
    }

    #[test]
    fn what_is_wrong_is_said_by_field() {
        for (body, field) in [
            ("", ""),
            ("[]", ""),
            ("{}", "fault"),
            (r#"{"fault":"explode"}"#, "fault"),
            (r#"{"fault":7}"#, "fault"),
            (r#"{"fault":"close","code":1006}"#, "code"),
            (r#"{"fault":"close","code":"1000"}"#, "code"),
            (r#"{"fault":"close","code":1000.5}"#, "code"),
            (r#"{"fault":"close","reason":7}"#, "reason"),
            (r#"{"fault":"cut","forMs":0}"#, "forMs"),
            (r#"{"fault":"cut","forMs":-1}"#, "forMs"),
            (r#"{"fault":"cut","forMs":1e300}"#, "forMs"),
            (r#"{"fault":"cut","code":1000}"#, "code"),
            (r#"{"fault":"delay"}"#, "delayMs"),
            (r#"{"fault":"cut","connectionId":"17"}"#, "connectionId"),
            (
                r#"{"fault":"cut","packageName":"a","sessionId":"b"}"#,
                "target",
            ),
            (r#"{"fault":"cut","package":"a"}"#, "package"),
            (r#"{"fault":"reject","error":"NO_SUCH"}"#, "error"),
            (r#"{"fault":"reject","error":7}"#, "error"),
        ] {
            match read_fault(body.as_bytes()) {
                Err(error) => assert_eq!(error.field, field, "{body}: {error}"),
                Ok(request) => panic!("{body}: {request:?}"),
            }
        }
        let long = format!(r#"{{"fault":"close","reason":"{}"}}"#, "é".repeat(62));
        assert_eq!(read_fault(long.as_bytes()).unwrap_err().field, "reason");
    }

    #[test]
    fn frames_need_a_type() {
        let read = |body: &str| read_frame_request(body.as_bytes());
        assert!(read(r#"{"frame":{"type":"custom_message"},"packageName":"a"}"#).is_ok());
        for bad in [
            "{}",
            r#"{"frame":7}"#,
            r#"{"frame":{}}"#,
            r#"{"frame":{"type":1}}"#,
        ] {
            assert_eq!(read(bad).unwrap_err().field, "frame", "{bad}");
        }
    }
}
