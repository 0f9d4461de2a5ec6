//! Scenario files: reading. A step is a request of the control interface with a time.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Scenario, Step};
use crate::faults::request::{self, BadRequest, field};
use crate::json;

impl Scenario {
    /// Bounds the memory.
    const MAX_STEPS: usize = 10_000;

    /// Reads a TOML file.
    ///
    /// # Errors
    ///
    /// The error names the step, the field, its value and what is allowed.
    #[cfg(feature = "toml")]
    pub fn from_toml(name: &str, text: &str) -> Result<Self, BadRequest> {
        match toml::from_str(text) {
            Ok(Value::Object(fields)) => Self::from_fields(name, fields),
            Ok(_) => Err(BadRequest::whole("a scenario must be a table")),
            Err(error) => Err(BadRequest::whole(&error.to_string())),
        }
    }

    /// Reads a JSON file.
    ///
    /// # Errors
    ///
    /// The error names the step, the field, its value and what is allowed.
    pub fn from_json(name: &str, text: &str) -> Result<Self, BadRequest> {
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Self::from_fields(name, fields),
            Ok(_) => Err(BadRequest::whole("a scenario must be a JSON object")),
            Err(error) => Err(BadRequest::whole(&error.to_string())),
        }
    }

    pub(crate) fn from_fields(
        name: &str,
        mut fields: Map<String, Value>,
    ) -> Result<Self, BadRequest> {
        request::remove_nulls(&mut fields);
        let document: Document = json::parse(fields, &[])?;
        let count = document.steps.len();
        if !(1..=Self::MAX_STEPS).contains(&count) {
            let problem = format!("{count} steps, expected 1 to {}", Self::MAX_STEPS);
            return Err(BadRequest::new("steps", &problem));
        }
        let steps: Result<Vec<Step>, BadRequest> = document
            .steps
            .into_iter()
            .enumerate()
            .map(|(index, step)| {
                read_step(step).map_err(|error| error.inside(&format!("steps[{index}]")))
            })
            .collect();
        Ok(Self::new(name, &document.description, steps?))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    description: String,
    steps: Vec<Map<String, Value>>,
}

/// The fields of a step that a request does not have.
#[derive(Deserialize)]
struct StepFields {
    #[serde(deserialize_with = "field::time")]
    at: Duration,
    /// `forMs` as text.
    #[serde(rename = "for", default, deserialize_with = "field::optional_time")]
    period: Option<Duration>,
    /// `delayMs` as text.
    #[serde(default, deserialize_with = "field::optional_time")]
    delay: Option<Duration>,
    #[serde(flatten)]
    request: Map<String, Value>,
}

fn read_step(mut step: Map<String, Value>) -> Result<Step, BadRequest> {
    request::remove_nulls(&mut step);
    let StepFields {
        at,
        period,
        delay,
        mut request,
    } = json::parse(step, &[])?;
    for (name, time) in [("forMs", period), ("delayMs", delay)] {
        if let Some(time) = time {
            let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            request.insert(name.to_owned(), millis.into());
        }
    }
    let action = request::read_action(request)?;
    Ok(Step { at, action })
}

#[cfg(all(test, feature = "toml"))]
mod tests {
    use super::*;
    use crate::faults::action::Action;
    use crate::faults::kinds::{Delay, Slow};
    use crate::faults::{Direction, FaultRequest, Share, Target};

