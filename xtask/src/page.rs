//! `cargo xtask soak` and `cargo xtask pictures`: the demo page in a browser, outside of the tests.

use crate::browsers::CHROMIUM;
use crate::{build, cloud, npm, workspace};

/// How long random faults go on when nothing else is said.
const SOAK_MINUTES: &str = "10";

/// Random faults on the page for some minutes; fails unless they passed without an error.
pub fn soak(arguments: &[&str]) -> Result<(), String> {
    let minutes = soak_minutes(arguments)?;
    run("tests/e2e/run-soak.mjs", &[minutes])
}

/// Makes the pictures of the README anew.
pub fn pictures() -> Result<(), String> {
    run("tests/e2e/screenshots.mjs", &[])
}

fn soak_minutes<'a>(arguments: &[&'a str]) -> Result<&'a str, String> {
    let minutes = match arguments {
        [] => SOAK_MINUTES,
        ["--minutes", minutes] => minutes,
        [other, ..] => {
            return Err(format!(
                "`{other}` is not understood: soak takes `--minutes <N>`"
            ));
        }
    };
    let is_fine = minutes
        .parse::<f64>()
        .is_ok_and(|number| (0.1..=600.0).contains(&number));
    is_fine
        .then_some(minutes)
        .ok_or_else(|| format!("--minutes takes a number from 0.1 to 600, not `{minutes}`"))
}

/// Builds what the page is made of and runs a script on it, its output as it comes.
fn run(script: &str, arguments: &[&str]) -> Result<(), String> {
    build::run()?;
    let cloud = cloud::build()?;
    let status = npm::node()
        .arg(script)
        .args(arguments)
        .env("TPA_CLOUD_BIN", cloud)
        .env("TPA_PKG", workspace::package())
        .env("CHROMIUM", CHROMIUM.get()?)
        .status()
        .map_err(|e| format!("cannot start node: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{script} failed ({status}); it said why above"))
    }
}

#[cfg(test)]
mod tests {
    use super::soak_minutes;

    #[test]
    fn minutes_are_read_or_refused() {
        assert_eq!(soak_minutes(&[]), Ok("10"));
        assert_eq!(soak_minutes(&["--minutes", "0.5"]), Ok("0.5"));
        for wrong in [
            &["--minutes"][..],
            &["--minutes", "0"],
            &["--minutes", "NaN"],
            &["--minutes", "ten"],
            &["--hours", "1"],
            &["--minutes", "1", "2"],
        ] {
            assert!(soak_minutes(wrong).is_err(), "{wrong:?}");
        }
    }
}
