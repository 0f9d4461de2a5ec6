//! Removal of the API key from texts that come from outside.
//!
//! Close reasons, error messages and the texts of error frames are logged and passed to the app,
//! and a peer or a runtime may repeat the key in them. [`Input`](crate::session::Input)
//! therefore takes such texts only as [`Redacted`].

use std::fmt;
use std::ops::Deref;

use crate::session::shell_limits::MAX_TEXT;

/// Text that replaces the key.
const PLACEHOLDER: &str = "[key]";
/// Most characters of a line.
const MAX_LINE: usize = 300;
/// Bytes of a key from which it is looked for in base64. That of a shorter one may be a part of a word.
const MIN_BASE64: usize = 6;

/// Removes an API key from texts.
///
/// The default has no key and leaves every text as it is.
#[derive(Clone, Default)]
pub struct Redactor {
    key: String,
}

impl Redactor {
    /// Creates a redactor for this key.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into() }
    }

    /// The key, for the frame that authenticates the session.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Replaces each occurrence of the key by `[key]`, also where it is percent-encoded, has the escapes
    /// of JSON, or is in base64. From the end of a text of 4 KiB, a part of the key is removed.
    pub fn redact(&self, text: &str) -> Redacted {
        let mut redacted = String::new();
        let (mut copied, mut at) = (0, 0);
        while let Some(rest) = text.as_bytes().get(at..)
            && !rest.is_empty()
        {
            match self.prefix(rest) {
                Prefix::Key(length) => {
                    redacted.push_str(text.get(copied..at).unwrap_or_default());
                    redacted.push_str(PLACEHOLDER);
                    at += length;
                    copied = at;
                }
                Prefix::Start if text.len() >= MAX_TEXT - 2 => {
                    redacted.push_str(text.get(copied..at).unwrap_or_default());
                    return Redacted(redacted);
                }
                Prefix::Start | Prefix::Other => at += 1,
            }
        }
        redacted.push_str(text.get(copied..).unwrap_or_default());
        Redacted(redacted)
    }

    /// Compares the start of `text` with the key in each encoding.
    fn prefix(&self, text: &[u8]) -> Prefix {
        let key = self.key.as_bytes();
        let mut found = Prefix::Other;
        for encoding in 0..5 {
            let compared = match encoding {
                0 | 1 => escaped(text, key, encoding == 1),
                // By the number of bytes before the key: of two, the first one has two bits in the
                // character before, of one, four (RFC 4648 section 4).
                _ => base64(text, key, 2 * encoding - 4),
            };
            match compared {
                Prefix::Key(length) => return Prefix::Key(length),
                Prefix::Start => found = Prefix::Start,
                Prefix::Other => {}
            }
        }
        found
    }

    /// Redacts a text of the peer or of the runtime, and makes it one line of at most 300 characters.
    /// Control characters become spaces: they would forge lines of a log.
    pub fn redact_line(&self, text: &str) -> Redacted {
        let text = self.redact(text);
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        Redacted(text.chars().map(printable).take(MAX_LINE).collect())
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the key: debug output ends up in logs.
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

/// Beginning of a text.
enum Prefix {
    /// The key, of this length.
    Key(usize),
    /// The text ends within the key.
    Start,
    Other,
}

/// Compares the start of `text` with the key, where each byte may be percent-encoded (RFC 3986 section
/// 2.1) or escaped (RFC 8259 section 7). A byte that is both itself and the start of an escaped one is
/// read as `escaped_first` says.
fn escaped(text: &[u8], key: &[u8], escaped_first: bool) -> Prefix {
    let mut length = 0;
    for &byte in key {
        let rest = text.get(length..).unwrap_or_default();
        let literal = rest.first() == Some(&byte);
        length += match escaped_byte(rest, byte) {
            Some(length) if escaped_first || !literal => length,
            _ if literal => 1,
            _ if rest.len() < 6 && matches!(rest, [] | [b'%' | b'\\', ..]) => return Prefix::Start,
            _ => return Prefix::Other,
        };
    }
    if length > 0 {
        Prefix::Key(length)
    } else {
        Prefix::Other
    }
}

/// Length of the escaped byte at the start of `text`.
fn escaped_byte(text: &[u8], byte: u8) -> Option<usize> {
    match text {
        [b'%', high, low, ..] if hex_byte(*high, *low) == Some(byte) => Some(3),
        [b'\\', b'u', b'0', b'0', high, low, ..] if hex_byte(*high, *low) == Some(byte) => Some(6),
        [b'\\', escaped, ..] if *escaped == byte => Some(2),
        _ => None,
    }
}

/// Compares the start of `text` with the base64 of the key without the first bits of it, `taken` by the
/// character before.
fn base64(text: &[u8], key: &[u8], taken: i32) -> Prefix {
    let (mut length, mut bits, mut count) = (0, 0, -taken);
    if key.len() < MIN_BASE64 {
        return Prefix::Other;
    }
    for &byte in key {
        bits = bits << 8 | u32::from(byte);
        count += 8;
        while count >= 6 {
            count -= 6;
            match text.get(length) {
                Some(&character) if u32::from(sextet(character)) == bits >> count & 63 => {
                    length += 1
                }
                Some(_) => return Prefix::Other,
                None => return Prefix::Start,
            }
        }
    }
    Prefix::Key(length)
}

/// Value of a character of base64, in either alphabet (RFC 4648 sections 4 and 5); 64 for any other.
fn sextet(character: u8) -> u8 {
    match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => 64,
    }
}

fn hex_byte(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// Text that does not contain the API key.
///
/// Made by [`Redactor::redact`], or from a literal of the program, which cannot contain the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Redacted(String);

impl Redacted {
    /// Takes a text that the app itself wrote, or one that is composed of redacted texts.
    pub(super) const fn trusted(text: String) -> Self {
        Self(text)
    }
}

impl From<&'static str> for Redacted {
    fn from(literal: &'static str) -> Self {
        Self(literal.into())
    }
}

impl From<Redacted> for String {
    fn from(redacted: Redacted) -> Self {
        redacted.0
    }
}

impl Deref for Redacted {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
