//! `GET /events`: events as server-sent events.

use std::convert::Infallible;

use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use serde_json::json;

use super::feed::{Next, Observer};
use super::listener::PeerInfo;
use super::{Shared, until};

pub(super) async fn feed(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<PeerInfo>,
) -> Response {
    let Some(observer) = shared.driver.observe() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many observers\n").into_response();
    };
    line.switch.set_observing();
    // The comment marks the start: the observer receives all later events.
    let hello = stream::once(async { Ok(Event::default().comment("watching")) });
    let events = hello
        .chain(follow(observer))
        .take_until(until(shared.stopped));
    let feed = Sse::new(events).keep_alive(KeepAlive::default());
    ([(CACHE_CONTROL, "no-store")], feed).into_response()
}

/// Returns the events. The last one for a slow observer is `lagged`.
fn follow(observer: Observer) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(Some(observer), async |observer| {
        let mut observer = observer?;
        Some(match observer.next().await? {
            Next::Event(json) => (Ok(Event::default().data(json)), Some(observer)),
            Next::Missed(missed) => {
                let lagged = json!({"type": "lagged", "missed": missed});
                (Ok(Event::default().data(lagged.to_string())), None)
            }
        })
    })
}
