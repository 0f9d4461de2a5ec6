//! The log on standard error. A thread writes it, so that a reader that has gone or does not read
//! neither stops nor ends the server; the lines that it misses are counted.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;
use std::{panic, thread};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

use super::escape::Escaped;

/// Number of lines that wait to be written.
const MAX_LINES: usize = 1024;

/// Longest line in bytes; the rest is omitted.
const MAX_LINE_BYTES: usize = 4096;

/// Time to write the lines that are left at the end of the program.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);

/// The log, shared by all that write to it.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    entries: SyncSender<Entry>,
    /// Lines that found no place since the last one that was written.
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Entry {
    /// A line with its end.
    Line(String),
    /// Answered when all entries before it are written.
    Flush(SyncSender<()>),
}

impl Log {
    /// Starts the thread that writes.
    ///
    /// # Errors
    ///
    /// Fails if the system has no more threads.
    pub(crate) fn start(to: impl Write + Send + 'static) -> io::Result<Self> {
        let (entries, queue) = sync_channel(MAX_LINES);
        let lost = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&lost);
        let writer = thread::Builder::new().name("log".to_owned());
        writer.spawn(move || write(&queue, to, &counter))?;
        Ok(Self { entries, lost })
    }

    /// Receives the events of the program and the messages of panics from now on.
    pub(crate) fn install(&self, with_ansi: bool) {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let log = self.clone();
        let fields = debug_fn(|to: &mut Writer<'_>, field, value: &dyn fmt::Debug| {
            if field.name() != "message" {
                write!(to, "{field}=")?;
            }
            write!(Escaped(to), "{value:?}")
        });
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .fmt_fields(fields.delimited(" "))
            .with_writer(move || log.clone())
            .with_ansi(with_ansi)
            .log_internal_errors(false)
            .init();
        panic::set_hook(Box::new(|panic| tracing::error!(%panic, "internal error")));
    }

    /// Adds a line, without waiting.
    pub(crate) fn line(&self, text: &str) {
        let mut line = String::new();
        // Writing to a string does not fail.
        let _ = Escaped(&mut line).write_str(text);
        line.push('\n');
        self.add(line);
    }

    /// Waits until all lines are written, if somebody reads them.
    pub(crate) fn flush(&self) {
        let (done, answer) = sync_channel(1);
        if self.entries.try_send(Entry::Flush(done)).is_ok() {
            // An error means that nobody reads.
            let _ = answer.recv_timeout(FLUSH_TIMEOUT);
        }
    }

    fn add(&self, mut line: String) {
        if line.len() > MAX_LINE_BYTES {
            let mut ends = (0..=MAX_LINE_BYTES).rev();
            let end = ends.find(|end| line.is_char_boundary(*end));
            line.truncate(end.unwrap_or_default());
            line.push_str("…\n");
        }
        if self.entries.try_send(Entry::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Receives each line in one write.
impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.add(String::from_utf8_lossy(line).into_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes entries until the log is dropped. A line that cannot be written is lost.
fn write(queue: &Receiver<Entry>, mut to: impl Write, lost: &AtomicU64) {
    for entry in queue {
        let line = match entry {
            Entry::Line(line) => line,
            Entry::Flush(done) => {
                // An error means that the program has waited too long.
                let _ = done.try_send(());
                continue;
            }
        };
        let missing = lost.swap(0, Ordering::Relaxed);
        let notice = match missing {
            0 => String::new(),
            missing => {
                format!("tpa-cloud: {missing} log lines are lost, because they were not read\n")
            }
        };
        if to.write_all(format!("{notice}{line}").as_bytes()).is_err() {
            lost.fetch_add(missing + 1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use super::*;

    /// Waits for permission before each write.
    struct Gate {
        opened: Receiver<()>,
        written: Arc<Mutex<String>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // An error means that the gate stays open.
            let _ = self.opened.recv();
            let text = std::str::from_utf8(bytes).unwrap();
            self.written.lock().unwrap().push_str(text);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_nobody_reads_are_counted_and_the_rest_is_written() {
        let (open, opened) = channel();
        let written = Arc::new(Mutex::new(String::new()));
        let gate = Gate {
            opened,
            written: Arc::clone(&written),
        };
        let log = Log::start(gate).unwrap();
        let given = 3 * MAX_LINES;
        for number in 0..given {
            log.line(&format!("line {number}"));
        }
        drop(open);
        // The queue may be full once more.
        let (done, answer) = sync_channel(1);
        log.entries.send(Entry::Flush(done)).unwrap();
        answer.recv().unwrap();
        log.line("after");
        log.flush();
        let text = written.lock().unwrap();
        let lost: usize = text
            .lines()
            .filter(|line| line.ends_with("because they were not read"))
            .map(|line| line.split(' ').nth(1).unwrap().parse::<usize>().unwrap())
            .sum();
        let kept = text
            .lines()
            .filter(|line| line.starts_with("line "))
            .count();
        assert!((MAX_LINES..=MAX_LINES + 1).contains(&kept), "{kept}");
        assert_eq!(lost + kept, given);
        assert!(text.contains("line 0\n"));
        assert!(text.ends_with("\nafter\n"), "{text}");
    }

    #[test]
    fn a_line_that_cannot_be_written_is_lost() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let log = Log::start(Broken).unwrap();
        for _ in 0..3 {
            log.line("text");
        }
        log.flush();
        assert_eq!(log.lost.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn long_lines_are_cut_and_stay_lines() {
        let (open, opened) = channel();
        drop(open);
        let written = Arc::new(Mutex::new(String::new()));
        let log = Log::start(Gate {
            opened,
            written: Arc::clone(&written),
        })
        .unwrap();
        log.line(&"ä".repeat(MAX_LINE_BYTES));
        log.line("one\ntwo");
        log.flush();
        let text = written.lock().unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].len() <= MAX_LINE_BYTES + 3 && lines[0].ends_with("ä…"));
        assert_eq!(lines[1], "one\\ntwo");
    }
}
