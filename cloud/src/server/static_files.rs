//! Static files: the demo page, the package, and directories of the developer.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::middleware;
use axum::response::Response;
use tower_http::services::ServeDir;

use super::Shared;

/// Content security policy. It allows wasm and connections to servers on this machine.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    connect-src 'self' ws: http://127.0.0.1:* http://localhost:*; style-src 'self'; \
    img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// Paths of the server itself.
const RESERVED: [&str; 10] = [
    "tpa-ws",
    "app-ws",
    "healthz",
    "metrics",
    "sessions",
    "events",
    "faults",
    "frames",
    "apps",
    "scenarios",
];

/// A directory and the path that it is served at, written `DIR` or `/path=DIR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Path without a trailing `/`; empty for the root.
    pub path: String,
    /// The directory.
    pub dir: PathBuf,
}

impl FromStr for Mount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, dir) = match text.split_once('=') {
            Some((path, dir)) if path.starts_with('/') => (path.trim_end_matches('/'), dir),
            Some(_) | None => ("", text),
        };
        if dir.is_empty() {
            return Err("the directory is missing; expected DIR or /path=DIR".to_owned());
        }
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let is_plain = |segment: &&str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
            !segment.is_empty() && segment.bytes().all(allowed)
        };
        if !segments.iter().all(is_plain) {
            return Err(format!("{path:?} is invalid; expected a path such as /pkg"));
        }
        if segments
            .first()
            .is_some_and(|first| RESERVED.contains(first))
        {
            return Err(format!(
                "{path} is reserved by the server; expected another path"
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            dir: PathBuf::from(dir),
        })
    }
}

/// Checks that the directories exist and their paths differ.
pub(super) fn check(mounts: &[Mount]) -> io::Result<()> {
    let mut paths = BTreeSet::new();
    for Mount { path, dir } in mounts {
        if !dir.is_dir() {
            let error = format!("there is no directory {}", dir.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, error));
        }
        if !paths.insert(path) {
            let error = format!("two directories have the path {path}/; expected different paths");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
        }
    }
    Ok(())
}

/// Creates a router that serves the directories.
pub(super) fn mount(mounts: &[Mount]) -> Router<Shared> {
    let mut router = Router::new();
    for Mount { path, dir } in mounts {
        let files = ServeDir::new(dir);
        router = if path.is_empty() {
            router.fallback_service(files)
        } else {
            router.nest_service(path, files)
        };
    }
    router.layer(middleware::map_response(add_headers))
}

async fn add_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    // Files change during development.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let kind = headers.get(CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_directories_with_or_without_a_path() {
        let read = |text: &str| text.parse::<Mount>().map(|mount| (mount.path, mount.dir));
        assert_eq!(read("www"), Ok((String::new(), "www".into())));
        assert_eq!(read("/=www"), Ok((String::new(), "www".into())));
        assert_eq!(read("/pkg=a/b"), Ok(("/pkg".to_owned(), "a/b".into())));
        assert_eq!(read("/pkg/=a"), Ok(("/pkg".to_owned(), "a".into())));
        assert_eq!(read("a=b"), Ok((String::new(), "a=b".into())));
        for bad in ["", "/pkg=", "/{x}=a", "/a//b=c", "/faults=a", "/apps/x=a"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
