//! Built-in scenarios.

use super::Scenario;
use crate::faults::request::BadRequest;

macro_rules! builtin {
    ($($name:literal),+) => {
        [$(($name, include_str!(concat!("../../../scenarios/", $name, ".toml")))),+]
    };
}

const BUILTIN: [(&str, &str); 6] = builtin!(
    "laptop-sleep",
    "train-tunnel",
    "deploy-restart",
    "flapping-wifi",
    "stale-nat",
    "wrong-key"
);

impl Scenario {
    /// Returns the built-in scenarios.
    pub fn builtin() -> Vec<Self> {
        let read = |(name, text): &(&str, &str)| -> Result<Self, BadRequest> {
            Self::from_toml(name, text)
        };
        // A test reads all of them, so none is skipped.
        BUILTIN.iter().filter_map(|file| read(file).ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_valid_and_has_a_description() {
        let scenarios = Scenario::builtin();
        assert_eq!(scenarios.len(), BUILTIN.len());
        for (scenario, (name, _)) in scenarios.iter().zip(BUILTIN) {
            assert_eq!(scenario.name, name);
            assert!(!scenario.description.is_empty(), "{name}");
            assert!(!scenario.steps().is_empty(), "{name}");
        }
    }
}
