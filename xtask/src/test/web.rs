//! Tests of the wasm itself: in Node and in both browsers, on a real cloud.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Report;
use super::counts::Counts;
use super::nudge::Nudge;
use crate::browsers::{self, CHROMEDRIVER, CHROMIUM, FIREFOX};
use crate::cloud::{self, Cloud};
use crate::toolchain::{self, TARGET, Toolchain};
use crate::{npm, process, tools, workspace};

/// Tests learn the cloud's address when they are compiled, so the port is the
/// same each time: another would compile them anew.
const PORT: u16 = 18002;
/// Seconds that the tests of one environment may take together.
const LIMIT: &str = "120";

/// All three.
pub fn run(report: &mut Report) {
    let setup = match Setup::get() {
        Ok(setup) => setup,
        Err(error) => return report.fail("wasm tests", error),
    };
    setup.docs(report);
    setup.run(report, "wasm in Node", "node", |_| Ok(()));
    setup.run(report, "wasm in Chromium", "browser", |command| {
        CHROMIUM.get()?;
        command.args(["--headless", "--chrome", "--chromedriver"]);
        command.arg(CHROMEDRIVER.get()?);
        Ok(())
    });
    setup.run(report, "wasm in Firefox", "browser", |command| {
        FIREFOX.get()?;
        command.args(["--headless", "--firefox", "--geckodriver"]);
        command.arg(browsers::geckodriver()?);
        Ok(())
    });
}

/// What all of them need.
struct Setup {
    toolchain: Toolchain,
    wasm_pack: PathBuf,
    wasm_bindgen: PathBuf,
    cloud: Cloud,
}

impl Setup {
    fn get() -> Result<Self, String> {
        npm::get()?;
        let toolchain = toolchain::get()?;
        let wasm_bindgen = tools::wasm_bindgen()?.get()?;
        let wasm_pack = tools::wasm_pack().get()?;
        let program = cloud::build()?;
        Ok(Self {
            toolchain,
            wasm_pack,
            wasm_bindgen,
            cloud: start(&program)?,
        })
    }

    /// Compiles the examples in the docs of what is there for wasm only. None of them is run:
    /// they have no cloud.
    fn docs(&self, report: &mut Report) {
        let mut cargo = process::command("cargo");
        self.toolchain
            .apply(&mut cargo)
            .args(["test", "--doc", "--package", "tpa-session"])
            .args(["--target", TARGET])
            .env("PATH", self.path());
        report.check("examples in the docs", &mut cargo);
    }

    /// The test runner must be of wasm-bindgen's version, and npm's wasm-opt must be found
    /// before an old one of the system.
    fn path(&self) -> OsString {
        let mut folders = vec![self.wasm_bindgen.clone(), npm::bin()];
        if self.toolchain == Toolchain::System {
            folders.push("/usr/bin".into());
        }
        process::path_with(&folders)
    }

    /// Runs the test file `tests/<file>.rs`; `prepare` says where.
    fn run(
        &self,
        report: &mut Report,
        what: &str,
        file: &str,
        prepare: fn(&mut Command) -> Result<(), String>,
    ) {
        // Without --mode, wasm-pack downloads programs of its own.
        let mut command = process::command(self.wasm_pack.join("wasm-pack"));
        command.args(["test", "--mode", "no-install"]);
        if file == "node" {
            command.arg("--node");
        }
        if let Err(error) = prepare(&mut command) {
            return report.fail(what, error);
        }
        let server = match cloud::free_address() {
            Ok(server) => server,
            Err(error) => return report.fail(what, error),
        };
        self.toolchain.apply(&mut command);
        command
            .args(["--", "--test", file])
            .env("PATH", self.path())
            .env("WASM_BINDGEN_TEST_ADDRESS", server.to_string())
            .env("TPA_CLOUD_URL", &self.cloud.url)
            .env("WASM_BINDGEN_TEST_TIMEOUT", LIMIT)
            // The runner's own backtraces say nothing about a test.
            .env("RUST_BACKTRACE", "0");
        let _nudge = Nudge::start(server);
        report.tests(what, &mut command, Counts::of_cargo);
    }
}

/// The cloud of all wasm tests, its log beside the others.
fn start(program: &Path) -> Result<Cloud, String> {
    let port = if cloud::is_free(PORT) { PORT } else { 0 };
    let path = workspace::target().join("xtask-logs/tpa-cloud.log");
    let log = File::create(&path).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    // Streams that speak ten times a second: a test that waits for one waits less.
    let faster = ["--stream-interval", "100ms"].map(String::from);
    Cloud::start(program, port, &faster, Stdio::from(log))
}
