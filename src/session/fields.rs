//! Payloads as maps of named values.
//!
//! `serde-wasm-bindgen` keeps the names of a struct's fields in a hash table, whose code is larger
//! than that of all payloads. It needs none for a map, and neither does JSON.

use serde::{Serialize, Serializer};

/// Name and value of each field, in the order in which they are written.
pub(super) type Fields<'a> = [(&'static str, Value<'a>)];

/// Value of a field.
pub(super) enum Value<'a> {
    Flag(bool),
    Count(u32),
    Number(f64),
    Text(&'a str),
    Texts(&'a [String]),
    Fields(&'a Fields<'a>),
    Missing,
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Flag(flag) => serializer.serialize_bool(flag),
            Self::Count(count) => serializer.serialize_u32(count),
            Self::Number(number) => serializer.serialize_f64(number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Texts(texts) => serializer.collect_seq(texts),
            Self::Fields(fields) => serialize(fields, serializer),
            Self::Missing => serializer.serialize_none(),
        }
    }
}

/// Serializes the fields as a map.
pub(super) fn serialize<S: Serializer>(fields: &Fields, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().map(|(name, value)| (*name, value)))
}
