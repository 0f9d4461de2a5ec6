//! `/scenarios`: list, playback and stop of scenarios.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::Response;
use crate::cloud::Cloud;
use crate::faults::Target;
use crate::faults::playback::Plan;
use crate::faults::request::{BadRequest, TARGET_FIELDS, object, split_target};
use crate::faults::scenario::Scenario;
use crate::faults::seeded::SeededPlan;
use crate::json;
use crate::time::Instant;

/// Longest scenario in a request; several can be played at the same time.
const MAX_SCENARIO_BYTES: usize = 128 * 1024;

/// `GET /scenarios`
pub(super) fn list(cloud: &Cloud, known: &[Scenario]) -> Response {
    let playing = cloud.playing();
    let is_playing = |name: &str| playing.iter().any(|plan| plan.name == name);
    let scenarios: Vec<Value> = known
        .iter()
        .map(|scenario| {
            json!({
                "name": scenario.name,
                "description": scenario.description,
                "steps": scenario.steps().len(),
                "durationMs": scenario.duration().as_millis() as u64,
                "playing": is_playing(&scenario.name),
            })
        })
        .collect();
    Response::json(200, &json!(scenarios))
}

/// `POST /scenarios`
pub(super) fn play(cloud: &mut Cloud, known: &[Scenario], body: &[u8], now: Instant) -> Response {
    if body.len() > MAX_SCENARIO_BYTES {
        let error = format!(
            "the body has {} bytes, expected at most {MAX_SCENARIO_BYTES}",
            body.len()
        );
        return Response::bad_request(&BadRequest::whole(&error));
    }
    match read_play(body, known) {
        Ok((plan, target)) => {
            let mut body = json!({"name": plan.name()});
            // The plan of a seed is endless.
            if let Plan::Scenario(scenario) = &plan {
                body["durationMs"] = json!(scenario.duration().as_millis() as u64);
            }
            cloud.play(plan, target, now);
            Response::json(202, &body)
        }
        Err(bad) => Response::bad_request(&bad),
    }
}

/// `DELETE /scenarios`
pub(super) fn stop(cloud: &mut Cloud, body: &[u8], now: Instant) -> Response {
    match read_stop(body) {
        Ok(target) => {
            cloud.stop_playing(&target, now);
            Response::json(202, &json!({}))
        }
        Err(bad) => Response::bad_request(&bad),
    }
}

/// Returns the scenario with a name.
pub(super) fn find<'a>(name: &str, known: &'a [Scenario]) -> Result<&'a Scenario, BadRequest> {
    known
        .iter()
        .find(|scenario| scenario.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
            let problem = format!(
                "unknown scenario {name:?}, expected one of {}",
                names.join(", ")
            );
            BadRequest::new("name", &problem)
        })
}

/// Reads `{"name": …}`, `{"steps": […], "name"?, "description"?}` or `{"seed": …}`, and a target.
fn read_play(body: &[u8], known: &[Scenario]) -> Result<(Plan, Target), BadRequest> {
    let (target, mut fields) = split_target(object(body)?)?;
    if fields.contains_key("steps") {
        let name = fields.remove("name");
        let name = name.unwrap_or_else(|| "by-hand".into());
        let Value::String(name) = name else {
            let problem = format!("invalid value: {name}, expected a string");
            return Err(BadRequest::new("name", &problem));
        };
        let scenario = Scenario::from_fields(&name, fields)?;
        return Ok((Plan::Scenario(scenario), target));
    }
    if fields.contains_key("seed") {
        let Seed { seed } = json::parse(fields, &TARGET_FIELDS)?;
        return Ok((Plan::Seeded(SeededPlan::new(seed)), target));
    }
    let Name { name } = json::parse(fields, &TARGET_FIELDS)?;
    let scenario = find(&name, known)?;
    Ok((Plan::Scenario(scenario.clone()), target))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    #[serde(deserialize_with = "seed")]
    seed: u64,
}

fn seed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    json::checked(deserializer, "a whole number from 0", Value::as_u64)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

/// Reads the target of a stop; without a body it is every connection.
fn read_stop(body: &[u8]) -> Result<Target, BadRequest> {
    if body.is_empty() {
        return Ok(Target::All);
    }
    let (target, fields) = split_target(object(body)?)?;
    let Empty {} = json::parse(fields, &TARGET_FIELDS)?;
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seed reproduces the same faults in the simulation and on the demo page.
    #[test]
    fn a_seed_selects_the_plan_of_the_library() {
        let (plan, target) = read_play(br#"{"seed": 7}"#, &[]).unwrap();
        let Plan::Seeded(plan) = plan else {
            panic!("{}", plan.name());
        };
        assert_eq!(target, Target::All);
        assert!(plan.take(100).eq(SeededPlan::new(7).take(100)));
    }
}
