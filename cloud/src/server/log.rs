//! The log: one line for each event, without secrets.

use crate::events::{Event, Fact};

/// Logs an event.
pub(super) fn log_event(event: &Event) {
    let who = event.who.as_deref();
    let connection = who.map(|who| tracing::field::display(who.connection_id));
    let package = event.package_name();
    let user = event.user_session_id().map(tracing::field::display);
    macro_rules! line {
        ($level:ident, $($rest:tt)+) => {
            tracing::$level!(connection, package, user, $($rest)+)
        };
    }
    match &event.fact {
        Fact::Opened => {
            let peer = who.map(|who| who.peer.as_str());
            line!(debug, peer, "opened");
        }
        Fact::Acked => line!(info, "connected"),
        Fact::Refused {
            error,
            code,
            reason,
        } => line!(warn, error, code, reason, "refused"),
        Fact::Stale { silent_ms } => line!(warn, silent_ms, "stale"),
        Fact::Superseded { by } => line!(info, %by, "superseded"),
        Fact::Detached { by } => {
            let by = by.map(|id| id.to_string());
            line!(info, by, "detached");
        }
        Fact::Closed { code, reason, by } => line!(info, code, reason, ?by, "closed"),
        Fact::Fault {
            fault,
            direction,
            connections,
            for_ms,
        } => line!(
            info,
            fault,
            ?direction,
            for_ms,
            hit = connections.len(),
            "fault"
        ),
        Fact::Subscriptions { subscriptions } => line!(debug, ?subscriptions, "subscribed"),
        Fact::Display {
            view, duration_ms, ..
        } => line!(debug, ?view, duration_ms, "display"),
        Fact::Evicted { .. } => line!(warn, "displays, dashboard and settings dropped"),
        Fact::DisplayEnded { view, .. } => line!(debug, ?view, "display ended"),
        Fact::Dashboard { modes, section, .. } => line!(debug, ?modes, section, "dashboard"),
        Fact::DashboardMode { mode } => line!(debug, mode, "dashboard mode"),
        Fact::Settings { settings } => line!(info, count = settings.len(), "settings changed"),
        Fact::RoomJoined { room_id, .. } => line!(debug, room_id, "joined a room"),
        Fact::RoomLeft { room_id } => line!(debug, room_id, "left a room"),
        Fact::Released { reason } => line!(info, reason, "released"),
        Fact::AppStarted { webhook_url, .. } => line!(info, webhook_url, "app started"),
        Fact::Webhook {
            request,
            success: true,
            ..
        } => line!(info, request, "webhook agreed"),
        Fact::Webhook { request, error, .. } => line!(warn, request, error, "webhook failed"),
        Fact::AppGivenUp { reason, .. } => line!(warn, reason, "app given up"),
        Fact::AppStopped { reason, .. } => line!(info, reason, "app stopped"),
        Fact::Scenario { name, phase } => line!(info, name, ?phase, "scenario"),
        Fact::Message { frame, count, .. } => line!(trace, frame, count, "message"),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::events::Side;
    use crate::identity::{ConnectionId, Identity, UserSessionId};

    /// Returns the log output of `act`.
    fn logged(act: impl FnOnce()) -> String {
        let written = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&written);
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || Writer(Arc::clone(&writer)))
            .finish();
        tracing::subscriber::with_default(subscriber, act);
        let bytes = written.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    struct Writer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_about_a_connection_name_user_package_and_connection() {
        let who = Identity {
            connection_id: ConnectionId(17),
            package_name: Some("org.example.captions".to_owned()),
            session_id: Some("user1-org.example.captions".to_owned()),
            user_session_id: Some(UserSessionId::new("user1")),
            peer: "10.0.0.1:5".to_owned(),
            since: String::new(),
        };
        let closed = Fact::Closed {
            code: 4008,
            reason: "because".to_owned(),
            by: Side::Cloud,
        };
        let stale = Fact::Stale { silent_ms: 45_000 };
        let by = ConnectionId(18);
        for fact in [Fact::Acked, stale, Fact::Superseded { by }, closed] {
            let event = Event {
                who: Some(Arc::new(who.clone())),
                at: String::new(),
                fact,
            };
            let text = logged(|| log_event(&event));
            for named in [
                "connection=c17",
                "package=\"org.example.captions\"",
                "user=user1",
            ] {
                assert!(text.contains(named), "{named}: {text}");
            }
        }
    }
}
