//! Replay of the whole corpus, on any toolchain.
#![allow(
    clippy::expect_used,
    reason = "what is not as expected must fail the test"
)]

use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::{fs, io};

use tpa_session::session::Malformed;
use tpa_session_fuzz::frame_class::{self, FrameClass};
use tpa_session_fuzz::{frames, inputs, options};

#[test]
fn frames() {
    replay("frames", frames::check);
}

#[test]
fn options() {
    replay("options", options::check);
}

#[test]
fn inputs() {
    replay("inputs", inputs::check);
}

/// Replays all frames many times: a session must not keep any of them.
#[test]
fn no_frames_make_a_session_grow() {
    let contents = corpus("frames").into_iter().map(|(_, data)| data);
    let all = contents.collect::<Vec<_>>().join(&b'\n');
    let (few, many) = (frames::weigh(&all, 3), frames::weigh(&all, 12));
    // Counters have more digits, in each entry of the timeline.
    assert!(many < few + 4000, "{few} bytes, later {many}");
}

fn replay(target: &str, check: fn(&[u8])) {
    let broken = corpus(target).into_iter().filter(|(path, data)| {
        let outcome = catch_unwind(|| check(data));
        outcome
            .inspect_err(|_| eprintln!("{}", path.display()))
            .is_err()
    });
    assert_eq!(broken.count(), 0, "files that break a rule are named above");
}

/// Files of a target with their contents.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let files = read_all(&folder).expect("the folder of the corpus");
    assert!(!files.is_empty(), "nothing in {}", folder.display());
    files
}

fn read_all(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    let read = |path: PathBuf| Ok((path.clone(), fs::read(path)?));
    paths.into_iter().map(read).collect()
}

/// `tests/js/frame-classes.test.mjs` checks the JavaScript of the package against the same table.
#[test]
fn frames_are_read_as_the_shell_reads_them() {
    let table: BTreeMap<String, Vec<String>> =
        serde_json::from_str(include_str!("../frame_classes.json")).expect("the table");
    for (becomes, texts) in &table {
        for text in texts {
            let read = match frame_class::classify(text) {
                FrameClass::Control(_) => "control",
                FrameClass::Data => "data",
                FrameClass::Malformed(Malformed::NotJson) => "not JSON",
                FrameClass::Malformed(Malformed::NotObject) => "not an object",
                FrameClass::Malformed(Malformed::NoType) => "no type",
                FrameClass::Malformed(Malformed::TooLarge) => "too large",
            };
            assert_eq!(read, becomes, "{text:?}");
        }
    }
}
