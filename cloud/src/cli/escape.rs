//! Escapes for texts of others in the log and in error messages.

use std::fmt::{self, Write};

/// Escapes the characters by which a text forges a line, moves the cursor of a terminal or reorders
/// what is shown: control characters, line separators, and bidirectional overrides.
pub(crate) struct Escaped<'a, W: Write>(pub(crate) &'a mut W);

impl<W: Write> Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars()
            .try_for_each(|character| self.write_char(character))
    }

    fn write_char(&mut self, character: char) -> fmt::Result {
        match character {
            '\n' => self.0.write_str("\\n"),
            character if is_harmful(character) => {
                write!(self.0, "\\u{{{:x}}}", u32::from(character))
            }
            character => self.0.write_char(character),
        }
    }
}

fn is_harmful(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns a text on one line.
pub(crate) fn line(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    // Writing to a string does not fail.
    let _ = Escaped(&mut escaped).write_str(text);
    escaped
}

/// Returns a text that may have several lines.
pub(crate) fn lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmful_characters_are_escaped_and_others_kept() {
        for (given, written) in [
            ("a\nb", "a\\nb"),
            ("a\rb\tc", "a\\u{d}b\\u{9}c"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("\u{9b}2J\u{7f}\0", "\\u{9b}2J\\u{7f}\\u{0}"),
            ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}"),
            ("\u{202e}gnp\u{2066}", "\\u{202e}gnp\\u{2066}"),
            ("Straße 東京 שלום 👩‍🚀 C:\\new", "Straße 東京 שלום 👩‍🚀 C:\\new"),
        ] {
            assert_eq!(line(given), written);
        }
        assert_eq!(lines("a\nb\r"), "a\nb\\u{d}");
    }
}
