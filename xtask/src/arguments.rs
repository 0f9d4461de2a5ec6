//! Command line of `cargo xtask`.

use clap::{Args, Parser, Subcommand, ValueEnum};

const ENVIRONMENT: &str = "\
Environment:
  WASM_TOOLCHAIN=debian    compile wasm with Debian's rustc-web instead of a target of rustup
  CHROMIUM, CHROMEDRIVER, FIREFOX, GECKODRIVER
                           paths of browsers and drivers that are not on PATH

Output of the commands that were run: target/xtask-logs/";

/// Builds, runs and tests this repository
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", after_help = ENVIRONMENT)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Install what is missing on this machine, after a list of what and why
    Setup(Setup),
    /// Build the npm package in pkg/
    Build(Build),
    /// Serve the demo page with a tpa-cloud; Ctrl-C stops it
    Demo(Serve),
    /// Run one of examples/ with a tpa-cloud
    Example {
        /// A folder of examples/
        name: String,
        #[command(flatten)]
        serve: Serve,
    },
    /// Make a static site of demo, guide and API references in target/site/
    Site,
    /// Run all checks and tests, or some parts of them
    Test(Test),
    /// Run the simulation of sessions in virtual time
    Sim(Sim),
    /// Run the model checker: all sequences of events up to a length
    Explore {
        /// Time limit, which determines the length
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Measure the line coverage of the core by its tests
    Coverage,
    /// Test the tests of the core: change its code in one place at a time
    Mutants {
        /// Test all mutants instead of a twentieth, which takes hours
        #[arg(long)]
        full: bool,
    },
    /// Inject random faults into the demo page and check that it recovers
    Soak {
        /// Duration
        #[arg(long, default_value_t = 10.0, value_parser = minutes)]
        minutes: f64,
    },
    /// Take the screenshots in docs/pictures/
    Pictures,
    /// Write docs/where-it-runs.md from what `test matrix` has passed
    WhereItRuns,
    /// Simulate a million clients that reconnect after a restart of the cloud
    Herd(PassedOn),
    /// Measure the package beside other clients; see bench/README.md
    Bench(PassedOn),
    /// Publish the package to npm, from CI
    Publish {
        /// Do everything but the publication
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Default, Args)]
pub struct Setup {
    /// Only list what is there and what is missing
    #[arg(long)]
    pub check: bool,
    /// Commands to prepare for: build, demo, test, or a part of the tests [default: test]
    #[arg(value_parser = target)]
    targets: Vec<Target>,
}

/// A command or a part of the tests that `setup` prepares for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Build,
    Test,
    Part(Part),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Args)]
pub struct Build {
    /// Use the prebuilt standard library, even where a smaller one can be built
    #[arg(long, conflicts_with = "dev")]
    pub plain: bool,
    /// Keep function names and panic messages, to debug the wasm
    #[arg(long)]
    pub dev: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub struct Serve {
    /// Port of the tpa-cloud; 0 is any free one
    #[arg(long, default_value_t = 8002)]
    pub port: u16,
    /// Open the page in the default browser
    #[arg(long)]
    pub open: bool,
}

#[derive(Debug, Args)]
pub struct Test {
    /// Parts to run [default: all]
    #[arg(value_enum)]
    pub parts: Vec<Part>,
    /// Run the long versions: 1,000,000 seeds, 20 consecutive wasm runs, a soak of ten
    /// minutes, attacks of 15 s, Next.js with webpack, all faults of the network with a table in
    /// docs/network.md
    #[arg(long)]
    pub full: bool,
}

/// A part of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// rustfmt, clippy, rustdoc, prettier, eslint, tsc, typedoc, rules of style
    Lint,
    /// Native tests of all crates
    Core,
    /// The wasm in Node, Chromium, Firefox and WebKit
    Web,
    /// Unit tests of JavaScript modules (tests/js)
    Js,
    /// The packed package as users install it (tests/package)
    Package,
    /// The npm package tpa-cloud; CLOUD=npm runs all tests of the native program against it
    Cloud,
    /// The platform's own SDK against tpa-cloud (tests/sdk)
    Sdk,
    /// The package in runtimes, bundlers, test runners and frameworks (tests/matrix)
    Matrix,
    /// The demo page and the examples in browsers (tests/e2e)
    E2e,
    /// The static site: links, search, the demo in it (tests/site)
    Site,
    /// Hostile programs against the package, its server and tpa-cloud (tests/abuse)
    Abuse,
    /// A server on several processes, with the stores that they share (tests/cluster)
    Cluster,
    /// Faults made by the kernel, in network namespaces; root on Linux (tests/network)
    Network,
    /// Check that a second run in this clone would compile nothing again
    Rerun,
}

