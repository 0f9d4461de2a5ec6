//! What the glasses of one user session show.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::protocol::{DashboardContent, DisplayEvent};

/// A place where an app can show something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The whole display.
    Main,
    /// The dashboard, seen when looking up.
    Dashboard,
    /// On top of everything.
    AlwaysOn,
}

impl View {
    /// The view that the wire calls `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "main" => Some(Self::Main),
            "dashboard" => Some(Self::Dashboard),
            "always_on" => Some(Self::AlwaysOn),
            _ => None,
        }
    }
}

/// Displays and dashboard. Both belong to packages, not to connections: what an app shows stays
/// while its connection is cut and comes back.
#[derive(Debug, Default)]
pub(crate) struct Displays {
    shown: BTreeMap<View, Shown>,
    dashboard: BTreeMap<String, DashboardContent>,
    sections: BTreeMap<String, Value>,
}

#[derive(Debug)]
struct Shown {
    package: String,
    layout: Value,
}

impl Displays {
    pub(crate) fn show(&mut self, package: &str, event: DisplayEvent) {
        let shown = Shown {
            package: package.to_owned(),
            layout: event.layout,
        };
        self.shown.insert(event.view, shown);
    }

    /// Takes away what `view` shows. Returns the package whose it was.
    pub(crate) fn end(&mut self, view: View) -> Option<String> {
        self.shown.remove(&view).map(|shown| shown.package)
    }

    pub(crate) fn set_dashboard(&mut self, package: &str, content: DashboardContent) {
        self.dashboard.insert(package.to_owned(), content);
    }

    pub(crate) fn set_section(&mut self, section: String, content: Value) {
        self.sections.insert(section, content);
    }

    /// Forgets everything of an app that was stopped. Returns the views that became empty.
    pub(crate) fn forget(&mut self, package: &str) -> Vec<View> {
        self.dashboard.remove(package);
        let views = self.shown.iter();
        let ended: Vec<View> = views
            .filter(|(_, shown)| shown.package == package)
            .map(|(view, _)| *view)
            .collect();
        for view in &ended {
            self.shown.remove(view);
        }
        ended
    }

    pub(crate) fn layouts(&self) -> BTreeMap<View, Value> {
        let shown = self.shown.iter();
        shown
            .map(|(view, shown)| (*view, shown.layout.clone()))
            .collect()
    }

    pub(crate) fn dashboard(&self) -> Value {
        let apps: BTreeMap<&str, Value> = self
            .dashboard
            .iter()
            .map(|(package, card)| {
                let card = json!({"content": card.content, "modes": card.modes});
                (package.as_str(), card)
            })
            .collect();
        json!({"apps": apps, "system": self.sections})
    }
}
