//! `GET /events`: events as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use serde_json::json;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{Shared, until};

pub(super) async fn feed(State(shared): State<Shared>) -> Response {
    let events = shared.driver.subscribe_events();
    // The comment marks the start: the observer receives all later events.
    let hello = stream::once(async { Ok(Event::default().comment("watching")) });
    let events = hello
        .chain(follow(events))
        .take_until(until(shared.stopped));
    let feed = Sse::new(events).keep_alive(KeepAlive::default());
    ([(CACHE_CONTROL, "no-store")], feed).into_response()
}

fn follow(events: Receiver<Arc<str>>) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(events, async |mut events| {
        let event = match events.recv().await {
            Ok(json) => Event::default().data(json),
            Err(RecvError::Lagged(missed)) => {
                let lagged = json!({"type": "lagged", "missed": missed});
                Event::default().data(lagged.to_string())
            }
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), events))
    })
}
