//! Small worlds that are searched.

use std::fmt;

use tpa_session::session::{Backoff, Config, Delivery, Duration, Limits, Watch};

use crate::alphabet::BUFFERED;

pub struct Setting {
    pub config: Config,
    /// Random seed at every call, which determines the delay of an attempt that is made at once.
    pub seed: u64,
    /// Upper bound for unfinished messages: queued, in flight, or about to be transmitted or
    /// reported dropped.
    pub messages: usize,
    /// Upper bound for calls that are made while outputs are being carried out.
    pub nested: u8,
    /// Configuration of the model, where it differs, to see that violations are found.
    pub mistaken: Option<Config>,
}

/// Seeds by the delay that they draw: none, and the longest, 250 ms.
const AT_ONCE: u64 = 649;
const SOON: u64 = 361;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const PINGED: Watch = Watch {
    ping_interval: millis(1000),
    pong_timeout: millis(500),
};
const UNWATCHED: Watch = Watch {
    ping_interval: Duration::ZERO,
    ..PINGED
};

/// Most times are multiples of each other, so that there are few of them.
pub fn config() -> Config {
    Config {
        max_reconnect_attempts: Some(2),
        backoff: Backoff {
            initial: millis(250),
            max: millis(500),
            jitter: 0.0,
        },
        connect_timeout: millis(750),
        stable_after: millis(500),
        outbox: Limits {
            messages: 2,
            // Two of them, or a large one.
            bytes: 4,
            buffered: BUFFERED as usize,
        },
        watch: UNWATCHED,
        ..Config::default()
    }
}

/// Worlds, from small ones without messages to larger ones.
pub fn settings() -> Vec<Setting> {
    let asked = |config| Config {
        asks_app: true,
        key_from_provider: true,
        ..config
    };
    let kept = |config| Config {
        delivery: Delivery::AtLeastOnce,
        ..config
    };
    let pinged = |config| Config {
        watch: PINGED,
        ..config
    };
    let cramped = |mut config: Config| {
        config.outbox.messages = 1;
        config
    };
    let setting = |config, seed, messages, nested| Setting {
        config,
        seed,
        messages,
        nested,
        mistaken: None,
    };
    let patient = |config| Config {
        give_up_after: millis(1500),
        browser_closes_cleanly: true,
        ..config
    };
    vec![
        setting(config(), SOON, 0, 2),
        setting(patient(config()), SOON, 0, 1),
        setting(asked(config()), AT_ONCE, 0, 2),
        setting(pinged(config()), SOON, 0, 1),
        setting(config(), SOON, 2, 0),
        setting(kept(config()), SOON, 2, 0),
        setting(cramped(asked(config())), AT_ONCE, 2, 1),
        setting(kept(pinged(asked(config()))), SOON, 2, 1),
    ]
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = &self.config;
        match (self.messages, config.delivery) {
            (0, _) => write!(f, "no messages")?,
            (alive, Delivery::AtMostOnce) => write!(f, "{alive} messages at most once")?,
            (alive, Delivery::AtLeastOnce) => write!(f, "{alive} messages at least once")?,
        }
        if self.messages > config.outbox.messages {
            write!(f, " in a queue of {}", config.outbox.messages)?;
        }
        let words = [
            (config.watch == PINGED, "pings"),
            (config.asks_app, "the app is asked"),
            (config.key_from_provider, "the key from a provider"),
            (config.browser_closes_cleanly, "a patient app in Firefox"),
        ];
        for (_, word) in words.into_iter().filter(|(holds, _)| *holds) {
            write!(f, ", {word}")?;
        }
        match self.nested {
            0 => Ok(()),
            1 => write!(f, ", one call from inside"),
            calls => write!(f, ", {calls} calls from inside"),
        }
    }
}
