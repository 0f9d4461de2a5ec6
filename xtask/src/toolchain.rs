//! A Rust toolchain that builds for wasm32-unknown-unknown.
//!
//! The ordinary way is `rustup target add`. Where rustup's server cannot be
//! reached, Debian has a compiler for the target (rustc-web) but not the
//! standard library, only its source; so the library is built from that, once.
//! After that a plain `cargo build --target wasm32-unknown-unknown` works there.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{apt, process};

/// The target.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// Where rustup's server cannot be reached, it may take long to say so.
const RUSTUP_LIMIT: Duration = Duration::from_secs(180);
/// The name under which rustup knows Debian's toolchain.
const LINKED: &str = "debian-web";
/// Debian's compiler and all that building a standard library with it takes.
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const LINKER: &str = "/usr/bin/rust-lld";

/// Which toolchain wasm is built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The user's own.
    Active,
    /// Debian's, known to rustup.
    Linked,
    /// Debian's, where there is no rustup.
    System,
}

impl Toolchain {
    /// Makes a command use this toolchain.
    pub fn apply(self, command: &mut Command) -> &mut Command {
        match self {
            Self::Active => command,
            Self::Linked => command.env("RUSTUP_TOOLCHAIN", LINKED),
            Self::System => command.env("PATH", process::path_with(&["/usr/bin".into()])),
        }
    }

    /// Does it have the target?
    fn works(self) -> bool {
        let mut rustc = process::command("rustc");
        has_std(self.apply(&mut rustc))
    }

    /// How it is called in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "the active toolchain",
            Self::Linked | Self::System => "Debian's rustc-web",
        }
    }
}

/// The toolchain, if one is ready.
pub fn find() -> Option<Toolchain> {
    if !only_debian() && Toolchain::Active.works() {
        return Some(Toolchain::Active);
    }
    let debian = debian_kind();
    (is_debian_ready() && debian.works()).then_some(debian)
}

/// The toolchain, made ready if need be.
pub fn get() -> Result<Toolchain, String> {
    if let Some(toolchain) = find() {
        return Ok(toolchain);
    }
    if !only_debian() && has_rustup() {
        let added = process::attempt_within(
            RUSTUP_LIMIT,
            &format!("rustup target add {TARGET}"),
            process::command("rustup").args(["target", "add", TARGET]),
        )?;
        if added.success() && Toolchain::Active.works() {
            return Ok(Toolchain::Active);
        }
        println!("  rustup could not add the target; trying Debian's");
    }
    if !apt::available() {
        return Err(format!(
            "there is no Rust for {TARGET} here: `rustup target add {TARGET}`, or run this on Debian as root"
        ));
    }
    make_debian()?;
    let debian = debian_kind();
    if debian.works() {
        Ok(debian)
    } else {
        Err(format!(
            "{} was set up but does not see its {TARGET}",
            debian.name()
        ))
    }
}

/// Can clippy check wasm with this toolchain?
pub fn has_clippy(toolchain: Toolchain) -> bool {
    let mut clippy = process::command("cargo");
    toolchain.apply(&mut clippy).args(["clippy", "--version"]);
    process::ask(&mut clippy).is_some()
}

/// Makes sure that it can.
pub fn get_clippy(toolchain: Toolchain) -> Result<(), String> {
    if has_clippy(toolchain) {
        return Ok(());
    }
    match toolchain {
        Toolchain::Active => get_component("clippy"),
        Toolchain::Linked | Toolchain::System => apt::install(&["rust-web-clippy"]),
    }
}

/// Makes sure that the active toolchain has a component: `clippy`, `rustfmt`.
pub fn get_component(name: &str) -> Result<(), String> {
    if has_component(name) {
        return Ok(());
    }
    process::run(
        &format!("rustup component add {name}"),
        process::command("rustup").args(["component", "add", name]),
    )?;
    Ok(())
}

/// Does the active toolchain have this component?
pub fn has_component(name: &str) -> bool {
    let subcommand = if name == "rustfmt" { "fmt" } else { name };
    process::ask(process::command("cargo").args([subcommand, "--version"])).is_some()
}

/// Is there a rustup?
pub fn has_rustup() -> bool {
    process::find("rustup").is_some()
}

/// Is rustup not to be asked for the target?
pub fn only_debian() -> bool {
    env::var_os("WASM_TOOLCHAIN").is_some_and(|value| value == "debian")
}

fn debian_kind() -> Toolchain {
    if has_rustup() {
        Toolchain::Linked
    } else {
        Toolchain::System
    }
}

/// Does this compiler find the target's libraries? `test` is what tests link.
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

/// What a standard library built here is noted with: the compiler it is for.
fn compiler() -> Option<String> {
    process::ask(process::command(RUSTC).arg("-vV"))
}

fn library_folder() -> Option<PathBuf> {
    process::ask(process::command(RUSTC).args(["--print", "target-libdir", "--target", TARGET]))
        .map(PathBuf::from)
}

