//! The Rust toolchain that compiles to wasm32-unknown-unknown.
//!
//! Normally the active one, with the target that `rustup target add` installs.
//! Where rustup's server cannot be reached it is Debian's (see [`debian`]).

pub mod debian;

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::process;

/// The target.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Which toolchain compiles wasm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The active one.
    Active,
    /// Debian's, registered with rustup.
    Linked,
    /// Debian's, without rustup.
    System,
}

impl Toolchain {
    /// Makes a command use this toolchain.
    pub fn apply(self, command: &mut Command) -> &mut Command {
        match self {
            Self::Active => command,
            Self::Linked => command.env("RUSTUP_TOOLCHAIN", debian::LINKED),
            Self::System => command.env("PATH", process::path_with(&["/usr/bin".into()])),
        }
    }

    /// Tests for the target.
    fn works(self) -> bool {
        let mut rustc = process::command("rustc");
        has_std(self.apply(&mut rustc))
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "the active toolchain",
            Self::Linked | Self::System => "Debian's rustc-web",
        }
    }
}

/// The installed toolchain, if there is one.
pub fn find() -> Option<Toolchain> {
    if !is_debian_required() && Toolchain::Active.works() {
        return Some(Toolchain::Active);
    }
    let debian = if has_rustup() {
        Toolchain::Linked
    } else {
        Toolchain::System
    };
    (debian::is_ready() && debian.works()).then_some(debian)
}

/// The installed toolchain, or an error that names the fix.
pub fn get() -> Result<Toolchain, String> {
    find().ok_or_else(|| {
        format!("no Rust toolchain here compiles to {TARGET}; run `cargo xtask setup build`")
    })
}

/// Tests whether clippy can check wasm with this toolchain.
pub fn has_clippy(toolchain: Toolchain) -> bool {
    let mut clippy = process::command("cargo");
    toolchain.apply(&mut clippy).args(["clippy", "--version"]);
    process::ask(&mut clippy).is_some()
}

/// Tests for a component (`clippy`, `rustfmt`) of the active toolchain.
pub fn has_component(name: &str) -> bool {
    let subcommand = if name == "rustfmt" { "fmt" } else { name };
    process::ask(process::command("cargo").args([subcommand, "--version"])).is_some()
}

/// Tests for rustup.
pub fn has_rustup() -> bool {
    process::find("rustup").is_some()
}

/// Returns true if the user has ruled out rustup: `WASM_TOOLCHAIN=debian`.
pub fn is_debian_required() -> bool {
    env::var_os("WASM_TOOLCHAIN").is_some_and(|value| value == "debian")
}

/// Tests whether the compiler finds the target's libraries, `test` among them.
fn has_std(rustc: &mut Command) -> bool {
    let Some(folder) = process::ask(rustc.args(["--print", "target-libdir", "--target", TARGET]))
    else {
        return false;
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    ["libstd-", "libtest-"].iter().all(|library| {
        names
            .iter()
            .any(|name| name.starts_with(library) && name.ends_with(".rlib"))
    })
}

/// Folders with the sources of crates: cargo has one for each registry.
pub fn registry_folders() -> Vec<PathBuf> {
    let Some(home) = cargo_home() else {
        return Vec::new();
    };
    let sources = home.join("registry/src");
    let mut folders: Vec<_> = fs::read_dir(&sources)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    // The compiler uses the last prefix that matches, so the general one is first.
    folders.insert(0, sources);
    folders
}

/// Cargo's home folder.
pub fn cargo_home() -> Option<PathBuf> {
    let home = || env::home_dir().map(|home| home.join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)
}
