//! What there is to say of an exploration.

use std::time::Duration;

use crate::invariants::Broken;
use crate::life::{Life, PINGS};
use crate::search::{Finding, Found, guarded};
use crate::settings::Setting;

/// One line: which world, how deep, how many.
pub fn summary(setting: &Setting, found: &Found, time: Duration) -> String {
    let (expanded, last) = found.expanded;
    let how_far = if found.is_closed {
        "there are no others".to_string()
    } else {
        format!("and on from {expanded} of the last {last}")
    };
    format!(
        "explored {setting}: all states within {} steps, {how_far}; {} states, {} transitions, \
         {:.1} s; {} states not gone on from since more than {PINGS} pings were unanswered, {} \
         compared with their likes",
        found.depth,
        found.states,
        found.transitions,
        time.as_secs_f64(),
        found.beyond,
        found.twins,
    )
}

/// A broken rule, and the shortest way to it.
pub fn explain(setting: &Setting, finding: &Finding) -> String {
    let mut life = Life::new(setting);
    life.story = Some(Vec::new());
    // It breaks again, somewhere on the way or after it.
    let _ = guarded(|| {
        for (step, stop) in &finding.way {
            life.take(*step, *stop)?;
        }
        life.tell(|| "from now on all goes well".into());
        life.end_well()
    });
    let Broken { rule, detail } = &finding.broken;
    let story = life.story.unwrap_or_default().join("\n");
    format!(
        "{setting}: a rule is broken: {rule}: {detail}\n\n\
         the shortest way there, {} steps:\n{story}",
        finding.way.len()
    )
}