    #[test]
    fn toml_and_json_are_equivalent() {
        let toml = r#"
            description = "both"
            [[steps]]
            at = "1m 30s"
            fault = "delay"
            delay = "800ms"
            for = "4s"
            packageName = "a.b"
            [[steps]]
            at = 500
            clear = true
        "#;
        let json = r#"{"description": "both", "steps": [
            {"at": 90000, "fault": "delay", "delayMs": 800, "forMs": 4000, "packageName": "a.b"},
            {"at": "500ms", "clear": true}]}"#;
        let scenario = Scenario::from_toml("both", toml).unwrap();
        assert_eq!(Scenario::from_json("both", json), Ok(scenario.clone()));
        let delay = FaultRequest {
            fault: Delay::new(Duration::from_millis(800)).into(),
            target: Target::Package("a.b".to_owned()),
            period: Some(Duration::from_secs(4)),
            share: Share::ALL,
        };
        let expected = [
            (500, Action::ClearFaults(Target::All)),
            (90_000, Action::Fault(delay)),
        ];
        let steps = scenario.steps().iter();
        let steps: Vec<_> = steps
            .map(|step| (step.at.as_millis(), step.action.clone()))
            .collect();
        assert_eq!(steps, expected);
        assert_eq!(scenario.duration(), Duration::from_secs(90));
    }

    #[test]
    fn a_step_has_a_direction_and_a_share() {
        let json = r#"{"steps": [{"at": 1, "fault": "slow", "bytesPerSecond": 2000,
            "direction": "up", "share": 0.5, "for": "4s"}]}"#;
        let slow = Slow {
            bytes_per_second: 2_000,
            direction: Direction::Up,
        };
        let expected = FaultRequest {
            fault: slow.into(),
            target: Target::All,
            period: Some(Duration::from_secs(4)),
            share: Share::new(0.5).unwrap(),
        };
        let scenario = Scenario::from_json("slow", json).unwrap();
        assert_eq!(scenario.steps()[0].action, Action::Fault(expected));
        for (step, field) in [
            (r#""fault": "slow""#, "bytesPerSecond"),
            (r#""fault": "slow", "bytesPerSecond": 0"#, "bytesPerSecond"),
            (r#""fault": "slow", "bytesPerSecond": -1"#, "bytesPerSecond"),
            (
                r#""fault": "slow", "bytesPerSecond": "9""#,
                "bytesPerSecond",
            ),
            (r#""fault": "cut", "bytesPerSecond": 9"#, "bytesPerSecond"),
            (r#""fault": "freeze", "direction": "left""#, "direction"),
            (r#""fault": "cut", "direction": "up""#, "direction"),
            (r#""fault": "cut", "share": 1.5"#, "share"),
            (r#""fault": "cut", "share": "half""#, "share"),
        ] {
            let json = format!(r#"{{"steps": [{{"at": 1, {step}}}]}}"#);
            let error = Scenario::from_json("bad", &json).unwrap_err();
            assert_eq!(error.field, format!("steps[0].{field}"), "{step}: {error}");
        }
    }

    #[test]
    fn errors_name_step_and_field() {
        for (json, field) in [
            ("[]", ""),
            ("{}", "steps"),
            (r#"{"steps":[]}"#, "steps"),
            (r#"{"steps":{}}"#, "steps"),
            (r#"{"title":"x","steps":[{"at":1,"clear":true}]}"#, "title"),
            (r#"{"steps":[7]}"#, "steps[0]"),
            (r#"{"steps":[{"fault":"cut"}]}"#, "steps[0].at"),
            (r#"{"steps":[{"at":"soon","fault":"cut"}]}"#, "steps[0].at"),
            (r#"{"steps":[{"at":-1,"fault":"cut"}]}"#, "steps[0].at"),
            (r#"{"steps":[{"at":1,"clear":true},{"at":2}]}"#, "steps[1]"),
            (
                r#"{"steps":[{"at":1,"fault":"explode"}]}"#,
                "steps[0].fault",
            ),
            (
                r#"{"steps":[{"at":1,"fault":"cut","for":"0s"}]}"#,
                "steps[0].forMs",
            ),
            (
                r#"{"steps":[{"at":1,"fault":"cut","clear":true}]}"#,
                "steps[0].clear",
            ),
            (r#"{"steps":[{"at":1,"frame":{}}]}"#, "steps[0].frame"),
        ] {
            match Scenario::from_json("bad", json) {
                Err(error) => assert_eq!(error.field, field, "{json}: {error}"),
                Ok(scenario) => panic!("{json}: {scenario:?}"),
            }
        }
        assert!(Scenario::from_toml("bad", "steps = [").is_err());
    }
}
