//! The one broadcast. Whatever happens is announced here and reaches every part from here, so that
//! no two of them can disagree about who is there.

use std::fmt;
use std::sync::Arc;

use super::Cloud;
use crate::events::{Event, Fact};
use crate::identity::{Identity, UserSessionId};
use crate::output::Output;

impl Cloud {
    /// Calls `callback` for each fact from now on, at once and in order, within the call to the
    /// cloud that made it happen. Whoever can wait until that call is over polls
    /// [`Output::Event`] instead.
    pub fn follow(&mut self, callback: impl FnMut(&Event) + Send + 'static) -> FollowerId {
        self.callbacks.last += 1;
        let id = FollowerId(self.callbacks.last);
        self.callbacks.list.push((id, Box::new(callback)));
        id
    }

    /// Ends what [`Cloud::follow`] began.
    pub fn unfollow(&mut self, follower: FollowerId) {
        self.callbacks.list.retain(|(id, _)| *id != follower);
    }

    /// Makes an event of a fact and tells every part, every callback and whoever watches.
    pub(super) fn announce(&mut self, who: Option<Arc<Identity>>, fact: Fact) {
        let event = Event {
            fact,
            who,
            at: self.context.date(),
        };
        self.context.metrics.follow(&event, self.context.now());
        let user = event.user_session_id();
        if let Some(manager) = user.and_then(|user| self.sessions.get_mut(user)) {
            manager.follow(&event, &mut self.context);
        }
        self.rooms.follow(&event, &mut self.context);
        for (_, callback) in &mut self.callbacks.list {
            callback(&event);
        }
        self.context.push(Output::Event(event));
    }

    /// Announces that an app is stopped, after the ends of what it shows.
    pub(super) fn announce_stop(&mut self, user: UserSessionId, package: String, reason: &str) {
        let manager = self.sessions.get(&user);
        let ends: Vec<Fact> = manager
            .into_iter()
            .flat_map(|manager| {
                let views = manager.views_of(&package).into_iter();
                views.filter_map(|view| manager.display_end(view))
            })
            .collect();
        for end in ends {
            self.announce(None, end);
        }
        let fact = Fact::AppStopped {
            package_name: package,
            user_session_id: user,
            reason: reason.to_owned(),
        };
        self.announce(None, fact);
    }
}

/// Names a callback, for [`Cloud::unfollow`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowerId(u64);

/// The callbacks that follow what happens.
#[derive(Default)]
pub(super) struct Callbacks {
    last: u64,
    list: Vec<(FollowerId, Callback)>,
}

type Callback = Box<dyn FnMut(&Event) + Send>;

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.list.iter().map(|(id, _)| id);
        f.debug_list().entries(ids).finish()
    }
}
