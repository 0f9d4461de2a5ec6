//! What becomes of a text that comes from a socket: the same as `src/web/js/dispatcher.js` and
//! `src/web/frames.rs` make of it, without JavaScript.
//!
//! The table `becomes.json` beside the corpus holds both to the same answers.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::value::RawValue;
use tpa_session::session::{Control, Malformed, Redactor};

/// What a text is for the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// The session must act on it.
    Control(Control),
    /// It is no frame.
    Malformed(Malformed),
    /// It is the app's: the session knows of it only that something came.
    Data,
}

/// Reads a text.
pub fn read(text: &str) -> Arrived {
    // A list is JSON too, but serde would not tell it from a text that is none.
    if serde_json::from_str::<&RawValue>(text).is_err() {
        return Arrived::Malformed(Malformed::NotJson);
    }
    let Ok(frame) = serde_json::from_str::<BTreeMap<Text, &RawValue>>(text) else {
        return Arrived::Malformed(Malformed::NotObject);
    };
    let field = |name: &str| {
        let value = frame.get(&Text(name.into()))?.get();
        let text: Text = serde_json::from_str(value).ok()?;
        Some(text.0)
    };
    match field("type") {
        Some(kind) if kind == "data_stream" && field("streamType").is_some() => Arrived::Data,
        Some(kind) if !kind.is_empty() => {
            let control = Control::parse(&kind, field, &Redactor::default());
            control.map_or(Arrived::Data, Arrived::Control)
        }
        _ => Arrived::Malformed(Malformed::NoType),
    }
}

/// A string of JSON, half surrogate pairs included: JavaScript has them, and they turn into
/// replacement characters on their way into wasm.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes).map(Self)
    }
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}