#[derive(Debug, Default, Args)]
pub struct Sim {
    /// Number of seeds; an eighth of it with the cloud, and a twentieth in the field
    /// [default: 20000]
    #[arg(long, value_parser = count)]
    pub seeds: Option<u64>,
    /// Number of seeds with the cloud
    #[arg(long, value_parser = count)]
    pub cloud_seeds: Option<u64>,
    /// Number of seeds in the field
    #[arg(long, value_parser = count)]
    pub field_seeds: Option<u64>,
    /// Run only this seed and print every step
    #[arg(long, value_parser = count)]
    pub seed: Option<u64>,
    /// Run only this seed with the cloud and print every step
    #[arg(long, value_parser = count)]
    pub cloud_seed: Option<u64>,
    /// Run only this seed in the field and print every step
    #[arg(long, value_parser = count)]
    pub field_seed: Option<u64>,
    /// Run 1,000,000 seeds
    #[arg(long, conflicts_with = "seeds")]
    pub full: bool,
}

/// Options that a program takes that is run.
#[derive(Debug, Args)]
pub struct PassedOn {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}

impl Setup {
    /// The targets, with all parts of the tests for `test`.
    pub fn targets(&self) -> Vec<Target> {
        let all = Part::value_variants().iter().copied().map(Target::Part);
        let of = |target: &Target| match target {
            Target::Test => all.clone().collect(),
            Target::Build | Target::Part(_) => vec![*target],
        };
        if self.targets.is_empty() {
            return all.collect();
        }
        self.targets.iter().flat_map(of).collect()
    }
}

fn target(text: &str) -> Result<Target, String> {
    match text {
        "build" | "demo" => Ok(Target::Build),
        "test" => Ok(Target::Test),
        part => Part::from_str(part, false)
            .map(Target::Part)
            .map_err(|_| "neither build, demo, test nor a part of the tests".to_string()),
    }
}

/// A whole number, with `_` allowed between digits.
fn count(text: &str) -> Result<u64, String> {
    text.replace('_', "")
        .parse()
        .map_err(|_| "not a whole number".to_string())
}

fn minutes(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number| (0.1..=600.0).contains(number))
        .ok_or_else(|| "not a number from 0.1 to 600".to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(arguments: &str) -> Result<Command, String> {
        let words = ["cargo xtask"]
            .into_iter()
            .chain(arguments.split_whitespace());
        Arguments::try_parse_from(words)
            .map(|arguments| arguments.command)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn definitions_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn each_command_and_option_is_one_line_of_help() {
        let command = Arguments::command();
        for sub in command.get_subcommands() {
            let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(
                (10..=76).contains(&about.len()),
                "{}: {about}",
                sub.get_name()
            );
            assert!(!about.contains('\n'), "{}", sub.get_name());
        }
    }

    #[test]
    fn ports_are_read_or_refused() {
        assert!(matches!(
            parse("demo"),
            Ok(Command::Demo(Serve {
                port: 8002,
                open: false
            }))
        ));
        assert!(matches!(
            parse("demo --port=0 --open"),
            Ok(Command::Demo(Serve {
                port: 0,
                open: true
            }))
        ));
        for wrong in [
            "demo --port",
            "demo --port x",
            "demo --port 65536",
            "demo --all",
            "demo x",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_read_or_refused() {
        assert!(matches!(
            parse("sim --seeds 1_000"),
            Ok(Command::Sim(Sim {
                seeds: Some(1000),
                ..
            }))
        ));
        for wrong in [
            "sim --seeds",
            "sim --seeds x",
            "sim --seeds 5 --full",
            "sim 5",
            "explore --seconds -1",
            "soak --minutes 0",
            "soak --minutes NaN",
            "soak --minutes ten",
            "soak 1",
            "build now",
            "build --plain --dev",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(matches!(parse("soak"), Ok(Command::Soak { minutes: 10.0 })));
    }

    #[test]
    fn an_unknown_part_is_refused_with_the_list() {
        let error = parse("test lint everything").unwrap_err();
        assert!(
            error.contains(
                "lint, core, web, js, package, cloud, sdk, matrix, e2e, site, abuse, cluster, network, rerun"
            ),
            "{error}"
        );
    }

    #[test]
    fn setup_prepares_for_all_tests_unless_told_otherwise() {
        let targets = |arguments: &str| match parse(arguments) {
            Ok(Command::Setup(setup)) => setup.targets(),
            other => panic!("{other:?}"),
        };
        assert_eq!(targets("setup").len(), Part::value_variants().len());
        assert_eq!(targets("setup test"), targets("setup"));
        assert_eq!(targets("setup demo"), [Target::Build]);
        assert_eq!(targets("setup core --check"), [Target::Part(Part::Core)]);
        assert!(parse("setup everything").is_err());
    }

    #[test]
    fn options_of_other_programs_are_passed_on() {
        let Ok(Command::Bench(PassedOn { arguments })) = parse("bench cloud --idle 5") else {
            panic!("not parsed");
        };
        assert_eq!(arguments, ["cloud", "--idle", "5"]);
    }
}
