//! Target `options`: arbitrary values of the constructor's options, one per line.
//!
//! The allowed values are repeated here as a table from the documentation. Accepted options must
//! be usable: a session runs with them for a while, on a network that often fails.

use std::collections::BTreeMap;

use testkit::model::{CheckedSession, backoff_interval};
use tpa_session::session::{
    Close, Command, Config, Control, DEFAULT_URL, Delivery, Input, Instant, OptionError, Options,
    Output, Reconnect, Source, State, Value, websocket_url,
};
use url::{Host, Url};

use crate::expect;

/// Suffix of each key, by which it is recognised in any text.
const MARK: &str = "-5ec4e7";

/// Longest delay of a JavaScript timer, ms.
const LONGEST: f64 = 2_147_483_647.0;

/// Rule for the value of an option.
#[derive(Clone, Copy)]
enum Rule {
    Name,
    Key,
    Url,
    Flag,
    /// A whole number, or infinity.
    Attempts,
    Count,
    Bytes,
    /// Milliseconds, with a lower bound.
    Millis(f64),
    Share,
    Level,
    Delivery,
    Object,
    Function,
}

/// All options.
const RULES: [(&str, Rule); 22] = [
    ("packageName", Rule::Name),
    ("apiKey", Rule::Key),
    ("augmentOSWebsocketUrl", Rule::Url),
    ("mentraOSWebsocketUrl", Rule::Url),
    ("autoReconnect", Rule::Flag),
    ("maxReconnectAttempts", Rule::Attempts),
    ("giveUpAfter", Rule::Millis(0.0)),
    ("reconnectDelay", Rule::Millis(0.0)),
    ("maxReconnectDelay", Rule::Millis(0.0)),
    ("jitter", Rule::Share),
    ("connectTimeout", Rule::Millis(1.0)),
    ("stableAfter", Rule::Millis(0.0)),
    ("maxQueuedMessages", Rule::Count),
    ("maxQueuedBytes", Rule::Count),
    ("maxFrameBytes", Rule::Bytes),
    ("delivery", Rule::Delivery),
    ("pingInterval", Rule::Millis(0.0)),
    ("pongTimeout", Rule::Millis(1.0)),
    ("shouldReconnect", Rule::Function),
    ("logLevel", Rule::Level),
    ("logger", Rule::Object),
    ("WebSocket", Rule::Function),
];

/// Options that were given, by name; the others are missing.
pub type Given = BTreeMap<&'static str, Value>;

/// Checks the options one by one and together, and runs a session with them.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut given = enough();
    for line in text.lines() {
        judge_url(line);
        if let Some((name, mut value)) = parse(line) {
            if let (Value::Text(key), "apiKey") = (&mut value, name)
                && !key.is_empty()
            {
                key.push_str(MARK);
            }
            if let Value::Text(text) = &value {
                judge_url(text);
            }
            let mut alone = enough();
            alone.insert(name, value.clone());
            judge(&alone);
            given.insert(name, value);
        }
    }
    if let Some(options) = judge(&given) {
        run(&options.config, data);
    }
}

/// Options, if they are accepted.
fn judge(given: &Given) -> Option<Options> {
    match read(given) {
        Ok(options) => {
            judge_accepted(given, &options);
            Some(options)
        }
        Err(error) => {
            judge_refused(given, error);
            None
        }
    }
}

/// Required options only.
pub fn enough() -> Given {
    let text = |text: &str| Value::Text(text.into());
    Given::from([
        ("packageName", text("org.example.app")),
        ("apiKey", text(MARK)),
    ])
}

