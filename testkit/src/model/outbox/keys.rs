//! Keys of messages that set state.

use std::collections::BTreeSet;

/// True if a message under the key `newer` makes one under the key `older` pointless: it sets the
/// same state, or more of it.
pub(super) fn supersedes(newer: Option<&str>, older: Option<&str>) -> bool {
    let (Some(newer), Some(older)) = (newer, older) else {
        return false;
    };
    let modes = |key: &str| -> Option<BTreeSet<String>> {
        let modes = key.strip_prefix("dashboard_content_update:")?;
        Some(modes.split(',').map(Into::into).collect())
    };
    match (modes(newer), modes(older)) {
        (Some(newer), Some(older)) => older.is_subset(&newer),
        _ => newer == older,
    }
}
