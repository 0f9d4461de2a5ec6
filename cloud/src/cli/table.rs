//! Table of the options for the program in JavaScript, which has no clap.

use std::path::PathBuf;
use std::{env, fs};

use clap::{Arg, ArgAction, CommandFactory};
use serde_json::{Value, json};
use tpa_cloud::options;

use super::args::Arguments;

/// Set to write the table.
const UPDATE: &str = "UPDATE_TABLE";

fn table() -> Value {
    let mut command = Arguments::command();
    command.build();
    let options: Vec<Value> = command.get_arguments().filter_map(option).collect();
    json!({
        "version": command.render_version().trim_end(),
        "help": command.render_help().to_string(),
        "longHelp": command.render_long_help().to_string(),
        "options": options,
    })
}

fn option(option: &Arg) -> Option<Value> {
    let variable = option.get_env()?.to_str()?;
    let values = option.get_default_values().iter();
    let default: Vec<_> = values.filter_map(|value| value.to_str()).collect();
    Some(json!({
        "name": option.get_long()?,
        "shown": option.to_string(),
        "variable": variable,
        "isSecret": option.is_hide_env_values_set(),
        "default": default.first(),
        "isRepeated": matches!(option.get_action(), ArgAction::Append),
        "delimiter": option.get_value_delimiter(),
        "isFlag": option.is_require_equals_set(),
    }))
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("npm/js/cli/options.json")
}

#[test]
fn the_table_is_that_of_the_options() {
    // The values in the environment are part of the help.
    let is_given = |option: &Arg| {
        option
            .get_env()
            .is_some_and(|name| env::var_os(name).is_some())
    };
    assert!(!Arguments::command().get_arguments().any(is_given));
    let made = serde_json::to_string_pretty(&table()).unwrap() + "\n";
    if env::var_os(UPDATE).is_some() {
        fs::write(path(), &made).unwrap();
    }
    let written = fs::read_to_string(path()).unwrap();
    assert!(
        written == made,
        "{} is out of date; run this test with {UPDATE}=1",
        path().display()
    );
}

/// Both programs read the values by the same functions.
#[test]
fn the_library_checks_every_option_as_the_command_line_does() {
    let texts = [
        "",
        "x",
        "0",
        "7",
        "-1",
        "15s",
        "1us",
        "soon",
        "any",
        "start",
        "deaf",
        "1001",
        "ws://a",
        "https://a",
        "https://a/b",
        "127.0.0.1:0",
        "[::1]:80",
        "/faults=a",
        "/pkg=a",
        "/a//b=c",
        "longer-than-8",
        "99999999999999999999999",
    ];
    let mut refused = 0;
    for option in Arguments::command().get_arguments() {
        let Some(name) = option.get_long() else {
            continue;
        };
        // Files, and flags, whose values are those of clap.
        if matches!(name, "config" | "scenario" | "no-pong" | "strict-sessions") {
            continue;
        }
        for text in texts {
            let words = ["tpa-cloud".to_owned(), format!("--{name}={text}")];
            let error = Arguments::command().try_get_matches_from(words).err();
            let Err(problem) = options::check(name, text) else {
                assert!(error.is_none(), "--{name}={text}: {error:?}");
                continue;
            };
            refused += 1;
            let error = error
                .unwrap_or_else(|| panic!("--{name}={text}"))
                .to_string();
            assert!(error.contains(&problem), "{problem}: {error}");
        }
    }
    assert!(refused > 150, "{refused}");
}
