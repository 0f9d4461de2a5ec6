//! `/scenarios`: lists them, plays them, stops them.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::Shared;
use super::{answer, refuse};
use crate::faults::Target;
use crate::faults::playback::Plan;
use crate::faults::request::{BadRequest, Fields};
use crate::faults::scenario::Scenario;
use crate::faults::seeded::SeededPlan;

/// `GET /scenarios`
pub(in crate::server) async fn list(State(shared): State<Shared>) -> Response {
    let playing = shared.driver.with(|cloud, _| cloud.playing());
    let is_playing = |name: &str| playing.iter().any(|plan| plan.name == name);
    let scenarios: Vec<Value> = shared
        .scenarios
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
    answer(StatusCode::OK, &json!(scenarios))
}

/// `POST /scenarios`
pub(in crate::server) async fn play(State(shared): State<Shared>, body: Bytes) -> Response {
    match read_play(&body, &shared.scenarios) {
        Ok((plan, target)) => {
            let mut body = json!({"name": plan.name()});
            // What comes from a seed has no end.
            if let Plan::Scenario(scenario) = &plan {
                body["durationMs"] = json!(scenario.duration().as_millis() as u64);
            }
            shared
                .driver
                .with(|cloud, now| cloud.play(plan, target, now));
            answer(StatusCode::ACCEPTED, &body)
        }
        Err(bad) => refuse(&bad),
    }
}

/// `DELETE /scenarios`
pub(in crate::server) async fn stop(State(shared): State<Shared>, body: Bytes) -> Response {
    match read_stop(&body) {
        Ok(target) => {
            shared
                .driver
                .with(|cloud, now| cloud.stop_playing(&target, now));
            answer(StatusCode::ACCEPTED, &json!({}))
        }
        Err(bad) => refuse(&bad),
    }
}

/// A scenario that is known by its name, one that is in the body itself, or faults from a seed.
fn read_play(body: &[u8], known: &[Scenario]) -> Result<(Plan, Target), BadRequest> {
    let mut fields = Fields::read(body)?;
    let target = fields.target()?;
    let names: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
    let allowed = format!("one of {}", names.join(", "));
    if fields.has("steps") {
        let name = fields.text("name", "a string")?;
        let name = name.unwrap_or_else(|| "by-hand".to_owned());
        let scenario = Scenario::from_fields(&name, fields.into_rest())?;
        return Ok((Plan::Scenario(scenario), target));
    }
    if let Some(seed) = fields.take("seed") {
        fields.nothing_else("a wish for a seed")?;
        let number = seed
            .as_u64()
            .ok_or_else(|| BadRequest::new("seed", "a whole number from 0", Some(&seed)))?;
        return Ok((Plan::Seeded(SeededPlan::new(number)), target));
    }
    let name = fields.required_text("name", &allowed)?;
    fields.nothing_else("a wish for a scenario")?;
    let scenario = known.iter().find(|scenario| scenario.name == name);
    let scenario = scenario.cloned();
    let scenario =
        scenario.ok_or_else(|| BadRequest::new("name", &allowed, Some(&Value::String(name))));
    Ok((Plan::Scenario(scenario?), target))
}

/// Without a body everything is stopped.
fn read_stop(body: &[u8]) -> Result<Target, BadRequest> {
    if body.is_empty() {
        return Ok(Target::All);
    }
    let mut fields = Fields::read(body)?;
    let target = fields.target()?;
    fields.nothing_else("a stop")?;
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seed that failed in a simulation fails in the same way on the demo page.
    #[test]
    fn a_seed_is_the_librarys_plan_of_that_seed() {
        let (plan, target) = read_play(br#"{"seed": 7}"#, &[]).unwrap();
        let Plan::Seeded(plan) = plan else {
            panic!("{}", plan.name());
        };
        assert_eq!(target, Target::All);
        assert!(plan.take(100).eq(SeededPlan::new(7).take(100)));
    }
}
