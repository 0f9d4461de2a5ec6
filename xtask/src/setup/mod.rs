//! `cargo xtask setup`: installs what a command needs, after saying what and why.
//!
//! Every command calls it for what the command itself needs. What goes into a
//! folder of the user is installed. System packages are installed only by root
//! and only where `CI` is set or `WASM_TOOLCHAIN=debian`; elsewhere the command
//! that installs them is printed.

mod need;

use crate::arguments::{Part, Setup, Target};
use crate::stores::Store;
use crate::{apt, process};
use need::{Remedy, State};

pub use need::Need;

/// Width of the column with the names.
const NAME: usize = 26;

/// Needs of a build of the package.
pub const BUILD: &[Need] = &[
    Need::WasmTarget,
    Need::WasmBindgen,
    Need::Node,
    Need::NpmPackages(""),
];

/// Needs of a part of the tests.
pub fn needs_of(part: Part) -> Vec<Need> {
    let browsers = [
        Need::Chromium,
        Need::Chromedriver,
        Need::Firefox,
        Need::Geckodriver,
    ];
    let webkit = [Need::WebKitDriver, Need::Xvfb];
    let mut needs = Vec::new();
    match part {
        Part::Core => return needs,
        Part::Lint => {
            needs.extend([Need::Rustfmt, Need::Clippy]);
            needs.extend([Need::WasmTarget, Need::WasmClippy]);
            needs.extend([Need::Node, Need::NpmPackages("")]);
            needs.extend([Need::SchemaChecker, Need::CargoDeny]);
            return needs;
        }
        Part::Web => needs.push(Need::WasmPack),
        Part::Js | Part::Package | Part::Cloud | Part::Abuse | Part::E2e | Part::Rerun => {}
        Part::Sdk => needs.push(Need::NpmPackages("tests/sdk")),
        Part::Matrix => needs.push(Need::NpmPackages("tests/matrix")),
        Part::Cluster => needs.extend([
            Need::RedisServer,
            Need::Prometheus,
            Need::NpmPackages("tests/cluster"),
        ]),
        Part::Site => needs.push(Need::Chromium),
        // Its Node with a WebSocket is one of the packages of the matrix.
        Part::Network => needs.extend([
            Need::Iproute2,
            Need::Iptables,
            Need::NpmPackages("tests/matrix"),
        ]),
    }
    if matches!(part, Part::Web | Part::Matrix | Part::E2e | Part::Network) {
        needs.extend(browsers);
    }
    if matches!(part, Part::Web | Part::Matrix | Part::E2e) {
        needs.extend(webkit);
    }
    [BUILD, &needs].concat()
}

/// Needs of a full run of a part, besides those of a short one.
pub fn needs_of_full(part: Part) -> Vec<Need> {
    if part == Part::Cluster {
        Store::ALL.map(Need::Store).to_vec()
    } else {
        Vec::new()
    }
}

/// Needs of all targets of `cargo xtask setup`.
fn needs_of_all(targets: &[Target]) -> Vec<Need> {
    let of = |target: &Target| match target {
        Target::Build | Target::Test => BUILD.to_vec(),
        Target::Part(part) => needs_of(*part),
    };
    let needs = targets.iter().flat_map(of);
    distinct(needs)
}

/// Each need once, at its first place.
pub fn distinct(needs: impl IntoIterator<Item = Need>) -> Vec<Need> {
    let mut distinct = Vec::new();
    for need in needs {
        if !distinct.contains(&need) {
            distinct.push(need);
        }
    }
    distinct
}

/// Runs the command. `--check` only lists; it fails if something is missing.
pub fn run(arguments: &Setup) -> Result<(), String> {
    let needs = needs_of_all(&arguments.targets());
    if !arguments.check {
        install(&needs)?;
        println!("Nothing is missing.");
        return Ok(());
    }
    let mut missing = 0;
    for need in &needs {
        match need.state()? {
            State::Present(what) => println!("  ok       {:<NAME$} {what}", need.name()?),
            State::Missing(remedy) => {
                missing += 1;
                println!("  MISSING  {:<NAME$} {}", need.name()?, remedy.describe());
            }
        }
    }
    if missing == 0 {
        return Ok(());
    }
    Err(format!(
        "{missing} of {} are missing; `cargo xtask setup` installs them or prints how",
        needs.len()
    ))
}

