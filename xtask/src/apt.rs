//! Debian packages: what a bare Debian machine, as root, gets by itself.

use std::fs;
use std::sync::OnceLock;

use crate::process;

/// Can packages be installed here without asking anyone?
pub fn available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        is_debian(&release)
            && process::find("apt-get").is_some()
            && process::ask(process::command("id").arg("-u")).as_deref() == Some("0")
    })
}

/// Debian itself. Ubuntu has other packages: its `chromium` is an empty shell.
fn is_debian(os_release: &str) -> bool {
    os_release
        .lines()
        .any(|line| line.trim().replace('"', "") == "ID=debian")
}

/// Are all of these installed?
pub fn installed(packages: &[&str]) -> bool {
    packages.iter().all(|package| {
        let status = process::ask(
            process::command("dpkg-query")
                .args(["--show", "--showformat=${db:Status-Status}"])
                .arg(package),
        );
        status.as_deref() == Some("installed")
    })
}

/// Installs packages, after one update of the lists.
pub fn install(packages: &[&str]) -> Result<(), String> {
    static UPDATED: OnceLock<()> = OnceLock::new();
    let apt = || {
        let mut apt = process::command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet");
        apt
    };
    if UPDATED.get().is_none() {
        process::run("apt-get update", apt().arg("update"))?;
        let _ = UPDATED.set(());
    }
    process::run(
        &format!("apt-get install {}", packages.join(" ")),
        apt()
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_debian;

    #[test]
    fn debian_is_told_from_its_descendants() {
        assert!(is_debian("NAME=\"Debian GNU/Linux\"\nID=debian\n"));
        assert!(!is_debian("ID=ubuntu\nID_LIKE=debian\n"));
    }
}
