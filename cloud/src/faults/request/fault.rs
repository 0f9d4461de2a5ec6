//! Reads wishes for faults.

use std::time::Duration;

use serde_json::Value;

use super::{BadRequest, Fields};
use crate::faults::{Fault, FaultRequest};
use crate::protocol::close;

/// How long a connection lives under `flap` when nothing else is said.
const FLAP_UPTIME_MS: u64 = 1_000;
const FLAP_PERIOD_MS: u64 = 10_000;
const RESTART_PERIOD_MS: u64 = 3_000;

const FAULTS: &str =
    "close, cut, freeze, refuse, reject, delay, drop_acks, malformed, flap or restart";

/// Reads `{"fault": …, "code"?, "reason"?, "delayMs"?, "forMs"?, target?}`.
pub fn read_fault(body: &[u8]) -> Result<FaultRequest, BadRequest> {
    fault_of(Fields::read(body)?)
}

pub(super) fn fault_of(mut fields: Fields) -> Result<FaultRequest, BadRequest> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Target;

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
}