/// Installs what is missing of `needs`. Prints nothing if everything is there.
pub fn install(needs: &[Need]) -> Result<(), String> {
    let mut missing = Vec::new();
    for need in needs {
        if let State::Missing(remedy) = need.state()? {
            missing.push((*need, remedy));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    println!("setup: {} of {} are missing", missing.len(), needs.len());
    for (need, remedy) in &missing {
        println!("  {:<NAME$} {}", need.name()?, need.purpose());
        println!("  {:<NAME$}   by {}", "", remedy.describe());
    }
    refuse_manual_steps(&missing)?;
    let packages: Vec<_> = missing
        .iter()
        .filter_map(|(_, remedy)| match remedy {
            Remedy::Package(package) => Some(*package),
            Remedy::Command(..) | Remedy::Debian | Remedy::Manual(_) => None,
        })
        .collect();
    // One call of apt for all packages.
    apt::install(&packages)?;
    for (need, _) in &missing {
        if process::is_stopping() {
            return Err("stopped by a signal".into());
        }
        // What came with an earlier one is no longer missing.
        if let State::Missing(remedy) = need.state()? {
            remedy.apply(*need)?;
        }
        if let State::Missing(remedy) = need.state()? {
            return Err(format!(
                "{} is still missing after its installation; try by hand: {}",
                need.name()?,
                remedy.describe()
            ));
        }
    }
    Ok(())
}

/// Fails if some remedies must be applied by the user, with all of them in one
/// message: nothing is installed before the rest can be.
fn refuse_manual_steps(missing: &[(Need, Remedy)]) -> Result<(), String> {
    let may_install = apt::may_install();
    let mut steps = Vec::new();
    let mut packages = Vec::new();
    for (_, remedy) in missing {
        match remedy {
            Remedy::Manual(step) => steps.push(step.clone()),
            Remedy::Package(package) if !may_install => packages.push(*package),
            Remedy::Debian if !may_install => steps.push(remedy.describe()),
            Remedy::Package(_) | Remedy::Debian | Remedy::Command(..) => {}
        }
    }
    if !packages.is_empty() {
        steps.insert(0, apt::command_line(&packages));
    }
    steps.dedup();
    if steps.is_empty() {
        return Ok(());
    }
    Err(format!(
        "setup does not change the system by itself (it does as root with CI or WASM_TOOLCHAIN=debian set);\n\
         do this, then run the command again:\n    {}",
        steps.join("\n    ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(remedies: Vec<Remedy>) -> Vec<(Need, Remedy)> {
        let with_need = |remedy| (Need::Node, remedy);
        remedies.into_iter().map(with_need).collect()
    }

    #[test]
    fn steps_of_the_user_are_in_one_message() {
        let all = missing(vec![
            Remedy::Manual("install Node".into()),
            Remedy::Command("npm ci".into()),
            Remedy::Manual("install Firefox".into()),
        ]);
        let error = refuse_manual_steps(&all).unwrap_err();
        assert!(
            error.ends_with("again:\n    install Node\n    install Firefox"),
            "{error}"
        );
        let user = missing(vec![Remedy::Command("npm ci".into())]);
        assert_eq!(refuse_manual_steps(&user), Ok(()));
    }

    #[test]
    fn packages_are_installed_only_where_that_is_allowed() {
        let all = missing(vec![
            Remedy::Package("chromium"),
            Remedy::Package("firefox-esr"),
        ]);
        match refuse_manual_steps(&all) {
            Ok(()) => assert!(apt::may_install()),
            Err(error) => {
                assert!(!apt::may_install());
                let command = "apt-get install --no-install-recommends chromium firefox-esr";
                assert!(error.ends_with(command), "{error}");
            }
        }
    }

    #[test]
    fn parts_need_only_what_they_use() {
        assert_eq!(needs_of(Part::Core), []);
        assert!(!needs_of(Part::Js).contains(&Need::Firefox));
        assert!(needs_of(Part::E2e).contains(&Need::Firefox));
        assert!(needs_of(Part::E2e).contains(&Need::WebKitDriver));
        let both = needs_of_all(&[Target::Build, Target::Part(Part::Js)]);
        assert_eq!(both, BUILD);
    }

    #[test]
    fn each_need_has_a_name_and_a_state() {
        for need in needs_of_all(&Setup::default().targets()) {
            assert!(!need.name().unwrap().is_empty());
            assert!(!need.purpose().is_empty());
            assert!(need.state().is_ok());
        }
    }
}