/// Reads a line such as `jitter 0.5`, `connectTimeout 0x7ff8000000000000` or `logLevel "warn`.
/// Anything that is no value of another kind is a text, up to its end.
pub fn parse(line: &str) -> Option<(&'static str, Value)> {
    let (name, text) = line.split_once(' ')?;
    let (name, _) = RULES.iter().find(|(known, _)| *known == name)?;
    let bits = text.strip_prefix("0x");
    let bits = bits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let number = bits.map(f64::from_bits).or_else(|| text.parse().ok());
    let value = match text {
        "missing" => Value::Missing,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "function" => Value::Function,
        "object" => Value::Object,
        "other" => Value::Other,
        _ => match (text.strip_prefix('"'), number) {
            (Some(text), _) => Value::Text(text.into()),
            (None, Some(number)) => Value::Number(number),
            (None, None) => Value::Text(text.into()),
        },
    };
    Some((*name, value))
}

/// Reads the options as the shell does, which asks only for known ones.
pub fn read(given: &Given) -> Result<Options, OptionError> {
    Options::read(&|name| {
        let known = RULES.iter().any(|(known, _)| *known == name);
        assert!(known, "{name} is not documented");
        given.get(name).cloned().unwrap_or(Value::Missing)
    })
}

fn is_allowed(rule: Rule, value: &Value) -> bool {
    match (rule, value) {
        (Rule::Name, Value::Text(name)) => name.bytes().any(|byte| !byte.is_ascii_whitespace()),
        (Rule::Key, Value::Text(key)) => !key.is_empty(),
        (Rule::Key, Value::Function) => true,
        (Rule::Name | Rule::Key, _) => false,
        (_, Value::Missing) => true,
        (Rule::Url, Value::Text(url)) => websocket_url(url).is_some(),
        (Rule::Url | Rule::Function, value) => *value == Value::Function,
        (Rule::Flag, value) => matches!(value, Value::Bool(_)),
        (Rule::Object, value) => *value == Value::Object,
        (Rule::Attempts, Value::Number(n)) => n.is_infinite() && *n > 0.0 || is_count(*n),
        (Rule::Count, Value::Number(n)) => is_count(*n),
        (Rule::Bytes, Value::Number(n)) => is_count(*n) && *n >= 1.0,
        (Rule::Millis(least), Value::Number(n)) => *n >= least && *n <= LONGEST,
        (Rule::Share, Value::Number(n)) => *n >= 0.0 && *n <= 1.0,
        (Rule::Level, Value::Text(level)) => {
            ["silent", "error", "warn", "info", "debug"].contains(&level.as_str())
        }
        (Rule::Delivery, Value::Text(name)) => {
            ["at-most-once", "at-least-once"].contains(&name.as_str())
        }
        (Rule::Attempts | Rule::Count | Rule::Bytes | Rule::Millis(_) | Rule::Share, _) => false,
        (Rule::Level | Rule::Delivery, _) => false,
    }
}

fn is_count(n: f64) -> bool {
    n >= 0.0 && n <= f64::from(u32::MAX) && n.trunc() == n
}

/// The URL that applies, and its option: the second option is used only if the first is missing.
fn url_given(given: &Given) -> Option<(&'static str, &Value)> {
    let value = |name| Some((name, given.get(name)?)).filter(|(_, v)| **v != Value::Missing);
    value("augmentOSWebsocketUrl").or_else(|| value("mentraOSWebsocketUrl"))
}

/// True if this option is used and not allowed.
fn is_wrong(given: &Given, name: &str, rule: Rule) -> bool {
    let is_read = !matches!(rule, Rule::Url) || url_given(given).is_some_and(|(it, _)| it == name);
    let value = given.get(name).unwrap_or(&Value::Missing);
    is_read && !is_allowed(rule, value)
}

fn judge_refused(given: &Given, error: OptionError) {
    let rule = RULES.iter().find(|(name, _)| *name == error.field);
    let (name, rule) = rule.expect("a documented option");
    assert!(is_wrong(given, name, *rule), "{error:?} for no reason");
    assert!(!error.allowed.is_empty());
    assert_eq!(error.secret, *name == "apiKey");
    assert!(!format!("{error:?}").contains(MARK), "the key is shown");
}

