//! Scenarios on the command line: names and files.

use std::fs;
use std::path::Path;

use tpa_cloud::{Scenario, options};

/// Reads a built-in scenario by its name, or a scenario file.
pub(super) fn read(text: &str) -> Result<Scenario, String> {
    let builtin = Scenario::builtin();
    if let Some(scenario) = builtin.iter().find(|scenario| scenario.name == text) {
        return Ok(scenario.clone());
    }
    let path = Path::new(text);
    let content =
        fs::read_to_string(path).map_err(|error| options::unknown_scenario(&error.to_string()))?;
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
