//! The microphone: 16 kHz, mono, 16 bit little-endian PCM.

use std::f64::consts::TAU;
use std::sync::LazyLock;

const SAMPLE_RATE: usize = 16_000;
const BYTES_IN_CHUNK: usize = SAMPLE_RATE / 10 * 2;

/// One second of sound: a tone of 120 Hz with three overtones, modulated four times a second like
/// syllables. All frequencies are whole numbers, so that the second loops without a click.
static SECOND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let sample = |index: usize| {
        let time = index as f64 / SAMPLE_RATE as f64;
        let syllable = 0.15 + 0.85 * (TAU * 2.0 * time).sin().powi(2);
        let overtones = [(120.0, 0.5), (240.0, 0.3), (720.0, 0.15), (1_200.0, 0.05)];
        let tone: f64 = overtones
            .iter()
            .map(|(hertz, share)| share * (TAU * hertz * time).sin())
            .sum();
        (tone * syllable * 12_000.0) as i16
    };
    (0..SAMPLE_RATE)
        .flat_map(|index| sample(index).to_le_bytes())
        .collect()
});

/// The microphone and its position in the sound.
#[derive(Debug, Default)]
pub(super) struct Microphone {
    at: usize,
}

impl Microphone {
    /// Returns the next tenth of a second.
    pub(super) fn next_chunk(&mut self) -> &'static [u8] {
        let chunk = &SECOND[self.at..self.at + BYTES_IN_CHUNK];
        self.at = (self.at + BYTES_IN_CHUNK) % SECOND.len();
        chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(bytes: &[u8]) -> Vec<f64> {
        bytes
            .chunks_exact(2)
            .map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])))
            .collect()
    }

    #[test]
    fn a_chunk_is_a_tenth_of_a_second_and_not_silent() {
        let mut microphone = Microphone::default();
        for _ in 0..20 {
            let chunk = microphone.next_chunk();
            assert_eq!(chunk.len(), 3_200);
            let loudest = samples(chunk).into_iter().fold(0.0, f64::max);
            assert!((1_000.0..32_000.0).contains(&loudest), "{loudest}");
        }
    }

    /// The slope is limited by the highest overtone, also between chunks.
    #[test]
    fn the_sound_is_smooth_from_chunk_to_chunk() {
        let mut microphone = Microphone::default();
        let sound: Vec<u8> = (0..25)
            .flat_map(|_| microphone.next_chunk().to_vec())
            .collect();
        let steepest = samples(&sound)
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f64::max);
        assert!(steepest < 3_000.0, "{steepest}");
    }
}
