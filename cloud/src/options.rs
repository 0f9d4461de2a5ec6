//! Values of the program's options, as text. Each shell of the cloud that has a command line reads
//! them here, so that all of them have the same messages.

use std::net::SocketAddr;
use std::time::Duration;

use crate::config::{ApiKey, OldConnection, RestartForm, ShutdownCode};
#[cfg(feature = "toml")]
use crate::faults::scenario::Scenario;

/// First segments of the paths of the server itself.
pub(crate) const RESERVED: [&str; 11] = [
    "tpa-ws",
    "app-ws",
    "healthz",
    "metrics",
    "sessions",
    "events",
    "faults",
    "frames",
    "apps",
    "scenarios",
    "tools",
];

/// Checks the value of an option, which is named as on the command line. Options without a rule
/// take every text.
///
/// # Errors
///
/// The error says what is wrong with the value and what is allowed.
pub fn check(option: &str, text: &str) -> Result<(), String> {
    match option {
        "listen" => {
            let address = text.parse::<SocketAddr>();
            address.map(drop).map_err(|error| error.to_string())
        }
        "api-key" => api_key(text).map(drop).map_err(str::to_owned),
        "token" => token(text).map_err(str::to_owned),
        "serve" => mount(text).map(drop),
        "ping-interval" | "stale-after" | "restart-app-after" | "start-timeout"
        | "handshake-timeout" | "close-timeout" => duration(text).map(drop),
        "stream-interval" | "audio-interval" => short_duration(text).map(drop),
        "restart" => restart(text).map(drop).map_err(str::to_owned),
        "old-connection" => old_connection(text).map(drop).map_err(str::to_owned),
        "user-session" => user_session(text).map(drop).map_err(str::to_owned),
        "public-url" => public_url(text).map(drop).map_err(str::to_owned),
        "allow-origin" => origin(text).map(drop).map_err(str::to_owned),
        "seed" => {
            let seed = text.parse::<u64>();
            seed.map(drop).map_err(|error| error.to_string())
        }
        "max-frame" | "max-connections" | "max-send-buffer" => {
            size(text).map(drop).map_err(str::to_owned)
        }
        "shutdown-code" => shutdown_code(text).map(drop).map_err(str::to_owned),
        _ => Ok(()),
    }
}

/// Checks that idle connections can be kept alive.
///
/// # Errors
///
/// Fails if a connection is stale before its first ping.
pub fn check_intervals(ping_interval: Duration, stale_after: Duration) -> Result<(), String> {
    if stale_after > ping_interval {
        return Ok(());
    }
    Err(format!(
        "--stale-after ({}) must be longer than --ping-interval ({}): an idle connection is kept alive by its pongs only",
        humantime::format_duration(stale_after),
        humantime::format_duration(ping_interval)
    ))
}

/// Reads an API key; `any` is every key.
pub fn api_key(text: &str) -> Result<ApiKey, &'static str> {
    match text {
        "" => Err("the key is empty; expected a key, or any"),
        "any" => Ok(ApiKey::Any),
        _ => Ok(ApiKey::Exactly(text.to_owned())),
    }
}

/// Checks a token of the control interface.
pub fn token(text: &str) -> Result<(), &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if text.len() < 8 || !text.bytes().all(is_plain) {
        return Err("a token has at least 8 characters: letters, digits and -._~+/=");
    }
    Ok(())
}

/// Splits `DIR` or `/path=DIR` into the path, empty for the root, and the directory.
pub fn mount(text: &str) -> Result<(&str, &str), String> {
    let (path, dir) = match text.split_once('=') {
        Some((path, dir)) if path.starts_with('/') => (path.trim_end_matches('/'), dir),
        Some(_) | None => ("", text),
    };
    if dir.is_empty() {
        return Err("the directory is missing; expected DIR or /path=DIR".to_owned());
    }
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let is_plain = |segment: &&str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
        !segment.is_empty() && segment.bytes().all(allowed)
    };
    if !segments.iter().all(is_plain) {
        return Err(format!("{path:?} is invalid; expected a path such as /pkg"));
    }
    if segments
        .first()
        .is_some_and(|first| RESERVED.contains(first))
    {
        return Err(format!(
            "{path} is reserved by the server; expected another path"
        ));
    }
    Ok((path, dir))
}

/// Reads a time of at least a millisecond.
pub fn duration(text: &str) -> Result<Duration, String> {
    at_least(Duration::from_millis(1), text)
}

/// Reads a time of at least ten microseconds.
pub fn short_duration(text: &str) -> Result<Duration, String> {
    at_least(Duration::from_micros(10), text)
}

fn at_least(least: Duration, text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; expected a time such as 15s or 500ms"))?;
    if duration < least {
        let least = humantime::format_duration(least);
        return Err(format!("too short; expected at least {least}"));
    }
    Ok(duration)
}

/// Reads a number of bytes or connections.
pub fn size(text: &str) -> Result<usize, &'static str> {
    match text.parse() {
        Ok(0) | Err(_) => Err("expected a whole number above 0"),
        Ok(size) => Ok(size),
    }
}

