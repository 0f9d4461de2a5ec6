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
mod schedule;
mod web;
mod workflows;

use std::process::ExitCode;

use clap::ValueEnum;

use crate::arguments::{Part, Test};
use crate::setup;
use report::Report;
use schedule::{Job, Turn};

/// Jobs that run at the same time. Three on two processors took as long, and made tests late.
const AT_ONCE: usize = 2;

/// Parts that begin before the others: what tells soon what is wrong; the longest, of which one
/// would run alone at the end and leave processors idle; and the wasm, whose compiler keeps every
/// other cargo waiting in a first run.
const BEFORE_OTHERS: [Part; 7] = [
    Part::Core,
    Part::Lint,
    Part::E2e,
    Part::Web,
    Part::Package,
    Part::Cluster,
    Part::Matrix,
];

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
    let has_site = parts.contains(&Part::Site);
    // The others in the order of their definition: what fails soonest comes first.
    let others = Part::value_variants().iter();
    let jobs = BEFORE_OTHERS
        .iter()
        .chain(others.filter(|part| !BEFORE_OTHERS.contains(part)))
        .filter(|part| parts.contains(part))
        .flat_map(|part| jobs(*part, arguments.full, has_site))
        .collect();
    // What a full run shows while it runs would be in between the lines of others.
    let at_once = if arguments.full { 1 } else { AT_ONCE };
    schedule::run(&mut report, at_once, jobs);
    Ok(report.finish())
}

/// The jobs of a part, in their order.
fn jobs(part: Part, full: bool, has_site: bool) -> Vec<Job<'static>> {
    use Turn::{Beside, First, Last, Waiting};
    let name = name(part);
    let job = |turn, run: fn(&mut Report, bool)| {
        Job::new(name.clone(), turn, move |report: &mut Report| {
            run(report, full)
        })
    };
    match part {
        Part::Lint => vec![
            job(First, |report, _| lint::rust(report)),
            Job::new(name, Beside, move |report: &mut Report| {
                lint::others(report, has_site)
            }),
        ],
        Part::Core => vec![job(Beside, native::run)],
        Part::Web => vec![job(Beside, web::run)],
        Part::Js => vec![job(Beside, |report, _| js::unit(report))],
        Part::Package => vec![job(Beside, |report, _| js::package(report))],
        Part::Cloud => vec![
            job(Beside, |report, _| js::npm_cloud(report)),
            job(Beside, cloud_program::run),
        ],
        Part::Sdk => vec![job(Beside, |report, _| js::sdk(report))],
        Part::Matrix => vec![job(Beside, js::matrix)],
        Part::E2e => vec![job(Beside, js::end_to_end)],
        Part::Site => vec![job(Beside, |report, _| js::site(report))],
        Part::Abuse => vec![job(Beside, js::abusive_frames), job(Last, js::abuse)],
        Part::Cluster => vec![
            job(Beside, js::cluster),
            job(Waiting, js::cluster_waiting),
            job(Last, js::cluster_alone),
        ],
        Part::Network => vec![job(Waiting, js::network)],
        Part::Rerun => vec![job(Last, |report, _| rerun::run(report))],
    }
}

fn name(part: Part) -> String {
    let value = part.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_string())
}
