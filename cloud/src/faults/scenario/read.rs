//! Reads scenarios from TOML and JSON. A step is a request of the control interface and a time,
//! so whatever can be done by hand can be done by script.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Scenario, Step};
use crate::faults::request::{self, BadRequest, Fields};

impl Scenario {
    /// More steps than a story has; bounds the memory.
    const MOST_STEPS: usize = 10_000;

    /// Reads the text of a TOML file.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, BadRequest> {
        match toml::from_str(text) {
            Ok(Value::Object(fields)) => Self::from_fields(name, fields),
            Ok(_) => Err(BadRequest::whole("a scenario must be a table")),
            Err(error) => Err(BadRequest::whole(&error.to_string())),
        }
    }

    /// Reads the text of a JSON file.
    pub fn from_json(name: &str, text: &str) -> Result<Self, BadRequest> {
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Self::from_fields(name, fields),
            Ok(_) => Err(BadRequest::whole("a scenario must be a JSON object")),
            Err(error) => Err(BadRequest::whole(&error.to_string())),
        }
    }

    pub(crate) fn from_fields(name: &str, fields: Map<String, Value>) -> Result<Self, BadRequest> {
        const STEPS: &str = "a list of 1 to 10000 steps";
        let mut fields = Fields::new(fields);
        let description = fields.text("description", "a string")?;
        let steps = fields.take("steps");
        fields.nothing_else("a scenario")?;
        let Some(Value::Array(list)) = steps else {
            return Err(BadRequest::new("steps", STEPS, steps.as_ref()));
        };
        if list.is_empty() || list.len() > Self::MOST_STEPS {
            return Err(BadRequest::new("steps", STEPS, None));
        }
        let steps: Result<Vec<Step>, BadRequest> = list
            .into_iter()
            .enumerate()
            .map(|(index, step)| {
                read_step(step).map_err(|error| error.inside(&format!("steps[{index}]")))
            })
            .collect();
        Ok(Self::new(name, &description.unwrap_or_default(), steps?))
    }
}

fn read_step(step: Value) -> Result<Step, BadRequest> {
    let Value::Object(fields) = step else {
        return Err(BadRequest::whole("a step must be a table"));
    };
    let mut fields = Fields::new(fields);
    let at = fields.time("at")?;
    let at = at.ok_or_else(|| BadRequest::new("at", request::TIME, None))?;
    // In a file times are written as people write them.
    for (written, read) in [("for", "forMs"), ("delay", "delayMs")] {
        if let Some(time) = fields.time(written)? {
            fields.put(read, millis(time));
        }
    }
    let action = request::read_action(fields)?;
    Ok(Step { at, action })
}

fn millis(time: Duration) -> Value {
    Value::from(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::action::Action;
    use crate::faults::{Fault, FaultRequest, Target};

    #[test]
    fn toml_and_json_say_the_same() {
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
            fault: Fault::Delay(Duration::from_millis(800)),
            target: Target::Package("a.b".to_owned()),
            period: Some(Duration::from_secs(4)),
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
    fn what_is_wrong_is_said_by_step_and_field() {
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