/// Reads the code of the close frames at a shutdown.
pub fn shutdown_code(text: &str) -> Result<ShutdownCode, &'static str> {
    match text {
        "1012" => Ok(ShutdownCode::ServiceRestart),
        "1001" => Ok(ShutdownCode::GoingAway),
        _ => Err("expected 1012 or 1001"),
    }
}

/// Reads the form of a restart.
pub fn restart(text: &str) -> Result<RestartForm, &'static str> {
    match text {
        "stop-start" => Ok(RestartForm::StopStart),
        "start" => Ok(RestartForm::Start),
        _ => Err("expected stop-start or start"),
    }
}

/// Reads the treatment of an older connection.
pub fn old_connection(text: &str) -> Result<OldConnection, &'static str> {
    match text {
        "close" => Ok(OldConnection::Close),
        "deaf" => Ok(OldConnection::Deaf),
        "detach" => Ok(OldConnection::Detach),
        _ => Err("expected close, deaf or detach"),
    }
}

/// Reads the URL of a cloud, without a slash at its end.
pub fn public_url(text: &str) -> Result<String, &'static str> {
    let text = text.trim_end_matches('/');
    if text.starts_with("ws://") || text.starts_with("wss://") {
        return Ok(text.to_owned());
    }
    Err("expected a URL that begins with ws:// or wss://")
}

/// Reads the origin of a page, and writes it as browsers do: in lower case, without a slash at its
/// end or the port that its scheme has anyway.
pub fn origin(text: &str) -> Result<String, &'static str> {
    let origin = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    let (rest, port) = match (
        origin.strip_prefix("https://"),
        origin.strip_prefix("http://"),
    ) {
        (Some(rest), _) => (rest, ":443"),
        (_, Some(rest)) => (rest, ":80"),
        // That of a browser extension, or of a shell for native apps.
        (None, None) => match origin.split_once("://") {
            Some(("file", _)) | None => return Err(NO_ORIGIN),
            Some((_, rest)) => (rest, ""),
        },
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    if rest.is_empty() || rest.starts_with(':') || !rest.bytes().all(is_plain) {
        return Err(NO_ORIGIN);
    }
    // An IPv6 address is in brackets, so that the rest is a port.
    Ok(origin.strip_suffix(port).unwrap_or(&origin).to_owned())
}

const NO_ORIGIN: &str = "expected an origin such as https://demo.example, without a path";

/// Reads the id of a user session.
pub fn user_session(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("expected an id that is not empty");
    }
    Ok(text.to_owned())
}

/// Returns the error for a scenario that is neither built in nor a file.
#[cfg(feature = "toml")]
pub fn unknown_scenario(error: &str) -> String {
    let builtin = Scenario::builtin();
    let names: Vec<&str> = builtin.iter().map(|known| known.name.as_str()).collect();
    let names = names.join(", ");
    format!("no such file ({error}); expected a file or one of {names}")
}

/// An option in a configuration file.
#[cfg(feature = "toml")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOption {
    /// Name, which may not be that of an option.
    pub name: String,
    /// Values as they are on the command line; none if the value is of another kind.
    pub values: Option<Vec<String>>,
}

/// Reads a configuration file.
///
/// # Errors
///
/// Fails if the text is not TOML.
#[cfg(feature = "toml")]
pub fn config_file(text: &str) -> Result<Vec<FileOption>, String> {
    let options: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let options = options.into_iter().map(|(name, value)| FileOption {
        values: words(&value),
        name,
    });
    Ok(options.collect())
}

/// Converts a value to command line arguments; a list to several.
#[cfg(feature = "toml")]
fn words(value: &toml::Value) -> Option<Vec<String>> {
    use toml::Value::{Array, Boolean, Datetime, Float, Integer, String, Table};
    match value {
        Array(values) => {
            let words: Option<Vec<_>> = values.iter().map(words).collect();
            Some(words?.concat())
        }
        String(text) => Some(vec![text.clone()]),
        Integer(number) => Some(vec![number.to_string()]),
        Boolean(flag) => Some(vec![flag.to_string()]),
        Float(_) | Datetime(_) | Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        for (text, read) in [
            ("https://demo.example", Some("https://demo.example")),
            ("HTTPS://Demo.Example/", Some("https://demo.example")),
            ("https://demo.example:443", Some("https://demo.example")),
            ("http://demo.example:80", Some("http://demo.example")),
            ("http://demo.example:443", Some("http://demo.example:443")),
            ("https://[fe80::7]:8443", Some("https://[fe80::7]:8443")),
            (
                "chrome-extension://abcdef",
                Some("chrome-extension://abcdef"),
            ),
            ("capacitor://localhost", Some("capacitor://localhost")),
            ("https://demo.example/page", None),
            ("https://user@demo.example", None),
            ("https://*.example", None),
            ("https://a https://b", None),
            ("https://", None),
            ("https://:443", None),
            ("demo.example", None),
            ("file://demo", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(origin(text).ok().as_deref(), read, "{text}");
        }
    }
}