fn judge_accepted(given: &Given, options: &Options) {
    for (name, rule) in RULES {
        assert!(!is_wrong(given, name, rule), "{name} was accepted");
    }
    let config = &options.config;
    assert!(
        !format!("{config:?}").contains(MARK),
        "the core has the key"
    );
    let number = |name: &str, default: f64| match given.get(name) {
        Some(Value::Number(n)) => *n,
        _ => default,
    };
    let whole = |name: &str, default: f64| number(name, default).trunc() as u64;
    let keeps = given.get("delivery") == Some(&Value::Text("at-least-once".into()));
    assert_eq!(config.delivery == Delivery::AtLeastOnce, keeps);
    let is_function = |name: &str| given.get(name) == Some(&Value::Function);
    let attempts = number("maxReconnectAttempts", 3.0);
    assert_eq!(
        config
            .max_reconnect_attempts
            .map_or(f64::INFINITY, f64::from),
        attempts
    );
    assert_eq!(config.backoff.jitter, number("jitter", 0.5));
    for (read, name, default) in [
        (config.backoff.initial, "reconnectDelay", 1000.0),
        (config.backoff.max, "maxReconnectDelay", 30_000.0),
        (config.connect_timeout, "connectTimeout", 5000.0),
        (config.stable_after, "stableAfter", 5000.0),
        (config.watch.ping_interval, "pingInterval", 15_000.0),
        (config.watch.pong_timeout, "pongTimeout", 5000.0),
    ] {
        assert_eq!(read.as_millis(), whole(name, default), "{name}");
    }
    for attempt in (0..70).chain([u32::MAX - 1]) {
        let waits = config.backoff.interval(attempt);
        let (shortest, longest) = (waits.start().as_millis(), waits.end().as_millis());
        assert_eq!((shortest, longest), backoff_interval(config, attempt + 1));
    }
    assert!(config.connect_timeout.as_millis() > 0);
    assert!(config.watch.pong_timeout.as_millis() > 0);
    let limits = config.outbox;
    assert_eq!(limits.messages as u64, whole("maxQueuedMessages", 1000.0));
    assert_eq!(limits.bytes as u64, whole("maxQueuedBytes", 1_048_576.0));
    assert_eq!(
        u64::from(options.max_frame_bytes),
        whole("maxFrameBytes", 4_194_304.0)
    );
    assert_eq!(config.key_from_provider, is_function("apiKey"));
    assert_eq!(config.asks_app, is_function("shouldReconnect"));
    assert_eq!(options.api_key == Source::Provider, is_function("apiKey"));
    let (field, url) = match url_given(given) {
        Some((field, Value::Text(url))) => (field, websocket_url(url).map(Source::Fixed)),
        Some((field, _)) => (field, Some(Source::Provider)),
        None => (
            "augmentOSWebsocketUrl",
            Some(Source::Fixed(DEFAULT_URL.into())),
        ),
    };
    assert_eq!(
        (options.url_field, Some(&options.url)),
        (field, url.as_ref())
    );
    if let (Source::Fixed(url), true) = (&options.url, config.on_loopback) {
        judge_loopback(url);
    }
}

/// Checks that the core and another parser agree on a WebSocket URL. The core may accept what is
/// no URL at all, since the shell asks the platform as well.
fn judge_url(text: &str) {
    let Some(socket_url) = websocket_url(text) else {
        return;
    };
    assert!(socket_url.starts_with("ws://") || socket_url.starts_with("wss://"));
    assert!(!socket_url.contains('#'), "{socket_url}");
    assert_eq!(websocket_url(&socket_url).as_ref(), Some(&socket_url));
    let (Ok(read), Ok(meant)) = (Url::parse(&socket_url), Url::parse(text)) else {
        return;
    };
    assert!(read.host_str().is_some_and(|host| !host.is_empty()));
    assert_eq!(read.fragment(), None);
    let is_secure = matches!(meant.scheme(), "https" | "wss");
    assert_eq!(read.scheme(), if is_secure { "wss" } else { "ws" });
    assert_eq!(parts(&read), parts(&meant), "{text}");
}

