//! Webhooks of apps.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::driver::Driver;
use super::shares::{Shares, TOO_MANY};
use crate::cloud::{WebhookAnswer, read_answer};
use crate::output::{WebhookCall, late_answer};

pub(super) type HttpClient = Client<HttpConnector, Full<Bytes>>;

/// Size limit for response bodies.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Number of concurrent calls of one app.
const MAX_CONCURRENT: usize = 256;

/// Performs the webhook calls of the cloud until it is aborted.
pub(super) async fn run(driver: Arc<Driver>, mut calls: mpsc::UnboundedReceiver<WebhookCall>) {
    let client: HttpClient = Client::builder(TokioExecutor::new()).build_http();
    let shares = Shares::new(MAX_CONCURRENT);
    // Dropping the set aborts the calls.
    let mut running = JoinSet::new();
    while let Some(call) = calls.recv().await {
        while running.try_join_next().is_some() {}
        let Some(place) = shares.enter(&call.url) else {
            let busy = Err(TOO_MANY.to_owned());
            driver.with(|cloud, now| cloud.handle_webhook(&call, busy, now));
            continue;
        };
        let (client, driver) = (client.clone(), Arc::clone(&driver));
        running.spawn(async move {
            let _turn = place.turn().await;
            let answer = tokio::time::timeout(call.timeout, post(&client, &call)).await;
            let answer = answer.unwrap_or_else(|_| Err(late_answer(call.timeout)));
            driver.with(|cloud, now| cloud.handle_webhook(&call, answer, now));
        });
    }
}

async fn post(client: &HttpClient, call: &WebhookCall) -> WebhookAnswer {
    let body = call.body.clone();
    let (status, body) = send(client, &call.url, "application/json", body).await?;
    read_answer(status, &body)
}

/// Sends a POST request. Returns the status and the body of the response.
pub(super) async fn send(
    client: &HttpClient,
    url: &str,
    content_type: &str,
    body: impl Into<Bytes>,
) -> Result<(u16, Bytes), String> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(CONTENT_TYPE, content_type)
        .body(Full::from(body.into()))
        .map_err(|error| error.to_string())?;
    let response = client.request(request).await.map_err(|error| {
        // The cause is more specific, such as a refused connection.
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        cause.unwrap_or_else(|| error.to_string())
    })?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES);
    let body = body.collect().await.map_err(|error| error.to_string())?;
    Ok((status.as_u16(), body.to_bytes()))
}
