//! Serialization of the core's payloads to plain objects: numbers, texts, booleans, lists and
//! objects. The serializer of serde-wasm-bindgen takes all kinds of data and adds 1,400 bytes to
//! the download.

use std::fmt::{Display, Error};

use js_sys::{Array, Object};
use serde::Serialize;
use serde::ser::{Impossible, SerializeSeq, SerializeStruct, Serializer};
use wasm_bindgen::JsValue;

use super::reflect::set;

/// Converts a payload to a plain object.
pub(super) fn to_js(payload: &impl Serialize) -> JsValue {
    // Fails only for the kinds of data that no payload has.
    payload.serialize(ToJs).unwrap_or_default()
}

struct ToJs;

/// Methods for kinds of data that are one value of JavaScript.
macro_rules! values {
    ($($method:ident($kind:ty)),+) => {
        $(fn $method(self, value: $kind) -> Result<JsValue, Error> {
            Ok(value.into())
        })+
    };
}

/// Methods for kinds of data that no payload has.
macro_rules! unused {
    ($($method:ident($($kind:ty),*) -> $result:ty),+ $(,)?) => {
        $(fn $method(self, $(_: $kind),*) -> Result<$result, Error> {
            Err(Error)
        })+
    };
}

type No = Impossible<JsValue, Error>;
type Name = &'static str;

impl Serializer for ToJs {
    type Ok = JsValue;
    type Error = Error;
    type SerializeSeq = List;
    type SerializeStruct = Fields;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStructVariant = No;

    values!(
        serialize_bool(bool),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_f32(f32),
        serialize_f64(f64),
        serialize_str(&str)
    );

    fn serialize_u64(self, value: u64) -> Result<JsValue, Error> {
        Ok((value as f64).into())
    }

    fn serialize_none(self) -> Result<JsValue, Error> {
        Ok(JsValue::UNDEFINED)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<JsValue, Error> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, Error> {
        Ok(List(Array::new()))
    }

    fn serialize_struct(self, _: Name, _: usize) -> Result<Fields, Error> {
        Ok(Fields(Object::new()))
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Result<JsValue, Error> {
        Err(Error)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: Name,
        _: &T,
    ) -> Result<JsValue, Error> {
        Err(Error)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: Name,
        _: u32,
        _: Name,
        _: &T,
    ) -> Result<JsValue, Error> {
        Err(Error)
    }

    unused!(
        serialize_i64(i64) -> JsValue,
        serialize_char(char) -> JsValue,
        serialize_bytes(&[u8]) -> JsValue,
        serialize_unit() -> JsValue,
        serialize_unit_struct(Name) -> JsValue,
        serialize_unit_variant(Name, u32, Name) -> JsValue,
        serialize_tuple(usize) -> No,
        serialize_tuple_struct(Name, usize) -> No,
        serialize_tuple_variant(Name, u32, Name, usize) -> No,
        serialize_map(Option<usize>) -> No,
        serialize_struct_variant(Name, u32, Name, usize) -> No,
    );
}

/// A list that is being made.
struct List(Array);

impl SerializeSeq for List {
    type Ok = JsValue;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.0.push(&value.serialize(ToJs)?);
        Ok(())
    }

    fn end(self) -> Result<JsValue, Error> {
        Ok(self.0.into())
    }
}

/// An object that is being made.
struct Fields(Object);

impl SerializeStruct for Fields {
    type Ok = JsValue;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        field: Name,
        value: &T,
    ) -> Result<(), Error> {
        set(&self.0, field, &value.serialize(ToJs)?);
        Ok(())
    }

    fn end(self) -> Result<JsValue, Error> {
        Ok(self.0.into())
    }
}
