//! `restart`: a new release of the cloud.

use std::time::Duration;

use serde::Deserialize;

use super::{Effect, Fault, FaultField, FaultKind, Refuse, field};

/// Ends the connections, forgets the user sessions, and refuses connections for the period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// Code of the close frame; without it the connections are reset.
    #[serde(default, deserialize_with = "field::optional_close_code")]
    pub code: Option<u16>,
    /// Reason of the close frame.
    #[serde(default, deserialize_with = "field::reason")]
    pub reason: String,
}

impl FaultKind for Restart {
    const DESCRIPTION: &'static str =
        "Ends the connections, forgets the user sessions, and refuses connections for the period.";
    const FIELDS: &'static [FaultField] = &[
        FaultField::optional("code", field::CLOSE_CODE),
        FaultField::optional("reason", field::REASON),
    ];
    const DEFAULT_PERIOD: Option<Duration> = Some(Duration::from_secs(3));
    const FORGETS_SESSIONS: bool = true;

    fn on_inject(&self) -> Vec<Effect> {
        vec![match self.code {
            Some(code) => Effect::Close {
                code,
                reason: self.reason.clone(),
            },
            None => Effect::Cut,
        }]
    }

    fn armed_as(&self) -> Option<Fault> {
        Some(Refuse {}.into())
    }
}
