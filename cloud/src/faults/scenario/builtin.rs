//! The scenarios that are in the binary.

use super::Scenario;
use crate::faults::request::BadRequest;

macro_rules! shipped {
    ($($name:literal),+) => {
        [$(($name, include_str!(concat!("../../../scenarios/", $name, ".toml")))),+]
    };
}

const SHIPPED: [(&str, &str); 6] = shipped!(
    "laptop-sleep",
    "train-tunnel",
    "deploy-restart",
    "flapping-wifi",
    "stale-nat",
    "wrong-key"
);

impl Scenario {
    /// The scenarios taken from life that are in the binary.
    pub fn shipped() -> Vec<Self> {
        let read = |(name, text): &(&str, &str)| -> Result<Self, BadRequest> {
            Self::from_toml(name, text)
        };
        // A test reads all of them, so none is lost here.
        SHIPPED.iter().filter_map(|file| read(file).ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_read_and_says_what_it_plays() {
        let scenarios = Scenario::shipped();
        assert_eq!(scenarios.len(), SHIPPED.len());
        for (scenario, (name, _)) in scenarios.iter().zip(SHIPPED) {
            assert_eq!(scenario.name, name);
            assert!(!scenario.description.is_empty(), "{name}");
            assert!(!scenario.steps().is_empty(), "{name}");
        }
    }
}
