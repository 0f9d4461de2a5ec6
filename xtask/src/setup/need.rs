//! The programs and libraries that commands need, and how each is installed.

use std::path::PathBuf;

use crate::browsers::{self, Browser, CHROMEDRIVER, CHROMIUM, FIREFOX, WEBKIT_DRIVER, XVFB};
use crate::npm::{self, NODE_MAJOR};
use crate::stores::Store;
use crate::toolchain::{self, TARGET, Toolchain, debian};
use crate::tools::{self, CargoTool};
use crate::{apt, process, schema_checker, workspace};

/// Something that must be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Rustfmt,
    Clippy,
    WasmTarget,
    WasmClippy,
    WasmBindgen,
    WasmPack,
    Node,
    /// The packages of the package-lock.json in a folder of the workspace.
    NpmPackages(&'static str),
    Chromium,
    Chromedriver,
    Firefox,
    Geckodriver,
    WebKitDriver,
    Xvfb,
    Iproute2,
    Iptables,
    RedisServer,
    Prometheus,
    /// A server besides the Redis of the system.
    Store(Store),
    SchemaChecker,
    CargoDeny,
    CargoLlvmCov,
    CargoMutants,
}

/// State of a need on this machine.
pub enum State {
    /// With a version or a path.
    Present(String),
    Missing(Remedy),
}

/// Way to install a need.
pub enum Remedy {
    /// By a command that changes only folders of the user.
    Command(String),
    /// By a Debian package.
    Package(&'static str),
    /// By Debian packages and a standard library compiled from one of them.
    Debian,
    /// By the user.
    Manual(String),
}

use State::{Missing, Present};

impl Need {
    /// Its name, with the version if only one fits.
    pub fn name(self) -> Result<String, String> {
        let versioned = |tool: CargoTool| format!("{} {}", tool.package, tool.version);
        Ok(match self {
            Self::Rustfmt => "rustfmt".into(),
            Self::Clippy => "clippy".into(),
            Self::WasmTarget => TARGET.into(),
            Self::WasmClippy => "clippy for wasm".into(),
            Self::WasmBindgen => versioned(tools::wasm_bindgen()?),
            Self::WasmPack => versioned(tools::wasm_pack()),
            Self::Node => format!("Node {NODE_MAJOR} or newer"),
            Self::NpmPackages("") => "npm packages".into(),
            Self::NpmPackages(folder) => format!("npm packages, {folder}"),
            Self::Chromium => CHROMIUM.name.into(),
            Self::Chromedriver => CHROMEDRIVER.name.into(),
            Self::Firefox => FIREFOX.name.into(),
            Self::Geckodriver => versioned(tools::geckodriver()),
            Self::WebKitDriver => WEBKIT_DRIVER.name.into(),
            Self::Xvfb => XVFB.name.into(),
            Self::Iproute2 => "iproute2".into(),
            Self::Iptables => "iptables".into(),
            Self::RedisServer => "redis-server".into(),
            Self::Prometheus => "prometheus".into(),
            Self::Store(store) => store.name().into(),
            Self::SchemaChecker => format!("check-jsonschema {}", schema_checker::VERSION),
            Self::CargoDeny => versioned(tools::cargo_deny()),
            Self::CargoLlvmCov => versioned(tools::cargo_llvm_cov()),
            Self::CargoMutants => versioned(tools::cargo_mutants()),
        })
    }

