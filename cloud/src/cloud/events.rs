//! The broadcast of events. Every event reaches all components from here, so that their states
//! agree.

use std::fmt;
use std::sync::Arc;

use super::Cloud;
use crate::events::{Event, Fact};
use crate::identity::{Identity, UserSessionId};
use crate::output::Output;

/// Estimated memory of displays, dashboards, settings and long subscriptions of all user sessions.
const MAX_KEPT: usize = 6 * 1024 * 1024;

impl Cloud {
    /// Registers a listener. It is called synchronously and in order, within the method call that
    /// causes the event. [`Output::Event`] reports the same events after that call.
    pub fn add_listener(&mut self, callback: impl FnMut(&Event) + Send + 'static) -> ListenerId {
        self.listeners.last += 1;
        let id = ListenerId(self.listeners.last);
        self.listeners.list.push((id, Box::new(callback)));
        id
    }

    /// Removes a listener.
    pub fn remove_listener(&mut self, listener: ListenerId) {
        self.listeners.list.retain(|(id, _)| *id != listener);
    }

    /// Creates an event and passes it to every component and listener.
    pub(super) fn broadcast(&mut self, who: Option<Arc<Identity>>, fact: Fact) {
        let event = Event {
            fact,
            who,
            at: self.context.date(),
        };
        self.context
            .metrics
            .handle_event(&event, self.context.now());
        let user = event.user_session_id();
        if let Some(manager) = user.and_then(|user| self.sessions.get_mut(user)) {
            manager.handle_event(&event, &mut self.context);
        }
        self.rooms.handle_event(&event, &mut self.context);
        for (_, callback) in &mut self.listeners.list {
            callback(&event);
        }
        self.context.push(Output::Event(event));
        self.bound_kept();
    }

    /// Bounds the memory of displays, dashboards, settings and long subscriptions: the user session
    /// with the most loses them.
    fn bound_kept(&mut self) {
        if self.context.kept_bytes <= MAX_KEPT {
            return;
        }
        let sessions = self.sessions.iter();
        let largest = sessions.max_by_key(|(_, session)| session.kept_bytes());
        if let Some(user_session_id) = largest.map(|(user, _)| user.clone()) {
            self.broadcast(None, Fact::Evicted { user_session_id });
        }
    }

    /// Broadcasts the stop of an app, after the end of its displays.
    pub(super) fn broadcast_stop(&mut self, user: UserSessionId, package: String, reason: &str) {
        let manager = self.sessions.get(&user);
        let ends: Vec<Fact> = manager
            .into_iter()
            .flat_map(|manager| {
                let views = manager.views_of(&package).into_iter();
                views.filter_map(|view| manager.display_end(view))
            })
            .collect();
        for end in ends {
            self.broadcast(None, end);
        }
        let fact = Fact::AppStopped {
            package_name: package,
            user_session_id: user,
            reason: reason.to_owned(),
        };
        self.broadcast(None, fact);
    }
}

/// Id of a listener, for [`Cloud::remove_listener`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenerId(u64);

/// The registered listeners.
#[derive(Default)]
pub(super) struct Listeners {
    last: u64,
    list: Vec<(ListenerId, Callback)>,
}

type Callback = Box<dyn FnMut(&Event) + Send>;

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.list.iter().map(|(id, _)| id);
        f.debug_list().entries(ids).finish()
    }
}
