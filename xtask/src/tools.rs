//! Cargo-installed tools: which versions, where they are, how they come.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{process, workspace};

/// A program that `cargo install` brings.
pub struct CargoTool {
    /// Its crate.
    pub package: &'static str,
    /// Its main program, which is asked for its version.
    program: &'static str,
    /// All programs that must be there.
    programs: &'static [&'static str],
    /// The version installed.
    pub version: String,
    /// Must a version found on `PATH` be this one, or may it be newer?
    exact: bool,
    /// Build it with the lock file its authors shipped?
    locked: bool,
}

/// Turns wasm into a module, and runs wasm tests. It refuses a wasm that was
/// made with any other version of the wasm-bindgen crate.
pub fn wasm_bindgen() -> Result<CargoTool, String> {
    Ok(CargoTool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        version: workspace::wasm_bindgen_version()?,
        exact: true,
        // Its lock file pins old TLS crates which nothing here uses.
        locked: false,
    })
}

/// Runs the wasm tests in Node and in browsers.
pub fn wasm_pack() -> CargoTool {
    CargoTool {
        package: "wasm-pack",
        program: "wasm-pack",
        programs: &["wasm-pack"],
        version: "0.15.1".into(),
        exact: false,
        locked: true,
    }
}

/// Drives Firefox.
pub fn geckodriver() -> CargoTool {
    CargoTool {
        package: "geckodriver",
        program: "geckodriver",
        programs: &["geckodriver"],
        version: "0.37.1".into(),
        exact: false,
        locked: true,
    }
}

impl CargoTool {
    /// The folder of its programs, if it is here: on `PATH`, or in the cache.
    pub fn folder(&self) -> Option<PathBuf> {
        let on_path =
            process::find(self.program).and_then(|path| Some(path.parent()?.to_path_buf()));
        on_path
            .into_iter()
            .chain(self.root().ok().map(|root| root.join("bin")))
            .find(|folder| self.is_in(folder))
    }

    /// The folder of its programs, which are installed first if need be.
    pub fn get(&self) -> Result<PathBuf, String> {
        match self.folder() {
            Some(folder) => Ok(folder),
            None => self.install(),
        }
    }

    fn root(&self) -> Result<PathBuf, String> {
        Ok(workspace::cache()?.join(format!("{}-{}", self.package, self.version)))
    }

    fn is_in(&self, folder: &Path) -> bool {
        let file =
            |program: &str| folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
        self.programs.iter().all(|program| file(program).is_file())
            && process::ask(process::command(file(self.program)).arg("--version"))
                .is_some_and(|answer| self.accepts(&answer))
    }

    fn accepts(&self, answer: &str) -> bool {
        let (Some(found), Some(wanted)) = (first_version(answer), first_version(&self.version))
        else {
            return false;
        };
        if self.exact {
            found == wanted
        } else {
            found >= wanted
        }
    }

    fn install(&self) -> Result<PathBuf, String> {
        let root = self.root()?;
        let mut command = stable_cargo();
        command
            .args(["install", self.package, "--version", &self.version])
            .args(["--debug", "--root"])
            .arg(&root)
            // One folder for all: what they have in common is built once.
            .env("CARGO_TARGET_DIR", workspace::cache()?.join("build"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0");
        if self.locked {
            command.arg("--locked");
        }
        let what = format!("cargo install {} {}", self.package, self.version);
        process::run(&what, &mut command)?;
        let folder = root.join("bin");
        if self.is_in(&folder) {
            Ok(folder)
        } else {
            Err(format!(
                "{what} ended well, but {} has no working {}",
                folder.display(),
                self.program
            ))
        }
    }
}

/// Cargo of the stable toolchain where rustup has one: tools do not depend on
/// the toolchain that is active, and not every toolchain can build them.
fn stable_cargo() -> Command {
    let mut command = process::command("cargo");
    let toolchains = process::ask(process::command("rustup").args(["toolchain", "list"]));
    if toolchains.is_some_and(|list| list.lines().any(|line| line.starts_with("stable"))) {
        command.env_remove("RUSTUP_TOOLCHAIN").arg("+stable");
    }
    command
}

/// The first thing in a text that looks like `1.2.3`.
pub fn first_version(text: &str) -> Option<(u32, u32, u32)> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .find_map(|word| {
            let mut numbers = word.split('.').map(str::parse);
            match (numbers.next(), numbers.next(), numbers.next()) {
                (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch))) => Some((major, minor, patch)),
                _ => None,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        assert_eq!(first_version("wasm-bindgen 0.2.130"), Some((0, 2, 130)));
        assert_eq!(first_version("v20.20.2"), Some((20, 20, 2)));
        assert_eq!(
            first_version("Chromium 156.0.1.2 built on Debian 12"),
            Some((156, 0, 1))
        );
        assert_eq!(first_version("geckodriver"), None);
    }

    #[test]
    fn only_tools_that_do_not_mind_may_be_newer() {
        let gecko = geckodriver();
        assert!(gecko.accepts("geckodriver 0.38.0"));
        assert!(!gecko.accepts("geckodriver 0.9.9"));
        let exact = CargoTool {
            exact: true,
            ..gecko
        };
        assert!(!exact.accepts("geckodriver 0.38.0"));
        assert!(exact.accepts("geckodriver 0.37.1"));
    }
}
