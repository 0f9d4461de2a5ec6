//! The token of the control interface.

use std::fmt;
use std::str::FromStr;

use crate::options;

/// A bearer token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Generates a random token.
    ///
    /// # Errors
    ///
    /// Fails if the operating system provides no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(
            bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        ))
    }

    /// Returns the token as text, to be shown to the user.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Redacted, so that the token does not reach a log.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl FromStr for Token {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        options::token(text)?;
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_are_redacted() {
        let (one, other) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.reveal().parse(), Ok(one.clone()));
        assert!(!format!("{one:?}").contains(one.reveal()));
        for bad in ["", "short", "with a space", "with\nnewline"] {
            assert!(bad.parse::<Token>().is_err(), "{bad:?}");
        }
    }
}
