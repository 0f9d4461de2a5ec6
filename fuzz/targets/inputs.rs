#![cfg_attr(fuzzing, no_main)]
//! `cargo +nightly fuzz run inputs`; without a fuzzer it replays the files on its command line.

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| tpa_session_fuzz::inputs::check(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    tpa_session_fuzz::replay_arguments(tpa_session_fuzz::inputs::check)
}
