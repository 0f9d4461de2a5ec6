//! Comparison of secrets in constant time.

use subtle::{Choice, ConstantTimeEq};

/// Compares secrets. The time depends only on the length of `expected`, so that it does not reveal
/// how much of a guess is right.
pub(crate) fn eq(expected: &str, given: &str) -> bool {
    let (expected, given) = (expected.as_bytes(), given.as_bytes());
    let lengths = (expected.len() as u64).ct_eq(&(given.len() as u64));
    let bytes = expected.iter().enumerate();
    let all: Choice = bytes.fold(lengths, |so_far, (index, byte)| {
        so_far & byte.ct_eq(given.get(index).unwrap_or(&0))
    });
    all.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_equal_secrets_are_equal() {
        assert!(eq("dev-key", "dev-key"));
        assert!(eq("", ""));
        for wrong in ["", "dev-ke", "dev-keyy", "dev-kez", "Dev-key", "dev-key\0"] {
            assert!(!eq("dev-key", wrong), "{wrong:?}");
        }
        assert!(!eq("", "\0"));
        assert!(!eq("a\0", "a"));
    }
}
