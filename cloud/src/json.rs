//! JSON that is read with serde; an error names the field, its value and what is allowed.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Unexpected};
use serde_json::{Map, Value};

/// The longest part of a rejected string that an error repeats, in characters.
const MAX_QUOTED: usize = 80;

/// The longest problem in an error, in characters.
const MAX_PROBLEM: usize = 400;

/// Number of values in a text, because each takes up to a hundred times its length in memory.
const MAX_VALUES: usize = 20_000;

/// Error for JSON with more than [`MAX_VALUES`] values.
pub(crate) const TOO_MANY_VALUES: &str = "more than 20000 values";

/// Reports whether JSON has too many values to be read.
pub(crate) fn is_excessive(text: &[u8]) -> bool {
    let mut is_string = false;
    let mut is_escaped = false;
    let mut values = 0;
    for byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            b',' | b'[' | b'{' | b':' if !is_string => values += 1,
            _ => {}
        }
    }
    values > MAX_VALUES
}

/// Estimates the memory of a value, in bytes.
pub(crate) fn heap_bytes(value: &Value) -> usize {
    /// A node of a map, which has up to 11 entries.
    const NODE: usize = 640;
    let inner = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(heap_bytes).sum(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, value)| NODE / 6 + name.len() + heap_bytes(value));
            NODE + fields.sum::<usize>()
        }
    };
    size_of::<Value>() + inner
}

/// Reads a string of at most `most` bytes.
pub(crate) fn short(value: &Value, most: usize) -> Option<String> {
    let text = value.as_str()?;
    (text.len() <= most).then(|| text.to_owned())
}

/// A field that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// Path of the field, such as `steps[0].at`; empty for the value as a whole.
    pub(crate) field: String,
    /// The problem, without the field's name.
    pub(crate) problem: String,
}

/// Reads an object. The error for an unknown field lists the fields of `T` and `common_fields`.
pub(crate) fn parse<T: DeserializeOwned>(
    fields: Map<String, Value>,
    common_fields: &[&str],
) -> Result<T, FieldError> {
    let object = Value::Object(fields);
    deserialize(&object).map_err(|error| {
        let again = |object: &Value| deserialize::<T>(object).err();
        explained(object, common_fields, error, &again)
    })
}

/// Improves the error for a field of an object. This is one function for all types of objects, which
/// are more than forty. `read_error` reads the object again.
fn explained(
    mut object: Value,
    common_fields: &[&str],
    error: FieldError,
    read_error: &dyn Fn(&Value) -> Option<FieldError>,
) -> FieldError {
    // Only for fields of the object itself; those of nested objects keep serde's text.
    let is_own = |name: &str| error.field.is_empty() || error.field == name;
    let missing = name_after("missing field", &error.problem);
    if let Some(name) = missing.filter(|name| is_own(name)) {
        // Serde reports a missing field without its type. Reading null in its place adds that.
        object[name] = Value::Null;
        let expected = read_error(&object);
        let expected = expected.as_ref().and_then(|error| {
            let (_, expected) = error.problem.split_once("expected ")?;
            Some(format!("missing, expected {expected}"))
        });
        return FieldError {
            field: name.to_owned(),
            problem: expected.unwrap_or_else(|| "missing".to_owned()),
        };
    }
    let unknown = name_after("unknown field", &error.problem);
    if let Some(name) = unknown.filter(|name| is_own(name)) {
        // The names are in backticks, the unknown one first.
        let known = error.problem.split('`').skip(3).step_by(2);
        let known: Vec<&str> = known.chain(common_fields.iter().copied()).collect();
        return FieldError {
            field: quoted(name),
            problem: format!("unknown field, expected one of {}", known.join(", ")),
        };
    }
    error
}

fn deserialize<T: DeserializeOwned>(value: &Value) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(value).map_err(field_error)
}

#[inline(never)]
fn field_error(error: serde_path_to_error::Error<serde_json::Error>) -> FieldError {
    let path = error.path().to_string();
    FieldError {
        field: if path == "." {
            String::new()
        } else {
            quoted(&path)
        },
        problem: cut(&error.into_inner().to_string(), MAX_PROBLEM),
    }
}

fn name_after<'a>(prefix: &str, problem: &'a str) -> Option<&'a str> {
    let rest = problem.strip_prefix(prefix)?.strip_prefix(" `")?;
    rest.split_once('`').map(|(name, _)| name)
}

/// Reads a value with `read`, for use in `deserialize_with`. The error for a value that `read`
/// rejects contains `allowed`.
pub(crate) fn checked<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    allowed: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    read(&value).ok_or_else(|| D::Error::custom(invalid(&value, allowed)))
}

/// The problem with a value, worded like that of serde.
#[inline(never)]
fn invalid(value: &Value, allowed: &str) -> String {
    let text;
    let unexpected = match value {
        Value::Null => Unexpected::Other("null"),
        Value::Bool(flag) => Unexpected::Bool(*flag),
        Value::Number(number) => {
            text = format!("number `{number}`");
            Unexpected::Other(&text)
        }
        Value::String(string) => {
            text = quoted(string);
            Unexpected::Str(&text)
        }
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    };
    format!("invalid value: {unexpected}, expected {allowed}")
}

/// Reads a value, or the default when it is of another type.
pub(crate) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(T::deserialize(value).unwrap_or_default())
}

fn quoted(text: &str) -> String {
    cut(text, MAX_QUOTED)
}

/// Returns the beginning of a text.
pub(crate) fn cut(text: &str, most_chars: usize) -> String {
    text.chars().take(most_chars).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors are read")]
    struct Sample {
        #[serde(deserialize_with = "even")]
        even: u64,
        list: Vec<bool>,
    }

    fn even<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        checked(deserializer, "an even number", |value| {
            value.as_u64().filter(|number| number.is_multiple_of(2))
        })
    }

    #[test]
    fn values_are_counted_outside_strings() {
        let list = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        assert!(!is_excessive(list(MAX_VALUES).as_bytes()));
        assert!(is_excessive(list(MAX_VALUES + 1).as_bytes()));
        let text = json!({"text": "[{,:\"\\".repeat(MAX_VALUES)}).to_string();
        assert!(!is_excessive(text.as_bytes()));
        assert!(is_excessive(
            r#"{"a":[{"":0}]"#.repeat(MAX_VALUES / 4).as_bytes()
        ));
    }

    #[test]
    fn the_memory_of_a_value_is_more_than_its_text() {
        for value in [
            json!([[0], [0]]),
            json!({"a": {"a": {}}}),
            json!(["text", null, true]),
            json!({"a": 1, "b": 2, "c": 3}),
        ] {
            assert!(heap_bytes(&value) >= value.to_string().len(), "{value}");
        }
    }

    #[test]
    fn errors_name_field_value_and_allowed() {
        for (value, field, problem) in [
            (
                json!({"even": 3, "list": []}),
                "even",
                "invalid value: number `3`, expected an even number",
            ),
            (
                json!({"list": []}),
                "even",
                "missing, expected an even number",
            ),
            (
                json!({"even": 2, "list": [true, 7]}),
                "list[1]",
                "invalid type: integer `7`, expected a boolean",
            ),
            (
                json!({"even": 2, "list": [], "odd": 1}),
                "odd",
                "unknown field, expected one of even, list, target",
            ),
        ] {
            let Value::Object(fields) = value else {
                panic!("{value}");
            };
            let error = parse::<Sample>(fields, &["target"]).unwrap_err();
            assert_eq!(
                (error.field.as_str(), error.problem.as_str()),
                (field, problem)
            );
        }
    }
}
