//! The file of options. What is in it takes the place of the options' defaults, so that all else,
//! precedence and complaints included, is as for the command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::Command;
use clap::error::ErrorKind;
use toml::{Table, Value};

const OPTION: &str = "config";
const VARIABLE: &str = "TPA_CLOUD_CONFIG";

/// The command with the defaults that the file gives, when there is one.
pub(crate) fn with_defaults(command: Command) -> Result<Command, clap::Error> {
    match path() {
        Some(path) => with_file(command, &path),
        None => Ok(command),
    }
}

/// Where the file is: the first thing to know, before the rest can be read with its help.
fn path() -> Option<PathBuf> {
    named(env::args_os()).or_else(|| env::var_os(VARIABLE).map(PathBuf::from))
}

/// The file that the command line names. Whether it is a good command line is judged later.
fn named(arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let mut arguments = arguments.skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--config" {
            return arguments.next().map(PathBuf::from);
        }
        let joined = argument
            .to_str()
            .and_then(|it| it.strip_prefix("--config="));
        if let Some(path) = joined {
            return Some(PathBuf::from(path));
        }
    }
    None
}

fn with_file(mut command: Command, path: &Path) -> Result<Command, clap::Error> {
    let complain = |command: &mut Command, what: &str| {
        let message = format!("{}: {what}", path.display());
        command.error(ErrorKind::ValueValidation, message)
    };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return Err(complain(&mut command, &error.to_string())),
    };
    let table: Table = match toml::from_str(&text) {
        Ok(table) => table,
        Err(error) => return Err(complain(&mut command, &error.to_string())),
    };
    for (key, value) in table {
        let option = command
            .get_arguments()
            .find(|option| option.get_long() == Some(&key) && key != OPTION);
        let Some(id) = option.map(|option| option.get_id().clone()) else {
            return Err(complain(
                &mut command,
                &format!("there is no option `{key}`"),
            ));
        };
        let Some(values) = words(&value) else {
            let what = format!("`{key}` must be a string, a number, a boolean or a list of them");
            return Err(complain(&mut command, &what));
        };
        // By itself first, so that the complaint can name the file.
        let words = values.iter().map(|value| format!("--{key}={value}"));
        let alone = command
            .clone()
            .try_get_matches_from(std::iter::once(String::new()).chain(words));
        if let Err(error) = alone {
            return Err(complain(&mut command, &error.to_string()));
        }
        command = command.mut_arg(id, |option| option.default_values(values));
    }
    Ok(command)
}

/// A value as it would be written on the command line; more than one for a list.
fn words(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(values) => {
            let words: Option<Vec<Vec<String>>> = values.iter().map(words).collect();
            Some(words?.concat())
        }
        Value::String(text) => Some(vec![text.clone()]),
        Value::Integer(number) => Some(vec![number.to_string()]),
        Value::Boolean(flag) => Some(vec![flag.to_string()]),
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_found_wherever_it_is_named() {
        let named = |line: &str| {
            let path = named(line.split(' ').map(OsString::from));
            path.map(|path| path.display().to_string())
        };
        let found = Some("a.toml".to_owned());
        assert_eq!(named("x --config a.toml"), found);
        assert_eq!(named("x --listen y --config=a.toml --seed 7"), found);
        assert_eq!(named("x --no-pong --config a.toml"), found);
        assert_eq!(named("x --listen --config"), None);
        assert_eq!(named("x --configs a.toml"), None);
    }
}