/// Is the library that was built the one for the compiler that is there now?
fn is_debian_ready() -> bool {
    let noted =
        library_folder().and_then(|folder| fs::read_to_string(folder.join(".built-for")).ok());
    Path::new(LINKER).exists() && noted.is_some() && noted == compiler()
}

fn make_debian() -> Result<(), String> {
    if !apt::installed(&PACKAGES) {
        apt::install(&PACKAGES)?;
    }
    // The linker is only a link to `lld-N`, which is in a package of that name
    // that no other package asks for.
    if !Path::new(LINKER).exists() {
        let lld = fs::read_link(LINKER).map_err(|e| format!("{LINKER} is not there: {e}"))?;
        let package = lld
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        apt::install(&[&package])?;
    }
    if !is_debian_ready() {
        build_std()?;
    }
    if has_rustup() {
        let linked = process::command("rustup")
            .args(["toolchain", "link", LINKED, "/usr"])
            .output();
        if !linked.is_ok_and(|output| output.status.success()) {
            return Err(format!("`rustup toolchain link {LINKED} /usr` failed"));
        }
    }
    Ok(())
}

/// Builds the standard library from Debian's source of it and puts it where
/// the compiler looks. A crate without content is built: what is wanted are its
/// dependencies.
fn build_std() -> Result<(), String> {
    let missing = || format!("{RUSTC} does not work; reinstall rustc-web");
    let folder = library_folder().ok_or_else(missing)?;
    let compiler = compiler().ok_or_else(missing)?;
    let work = env::temp_dir().join(format!("xtask-std-{}", std::process::id()));
    let built = compile_std(&work).and_then(|libraries| {
        install_std(&libraries, &folder, &compiler).map_err(|e| {
            format!(
                "cannot put the standard library into {}: {e}",
                folder.display()
            )
        })
    });
    let _ = fs::remove_dir_all(&work);
    built
}

/// Compiles it in `work`; the folder with the libraries.
fn compile_std(work: &Path) -> Result<PathBuf, String> {
    let unusable = |e: std::io::Error| format!("cannot use {}: {e}", work.display());
    fs::create_dir_all(work.join("src")).map_err(unusable)?;
    fs::write(work.join("src/lib.rs"), "#![no_std]\n").map_err(unusable)?;
    // A package of its own workspace, with the settings std is released with.
    let manifest = "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
        [profile.release]\ncodegen-units = 1\npanic = \"abort\"\n\n[workspace]\n";
    fs::write(work.join("Cargo.toml"), manifest).map_err(unusable)?;

    let output = work.join("target");
    let mut cargo = process::command(CARGO);
    cargo
        .current_dir(work)
        .args(["build", "--release", "--target", TARGET])
        .arg("-Zbuild-std=std,panic_abort,test,proc_macro")
        .env("CARGO_TARGET_DIR", &output)
        .env("CARGO_ENCODED_RUSTFLAGS", std_flags().join("\x1f"))
        .env("RUSTC", RUSTC)
        // Building std is what this variable is for; nothing else here uses it.
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTUP_TOOLCHAIN");
    process::run(&format!("build std for {TARGET}"), &mut cargo)?;
    Ok(output.join(TARGET).join("release/deps"))
}

/// Flags for std: with bitcode, so that it can take part in LTO, and with the
/// paths in its panic messages as in the std that rustup brings.
fn std_flags() -> Vec<String> {
    let mut flags = vec!["-Cembed-bitcode=yes".to_string()];
    let sysroot = process::ask(process::command(RUSTC).args(["--print", "sysroot"]));
    let version = compiler().unwrap_or_default();
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "))
        .unwrap_or("unknown");
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    if let Some(sysroot) = sysroot {
        let source = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
        let library = format!("/rustc/{commit}/library");
        flags.push(remap(&source, &library));
        // It may be a link, and then either name can come up.
        flags.extend(fs::canonicalize(&source).map(|source| remap(&source, &library)));
    }
    flags.extend(
        registry_folders()
            .iter()
            .map(|folder| remap(folder, "/rust/deps")),
    );
    flags
}

/// Where cargo keeps the sources of crates: one folder for each registry.
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
    // The last that fits wins, so the general one comes first.
    folders.insert(0, sources);
    folders
}

/// Cargo's own folder.
pub fn cargo_home() -> Option<PathBuf> {
    let home = || env::home_dir().map(|home| home.join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)
}

fn install_std(libraries: &Path, folder: &Path, compiler: &str) -> std::io::Result<()> {
    let new = folder.with_extension("new");
    if new.exists() {
        fs::remove_dir_all(&new)?;
    }
    fs::create_dir_all(&new)?;
    for entry in fs::read_dir(libraries)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libempty-") {
            fs::copy(&path, new.join(&name))?;
        }
    }
    fs::write(new.join(".built-for"), compiler)?;
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::rename(&new, folder)
}
