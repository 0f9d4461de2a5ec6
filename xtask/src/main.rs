//! `cargo xtask`: everything that is done to this repository, in one command.
//!
//! It needs only what `cargo` itself needs. What else a command takes (a wasm
//! target, wasm-bindgen, browsers, npm packages) it finds, or gets, or says in
//! one line how to get.

mod apt;
mod bench;
mod browsers;
mod build;
mod cloud;
mod demo;
mod docs;
mod doctor;
mod example;
mod explore;
mod herd;
mod npm;
mod page;
mod process;
mod publish;
mod rust_pages;
mod sim;
mod test;
mod toolchain;
mod tools;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  doctor              what this machine has, what it lacks and how that is got
  build [option]      make pkg/, the npm package (Rust -> wasm -> JavaScript)
      --plain         with the prebuilt standard library, even where a smaller one can be built
      --dev           with function names and panic messages, for debugging the wasm
  demo [options]      build, start a cloud, serve the demo page until ctrl-c
      --port <N>      listen there instead of 8002
      --open          open the page in the default browser
  example <name>      one of examples/ on a cloud of its own; options as for demo
  docs                the API reference, in target/api/, and that of the crate
  test [parts]        run every check and test, or only the parts named:
      lint            rustfmt, clippy (native and wasm), rustdoc, prettier, eslint, tsc,
                      typedoc
      core            native tests of all crates
      web             the wasm in Node, Chromium and Firefox, against a real cloud
      js              unit tests of the JavaScript modules (tests/js)
      package         the packed package as its user installs it (tests/package)
      sdk             the platform's own SDK against the cloud (tests/sdk)
      matrix          the packed package in runtimes, bundlers, test runners and
                      frameworks (tests/matrix; docs/where-it-runs.md)
      e2e             the demo page and the examples in a browser (tests/e2e)
  sim [options]       live through sessions in virtual time, alone in a world that does its
                      worst, and several of them with the cloud; in a release build
      --seeds <N>     so many (20,000), and one with the cloud for each eight
      --cloud-seeds <N>
                      so many with the cloud
      --seed <N>      this one only, and tell all of it
      --cloud-seed <N>
                      this one with the cloud only, and tell all of it
  explore [options]   go through all that can happen to a session in small worlds,
                      in a release build
      --seconds <N>   as deep as that time allows (60)
  soak [--minutes N]  random faults on the demo page in a browser for ten minutes: not one
                      error, and the last card shown
  pictures            make docs/pictures/ anew, the README's pictures of the demo page
  herd [--clients N]  a million sessions after a restart of the cloud, as a picture
  bench [options]     this package beside its peers, in Node and in Chromium, with its budgets:
                      bench/results/clients.{md,json,svg}; bench/README.md
      --rounds <N>    so many (7)
      --messages <N>  so many to receive and to send (200,000)
      --only <names>  of receive, audio, send, start, return, memory, size, core; with commas
      --clients <names>
                      those only, and the floor
      --quick         one round of little work, to see that it works
  bench profile       where the time of a message goes in Node, the floor beside this package;
                      bench/results/profile.md
  bench core          the core alone, in nanoseconds
  bench cycles [options]
                      what sessions leave in memory that come and go, in a page and in Node;
                      --cycles <N> (10,000), --picture <FILE>
  bench cloud [options]
                      ten thousand connections to tpa-cloud, and as many messages as it can
                      send, beside a plain server in Node; bench/results/cloud.md
  publish [--dry-run] build the package and publish it to npm, with provenance; from CI
  help                this text

A command gets what it needs by itself: the wasm target by rustup (or, on
Debian as root, from Debian's rustc-web), wasm-bindgen, wasm-pack and
geckodriver by `cargo install` into a cache folder of yours, npm packages by
`npm ci`, browsers by apt on Debian as root. Elsewhere it says what to install.

Environment:
  WASM_TOOLCHAIN=debian   do not ask rustup for the wasm target
  CHROMIUM, CHROMEDRIVER, FIREFOX, GECKODRIVER
                          paths, when the ones found are not the ones wanted

Logs of the commands that were run are in target/xtask-logs/.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("\nerror: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<ExitCode, String> {
    let (command, rest) = match arguments {
        [] | ["help" | "--help" | "-h", ..] => ("help", &[][..]),
        [_, rest @ ..] if rest.iter().any(|a| matches!(*a, "--help" | "-h")) => ("help", &[][..]),
        [command, rest @ ..] => (*command, rest),
    };
    match command {
        "help" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        "doctor" => doctor::run(rest),
        "build" => build::command(rest).map(|()| ExitCode::SUCCESS),
        "docs" => no_arguments(rest)
            .and_then(|()| docs::run())
            .map(|()| ExitCode::SUCCESS),
        "example" => example::run(rest).map(|()| ExitCode::SUCCESS),
        "demo" => demo::run(rest).map(|()| ExitCode::SUCCESS),
        "test" => test::run(rest),
        "sim" => sim::run(rest).map(|()| ExitCode::SUCCESS),
        "explore" => explore::run(rest).map(|()| ExitCode::SUCCESS),
        "soak" => page::soak(rest).map(|()| ExitCode::SUCCESS),
        "pictures" => no_arguments(rest)
            .and_then(|()| page::pictures())
            .map(|()| ExitCode::SUCCESS),
        "publish" => publish::run(rest).map(|()| ExitCode::SUCCESS),
        "herd" => herd::run(rest).map(|()| ExitCode::SUCCESS),
        "bench" => bench::run(rest).map(|()| ExitCode::SUCCESS),
        other => Err(format!(
            "there is no command `{other}`; `cargo xtask help` lists them"
        )),
    }
}

/// For commands that take none: says so instead of ignoring them.
fn no_arguments(rest: &[&str]) -> Result<(), String> {
    match rest {
        [] => Ok(()),
        [first, ..] => Err(format!(
            "`{first}` is not understood here; see `cargo xtask help`"
        )),
    }
}
