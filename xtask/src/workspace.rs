//! Folders of the workspace and the user's cache; fingerprints of files in them.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

/// Root of the workspace. Read from the environment that `cargo run` sets, because checkouts
/// that share a target folder share this program.
pub fn root() -> PathBuf {
    let compiled_in = || env!("CARGO_MANIFEST_DIR").into();
    let xtask = env::var_os("CARGO_MANIFEST_DIR").map_or_else(compiled_in, PathBuf::from);
    xtask.parent().unwrap_or(&xtask).to_path_buf()
}

/// Cargo's target folder: the one that contains this program, however it was configured.
pub fn target() -> PathBuf {
    env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.parent()?.to_path_buf()))
        .unwrap_or_else(|| root().join("target"))
}

/// Folder of the built npm package.
pub fn package() -> PathBuf {
    root().join("pkg")
}

/// Folder of the built npm package `tpa-cloud`.
pub fn cloud_package() -> PathBuf {
    root().join("pkg-cloud")
}

/// Folder for tools, shared by all checkouts of a user.
pub fn cache() -> Result<PathBuf, String> {
    let variable = |name: &str| {
        env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let base = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Caches"))
    } else {
        variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))
    };
    base.map(|base| base.join("tpa-session"))
        .ok_or_else(|| "there is no folder for tools, because HOME is not set; set it".to_string())
}

/// Version of a package in the text of a Cargo.lock.
pub fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let value = |line: &'a str, key: &str| {
        let rest = line.strip_prefix(key)?.trim().strip_prefix('=')?;
        Some(rest.trim().trim_matches('"'))
    };
    let mut lines = lock.lines();
    lines.find(|line| value(line, "name") == Some(package))?;
    lines
        .take_while(|line| !line.starts_with("[["))
        .find_map(|line| value(line, "version"))
}

/// Version of wasm-bindgen in the Cargo.lock of this workspace.
pub fn wasm_bindgen_version() -> Result<String, String> {
    wasm_bindgen_version_in(&root())
}

/// Version of wasm-bindgen in the Cargo.lock of a folder.
pub fn wasm_bindgen_version_in(folder: &Path) -> Result<String, String> {
    let path = folder.join("Cargo.lock");
    let lock =
        fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    locked_version(&lock, "wasm-bindgen")
        .map(str::to_string)
        .ok_or_else(|| {
            "Cargo.lock does not name wasm-bindgen; run `cargo update --workspace`".to_string()
        })
}

/// Fingerprint of files, folders and strings, to detect changes. Not cryptographic.
#[derive(Default)]
pub struct Fingerprint(DefaultHasher);

impl Fingerprint {
    /// Adds a string.
    pub fn text(mut self, text: &str) -> Self {
        self.0.write(text.as_bytes());
        self.0.write_u8(0xff);
        self
    }

    /// Adds the names and contents of a file or folder; a missing one counts as empty.
    pub fn path(mut self, path: &Path) -> Self {
        self.add(path);
        self
    }

    fn add(&mut self, path: &Path) {
        self.0.write(path.as_os_str().as_encoded_bytes());
        self.0.write_u8(0xff);
        if let Ok(entries) = fs::read_dir(path) {
            let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
            entries.sort();
            for entry in entries {
                self.add(&entry);
            }
        } else if let Ok(content) = fs::read(path) {
            self.0.write(&content);
        }
        self.0.write_u8(0xfe);
    }

    /// The fingerprint in hexadecimal.
    pub fn finish(self) -> String {
        format!("{:016x}", self.0.finish())
    }
}

/// File with the fingerprint of the inputs of the last successful run of a step.
pub struct Stamp(PathBuf);

impl Stamp {
    /// Stamp in the file `path`.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Tests whether the last run had this fingerprint.
    pub fn matches(&self, fingerprint: &str) -> bool {
        fs::read_to_string(&self.0).is_ok_and(|found| found == fingerprint)
    }

    /// Records a successful run. An error is ignored: the step is then repeated.
    pub fn set(&self, fingerprint: &str) {
        let _ = fs::write(&self.0, fingerprint);
    }

    /// Removes the record, before a run that may fail.
    pub fn clear(&self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4

[[package]]
name = "wasm-bindgen-macro"
version = "0.2.131"

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
dependencies = [
 "cfg-if",
]
"#;

    #[test]
    fn version_is_of_the_package_with_exactly_this_name() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(LOCK, "wasm-bindgen-macro"), Some("0.2.131"));
        assert_eq!(locked_version(LOCK, "wasm"), None);
    }

    #[test]
    fn version_is_not_taken_from_the_next_package() {
        let lock = "name = \"a\"\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n";
        assert_eq!(locked_version(lock, "a"), None);
    }

    #[test]
    fn fingerprint_sees_content_and_names() {
        let folder = env::temp_dir().join(format!("xtask-fingerprint-{}", std::process::id()));
        let of = || Fingerprint::default().path(&folder).finish();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a"), "1").unwrap();
        let first = of();
        assert_eq!(first, of());
        fs::write(folder.join("a"), "2").unwrap();
        let second = of();
        fs::rename(folder.join("a"), folder.join("b")).unwrap();
        let third = of();
        fs::remove_dir_all(&folder).unwrap();
        assert_ne!(first, second);
        assert_ne!(second, third);
    }
}
