//! Limits of the requests to apps, so that an app that stands still leaves room for the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::Uri;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Number of apps that may use all that they are allowed, at the same time.
const APPS: usize = 4;

/// Number of requests of one app that wait.
const MAX_WAITING: usize = 1_024;

/// Error of a request beyond the limits.
pub(super) const TOO_MANY: &str = "too many requests to apps are waiting";

/// Requests that run at the same time, and those that wait as well.
#[derive(Debug, Clone)]
struct Limit {
    running: Arc<Semaphore>,
    all: Arc<Semaphore>,
}

impl Limit {
    fn new(running: usize, apps: usize) -> Self {
        Self {
            running: Arc::new(Semaphore::new(running * apps)),
            all: Arc::new(Semaphore::new((running + MAX_WAITING) * apps)),
        }
    }
}

/// Limits of one kind of requests, for each app and for all of them.
#[derive(Debug)]
pub(super) struct Shares {
    running: usize,
    total: Limit,
    /// By host and port.
    apps: Mutex<HashMap<String, Limit>>,
}

/// Place of a request that has not ended.
#[derive(Debug)]
pub(super) struct Place {
    app: Limit,
    total: Limit,
    _of_app: OwnedSemaphorePermit,
    _of_total: OwnedSemaphorePermit,
}

impl Shares {
    /// Creates the limits, with the number of requests of one app that run at the same time.
    pub(super) fn new(running: usize) -> Self {
        Self {
            running,
            total: Limit::new(running, APPS),
            apps: Mutex::default(),
        }
    }

    /// Returns a place for a request to a URL, `None` if too many wait.
    pub(super) fn enter(&self, url: &str) -> Option<Place> {
        let app = self.limit_of(url);
        let of_app = Arc::clone(&app.all).try_acquire_owned().ok()?;
        let of_total = Arc::clone(&self.total.all).try_acquire_owned().ok()?;
        Some(Place {
            app,
            total: self.total.clone(),
            _of_app: of_app,
            _of_total: of_total,
        })
    }

    fn limit_of(&self, url: &str) -> Limit {
        // Nothing panics under the lock.
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        let name = app_of(url);
        if let Some(limit) = apps.get(&name) {
            return limit.clone();
        }
        // Those without a place.
        apps.retain(|_, limit| Arc::strong_count(&limit.all) > 1);
        let limit = Limit::new(self.running, 1);
        apps.insert(name, limit.clone());
        limit
    }
}

impl Place {
    /// Waits for the turn of the request, which lasts as long as the permits.
    pub(super) async fn turn(&self) -> [Option<OwnedSemaphorePermit>; 2] {
        // The semaphores are never closed, so there is no error. That of the app is first: what one
        // app has in line for the other is bounded.
        let of_app = Arc::clone(&self.app.running).acquire_owned().await;
        let of_total = Arc::clone(&self.total.running).acquire_owned().await;
        [of_app.ok(), of_total.ok()]
    }
}

/// Returns the host and the port of a URL of an app.
fn app_of(url: &str) -> String {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let port = uri.as_ref().and_then(Uri::port_u16).unwrap_or(80);
    format!("{}:{port}", host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "http://one.example/webhook";

    #[test]
    fn an_app_is_a_host_with_a_port() {
        assert_eq!(app_of(ONE), "one.example:80");
        assert_eq!(app_of("http://u:p@ONE.example:80/tool"), "one.example:80");
        assert_eq!(app_of("http://one.example:81/"), "one.example:81");
        assert_eq!(app_of("http://[::1]:8080/"), "[::1]:8080");
    }

    #[test]
    fn an_app_whose_requests_wait_leaves_places_for_others() {
        let shares = Shares::new(2);
        let places: Vec<_> = (0..2 + MAX_WAITING)
            .map(|_| shares.enter(ONE).unwrap())
            .collect();
        assert!(shares.enter(ONE).is_none());
        assert!(shares.enter("http://other.example/").is_some());
        drop(places);
        assert!(shares.enter(ONE).is_some());
    }

    #[test]
    fn all_apps_together_are_limited() {
        let shares = Shares::new(2);
        let url = |app: usize| format!("http://app{app}.example/");
        let places: Vec<_> = (0..APPS)
            .flat_map(|app| (0..2 + MAX_WAITING).map(move |_| app))
            .map(|app| shares.enter(&url(app)).unwrap())
            .collect();
        assert!(shares.enter(&url(APPS)).is_none());
        drop(places);
        assert!(shares.enter(&url(APPS + 1)).is_some());
        assert_eq!(shares.apps.lock().unwrap().len(), 1, "others are forgotten");
    }

    #[tokio::test]
    async fn requests_of_an_app_take_turns_while_others_have_theirs() {
        let shares = Shares::new(1);
        let [one, next, other] =
            [ONE, ONE, "http://other.example/"].map(|url| shares.enter(url).unwrap());
        let turn = one.turn().await;
        let mut waiting = std::pin::pin!(next.turn());
        let now = std::time::Duration::ZERO;
        assert!(tokio::time::timeout(now, &mut waiting).await.is_err());
        drop(other.turn().await);
        drop(turn);
        drop(waiting.await);
    }
}
