//! `cargo xtask`: builds, runs and tests this repository. `cargo xtask help`
//! lists the commands.
//!
//! It needs only cargo and a C linker. What else a command needs is installed by
//! `cargo xtask setup`, which each command calls for itself.

mod apt;
mod arguments;
mod bench;
mod browsers;
mod build;
mod cloud;
mod coverage;
mod demo;
mod example;
mod explore;
mod mutants;
mod npm;
mod pictures;
mod process;
mod publish;
mod rust_pages;
mod schema_checker;
mod screen;
mod setup;
mod sim;
mod site;
mod soak;
mod stores;
mod test;
mod toolchain;
mod tools;
mod where_it_runs;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use setup::{BUILD, Need};

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    exit_code(process::stop_on_signals().and_then(|()| run(command)))
}

fn exit_code(result: Result<ExitCode, String>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(_) if process::is_stopping() => process::STOPPED.into(),
        Err(message) => {
            eprintln!("\nerror: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, String> {
    setup::install(needs(&command))?;
    let done = match command {
        Command::Test(test) => return test::run(&test),
        Command::Setup(setup) => setup::run(&setup),
        Command::Build(options) => build::command(options),
        Command::Demo(serve) => demo::run(serve),
        Command::Example { name, serve } => example::run(&name, serve),
        Command::Site => site::run(),
        Command::Sim(sim) => sim::run(&sim),
        Command::Explore { seconds } => explore::run(seconds),
        Command::Coverage => coverage::run(),
        Command::Mutants { full } => mutants::run(full),
        Command::Soak { minutes } => soak::run(minutes),
        Command::Pictures => pictures::run(),
        Command::WhereItRuns => where_it_runs::write(),
        Command::Herd(options) => bench::herd(&options.arguments),
        Command::Bench(options) => bench::run(&options.arguments),
        Command::Publish { dry_run } => publish::run(dry_run),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// Needs of a command, to be installed before it runs. `setup` and `test` derive them
/// from their arguments.
fn needs(command: &Command) -> &'static [Need] {
    const BROWSER: &[Need] = &[
        Need::WasmTarget,
        Need::WasmBindgen,
        Need::Node,
        Need::NpmPackages(""),
        Need::Chromium,
    ];
    match command {
        Command::Build(_)
        | Command::Demo(_)
        | Command::Example { .. }
        | Command::Site
        | Command::Publish { .. } => BUILD,
        Command::Soak { .. } | Command::Pictures => BROWSER,
        Command::Bench(options) => bench::needs(&options.arguments),
        Command::WhereItRuns => &[Need::Node],
        Command::Coverage => &[Need::CargoLlvmCov],
        Command::Mutants { .. } => &[Need::CargoMutants],
        Command::Setup(_)
        | Command::Test(_)
        | Command::Sim(_)
        | Command::Explore { .. }
        | Command::Herd(_) => &[],
    }
}
