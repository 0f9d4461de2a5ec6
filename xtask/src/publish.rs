//! `cargo xtask publish`: the package to the npm registry, with the proof of where it was built.

use std::fs;

use crate::{build, npm, process, workspace};

/// Checks that all is said and committed, builds, and publishes; with `--dry-run` all but the
/// last.
pub fn run(dry: bool) -> Result<(), String> {
    let read = |file: &str| {
        fs::read_to_string(workspace::root().join(file)).map_err(|e| format!("{file}: {e}"))
    };
    let version = agreed_version(
        &read("Cargo.toml")?,
        &read("pkg-template/package.json")?,
        &read("CHANGELOG.md")?,
    )?;
    if !dry && !is_committed()? {
        return Err("there are changes that are not committed; commit them first".into());
    }
    build::run()?;
    let mut npm = npm::npm();
    npm.args(["publish", "--access", "public"])
        .current_dir(workspace::package());
    // Who built it is attested by the identity that a CI job has, and nobody else.
    npm.arg(if dry { "--dry-run" } else { "--provenance" });
    process::run("npm publish", &mut npm)?;
    let done = if dry { "could be" } else { "is" };
    println!("  tpa-session {version} {done} published");
    Ok(())
}

/// The version of crate, package and changelog, which must be one.
fn agreed_version(cargo: &str, package: &str, changelog: &str) -> Result<String, String> {
    let quoted = |text: &str, before: &str| {
        let (_, rest) = text.split_once(before)?;
        let (version, _) = rest.split_once('"')?;
        Some(version.to_owned())
    };
    let ours = quoted(cargo, "version = \"").ok_or("Cargo.toml names no version")?;
    let theirs = quoted(package, "\"version\": \"").ok_or("package.json names no version")?;
    if ours != theirs {
        return Err(format!(
            "Cargo.toml says {ours} and pkg-template/package.json {theirs}; make them one"
        ));
    }
    if !changelog.contains(&format!("\n## {ours}\n")) {
        return Err(format!("CHANGELOG.md says nothing of {ours}"));
    }
    Ok(ours)
}

fn is_committed() -> Result<bool, String> {
    let status = process::command("git")
        .args(["status", "--porcelain"])
        .current_dir(workspace::root())
        .output()
        .map_err(|e| format!("cannot start git: {e}"))?;
    Ok(status.status.success() && status.stdout.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARGO: &str = "[workspace.package]\nversion = \"1.2.3\"\n";
    const PACKAGE: &str = "{\n  \"version\": \"1.2.3\"\n}";
    const CHANGELOG: &str = "# Changelog\n\n## 1.2.3\n\n- All new.\n";

    #[test]
    fn crate_package_and_changelog_name_one_version() {
        assert_eq!(
            agreed_version(CARGO, PACKAGE, CHANGELOG),
            Ok("1.2.3".to_owned())
        );
        let other = PACKAGE.replace("1.2.3", "1.2.4");
        let differ = agreed_version(CARGO, &other, CHANGELOG).unwrap_err();
        assert!(differ.contains("1.2.3 and") && differ.contains("1.2.4"));
        let silent = agreed_version(CARGO, PACKAGE, "# Changelog\n\n## 1.2.30\n").unwrap_err();
        assert!(silent.contains("nothing of 1.2.3"));
    }

    #[test]
    fn the_version_of_this_very_repository_is_agreed_on() {
        let read = |file: &str| fs::read_to_string(workspace::root().join(file)).unwrap();
        let files = ["Cargo.toml", "pkg-template/package.json", "CHANGELOG.md"];
        let [cargo, package, changelog] = files.map(read);
        assert!(agreed_version(&cargo, &package, &changelog).is_ok());
    }
}
