//! Displays and dashboard of one user session.

use litemap::LiteMap;
use serde_json::{Map, Value, json};

use crate::events::{Event, Fact};
use crate::json::heap_bytes;
use crate::protocol::View;

/// Displays and dashboard. Both belong to packages, not to connections, so that they survive a
/// reconnect.
#[derive(Debug, Default)]
pub(crate) struct Displays {
    shown: LiteMap<View, Shown>,
    dashboard: LiteMap<String, Card>,
    sections: Map<String, Value>,
    mode: Option<String>,
    /// Estimated memory of all layouts and contents.
    bytes: usize,
}

#[derive(Debug)]
struct Shown {
    package: String,
    layout: Value,
}

/// Dashboard content of an app.
#[derive(Debug)]
struct Card {
    content: Value,
    modes: Vec<String>,
}

impl Card {
    fn bytes(&self) -> usize {
        /// The package name, the longest modes and the maps.
        const OVERHEAD: usize = 4 * 1024;
        OVERHEAD + heap_bytes(&self.content)
    }
}

impl Displays {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other events do not affect the glasses"
    )]
    pub(crate) fn handle_event(&mut self, event: &Event) {
        let who = event.who.as_deref();
        let package = who.and_then(|who| who.package_name.as_deref());
        let package = package.unwrap_or_default().to_owned();
        match &event.fact {
            Fact::Display { view, layout, .. } => {
                let layout = layout.clone();
                self.bytes += heap_bytes(&layout);
                let before = self.shown.insert(*view, Shown { package, layout });
                self.bytes -= before.map_or(0, |shown| heap_bytes(&shown.layout));
            }
            Fact::DisplayEnded { view, .. } => {
                let before = self.shown.remove(view);
                self.bytes -= before.map_or(0, |shown| heap_bytes(&shown.layout));
            }
            Fact::Dashboard {
                content,
                section: Some(section),
                ..
            } => {
                self.bytes += section.len() + heap_bytes(content);
                let before = self.sections.insert(section.clone(), content.clone());
                self.bytes -= before.map_or(0, |content| section.len() + heap_bytes(&content));
            }
            Fact::Dashboard { content, modes, .. } => {
                let (content, modes) = (content.clone(), modes.clone());
                let card = Card { content, modes };
                self.bytes += card.bytes();
                let before = self.dashboard.insert(package, card);
                self.bytes -= before.map_or(0, |card| card.bytes());
            }
            Fact::DashboardMode { mode } => self.mode = Some(mode.clone()),
            Fact::AppStopped { package_name, .. } => {
                let before = self.dashboard.remove(package_name);
                self.bytes -= before.map_or(0, |card| card.bytes());
            }
            Fact::Evicted { .. } => *self = Self::default(),
            _ => {}
        }
    }

    /// Returns the estimated memory of what is shown.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the package whose layout a view shows.
    pub(crate) fn owner(&self, view: View) -> Option<&str> {
        self.shown.get(&view).map(|shown| shown.package.as_str())
    }

    /// Returns the views that show a layout of `package`.
    pub(crate) fn views_of(&self, package: &str) -> Vec<View> {
        let shown = self.shown.iter();
        shown
            .filter(|(_, shown)| shown.package == package)
            .map(|(view, _)| *view)
            .collect()
    }

    pub(crate) fn layouts(&self) -> Map<String, Value> {
        let shown = self.shown.iter();
        shown
            .map(|(view, shown)| (view.name().to_owned(), shown.layout.clone()))
            .collect()
    }

    pub(crate) fn dashboard(&self) -> Value {
        let apps: Map<String, Value> = self
            .dashboard
            .iter()
            .map(|(package, card)| {
                let card = json!({"content": card.content, "modes": card.modes});
                (package.clone(), card)
            })
            .collect();
        json!({"apps": apps, "system": self.sections, "mode": self.mode})
    }
}