    /// Its use, for the list of what is missing.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Rustfmt => "checks the format of the Rust code",
            Self::Clippy => "lints the Rust code",
            Self::WasmTarget => "compiles the core to WebAssembly",
            Self::WasmClippy => "lints the Rust code that exists for wasm only",
            Self::WasmBindgen => "generates the JavaScript side of the wasm",
            Self::WasmPack => "runs the wasm tests",
            Self::Node => "builds the package and runs its tests",
            Self::NpmPackages("") => "bundler, wasm-opt, linters and test libraries",
            Self::NpmPackages(_) => "packages that only these tests or measurements use",
            Self::Chromium | Self::Firefox => "runs the tests that need a browser",
            Self::Chromedriver => "controls Chromium in the wasm tests",
            Self::Geckodriver => "controls Firefox in the tests",
            Self::WebKitDriver => "controls WebKit in the tests, and brings it",
            Self::Xvfb => "shows WebKit in the tests",
            Self::Iproute2 => "makes the network of the tests with faults of the kernel",
            Self::Iptables => "drops packets in the tests with faults of the kernel",
            Self::RedisServer => "stores the records of the tests with several processes",
            Self::Prometheus => "evaluates the queries of the dashboard and the alerts",
            Self::Store(_) => "stores the records of the tests in a full run",
            Self::CargoDeny => "checks licences, sources and advisories of the crates",
            Self::CargoLlvmCov => "measures the coverage of tests",
            Self::CargoMutants => "changes the code to test its tests",
            Self::SchemaChecker => "checks workflows and forms in .github against their schemas",
        }
    }

    /// Looks for it. Fails if the workspace itself is unreadable.
    pub fn state(self) -> Result<State, String> {
        Ok(match self {
            Self::Rustfmt => component("rustfmt"),
            Self::Clippy => component("clippy"),
            Self::WasmTarget => wasm_target(),
            Self::WasmClippy => wasm_clippy(),
            Self::WasmBindgen => cargo_tool(&tools::wasm_bindgen()?),
            Self::WasmPack => cargo_tool(&tools::wasm_pack()),
            Self::Node => node(),
            Self::NpmPackages(folder) => npm_packages(folder),
            Self::Chromium => browser(&CHROMIUM),
            Self::Chromedriver => browser(&CHROMEDRIVER),
            Self::Firefox => browser(&FIREFOX),
            Self::Geckodriver => match browsers::geckodriver_variable() {
                Some(path) => Present(format!("{} (GECKODRIVER)", path.display())),
                None => cargo_tool(&tools::geckodriver()),
            },
            Self::WebKitDriver => webkit_tool(&WEBKIT_DRIVER),
            Self::Xvfb => webkit_tool(&XVFB),
            Self::Iproute2 => network_tool("ip", "iproute2"),
            Self::Iptables => network_tool("iptables", "iptables"),
            Self::RedisServer => redis_server(),
            Self::Prometheus => prometheus(),
            Self::Store(store) => other_store(store),
            Self::SchemaChecker => schema_checker(),
            Self::CargoDeny => cargo_tool(&tools::cargo_deny()),
            Self::CargoLlvmCov => cargo_tool(&tools::cargo_llvm_cov()),
            Self::CargoMutants => cargo_tool(&tools::cargo_mutants()),
        })
    }
}

impl Remedy {
    /// The command or the instruction, for messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Command(command) => format!("`{command}`"),
            Self::Package(package) => format!("`{}`", apt::command_line(&[package])),
            Self::Debian => "`WASM_TOOLCHAIN=debian cargo xtask setup build` as root: installs \
                             rustc-web and compiles its standard library"
                .into(),
            Self::Manual(instruction) => instruction.clone(),
        }
    }

    /// Applies it to the need that it is for.
    pub fn apply(&self, need: Need) -> Result<(), String> {
        match self {
            Self::Debian => debian::install(),
            Self::Package(package) => apt::install(&[package]),
            Self::Manual(instruction) => Err(instruction.clone()),
            Self::Command(_) => match need {
                Need::Rustfmt => rustup(&["component", "add", "rustfmt"]),
                Need::Clippy | Need::WasmClippy => rustup(&["component", "add", "clippy"]),
                Need::WasmTarget => rustup(&["target", "add", TARGET]),
                Need::WasmBindgen => tools::wasm_bindgen()?.install(),
                Need::WasmPack => tools::wasm_pack().install(),
                Need::Geckodriver => tools::geckodriver().install(),
                Need::SchemaChecker => schema_checker::install(),
                Need::Store(store) => store.install(),
                Need::CargoDeny => tools::cargo_deny().install(),
                Need::CargoLlvmCov => tools::cargo_llvm_cov().install(),
                Need::CargoMutants => tools::cargo_mutants().install(),
                Need::NpmPackages(folder) => npm::install(&in_workspace(folder)),
                Need::Node
                | Need::Chromium
                | Need::Chromedriver
                | Need::Firefox
                | Need::WebKitDriver
                | Need::Xvfb
                | Need::Iproute2
                | Need::Iptables
                | Need::RedisServer
                | Need::Prometheus => Err(format!("{} has no command", need.name()?)),
            },
        }
    }
}

fn rustup(arguments: &[&str]) -> Result<(), String> {
    let what = format!("rustup {}", arguments.join(" "));
    process::run(&what, process::command("rustup").args(arguments)).map_err(|error| {
        if arguments.contains(&TARGET) && apt::is_debian() {
            return format!(
                "{error}\nWithout rustup's server: {}",
                Remedy::Debian.describe()
            );
        }
        error
    })?;
    Ok(())
}

fn component(name: &str) -> State {
    if toolchain::has_component(name) {
        Present("with the active toolchain".into())
    } else if toolchain::has_rustup() {
        Missing(Remedy::Command(format!("rustup component add {name}")))
    } else {
        Missing(Remedy::Manual(format!(
            "install {name} by the package manager that installed Rust"
        )))
    }
}

