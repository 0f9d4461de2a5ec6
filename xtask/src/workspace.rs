//! Where things are: the workspace, its target folder, the user's cache.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

/// The root of the workspace. Asked when it runs, of `cargo run`: checkouts that
/// share a target folder share this program too.
pub fn root() -> PathBuf {
    let compiled_in = || env!("CARGO_MANIFEST_DIR").into();
    let xtask = env::var_os("CARGO_MANIFEST_DIR").map_or_else(compiled_in, PathBuf::from);
    xtask.parent().unwrap_or(&xtask).to_path_buf()
}

/// Cargo's target folder, whichever way it was configured: this program is in it.
pub fn target() -> PathBuf {
    env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.parent()?.to_path_buf()))
        .unwrap_or_else(|| root().join("target"))
}

/// The built npm package.
pub fn package() -> PathBuf {
    root().join("pkg")
}

/// The folder for tools, shared by all checkouts of this user.
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
        .ok_or_else(|| "no folder for tools: set HOME".to_string())
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

/// Version of wasm-bindgen that this workspace is built with.
pub fn wasm_bindgen_version() -> Result<String, String> {
    wasm_bindgen_version_in(&root())
}

/// Version of wasm-bindgen that the workspace in a folder is built with.
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

/// A fingerprint of files and folders (by content and name), and of plain text.
/// It only has to tell "the same as last time" from "changed".
#[derive(Default)]
pub struct Fingerprint(DefaultHasher);

impl Fingerprint {
    /// Takes in a text.
    pub fn text(mut self, text: &str) -> Self {
        self.0.write(text.as_bytes());
        self.0.write_u8(0xff);
        self
    }

    /// Takes in a file or a whole folder; what does not exist counts as empty.
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

    /// The fingerprint as text.
    pub fn finish(self) -> String {
        format!("{:016x}", self.0.finish())
    }
}

/// A file that holds the fingerprint of what a step was last done with.
pub struct Stamp(PathBuf);

impl Stamp {
    /// The stamp kept in the file `path`.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Was the step last done with this fingerprint?
    pub fn matches(&self, fingerprint: &str) -> bool {
        fs::read_to_string(&self.0).is_ok_and(|found| found == fingerprint)
    }

    /// Notes that the step is done. Without the note it is only done again.
    pub fn set(&self, fingerprint: &str) {
        let _ = fs::write(&self.0, fingerprint);
    }

    /// Forgets the step, before it is done again: it may fail half-way.
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
