//! Served directories: what they do not give out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Server, get};
use tpa_cloud::server::ServerConfig;

/// A directory, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!(".tpa-cloud-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(path.join("www/sub")).unwrap();
        Self(path)
    }

    fn write(&self, path: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "content").unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // An error leaves a file behind, no more.
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn serve(dir: &Path) -> Server {
    let config = ServerConfig {
        serve: vec![dir.display().to_string().parse().unwrap()],
        ..ServerConfig::default()
    };
    Server::start(config).await.unwrap()
}

#[tokio::test]
async fn hidden_files_are_not_served() {
    let folder = Folder::new("hidden");
    for path in [
        "www/index.html",
        "www/sub/a.js",
        "www/.env",
        "www/.git/config",
        "www/sub/.npmrc",
    ] {
        folder.write(path);
    }
    // The name of the directory itself does not count.
    let server = serve(&folder.0.join("www")).await;
    for path in ["/", "/index.html", "/sub/a.js"] {
        assert_eq!(get(&server, path).await.status, 200, "{path}");
    }
    for path in [
        "/.env",
        "/%2eenv",
        "/%2Eenv",
        "/.git/config",
        "/.git/",
        "/%2egit/config",
        "/sub/.npmrc",
        "/sub/../.env",
        "/./.env",
        "//.env",
    ] {
        let response = get(&server, path).await;
        assert_ne!(response.status, 200, "{path}");
        assert!(!response.body.contains("content"), "{path}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_do_not_lead_out_of_the_directory() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new("links");
    for path in [
        "www/index.html",
        "www/.env",
        "outside/secret.txt",
        "www/sub/a.js",
    ] {
        folder.write(path);
    }
    let www = folder.0.join("www");
    symlink(folder.0.join("outside"), www.join("out")).unwrap();
    symlink(folder.0.join("outside/secret.txt"), www.join("secret.txt")).unwrap();
    symlink("../outside/secret.txt", www.join("relative.txt")).unwrap();
    symlink("/etc/passwd", www.join("sub/passwd")).unwrap();
    symlink(".env", www.join("shown")).unwrap();
    symlink("sub", www.join("alias")).unwrap();
    symlink("loop", www.join("loop")).unwrap();
    // The directory itself may be a link.
    symlink(&www, folder.0.join("served")).unwrap();
    for dir in ["www", "served"] {
        let server = serve(&folder.0.join(dir)).await;
        for path in ["/", "/sub/a.js", "/alias/a.js"] {
            assert_eq!(get(&server, path).await.status, 200, "{dir} {path}");
        }
        for path in [
            "/out/secret.txt",
            "/secret.txt",
            "/relative.txt",
            "/sub/passwd",
            "/shown",
            "/loop",
            "/out/",
        ] {
            let response = get(&server, path).await;
            assert_eq!(response.status, 404, "{dir} {path}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn pipes_are_not_opened() {
    let folder = Folder::new("pipes");
    let pipe = folder.0.join("www/pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let server = serve(&folder.0.join("www")).await;
    assert_eq!(get(&server, "/pipe").await.status, 404);
}
