//! Tests of the wasm in Node and in three browsers.
//!
//! The commands are those that a developer runs by hand: `wasm-pack test --node`,
//! `wasm-pack test --headless --chrome`, `wasm-pack test --headless --firefox`.
//! WebKitGTK is run as Safari, whose driver takes the same options and commands,
//! on a screen in memory.
//! They need no server: the tests bring a cloud in memory. The same tests also
//! run with the tpa-cloud that `TPA_CLOUD_URL` names.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::counts::Counts;
use super::report::Report;
use super::schedule::{self, Job, Turn};
use crate::browsers::{self, CHROMEDRIVER, WEBKIT_DRIVER};
use crate::cloud::{self, Cloud};
use crate::screen::Screen;
use crate::toolchain::{self, Toolchain};
use crate::{npm, process, tools, workspace};

/// Variable with the URL of a running cloud, read at compile time.
const CLOUD_URL: &str = "TPA_CLOUD_URL";
/// Port of the cloud. Tests get its URL when they are compiled, so another port
/// compiles them again.
const PORT: u16 = 18002;
/// Consecutive runs of each command in a full run.
const FULL_RUNS: usize = 20;
/// Environments at the same time, each with a cloud in memory. A browser needs several seconds to
/// start, and wasm-bindgen reads a test program in one thread.
const AT_ONCE: usize = 2;

/// Program that runs the tests.
#[derive(Clone, Copy)]
enum Environment {
    Node,
    Chromium,
    Firefox,
    WebKit,
}

const ENVIRONMENTS: [Environment; 4] = [
    Environment::Node,
    Environment::Chromium,
    Environment::Firefox,
    Environment::WebKit,
];

impl Environment {
    fn name(self) -> &'static str {
        match self {
            Self::Node => "wasm in Node",
            Self::Chromium => "wasm in Chromium",
            Self::Firefox => "wasm in Firefox",
            Self::WebKit => "wasm in WebKit",
        }
    }

    /// Name of the program with its tests.
    fn program(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Chromium | Self::Firefox | Self::WebKit => "browser",
        }
    }

    /// Why its tests are skipped here, if they are.
    fn obstacle(self) -> Option<&'static str> {
        let is_missing = matches!(self, Self::WebKit) && !browsers::has_webkit();
        is_missing.then_some("skipped: WebKitGTK runs on Linux")
    }

    /// The screen that it needs, if it needs one.
    fn screen(self) -> Result<Option<Screen>, String> {
        match self {
            Self::WebKit => Screen::start().map(Some),
            Self::Node | Self::Chromium | Self::Firefox => Ok(None),
        }
    }

    /// Options of `wasm-pack test`.
    fn select(self, command: &mut Command) -> Result<(), String> {
        match self {
            Self::Node => command.arg("--node"),
            Self::Chromium => command
                .args(["--headless", "--chrome", "--chromedriver"])
                .arg(CHROMEDRIVER.get()?),
            Self::Firefox => command
                .args(["--headless", "--firefox", "--geckodriver"])
                .arg(browsers::geckodriver()?),
            Self::WebKit => command
                .args(["--headless", "--safari", "--safaridriver"])
                .arg(WEBKIT_DRIVER.get()?),
        };
        Ok(())
    }
}

/// Runs the tests in each environment, first with a real tpa-cloud, then as by
/// hand, with a cloud in memory. `wasm-pack test` then also compiles the
/// examples in the documentation of the API.
pub fn run(report: &mut Report, full: bool) {
    let tools = match Tools::get() {
        Ok(tools) => tools,
        Err(error) => return report.fail("wasm tests", error),
    };
    match cloud::build().and_then(|program| start(&program)) {
        Ok(cloud) => {
            // One after the other: their sessions have the same names, and one would end the other.
            for environment in ENVIRONMENTS {
                let what = format!("{}, with tpa-cloud", environment.name());
                tools.tests(report, &what, environment, Some(&cloud));
            }
        }
        Err(error) => report.fail("wasm tests with tpa-cloud", error),
    }
    let runs = if full { FULL_RUNS } else { 1 };
    let jobs = ENVIRONMENTS.map(|environment| {
        let tools = &tools;
        Job::new("", Turn::Beside, move |report: &mut Report| {
            for run in 1..=runs {
                let what = match runs {
                    1 => environment.name().to_string(),
                    _ => format!("{}, run {run}", environment.name()),
                };
                tools.tests(report, &what, environment, None);
            }
        })
    });
    schedule::run(report, AT_ONCE, jobs.into());
}

/// Programs that all of them use.
struct Tools {
    toolchain: Toolchain,
    wasm_pack: PathBuf,
    wasm_bindgen: PathBuf,
}

impl Tools {
    fn get() -> Result<Self, String> {
        Ok(Self {
            toolchain: toolchain::get()?,
            wasm_pack: tools::wasm_pack().get()?,
            wasm_bindgen: tools::wasm_bindgen()?.get()?,
        })
    }

    /// The test runner must have wasm-bindgen's version, and the wasm-opt of npm
    /// must precede an older one of the system.
    fn path(&self) -> OsString {
        let mut folders = vec![self.wasm_bindgen.clone(), npm::bin()];
        if self.toolchain == Toolchain::System {
            folders.push("/usr/bin".into());
        }
        process::path_with(&folders)
    }

    fn tests(
        &self,
        report: &mut Report,
        what: &str,
        environment: Environment,
        cloud: Option<&Cloud>,
    ) {
        if let Some(obstacle) = environment.obstacle() {
            return process::skipped(what, obstacle);
        }
        let mut command = process::command(self.wasm_pack.join("wasm-pack"));
        // Without the mode, wasm-pack downloads programs.
        command.args(["test", "--mode", "no-install"]);
        let selected = environment.select(&mut command);
        let screen = match selected.and_then(|()| environment.screen()) {
            Ok(screen) => screen,
            Err(error) => return report.fail(what, error),
        };
        if let Some(screen) = &screen {
            screen.apply(&mut command);
        }
        // For cargo.
        command.args(["--", "--locked"]);
        // What uses no cloud, and the examples in the documentation, are in the runs without one.
        if cloud.is_some() {
            command.args(["--test", environment.program()]);
        }
        self.toolchain.apply(&mut command);
        command
            .env("PATH", self.path())
            // A backtrace of the runner says nothing about a test.
            .env("RUST_BACKTRACE", "0");
        match cloud {
            Some(cloud) => command.env(CLOUD_URL, &cloud.url),
            None => command.env_remove(CLOUD_URL),
        };
        report.tests(what, &mut command, Counts::of_cargo);
    }
}

/// Starts the cloud; its log is beside the others.
fn start(program: &Path) -> Result<Cloud, String> {
    let port = if cloud::is_free(PORT) { PORT } else { 0 };
    let path = workspace::target().join("xtask-logs/tpa-cloud.log");
    let log = File::create(&path).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    // Ten data frames a second: a test that waits for one waits less.
    let options = ["--stream-interval", "100ms"].map(String::from);
    Cloud::start(program, port, &options, Stdio::from(log))
}
