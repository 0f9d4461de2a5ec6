//! `cargo xtask publish`: publishes the packages to the npm registry with a provenance statement.

use std::fs;

use crate::{build, npm, process, workspace};

/// Manifests of the npm packages.
const MANIFESTS: [&str; 2] = ["pkg-template/package.json", "cloud/npm/package.json"];

/// Checks versions and uncommitted changes, builds, and publishes. A dry run publishes nothing.
pub fn run(dry: bool) -> Result<(), String> {
    let read = |file: &str| {
        fs::read_to_string(workspace::root().join(file)).map_err(|e| format!("{file}: {e}"))
    };
    let (cargo, changelog) = (read("Cargo.toml")?, read("CHANGELOG.md")?);
    let mut version = String::new();
    for manifest in MANIFESTS {
        version = agreed_version(&cargo, manifest, &read(manifest)?, &changelog)?;
    }
    if !dry && !is_committed()? {
        return Err("the working tree has uncommitted changes; commit them first".into());
    }
    build::run()?;
    let done = if dry { "could be" } else { "is" };
    for folder in [workspace::package(), workspace::cloud_package()] {
        let mut npm = npm::npm();
        npm.args(["publish", "--access", "public"])
            .current_dir(&folder);
        // npm signs the provenance with the identity of a CI job, so only CI can publish.
        npm.arg(if dry { "--dry-run" } else { "--provenance" });
        process::run("npm publish", &mut npm)?;
        println!("  {} {version} {done} published", folder.display());
    }
    Ok(())
}

/// The version that crate, package and changelog have in common. `manifest` is the path of the
/// package's manifest.
fn agreed_version(
    cargo: &str,
    manifest: &str,
    package: &str,
    changelog: &str,
) -> Result<String, String> {
    let quoted = |text: &str, before: &str| {
        let (_, rest) = text.split_once(before)?;
        let (version, _) = rest.split_once('"')?;
        Some(version.to_owned())
    };
    let ours = quoted(cargo, "version = \"").ok_or("Cargo.toml has no version")?;
    let theirs = quoted(package, "\"version\": \"").ok_or("package.json has no version")?;
    if ours != theirs {
        return Err(format!(
            "the version is {ours} in Cargo.toml and {theirs} in {manifest}; it must be the same"
        ));
    }
    if !changelog.contains(&format!("\n## {ours}\n")) {
        return Err(format!("CHANGELOG.md has no section `## {ours}`"));
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
    fn crate_package_and_changelog_have_one_version() {
        assert_eq!(
            agreed_version(CARGO, "p.json", PACKAGE, CHANGELOG),
            Ok("1.2.3".to_owned())
        );
        let other = PACKAGE.replace("1.2.3", "1.2.4");
        let differ = agreed_version(CARGO, "p.json", &other, CHANGELOG).unwrap_err();
        assert!(differ.contains("1.2.3 in Cargo.toml") && differ.contains("1.2.4"));
        let silent =
            agreed_version(CARGO, "p.json", PACKAGE, "# Changelog\n\n## 1.2.30\n").unwrap_err();
        assert!(silent.contains("no section `## 1.2.3`"));
    }

    #[test]
    fn this_repository_has_one_version() {
        let read = |file: &str| fs::read_to_string(workspace::root().join(file)).unwrap();
        let [cargo, changelog] = ["Cargo.toml", "CHANGELOG.md"].map(read);
        for manifest in MANIFESTS {
            assert!(agreed_version(&cargo, manifest, &read(manifest), &changelog).is_ok());
        }
    }
}
