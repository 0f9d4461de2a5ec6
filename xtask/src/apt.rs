//! Debian packages.

use std::env;
use std::fs;
use std::sync::OnceLock;

use crate::{process, toolchain};

/// Tests for Debian. Its derivatives have other packages: the `chromium`
/// of Ubuntu is an empty transitional package.
pub fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    is_debian_release(&release) && process::find("apt-get").is_some()
}

/// Returns true if packages may be installed without asking: by root, with `CI`
/// or `WASM_TOOLCHAIN=debian` set.
pub fn may_install() -> bool {
    static MAY: OnceLock<bool> = OnceLock::new();
    *MAY.get_or_init(|| {
        let is_dedicated = env::var_os("CI").is_some() || toolchain::is_debian_required();
        is_dedicated && is_root() && is_debian()
    })
}

pub fn is_root() -> bool {
    process::ask(process::command("id").arg("-u")).as_deref() == Some("0")
}

fn is_debian_release(os_release: &str) -> bool {
    os_release
        .lines()
        .any(|line| line.trim().replace('"', "") == "ID=debian")
}

/// The command that installs packages, as a user would type it.
pub fn command_line(packages: &[&str]) -> String {
    let sudo = if is_root() { "" } else { "sudo " };
    format!(
        "{sudo}apt-get install --no-install-recommends {}",
        packages.join(" ")
    )
}

fn is_installed(package: &str) -> bool {
    let status = process::ask(
        process::command("dpkg-query")
            .args(["--show", "--showformat=${db:Status-Status}"])
            .arg(package),
    );
    status.as_deref() == Some("installed")
}

/// Installs the packages that are missing.
pub fn install(packages: &[&str]) -> Result<(), String> {
    static UPDATED: OnceLock<()> = OnceLock::new();
    let missing: Vec<_> = packages
        .iter()
        .copied()
        .filter(|package| !is_installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !may_install() {
        return Err(format!(
            "packages are missing; run: {}",
            command_line(&missing)
        ));
    }
    let apt = || {
        let mut apt = process::command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet");
        // A package with a service does not start it: tests run programs of their own.
        apt.env("SYSTEMD_OFFLINE", "1").env("RUNLEVEL", "1");
        apt
    };
    if UPDATED.get().is_none() {
        process::run("apt-get update", apt().arg("update"))?;
        let _ = UPDATED.set(());
    }
    process::run(
        &format!("apt-get install {}", missing.join(" ")),
        apt()
            .args(["install", "--yes", "--no-install-recommends"])
            .args(missing),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_debian_release;

    #[test]
    fn derivatives_are_not_debian() {
        assert!(is_debian_release("NAME=\"Debian GNU/Linux\"\nID=debian\n"));
        assert!(!is_debian_release("ID=ubuntu\nID_LIKE=debian\n"));
    }
}
