//! The lines that steps print. A thread that works beside others collects its own, so that they
//! are printed in one piece.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

thread_local! {
    static COLLECTED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Prints a line, or collects it.
pub fn line(text: impl Display) {
    write(&format!("{text}\n"));
}

/// Prints text, or collects it.
pub fn write(text: &str) {
    let is_collected = COLLECTED.with_borrow_mut(|collected| {
        if let Some(collected) = collected {
            collected.push_str(text);
        }
        collected.is_some()
    });
    if !is_collected {
        print(text);
    }
}

/// Returns true if this thread collects its lines.
pub fn is_collecting() -> bool {
    COLLECTED.with_borrow(Option::is_some)
}

/// Runs a function; returns what it has printed too.
pub fn collect<T>(run: impl FnOnce() -> T) -> (T, String) {
    let outer = COLLECTED.replace(Some(String::new()));
    let result = run();
    let text = COLLECTED.replace(outer).unwrap_or_default();
    (result, text)
}

/// Writes to the standard output, in place of the line of progress if there is one.
pub(super) fn print(text: &str) {
    let clear = if is_terminal() { "\r\x1b[K" } else { "" };
    // The macro, whose output the test runner captures.
    print!("{clear}{text}");
    let _ = io::stdout().flush();
}

pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_collected_in_their_order_and_by_thread() {
        let ((), text) = collect(|| {
            line("one");
            let ((), inner) = collect(|| line("inner"));
            std::thread::spawn(|| assert!(!is_collecting()))
                .join()
                .unwrap();
            write(&inner);
            line("two");
        });
        assert_eq!(text, "one\ninner\ntwo\n");
        assert!(!is_collecting());
    }
}
