//! The token without which nobody controls a server that others can reach.

use std::fmt;
use std::str::FromStr;

use crate::constant_time;

/// A bearer token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token that nobody can guess.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(
            bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        ))
    }

    /// The token itself, to be told to whoever may have it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(super) fn accepts(&self, given: &str) -> bool {
        constant_time::eq(&self.0, given)
    }
}

/// Redacted, so that no log line can hold it by accident.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl FromStr for Token {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if text.len() < 8 || !text.bytes().all(is_plain) {
            return Err("a token has at least 8 characters: letters, digits and -._~+/=");
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_do_not_show() {
        let (one, other) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_ne!(one, other);
        assert!(one.accepts(one.reveal()) && !one.accepts(other.reveal()));
        assert_eq!(one.reveal().parse(), Ok(one.clone()));
        assert!(!format!("{one:?}").contains(one.reveal()));
        for bad in ["", "short", "with a space", "with\nnewline"] {
            assert!(bad.parse::<Token>().is_err(), "{bad:?}");
        }
    }
}
