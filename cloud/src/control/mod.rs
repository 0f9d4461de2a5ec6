//! The control interface without HTTP: every shell answers its requests from here.
//!
//! The feed of events (`GET /events`) is not a response but a stream, so shells provide it.

mod apps;
mod options;
mod response;
mod scenarios;

use crate::cloud::Cloud;
use crate::faults::Target;
use crate::faults::request;
use crate::faults::request::BadRequest;
use crate::faults::scenario::Scenario;
use crate::output::AppCall;
use crate::time::Instant;

pub use response::Response;

/// Most bytes of one frame for all connections together.
const MAX_SENT: usize = 8 * 1024 * 1024;

/// An HTTP request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Method, in capitals.
    pub method: &'a str,
    /// Path, percent-encoded, without the query.
    pub path: &'a str,
    /// Query without the question mark; empty if there is none.
    pub query: &'a str,
    /// Body; empty if there is none.
    pub body: &'a [u8],
}

/// Result of [`Control::handle`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The response.
    Response(Response),
    /// A request to an app, whose result is the response: the caller sends it and reports to
    /// [`Cloud::handle_app_answer`] and [`Response::of_tool`].
    CallTool(AppCall),
}

/// The control interface.
#[derive(Debug, Clone)]
pub struct Control {
    /// Scenarios that can be played by name.
    scenarios: Vec<Scenario>,
}

impl Control {
    /// Creates an interface that plays these scenarios.
    pub fn new(scenarios: Vec<Scenario>) -> Self {
        Self { scenarios }
    }

    /// Handles a request; `None` if there is no such path.
    pub fn handle(&self, cloud: &mut Cloud, request: &Request<'_>, now: Instant) -> Option<Answer> {
        // The shell removes the body of a response to HEAD.
        let method = match request.method {
            "HEAD" => "GET",
            method => method,
        };
        let body = request.body;
        let response = match (method, request.path) {
            ("GET", "/sessions") => Response::json(200, &cloud.sessions()),
            ("GET", "/metrics") => Response::metrics(cloud.metrics()),
            ("POST", "/faults") => inject(cloud, body, now),
            ("DELETE", "/faults") => {
                cloud.clear_faults(&Target::All, now);
                Response::empty(204)
            }
            ("POST", "/frames") => send_frame(cloud, body, now),
            ("POST", "/apps") => apps::start(cloud, body, now),
            ("POST", "/apps/stop") => apps::stop_many(cloud, body, now),
            ("POST", "/tools") => match apps::tool_call(cloud, body, now) {
                Ok(call) => return Some(Answer::CallTool(call)),
                Err(response) => response,
            },
            ("GET", "/scenarios") => scenarios::list(cloud, &self.scenarios),
            ("POST", "/scenarios") => scenarios::play(cloud, &self.scenarios, body, now),
            ("DELETE", "/scenarios") => scenarios::stop(cloud, body, now),
            (_, "/sessions" | "/metrics") => Response::method_not_allowed("GET,HEAD"),
            (_, "/faults") => Response::method_not_allowed("POST,DELETE"),
            (_, "/frames" | "/apps" | "/apps/stop" | "/tools") => {
                Response::method_not_allowed("POST")
            }
            (_, "/scenarios") => Response::method_not_allowed("GET,HEAD,POST,DELETE"),
            (method, path) => {
                let package = path.strip_prefix("/apps/")?;
                if package.is_empty() || package.contains('/') {
                    return None;
                }
                match method {
                    "DELETE" => apps::stop(cloud, package, request.query, now),
                    _ => Response::method_not_allowed("DELETE"),
                }
            }
        };
        Some(Answer::Response(response))
    }
}

/// `POST /faults`
fn inject(cloud: &mut Cloud, body: &[u8], now: Instant) -> Response {
    match request::read_fault(body) {
        Ok(request) => Response::accepted(&cloud.inject(&request, now)),
        Err(bad) => Response::bad_request(&bad),
    }
}

/// `POST /frames`
fn send_frame(cloud: &mut Cloud, body: &[u8], now: Instant) -> Response {
    let count = cloud.socket_count();
    if body.len().saturating_mul(count) > MAX_SENT {
        let error = format!(
            "the body has {} bytes, which for {count} connections is more than {MAX_SENT} together",
            body.len()
        );
        return Response::bad_request(&BadRequest::whole(&error));
    }
    match request::read_frame_request(body) {
        Ok((frame, target)) => Response::accepted(&cloud.send_frame(&target, &frame, now)),
        Err(bad) => Response::bad_request(&bad),
    }
}
