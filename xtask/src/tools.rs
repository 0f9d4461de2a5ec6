//! Tools that `cargo install` builds: their versions and where they are.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{process, workspace};

/// A crate with programs.
pub struct CargoTool {
    /// Name of the crate.
    pub package: &'static str,
    /// Program that reports the version.
    program: &'static str,
    /// All programs that are needed.
    programs: &'static [&'static str],
    /// Version that is installed.
    pub version: String,
    /// Set if a program on `PATH` must have this version; otherwise it may be newer.
    exact: bool,
    /// Set if it is built with the lock file of its authors.
    locked: bool,
}

/// wasm-bindgen, which generates the JavaScript side of the package, and its
/// test runner. Its version must equal that of the wasm-bindgen crate.
pub fn wasm_bindgen() -> Result<CargoTool, String> {
    Ok(CargoTool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        version: workspace::wasm_bindgen_version()?,
        exact: true,
        // Its lock file names old TLS crates that a mirror may not have. Its own version is
        // pinned, and `setup` is the only place that installs it.
        locked: false,
    })
}

/// wasm-pack, which runs the wasm tests in Node and in browsers.
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

/// geckodriver, the WebDriver of Firefox.
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

/// cargo-deny, which checks licences, sources and advisories of the crates.
pub fn cargo_deny() -> CargoTool {
    CargoTool {
        package: "cargo-deny",
        program: "cargo-deny",
        programs: &["cargo-deny"],
        version: "0.20.2".into(),
        exact: false,
        locked: true,
    }
}

/// cargo-llvm-cov, which measures the coverage of tests.
pub fn cargo_llvm_cov() -> CargoTool {
    CargoTool {
        package: "cargo-llvm-cov",
        program: "cargo-llvm-cov",
        programs: &["cargo-llvm-cov"],
        version: "0.9.1".into(),
        exact: false,
        locked: true,
    }
}

/// cargo-mutants, which tests the tests.
pub fn cargo_mutants() -> CargoTool {
    CargoTool {
        package: "cargo-mutants",
        program: "cargo-mutants",
        programs: &["cargo-mutants"],
        version: "27.1.0".into(),
        exact: false,
        locked: true,
    }
}

impl CargoTool {
    /// Folder of the installed programs: one on `PATH`, or the cache.
    pub fn folder(&self) -> Option<PathBuf> {
        let on_path =
            process::find(self.program).and_then(|path| Some(path.parent()?.to_path_buf()));
        on_path
            .into_iter()
            .chain(self.root().ok().map(|root| root.join("bin")))
            .find(|folder| self.is_in(folder))
    }

    /// Folder of the installed programs, or an error that names the fix.
    pub fn get(&self) -> Result<PathBuf, String> {
        self.folder().ok_or_else(|| {
            format!(
                "{} {} was not found; run `cargo xtask setup`",
                self.package, self.version
            )
        })
    }

    fn root(&self) -> Result<PathBuf, String> {
        Ok(workspace::cache()?.join(format!("{}-{}", self.package, self.version)))
    }

    fn is_in(&self, folder: &Path) -> bool {
        let file =
            |program: &str| folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
        self.programs.iter().all(|program| file(program).is_file())
            && process::ask(&mut self.version_query(&file(self.program)))
                .is_some_and(|answer| self.accepts(&answer))
    }

    /// The command that prints the version. Cargo passes the name of a subcommand to its program.
    fn version_query(&self, program: &Path) -> Command {
        let mut query = process::command(program);
        query
            .args(self.program.strip_prefix("cargo-"))
            .arg("--version");
        query
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

    /// The command that installs it, as a user would type it.
    pub fn command_line(&self) -> String {
        let locked = if self.locked { " --locked" } else { "" };
        format!(
            "cargo install {} --version {}{locked}",
            self.package, self.version
        )
    }

    /// Installs it in the cache.
    pub fn install(&self) -> Result<(), String> {
        let root = self.root()?;
        let mut command = stable_cargo();
        command
            .args(["install", self.package, "--version", &self.version])
            .args(["--debug", "--root"])
            .arg(&root)
            // A shared folder: common dependencies are compiled once.
            .env("CARGO_TARGET_DIR", workspace::cache()?.join("build"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0");
        if self.locked {
            command.arg("--locked");
        }
        let what = format!("cargo install {} {}", self.package, self.version);
        process::run(&what, &mut command)?;
        let folder = root.join("bin");
        if self.is_in(&folder) {
            Ok(())
        } else {
            Err(format!(
                "{what} succeeded, but {} has no working {}",
                folder.display(),
                self.program
            ))
        }
    }
}

/// Cargo of the stable toolchain if rustup has one: not every toolchain that
/// may be active can build the tools.
fn stable_cargo() -> Command {
    let mut command = process::command("cargo");
    let toolchains = process::ask(process::command("rustup").args(["toolchain", "list"]));
    if toolchains.is_some_and(|list| list.lines().any(|line| line.starts_with("stable"))) {
        command.env_remove("RUSTUP_TOOLCHAIN").arg("+stable");
    }
    command
}

/// The first version number of the form `1.2.3` in a text.
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
    fn versions_are_found_in_output() {
        assert_eq!(first_version("wasm-bindgen 0.2.130"), Some((0, 2, 130)));
        assert_eq!(first_version("v20.20.2"), Some((20, 20, 2)));
        assert_eq!(
            first_version("Chromium 156.0.1.2 built on Debian 12"),
            Some((156, 0, 1))
        );
        assert_eq!(first_version("geckodriver"), None);
    }

    #[test]
    fn an_exact_tool_must_not_be_newer() {
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