fn parts(url: &Url) -> impl PartialEq + std::fmt::Debug + '_ {
    let user = (url.username(), url.password());
    (
        user,
        url.host(),
        url.port_or_known_default(),
        url.path(),
        url.query(),
    )
}

/// Checks that a URL for which the session ignores the network leads to this machine.
fn judge_loopback(url: &str) {
    let Ok(url) = Url::parse(url) else {
        return;
    };
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    assert!(is_here, "{url} is not on this machine");
}

/// Growth of the interval of pings that are not answered.
const MOST_INTERVALS: u64 = 8;
/// Longest time for an attempt or a pong that grows with each failure, unless the options allow
/// more, ms.
const LONGEST_PATIENCE: u64 = 60_000;
/// Steps of a run.
const STEPS: usize = 100;

/// Runs a session with this configuration on a network that often fails, until it gives up.
fn run(config: &Config, data: &[u8]) {
    let mut rng = fastrand::Rng::with_seed(data.iter().fold(1, |sum: u64, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
    }));
    let mut run = Run {
        checked: CheckedSession::new(config, 1),
        now: 0,
        decision: config.asks_app.then_some(Reconnect::Yes),
    };
    run.connect();
    for _ in 0..STEPS {
        run.step(config, rng.u8(..));
        if run.state() == State::Stopped {
            break;
        }
    }
}

struct Run {
    checked: CheckedSession,
    now: u64,
    decision: Option<Reconnect>,
}

impl Run {
    fn connect(&mut self) {
        let session_id = "user-org.example.app".into();
        let command = Command::Connect { session_id };
        let now = Instant::from_millis(self.now);
        let (reply, _) = expect(self.checked.command(command, now));
        reply.expect("a run");
        self.carry_out();
    }

    fn step(&mut self, config: &Config, choice: u8) {
        let socket = self.checked.session.connection();
        match (self.state(), choice % 4) {
            (State::Connecting, 0) => self.input(Input::Opened(socket)),
            (State::Connecting, 1) => {
                self.input(Input::Closed(socket, Close::new(1006, "")));
            }
            (State::Handshaking, 0 | 1) => self.input(Input::Control(socket, Control::Ack)),
            (State::Connected, 0) => self.input(Input::Control(socket, Control::Pong { id: None })),
            (State::Connected, 1) => {
                self.input(Input::Closed(socket, Close::new(1011, "a fault")));
            }
            _ => self.wait(config),
        }
    }

    /// Advances the clock to the next deadline, which is within the bounds of the options.
    fn wait(&mut self, config: &Config) {
        let Some((at, timer)) = self.checked.session.poll_timeout() else {
            // Without pings a stable connection has no deadline.
            assert_eq!(self.state(), State::Connected);
            self.now += 1;
            return;
        };
        let watch = config.watch;
        let (_, longest_delay) = backoff_interval(config, u32::MAX);
        let times = [
            config.connect_timeout.as_millis(),
            config.stable_after.as_millis(),
            watch.ping_interval.as_millis() * MOST_INTERVALS,
            watch.pong_timeout.as_millis(),
            longest_delay * 2,
            LONGEST_PATIENCE,
        ];
        let longest = times.into_iter().max().unwrap_or_default();
        let due = at.as_millis();
        assert!(
            due <= self.now + longest,
            "{timer:?} is {due} at {}",
            self.now
        );
        self.now = self.now.max(due);
        self.input(Input::Timeout);
    }

    fn input(&mut self, input: Input) {
        self.report(input);
        self.carry_out();
    }

    fn report(&mut self, input: Input) {
        let now = Instant::from_millis(self.now);
        expect(self.checked.input(input, now));
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.checked.poll_output() {
            expect(self.checked.check_output(&output, &|_, _| true));
            match output {
                Output::Prepare(socket) => self.report(Input::Prepared(socket)),
                Output::AskShouldReconnect(_) => {
                    self.report(Input::ShouldReconnect(self.decision));
                }
                _ => {}
            }
        }
        expect(self.checked.check_rest());
    }

    const fn state(&self) -> State {
        self.checked.session.state()
    }
}
