//! Numbers as text.

/// A number as people write it. The standard library's way has a table of digits to be fast, which
/// weighs 200 bytes compressed.
pub fn decimal(number: u32) -> String {
    let mut text = if number < 10 {
        String::new()
    } else {
        decimal(number / 10)
    };
    text.push(char::from(b'0' + (number % 10) as u8));
    text
}
