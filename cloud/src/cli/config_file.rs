//! The configuration file. Its values replace the defaults of the options, so that precedence and
//! errors are those of the command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::Command;
use clap::error::ErrorKind;
use tpa_cloud::options;

use super::escape;

const OPTION: &str = "config";
const VARIABLE: &str = "TPA_CLOUD_CONFIG";

/// Sets the defaults of the options from the configuration file, if there is one.
pub(crate) fn with_defaults(command: Command) -> Result<Command, clap::Error> {
    match path() {
        Some(path) => with_file(command, &path),
        None => Ok(command),
    }
}

/// Returns the path of the file, which must be known before the options are parsed.
fn path() -> Option<PathBuf> {
    named(env::args_os()).or_else(|| env::var_os(VARIABLE).map(PathBuf::from))
}

/// Returns the path on the command line, without validating the rest.
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
    let invalid = |command: &mut Command, what: &str| {
        let path = escape::line(&path.display().to_string());
        let message = format!("{path}: {what}");
        command.error(ErrorKind::ValueValidation, message)
    };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return Err(invalid(&mut command, &error.to_string())),
    };
    let given = match options::config_file(&text) {
        Ok(given) => given,
        Err(error) => return Err(invalid(&mut command, &error)),
    };
    for option in given {
        let (key, values) = (escape::line(&option.name), option.values);
        let option = command
            .get_arguments()
            .find(|option| option.get_long() == Some(&key) && key != OPTION);
        let Some(id) = option.map(|option| option.get_id().clone()) else {
            return Err(invalid(
                &mut command,
                &format!("unknown option `{key}`; expected a long option without --, see --help"),
            ));
        };
        let Some(values) = values else {
            let what = format!("`{key}` must be a string, a number, a boolean or a list of them");
            return Err(invalid(&mut command, &what));
        };
        // Parsed alone first, so that the error can name the file.
        let words = values.iter().map(|value| format!("--{key}={value}"));
        let alone = command
            .clone()
            .try_get_matches_from(std::iter::once(String::new()).chain(words));
        if let Err(error) = alone {
            return Err(invalid(&mut command, &error.to_string()));
        }
        command = command.mut_arg(id, |option| option.default_values(values));
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_found_on_the_command_line() {
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
