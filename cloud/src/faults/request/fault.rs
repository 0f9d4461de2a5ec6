//! `POST /faults`.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{BadRequest, field, object, split_target};
use crate::faults::{Fault, FaultRequest, Share};
use crate::json::{self, checked};

/// Reads `{"fault": …, "forMs"?, "packageName"?, "sessionId"?, "connectionId"?}` and the fields
/// of the fault.
///
/// # Errors
///
/// The error names the field, its value and what is allowed.
pub fn read_fault(body: &[u8]) -> Result<FaultRequest, BadRequest> {
    fault_of(object(body)?)
}

pub(super) fn fault_of(fields: Map<String, Value>) -> Result<FaultRequest, BadRequest> {
    const COMMON: [&str; 6] = [
        "fault",
        "forMs",
        "share",
        "packageName",
        "sessionId",
        "connectionId",
    ];
    let (target, fields) = split_target(fields)?;
    let head: Head = json::parse(fields, &[])?;
    let Some(fault) = Fault::read(&head.fault, head.rest, &COMMON) else {
        return Err(BadRequest::whole("the fault has no reader"));
    };
    let fault = fault?;
    Ok(FaultRequest {
        period: head.period.or(fault.default_period()),
        share: head.share,
        fault,
        target,
    })
}

/// The fields that every fault has.
#[derive(Deserialize)]
struct Head {
    #[serde(deserialize_with = "fault_name")]
    fault: String,
    #[serde(rename = "forMs", default, deserialize_with = "field::period")]
    period: Option<Duration>,
    #[serde(default = "all", deserialize_with = "field::share")]
    share: Share,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

fn all() -> Share {
    Share::ALL
}

fn fault_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let names: Vec<&str> = Fault::KINDS.iter().map(|kind| kind.name).collect();
    let allowed = format!("one of {}", names.join(", "));
    checked(deserializer, &allowed, |value| {
        let name = value.as_str()?;
        names.contains(&name).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Target;
    use crate::faults::kinds::{Close, Flap, Reject};

    #[test]
    fn defaults_are_applied() {
        let read = |body: &str| read_fault(body.as_bytes()).unwrap();
        assert_eq!(
            read(r#"{"fault":"close","code":4321,"reason":"because","packageName":"a.b"}"#),
            FaultRequest {
                fault: Fault::Close(Close {
                    code: 4321,
                    reason: "because".to_owned()
                }),
                target: Target::Package("a.b".to_owned()),
                period: None,
                share: Share::ALL,
            }
        );
        assert_eq!(
            read(r#"{"fault":"cut","sessionId":null}"#).target,
            Target::All
        );
        assert_eq!(
            read(r#"{"fault":"reject"}"#).fault,
            Fault::Reject(Reject {
                error: "INVALID_API_KEY"
            })
        );
        let flap = read(r#"{"fault":"flap"}"#);
        let uptime = Duration::from_secs(1);
        assert_eq!(flap.fault, Fault::Flap(Flap { uptime }));
        assert_eq!(flap.period, Some(Duration::from_secs(10)));
    }

    #[test]
    fn errors_name_the_field() {
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
            (r#"{"fault":"cut","share":1.1}"#, "share"),
            (r#"{"fault":"cut","share":"half"}"#, "share"),
            (r#"{"fault":"cut","direction":"up"}"#, "direction"),
            (r#"{"fault":"freeze","direction":"left"}"#, "direction"),
            (r#"{"fault":"slow"}"#, "bytesPerSecond"),
            (r#"{"fault":"slow","bytesPerSecond":0}"#, "bytesPerSecond"),
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
