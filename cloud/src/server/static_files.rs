//! Static files: the demo page, the package, and directories of the developer.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;
use std::str::FromStr;
use std::{fs, io};

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::middleware;
use axum::response::Response;
use tower_http::services::ServeDir;
use tower_http::services::fs::{Backend, TokioBackend, TokioFile};

use super::Shared;
use crate::options;

/// Content security policy. It allows wasm and connections to servers on this machine.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    connect-src 'self' ws: http://127.0.0.1:* http://localhost:*; style-src 'self'; \
    img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

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
        let (path, dir) = options::mount(text)?;
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
        let files = ServeDir::with_backend(dir, Contained::new(dir));
        router = if path.is_empty() {
            router.fallback_service(files)
        } else {
            router.nest_service(path, files)
        };
    }
    router.layer(middleware::map_response(add_headers))
}

/// Files of a directory: without hidden ones, and without those that a link leads to outside of it.
#[derive(Debug, Clone)]
struct Contained {
    dir: PathBuf,
}

impl Contained {
    fn new(dir: &Path) -> Self {
        // As in `ServeDir`.
        let dir = Path::new(".").join(dir);
        Self { dir }
    }

    /// Returns the path of a file or directory without links, if it may be served.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let root = fs::canonicalize(&self.dir)?;
        let real = fs::canonicalize(path)?;
        let asked = path.strip_prefix(&self.dir).ok();
        let found = real.strip_prefix(&root).ok();
        let is_visible = |path: Option<&Path>| path.is_some_and(|path| !is_hidden(path));
        let kind = fs::metadata(&real)?;
        // Opening a pipe would wait for its other end.
        if is_visible(asked) && is_visible(found) && (kind.is_file() || kind.is_dir()) {
            return Ok(real);
        }
        Err(io::ErrorKind::NotFound.into())
    }

    async fn resolve_later(self, path: PathBuf) -> io::Result<PathBuf> {
        let resolved = tokio::task::spawn_blocking(move || self.resolve(&path));
        let resolved = resolved.await.map_err(io::Error::other)?;
        // Also a loop of links, which would be an error of the server otherwise.
        resolved.map_err(|_| io::ErrorKind::NotFound.into())
    }
}

impl Backend for Contained {
    type File = TokioFile;
    type Metadata = fs::Metadata;
    type OpenFuture = Pin<Box<dyn Future<Output = io::Result<TokioFile>> + Send>>;
    type MetadataFuture = Pin<Box<dyn Future<Output = io::Result<fs::Metadata>> + Send>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        let resolved = self.clone().resolve_later(path);
        Box::pin(async move { TokioBackend.open(resolved.await?).await })
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        let resolved = self.clone().resolve_later(path);
        Box::pin(async move { TokioBackend.metadata(resolved.await?).await })
    }
}

/// Reports whether a part of a relative path begins with a dot.
fn is_hidden(path: &Path) -> bool {
    path.components().any(|part| match part {
        Component::Normal(name) => name.as_encoded_bytes().starts_with(b"."),
        Component::CurDir => false,
        Component::Prefix(_) | Component::RootDir | Component::ParentDir => true,
    })
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

    #[test]
    fn every_path_of_the_server_is_reserved() {
        let routes = include_str!("mod.rs").split(".route(").skip(1);
        let paths: Vec<&str> = routes.filter_map(|route| route.split('"').nth(1)).collect();
        assert!(paths.contains(&"/healthz"), "{paths:?}");
        for path in paths {
            let first = path.split('/').nth(1).unwrap();
            assert!(options::RESERVED.contains(&first), "{path}");
        }
    }
}
