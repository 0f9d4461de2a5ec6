//! What goes out as a plain object: fields by name, which the shell makes an object of JavaScript.
//!
//! One type stands for the values of all fields, and one function serializes them all, for shells
//! that are no JavaScript. What serde derives for each struct and each type of a field weighed 1 kB
//! more, compressed.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::time::Duration;

/// A payload, or a frame.
pub trait Record {
    /// Calls `field` with the name and the value of each field.
    fn each(&self, field: &mut dyn FnMut(&'static str, Field<'_>));
}

/// The value of a field.
pub enum Field<'a> {
    /// None at this time.
    Absent,
    /// True or false.
    Flag(bool),
    /// A number, which in JavaScript are all of one kind.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// A list of texts.
    Texts(&'a [String]),
    /// Fields of its own.
    Record(&'a dyn Record),
}

impl Serialize for dyn Record + '_ {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        let mut outcome = Ok(());
        self.each(&mut |name, value| {
            if outcome.is_ok() {
                outcome = fields.serialize_entry(name, &value);
            }
        });
        outcome?;
        fields.end()
    }
}

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Absent => serializer.serialize_none(),
            Self::Flag(value) => serializer.serialize_bool(value),
            Self::Number(value) => serializer.serialize_f64(value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Texts(value) => value.serialize(serializer),
            Self::Record(value) => value.serialize(serializer),
        }
    }
}

impl From<bool> for Field<'_> {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<u32> for Field<'_> {
    fn from(value: u32) -> Self {
        Self::Number(value.into())
    }
}

impl From<usize> for Field<'_> {
    fn from(value: usize) -> Self {
        Self::Number(value as f64)
    }
}

impl From<Duration> for Field<'_> {
    fn from(value: Duration) -> Self {
        Self::Number(value.as_millis() as f64)
    }
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}
