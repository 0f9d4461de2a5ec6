//! Texts put together without what the standard library brings along to be fast at it.

/// The texts one after the other.
pub fn join(texts: &[&str]) -> String {
    let mut whole = String::new();
    for text in texts {
        whole.push_str(text);
    }
    whole
}

/// A number as people write it.
pub fn decimal(number: u32) -> String {
    let mut text = if number < 10 {
        String::new()
    } else {
        decimal(number / 10)
    };
    text.push(char::from(b'0' + (number % 10) as u8));
    text
}