fn wasm_target() -> State {
    match toolchain::find() {
        Some(found) => Present(format!("with {}", found.name())),
        None if toolchain::has_rustup() && !toolchain::is_debian_required() => {
            Missing(Remedy::Command(format!("rustup target add {TARGET}")))
        }
        None if apt::is_debian() => Missing(Remedy::Debian),
        None => Missing(Remedy::Manual(format!(
            "install rustup (https://rustup.rs), then: rustup target add {TARGET}"
        ))),
    }
}

fn wasm_clippy() -> State {
    match toolchain::find() {
        Some(found) if toolchain::has_clippy(found) => Present(format!("with {}", found.name())),
        Some(Toolchain::Active) => component("clippy"),
        Some(Toolchain::Linked | Toolchain::System) => Missing(Remedy::Package("rust-web-clippy")),
        None if toolchain::is_debian_required() => Missing(Remedy::Package("rust-web-clippy")),
        // The same clippy checks all targets.
        None => component("clippy"),
    }
}

fn cargo_tool(tool: &CargoTool) -> State {
    match tool.folder() {
        Some(folder) => Present(folder.display().to_string()),
        None => Missing(Remedy::Command(tool.command_line())),
    }
}

fn node() -> State {
    match process::ask(npm::node().arg("--version")) {
        Some(version) if tools::first_version(&version).is_some_and(|v| v.0 >= NODE_MAJOR) => {
            Present(version)
        }
        Some(_) | None => Missing(Remedy::Manual(format!(
            "install Node {NODE_MAJOR} or newer with npm: https://nodejs.org"
        ))),
    }
}

fn npm_packages(folder: &str) -> State {
    if npm::is_installed(&in_workspace(folder)) {
        return Present("as in package-lock.json".into());
    }
    let prefix = if folder.is_empty() {
        String::new()
    } else {
        format!(" --prefix {folder}")
    };
    Missing(Remedy::Command(format!("npm ci --ignore-scripts{prefix}")))
}

fn browser(program: &Browser) -> State {
    match program.find() {
        Some(path) => {
            let version = browsers::version(&path).unwrap_or_default();
            Present(format!("{version} {}", path.display()).trim().into())
        }
        None if apt::is_debian() => Missing(Remedy::Package(program.package)),
        None => Missing(Remedy::Manual(program.hint.into())),
    }
}

/// Optional: its tests are skipped where WebKitGTK does not run.
fn webkit_tool(program: &Browser) -> State {
    if !browsers::has_webkit() {
        return Present("its tests are skipped: WebKitGTK runs on Linux".into());
    }
    match program.find() {
        // Neither has an option that only prints its version.
        Some(path) => Present(path.display().to_string()),
        None if apt::is_debian() => Missing(Remedy::Package(program.package)),
        None => Missing(Remedy::Manual(program.hint.into())),
    }
}

/// Optional: its tests are skipped where no network namespaces can be made.
fn network_tool(program: &str, package: &'static str) -> State {
    if !process::can_unshare() {
        return Present("its tests are skipped: they need root on Linux".into());
    }
    match process::find(program) {
        Some(path) => Present(path.display().to_string()),
        None if apt::is_debian() => Missing(Remedy::Package(package)),
        None => Missing(Remedy::Manual(format!(
            "install {package} by the package manager of the system"
        ))),
    }
}

fn redis_server() -> State {
    match process::find("redis-server") {
        Some(path) => Present(path.display().to_string()),
        None if apt::is_debian() => Missing(Remedy::Package("redis-server")),
        None => Missing(Remedy::Manual(
            "install Redis 6.2 or newer by the package manager of the system".into(),
        )),
    }
}

/// Optional: its tests are skipped where it cannot be installed.
fn other_store(store: Store) -> State {
    match store.find() {
        Some(path) => Present(path.display().to_string()),
        None if store.is_available() => Missing(Remedy::Command(store.remedy())),
        None => Present("its tests are skipped: it cannot be installed here".into()),
    }
}

/// The package has promtool as well.
fn prometheus() -> State {
    match (process::find("prometheus"), process::find("promtool")) {
        (Some(path), Some(_)) => Present(path.display().to_string()),
        _ if apt::is_debian() => Missing(Remedy::Package("prometheus")),
        _ => Missing(Remedy::Manual(
            "install Prometheus with promtool by the package manager of the system".into(),
        )),
    }
}

/// Optional: its check is skipped where Python is missing.
fn schema_checker() -> State {
    match schema_checker::find() {
        Some(path) => Present(path.display().to_string()),
        None if schema_checker::has_python() => Missing(Remedy::Command(format!(
            "pip install check-jsonschema=={}",
            schema_checker::VERSION
        ))),
        None => Present("its check is skipped: no python3 with venv".into()),
    }
}

fn in_workspace(folder: &str) -> PathBuf {
    workspace::root().join(folder)
}
