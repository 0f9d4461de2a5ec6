//! Values of options: parsing.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tpa_cloud::{ApiKey, OldConnection, RestartForm, Scenario, ShutdownCode};

pub(super) fn api_key(text: &str) -> Result<ApiKey, &'static str> {
    match text {
        "" => Err("the key is empty; expected a key, or any"),
        "any" => Ok(ApiKey::Any),
        _ => Ok(ApiKey::Exactly(text.to_owned())),
    }
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    at_least(Duration::from_millis(1), text)
}

pub(super) fn short_duration(text: &str) -> Result<Duration, String> {
    at_least(Duration::from_micros(10), text)
}

fn at_least(least: Duration, text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; expected a time such as 15s or 500ms"))?;
    if duration < least {
        let least = humantime::format_duration(least);
        return Err(format!("too short; expected at least {least}"));
    }
    Ok(duration)
}

pub(super) fn size(text: &str) -> Result<usize, &'static str> {
    match text.parse() {
        Ok(0) | Err(_) => Err("expected a whole number above 0"),
        Ok(size) => Ok(size),
    }
}

pub(super) fn shutdown_code(text: &str) -> Result<ShutdownCode, &'static str> {
    match text {
        "1012" => Ok(ShutdownCode::ServiceRestart),
        "1001" => Ok(ShutdownCode::GoingAway),
        _ => Err("expected 1012 or 1001"),
    }
}

pub(super) fn restart(text: &str) -> Result<RestartForm, &'static str> {
    match text {
        "stop-start" => Ok(RestartForm::StopStart),
        "start" => Ok(RestartForm::Start),
        _ => Err("expected stop-start or start"),
    }
}

pub(super) fn old_connection(text: &str) -> Result<OldConnection, &'static str> {
    match text {
        "close" => Ok(OldConnection::Close),
        "deaf" => Ok(OldConnection::Deaf),
        "detach" => Ok(OldConnection::Detach),
        _ => Err("expected close, deaf or detach"),
    }
}

pub(super) fn public_url(text: &str) -> Result<String, &'static str> {
    let text = text.trim_end_matches('/');
    if text.starts_with("ws://") || text.starts_with("wss://") {
        return Ok(text.to_owned());
    }
    Err("expected a URL that begins with ws:// or wss://")
}

/// Reads a built-in scenario by its name, or a scenario file.
pub(super) fn scenario(text: &str) -> Result<Scenario, String> {
    let builtin = Scenario::builtin();
    if let Some(scenario) = builtin.iter().find(|scenario| scenario.name == text) {
        return Ok(scenario.clone());
    }
    let path = Path::new(text);
    let content = fs::read_to_string(path).map_err(|error| {
        let names: Vec<&str> = builtin.iter().map(|known| known.name.as_str()).collect();
        let names = names.join(", ");
        format!("no such file ({error}); expected a file or one of {names}")
    })?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "json");
    let read = if is_json {
        Scenario::from_json(&name, &content)
    } else {
        Scenario::from_toml(&name, &content)
    };
    read.map_err(|error| error.to_string())
}

pub(super) fn user_session(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("expected an id that is not empty");
    }
    Ok(text.to_owned())
}
