//! Numbers as text.

/// Formats a number in decimal. The standard library's way adds 600 bytes in brotli to the package,
/// which has no other use for it.
pub fn decimal(number: u32) -> String {
    let mut text = match number / 10 {
        0 => String::new(),
        rest => decimal(rest),
    };
    text.push(char::from(b'0' + (number % 10) as u8));
    text
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimal_is_what_the_standard_library_writes() {
        for number in [0, 7, 10, 109, 1006, 65_535, u32::MAX] {
            assert_eq!(decimal(number), number.to_string());
        }
    }
}
