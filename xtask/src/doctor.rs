//! `cargo xtask doctor`: what is here, what is not, and how that is got.

use std::process::ExitCode;

use crate::browsers::{self, Browser};
use crate::npm::{self, NODE_MAJOR};
use crate::toolchain::{self, TARGET, Toolchain};
use crate::tools::{self, CargoTool};
use crate::{apt, process};

/// What there is to say of one need.
enum Finding {
    /// It is here: version, place.
    Here(String),
    /// Not yet, but the commands get it by themselves, this way.
    WillCome(String),
    /// The user has to do this.
    Missing(String),
}

use Finding::{Here, Missing, WillCome};

/// Lists the needs. Fails when one of them is the user's to mend.
pub fn run(arguments: &[&str]) -> Result<ExitCode, String> {
    crate::no_arguments(arguments)?;
    let mut findings = vec![
        ("cargo", cargo()),
        ("rustfmt", component("rustfmt")),
        ("clippy", component("clippy")),
        (TARGET, wasm_target()),
        ("clippy for wasm", wasm_clippy()),
    ];
    for tool in [tools::wasm_bindgen()?, tools::wasm_pack()] {
        findings.push((tool.package, cargo_tool(&tool)));
    }
    findings.push(("node", node()));
    findings.push(("npm", npm()));
    findings.push(("npm packages", npm_packages()));
    findings.extend(browsers::ALL.map(|program| (program.name, browser(program))));
    findings.push(("geckodriver", geckodriver()));

    let mut missing = 0;
    for (name, finding) in &findings {
        match finding {
            Here(what) => println!("  ok       {name:<24} {what}"),
            WillCome(how) => println!("  to come  {name:<24} {how}"),
            Missing(mend) => {
                missing += 1;
                println!("  MISSING  {name:<24} {mend}");
            }
        }
    }
    if missing == 0 {
        println!("\nAll is here, or comes by itself when a command needs it.");
        Ok(ExitCode::SUCCESS)
    } else {
        println!(
            "\n{missing} of {} needs are yours to mend, as said above.",
            findings.len()
        );
        Ok(ExitCode::FAILURE)
    }
}

fn cargo() -> Finding {
    match process::ask(process::command("cargo").arg("--version")) {
        Some(version) => Here(version),
        None => Missing("install Rust: https://rustup.rs".into()),
    }
}

fn component(name: &str) -> Finding {
    if toolchain::has_component(name) {
        Here("with the active toolchain".into())
    } else if toolchain::has_rustup() {
        WillCome(format!("by `rustup component add {name}`"))
    } else {
        Missing(format!("install the {name} of your Rust"))
    }
}

fn wasm_target() -> Finding {
    match toolchain::find() {
        Some(found) => Here(format!("in {}", found.name())),
        None if toolchain::has_rustup() && !toolchain::only_debian() => {
            WillCome(format!("by `rustup target add {TARGET}`"))
        }
        None if apt::available() => WillCome("by apt (rustc-web), std built once: 1 minute".into()),
        None => Missing("install Rust by rustup, or use Debian as root".into()),
    }
}

fn wasm_clippy() -> Finding {
    match toolchain::find() {
        Some(found) if toolchain::has_clippy(found) => Here(format!("with {}", found.name())),
        Some(Toolchain::Active) => component("clippy"),
        Some(Toolchain::Linked | Toolchain::System) => WillCome("by apt: rust-web-clippy".into()),
        None => WillCome("with the target".into()),
    }
}

fn cargo_tool(tool: &CargoTool) -> Finding {
    match tool.folder() {
        Some(folder) => Here(format!("{} in {}", tool.version, folder.display())),
        None => WillCome(format!(
            "by `cargo install {}` {}: 1 to 2 minutes",
            tool.package, tool.version
        )),
    }
}

fn node() -> Finding {
    let mend = || {
        Missing(format!(
            "install Node {NODE_MAJOR} or newer: https://nodejs.org"
        ))
    };
    match process::ask(npm::node().arg("--version")) {
        Some(version) if tools::first_version(&version).is_some_and(|v| v.0 >= NODE_MAJOR) => {
            Here(version)
        }
        Some(_) | None => mend(),
    }
}

fn npm() -> Finding {
    match process::ask(npm::npm().arg("--version")) {
        Some(version) => Here(version),
        None => Missing("install npm; it comes with Node".into()),
    }
}

fn npm_packages() -> Finding {
    if npm::up_to_date() {
        Here("those of package-lock.json".into())
    } else {
        WillCome("by `npm ci`".into())
    }
}

fn browser(program: &Browser) -> Finding {
    match program.find() {
        Some(path) => {
            let version = browsers::version(&path).unwrap_or_default();
            Here(format!("{version} {}", path.display()).trim().into())
        }
        None if apt::available() => WillCome(format!("by apt: {}", program.package)),
        None => Missing(program.mend.into()),
    }
}

fn geckodriver() -> Finding {
    match browsers::named_geckodriver() {
        Some(path) => Here(format!("{} (GECKODRIVER)", path.display())),
        None => cargo_tool(&tools::geckodriver()),
    }
}
