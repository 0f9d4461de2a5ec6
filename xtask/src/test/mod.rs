//! `cargo xtask test`: all checks and tests, with a table of the results.

mod cloud_program;
mod counts;
mod dependencies;
mod js;
mod lint;
mod native;
mod portable;
mod report;
mod rerun;
mod web;
mod workflows;

use std::process::ExitCode;

use clap::ValueEnum;

use crate::arguments::{Part, Test};
use crate::{process, setup};
use report::Report;

/// Runs the named parts, or all. Continues after a failure, so that one run
/// shows all of them.
pub fn run(arguments: &Test) -> Result<ExitCode, String> {
    let parts = if arguments.parts.is_empty() {
        Part::value_variants()
    } else {
        &arguments.parts
    };
    let needs = parts.iter().flat_map(|part| {
        let further = arguments.full.then(|| setup::needs_of_full(*part));
        [setup::needs_of(*part), further.unwrap_or_default()].concat()
    });
    setup::install(&setup::distinct(needs))?;
    let mut report = Report::default();
    // In the order of their definition: what fails soonest comes first.
    for part in Part::value_variants() {
        if parts.contains(part) && !process::is_stopping() {
            println!("{}", name(*part));
            run_part(*part, &mut report, arguments.full);
        }
    }
    Ok(report.finish())
}

fn run_part(part: Part, report: &mut Report, full: bool) {
    match part {
        Part::Lint => lint::run(report),
        Part::Core => native::run(report, full),
        Part::Web => web::run(report, full),
        Part::Js => js::unit(report),
        Part::Package => js::package(report),
        Part::Cloud => {
            js::npm_cloud(report);
            cloud_program::run(report, full);
        }
        Part::Sdk => js::sdk(report),
        Part::Matrix => js::matrix(report),
        Part::E2e => js::end_to_end(report, full),
        Part::Site => js::site(report),
        Part::Abuse => js::abuse(report, full),
        Part::Cluster => js::cluster(report, full),
        Part::Network => js::network(report, full),
        Part::Rerun => rerun::run(report),
    }
}

fn name(part: Part) -> String {
    let value = part.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_string())
}
