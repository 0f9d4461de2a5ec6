//! Calls the webhooks of apps.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::driver::Driver;
use crate::cloud::WebhookAnswer;
use crate::output::WebhookCall;

type HttpClient = Client<HttpConnector, Full<axum::body::Bytes>>;

/// How long an app may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// How many calls are made at once; the others wait.
const MOST_AT_ONCE: usize = 16;

/// Makes the calls that the cloud wants, for as long as it lives.
pub(super) async fn run(driver: Arc<Driver>, mut calls: mpsc::UnboundedReceiver<WebhookCall>) {
    let client: HttpClient = Client::builder(TokioExecutor::new()).build_http();
    let places = Arc::new(Semaphore::new(MOST_AT_ONCE));
    // Dropped, and with it what is not answered yet, when this task is.
    let mut running = JoinSet::new();
    while let Some(call) = calls.recv().await {
        while running.try_join_next().is_some() {}
        let (client, driver) = (client.clone(), Arc::clone(&driver));
        let places = Arc::clone(&places);
        running.spawn(async move {
            // The semaphore is never closed, so there is no error.
            let _place = places.acquire().await;
            let answer = tokio::time::timeout(PATIENCE, post(&client, &call)).await;
            let answer = answer.unwrap_or_else(|_| Err("it did not answer in time".to_owned()));
            driver.with(|cloud, now| cloud.handle_webhook(&call, answer, now));
        });
    }
}

async fn post(client: &HttpClient, call: &WebhookCall) -> WebhookAnswer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(&call.url)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::from(call.body.clone()))
        .map_err(|error| error.to_string())?;
    let response = client.request(request).await.map_err(|error| {
        // The cause says what people can act on, such as a refused connection.
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        cause.unwrap_or_else(|| error.to_string())
    })?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES);
    let body = body.collect().await.map_err(|error| error.to_string())?;
    judge(status.as_u16(), &body.to_bytes())
}

/// An app agrees with a 2xx whose body does not say otherwise.
fn judge(status: u16, body: &[u8]) -> WebhookAnswer {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = answer["message"].as_str().unwrap_or("no reason given");
    if !(200..300).contains(&status) {
        return Err(format!("it answered {status}: {message}"));
    }
    if answer["status"] == "error" {
        return Err(format!("it answered with an error: {message}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_agrees_or_says_why_not() {
        assert_eq!(judge(200, br#"{"status":"success"}"#), Ok(()));
        assert_eq!(judge(204, b""), Ok(()));
        for (status, body) in [
            (200, r#"{"status":"error","message":"busy"}"#),
            (503, r#"{"message":"busy"}"#),
        ] {
            let error = judge(status, body.as_bytes()).unwrap_err();
            assert!(error.contains("busy"), "{error}");
        }
        assert!(judge(404, b"<html>").is_err());
    }
}
