//! Classification of text frames, as `src/web/js/dispatcher.js` does it in the package.
//!
//! The table `frame_classes.json` beside the corpus keeps the two equal.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::value::RawValue;
use tpa_session::session::{Control, Malformed};

use crate::redactor;

/// Class of a text frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameClass {
    /// The session must act on it.
    Control(Control),
    /// It is no valid frame.
    Malformed(Malformed),
    /// It is for the app. The session learns only that something arrived.
    Data,
}

/// Classifies a text.
pub fn classify(text: &str) -> FrameClass {
    // serde reports a list like a text that is not JSON.
    if serde_json::from_str::<&RawValue>(text).is_err() {
        return FrameClass::Malformed(Malformed::NotJson);
    }
    let Ok(frame) = serde_json::from_str::<BTreeMap<Text, &RawValue>>(text) else {
        return FrameClass::Malformed(Malformed::NotObject);
    };
    let field = |name: &str| {
        let value = frame.get(&Text(name.into()))?.get();
        let text: Text = serde_json::from_str(value).ok()?;
        Some(text.0)
    };
    match field("type") {
        Some(kind) if kind == "data_stream" && field("streamType").is_some() => FrameClass::Data,
        Some(kind) if !kind.is_empty() => {
            let number = |name: &str| frame.get(&Text(name.into()))?.get().parse().ok();
            let control = Control::parse(&kind, field, number, &redactor());
            control.map_or(FrameClass::Data, FrameClass::Control)
        }
        _ => FrameClass::Malformed(Malformed::NoType),
    }
}

/// JSON string that may contain lone surrogates. JavaScript has them, and they become replacement
/// characters in wasm.
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
