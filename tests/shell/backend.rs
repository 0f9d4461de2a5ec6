//! The cloud that the tests connect to: the one in memory, or a server.
//!
//! `TPA_CLOUD_URL`, at compile time, is the URL of a running tpa-cloud. Without it the same tests
//! run against the decisions of tpa-cloud in this very process.

use wasm_bindgen::JsCast;

use super::app::session_id;
use super::{js, memory_cloud};

const SERVER: Option<&str> = option_env!("TPA_CLOUD_URL");

/// URL of the cloud's WebSocket.
pub fn url() -> String {
    let base = SERVER.unwrap_or("ws://127.0.0.1:8002");
    format!("{base}/tpa-ws")
}

/// Constructor of sockets that reach the cloud.
pub fn web_socket() -> js_sys::Function {
    let class = match SERVER {
        Some(_) => js::web_socket(),
        None => memory_cloud::web_socket(),
    };
    class.unchecked_into()
}

/// Injects a fault into the connections of one app.
pub async fn fault(name: &str, fault: &str) {
    let body = format!(r#"{{"sessionId":"{}",{fault}}}"#, session_id(name));
    match SERVER {
        Some(server) => post(&format!("{server}/faults"), &body).await,
        None => memory_cloud::inject(&body),
    }
}

/// Sends a frame to one app.
pub async fn send_frame(name: &str, frame: &str) {
    let id = session_id(name);
    match SERVER {
        Some(server) => {
            let body = format!(r#"{{"sessionId":"{id}","frame":{frame}}}"#);
            post(&format!("{server}/frames"), &body).await;
        }
        None => memory_cloud::send_frame(&id, frame),
    }
}

/// The cloud's sessions as JSON.
pub async fn sessions() -> String {
    match SERVER {
        Some(server) => {
            let sessions = js::get_json(&format!("{server}/sessions")).await;
            js_sys::JSON::stringify(&sessions).expect("JSON").into()
        }
        None => memory_cloud::sessions(),
    }
}

async fn post(url: &str, body: &str) {
    assert_eq!(js::post(url, body).await, 202.0, "{body}");
}
