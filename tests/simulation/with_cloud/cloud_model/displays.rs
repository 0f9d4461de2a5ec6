//! Displays of the glasses: the last one of each view, until it expires.

use std::collections::BTreeMap;

use serde_json::Value;
use testkit::ensure;
use testkit::model::Violation;

use crate::with_cloud::frames::{package_of, user_of};

#[derive(Debug)]
struct Layout {
    package: String,
    layout: Value,
    until: Option<u64>,
    /// The cloud may have forgotten it.
    doubtful: bool,
}

/// Displays by user and view.
#[derive(Debug, Default)]
pub struct Displays(BTreeMap<(String, String), Layout>);

impl Displays {
    pub fn show(&mut self, session: &str, frame: &Value, now: u64) {
        let view = frame["view"].as_str().expect("a view").to_owned();
        let layout = Layout {
            package: package_of(session).to_owned(),
            layout: frame["layout"].clone(),
            until: frame["durationMs"].as_u64().map(|millis| now + millis),
            doubtful: false,
        };
        self.0.insert((user_of(session).to_owned(), view), layout);
    }

    pub fn stop(&mut self, user: &str, package: &str) {
        self.0
            .retain(|(of, _), layout| of != user || layout.package != package);
    }

    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// The cloud forgets everything, or only some of its connections.
    pub fn may_be_forgotten(&mut self) {
        for layout in self.0.values_mut() {
            layout.doubtful = true;
        }
    }

    pub fn check(&mut self, sessions: &[Value], now: u64, lateness: u64) -> Result<(), Violation> {
        let mut found = BTreeMap::new();
        for session in sessions {
            let user = session["userSessionId"].as_str().expect("a user");
            for (view, layout) in session["displays"].as_object().expect("views") {
                found.insert((user.to_owned(), view.clone()), layout);
            }
        }
        self.0.retain(|place, layout| {
            let is_there = found.contains_key(place);
            let may_be_gone = layout.doubtful || layout.until.is_some_and(|until| until <= now);
            let must_be_gone = layout.until.is_some_and(|until| until + lateness < now);
            layout.doubtful = false;
            (is_there || !may_be_gone) && !must_be_gone
        });
        let expected: BTreeMap<_, _> = self
            .0
            .iter()
            .map(|(place, displays)| (place.clone(), &displays.layout))
            .collect();
        ensure!(
            found == expected,
            "displays",
            "{found:?} are shown instead of {expected:?}"
        );
        Ok(())
    }
}
