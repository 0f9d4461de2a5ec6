//! Numbers of tests, from the output of their runners.

use std::fmt;
use std::ops::AddAssign;

/// Numbers of tests by result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
}

impl Counts {
    /// One test.
    pub fn one(passed: bool) -> Self {
        Self {
            passed: u32::from(passed),
            failed: u32::from(!passed),
            skipped: 0,
        }
    }

    /// Sums `test result: ok. 3 passed; 0 failed; 1 ignored; …` lines. The
    /// runners of cargo and wasm-bindgen print one for each binary.
    pub fn of_cargo(output: &str) -> Self {
        let mut sum = Self::default();
        let lines = output
            .lines()
            .filter_map(|line| line.trim().strip_prefix("test result: "));
        for part in lines.flat_map(|line| line.split([';', '.'])) {
            let mut words = part.split_whitespace();
            let number = words.next().and_then(|word| word.parse::<u32>().ok());
            let (Some(number), Some(what)) = (number, words.next()) else {
                continue;
            };
            match what {
                "passed" => sum.passed += number,
                "failed" => sum.failed += number,
                "ignored" => sum.skipped += number,
                _ => {}
            }
        }
        sum
    }

    /// Sums that the runner of Node prints at its end: `# pass 3` or `ℹ pass 3`,
    /// depending on its style.
    pub fn of_node(output: &str) -> Self {
        let mut sum = Self::default();
        for line in output.lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            let ["#" | "ℹ", what, number] = words[..] else {
                continue;
            };
            let Ok(number) = number.parse::<u32>() else {
                continue;
            };
            match what {
                "pass" => sum.passed += number,
                "fail" | "cancelled" => sum.failed += number,
                "skipped" | "todo" => sum.skipped += number,
                _ => {}
            }
        }
        sum
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u32, failed: u32, skipped: u32) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn cargo_lines_are_added_up() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(Counts::of_cargo(output), counts(7, 3, 1));
    }

    #[test]
    fn node_sums_are_read_in_both_styles() {
        assert_eq!(
            Counts::of_node(
                "# tests 6\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 0\n"
            ),
            counts(3, 2, 1)
        );
        assert_eq!(
            Counts::of_node("ℹ tests 2\nℹ pass 2\nℹ fail 0\n"),
            counts(2, 0, 0)
        );
    }

    #[test]
    fn nothing_is_counted_in_other_text() {
        assert_eq!(
            Counts::of_cargo("error: could not compile"),
            counts(0, 0, 0)
        );
        assert_eq!(Counts::of_node("# pass the salt\n"), counts(0, 0, 0));
    }

    #[test]
    fn the_sum_is_a_plain_line() {
        assert_eq!(counts(3, 0, 0).to_string(), "3 passed, 0 failed");
        assert_eq!(counts(3, 1, 2).to_string(), "3 passed, 1 failed, 2 skipped");
    }
}
