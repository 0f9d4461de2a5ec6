//! Texts about a search.

use std::time::Duration;

use testkit::model::Violation;

use crate::search::{Finding, Found, catch_panics};
use crate::settings::Setting;
use crate::walk::{MAX_PINGS, Walk};

/// One line: which world, how deep, how many states.
pub fn summary(setting: &Setting, found: &Found, time: Duration) -> String {
    let (expanded, last) = found.expanded;
    let extent = if found.is_complete {
        "there are no others".to_string()
    } else {
        format!("and {expanded} of the last {last} expanded")
    };
    format!(
        "searched {setting}: all states within {} steps, {extent}; {} states, {} transitions, \
         {:.1} s; {} states not expanded since more than {MAX_PINGS} pings were unanswered, {} \
         compared with states of the same fingerprint",
        found.depth,
        found.states,
        found.transitions,
        time.as_secs_f64(),
        found.out_of_bounds,
        found.twins,
    )
}

/// The violation, and the shortest path to it.
pub fn explain(setting: &Setting, finding: &Finding) -> String {
    let mut walk = Walk::new(setting);
    walk.trace = Some(Vec::new());
    // The violation occurs again, on the path or after it.
    let _ = catch_panics(|| {
        for (step, stop) in &finding.path {
            walk.take(*step, *stop)?;
        }
        walk.log(|| "from now on nothing fails".into());
        walk.recover()
    });
    let Violation { rule, detail } = &finding.violation;
    let trace = walk.trace.unwrap_or_default().join("\n");
    format!(
        "{setting}: a rule is violated: {rule}: {detail}\n\n\
         the shortest path there, {} steps:\n{trace}",
        finding.path.len()
    )
}
