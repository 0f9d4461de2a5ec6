//! Requests to the endpoints of apps.

use std::fmt;
use std::sync::Arc;

use axum::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::driver::Driver;
use super::shares::{Shares, TOO_MANY};
use super::webhook::{self, HttpClient};
use crate::cloud::read_answer;
use crate::output::{AppCall, late_answer};

/// Number of concurrent requests to one app.
const MAX_CONCURRENT: usize = 16;

/// Status and body of a response; the error is a message for people.
type Answer = Result<(u16, Bytes), String>;

/// Sends requests to apps and reports the results to the cloud.
#[derive(Clone)]
pub(super) struct Caller {
    driver: Arc<Driver>,
    client: HttpClient,
    shares: Arc<Shares>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}

impl Caller {
    pub(super) fn new(driver: Arc<Driver>) -> Self {
        Self {
            driver,
            client: Client::builder(TokioExecutor::new()).build_http(),
            shares: Arc::new(Shares::new(MAX_CONCURRENT)),
        }
    }

    /// Performs the calls of the cloud until it is aborted.
    pub(super) async fn run(self, mut calls: mpsc::UnboundedReceiver<AppCall>) {
        // Dropping the set aborts the calls.
        let mut running = JoinSet::new();
        while let Some(call) = calls.recv().await {
            while running.try_join_next().is_some() {}
            let caller = self.clone();
            running.spawn(async move { drop(caller.call(call).await) });
        }
    }

    /// Performs a call. The body of the response is limited as that of a webhook.
    pub(super) async fn call(&self, mut call: AppCall) -> Answer {
        let body = std::mem::take(&mut call.body);
        let answer = self.send(&call, body).await;
        let result = match &answer {
            Ok((status, body)) => read_answer(*status, body),
            Err(error) => Err(error.clone()),
        };
        self.driver
            .with(|cloud, now| cloud.handle_app_answer(&call, result, now));
        answer
    }

    async fn send(&self, call: &AppCall, body: Vec<u8>) -> Answer {
        let place = self.shares.enter(&call.url).ok_or(TOO_MANY)?;
        let _turn = place.turn().await;
        let sending = webhook::send(&self.client, &call.url, &call.content_type, body);
        let answer = tokio::time::timeout(AppCall::TIMEOUT, sending).await;
        answer.unwrap_or_else(|_| Err(late_answer(AppCall::TIMEOUT)))
    }
}
