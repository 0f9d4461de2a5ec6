//! Scripted streams: what the simulated glasses have to say, so that an app has something to show.

use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::TAU;
use std::time::Duration;

use serde_json::{Value, json};

/// The scripted streams, under their plain names. Transcriptions are also scripted by language.
pub(crate) const PLAIN: [&str; 6] = [
    "transcription",
    "button_press",
    "head_position",
    "glasses_battery_update",
    "location_update",
    AUDIO,
];

/// The stream of binary frames.
pub(crate) const AUDIO: &str = "audio_chunk";

/// How much sound is in one frame.
pub(crate) const AUDIO_CHUNK: Duration = Duration::from_millis(100);

const DEFAULT_LANGUAGE: &str = "en-US";
const SAMPLE_RATE: u64 = 16_000;
const SAMPLES_IN_CHUNK: u64 = SAMPLE_RATE / 10;

pub(crate) fn is_scripted(stream: &str) -> bool {
    PLAIN.contains(&stream) || language_of(stream).is_some()
}

/// The language of a transcription stream, `None` for other streams.
fn language_of(stream: &str) -> Option<&str> {
    if stream == "transcription" {
        return Some(DEFAULT_LANGUAGE);
    }
    let language = stream.strip_prefix("transcription:")?;
    let (name, region) = language.split_once('-')?;
    let is_language = matches!(name.len(), 2..=3)
        && name.bytes().all(|byte| byte.is_ascii_lowercase())
        && region.len() == 2
        && region.bytes().all(|byte| byte.is_ascii_uppercase());
    is_language.then_some(language)
}

/// How far each stream's script has come.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    steps: BTreeMap<String, u64>,
    samples: u64,
}

impl Scripts {
    /// What each of the wanted streams says now, where it says something. A stream that nobody
    /// wants any more begins anew the next time.
    pub(crate) fn advance<'a>(
        &mut self,
        wanted: &BTreeSet<&'a str>,
        interval: Duration,
    ) -> BTreeMap<&'a str, Value> {
        self.steps
            .retain(|stream, _| wanted.contains(stream.as_str()));
        let mut said = BTreeMap::new();
        for stream in wanted {
            let step = self.steps.entry((*stream).to_owned()).or_default();
            if let Some(data) = datum(stream, *step, interval) {
                said.insert(*stream, data);
            }
            *step = step.wrapping_add(1);
        }
        said
    }

    /// The next tenth of a second of sound: 16 kHz, mono, 16 bit little-endian; a soft tone that
    /// swells once a second.
    pub(crate) fn audio(&mut self) -> Vec<u8> {
        let first = self.samples;
        self.samples = (first + SAMPLES_IN_CHUNK) % SAMPLE_RATE;
        (first..first + SAMPLES_IN_CHUNK)
            .flat_map(|sample| {
                let second = sample as f64 / SAMPLE_RATE as f64;
                let swell = (TAU * second / 2.0).sin().abs();
                let tone = (TAU * 440.0 * second).sin() * swell * 8_000.0;
                (tone as i16).to_le_bytes()
            })
            .collect()
    }
}

/// What `stream` says at its `step`. Everything has its first word at step 0; then each stream
/// keeps its own pace.
fn datum(stream: &str, step: u64, interval: Duration) -> Option<Value> {
    if let Some(language) = language_of(stream) {
        return Some(transcription(language, step, interval));
    }
    let (every, data): (u64, fn(u64) -> Value) = match stream {
        "button_press" => (3, button_press),
        "head_position" => (4, head_position),
        "glasses_battery_update" => (10, battery),
        "location_update" => (2, location),
        _ => return None,
    };
    step.is_multiple_of(every).then(|| data(step / every))
}

fn button_press(nth: u64) -> Value {
    let press = if nth % 4 == 3 { "long" } else { "short" };
    json!({"buttonId": "main", "pressType": press})
}

fn head_position(nth: u64) -> Value {
    let position = if nth.is_multiple_of(2) { "up" } else { "down" };
    json!({"position": position})
}

fn battery(nth: u64) -> Value {
    let level = 87 - nth % 60;
    json!({"level": level, "charging": false, "timeRemaining": level * 4})
}

/// A walk around a block in Zurich.
fn location(nth: u64) -> Value {
    let turn = TAU * (nth % 120) as f64 / 120.0;
    json!({
        "lat": 47.3769 + 0.0012 * turn.sin(),
        "lng": 8.5417 + 0.0018 * turn.cos(),
        "accuracy": 6,
    })
}

/// How many words a partial text grows by.
const WORDS_IN_STEP: usize = 2;

/// Partial texts that grow, then the whole sentence as final, then the next sentence.
fn transcription(language: &str, step: u64, interval: Duration) -> Value {
    let sentences = sentences(language);
    let steps_of = |sentence: &&str| sentence.split(' ').count().div_ceil(WORDS_IN_STEP) as u64;
    let mut rest = step % sentences.iter().map(steps_of).sum::<u64>();
    let mut sentence = sentences[0];
    for candidate in sentences {
        sentence = candidate;
        if rest < steps_of(&sentence) {
            break;
        }
        rest -= steps_of(&sentence);
    }
    let words: Vec<&str> = sentence.split(' ').collect();
    let spoken = (rest as usize + 1) * WORDS_IN_STEP;
    let is_final = spoken >= words.len();
    let text = words[..spoken.min(words.len())].join(" ");
    let millis = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
    json!({
        "type": "transcription",
        "text": text,
        "isFinal": is_final,
        "transcribeLanguage": language,
        "startTime": (step - rest).saturating_mul(millis),
        "endTime": (step + 1).saturating_mul(millis),
        "speakerId": "1",
    })
}

fn sentences(language: &str) -> &'static [&'static str] {
    match language.split('-').next() {
        Some("es") => &[
            "Buenos días, ¿me puede decir dónde está la estación?",
            "Siga todo recto y gire a la derecha después del puente.",
            "Muchas gracias, ¿a qué hora sale el último tren?",
        ],
        Some("fr") => &[
            "Bonjour, est-ce que cette place est libre ?",
            "Oui, bien sûr, asseyez-vous, je vous en prie.",
            "Le train part dans dix minutes, voie numéro quatre.",
        ],
        Some("de") => &[
            "Guten Morgen, wie komme ich am besten zum Bahnhof?",
            "Nehmen Sie die Linie sieben und steigen Sie am Markt aus.",
            "Der Zug nach Bern hat heute leider zwölf Minuten Verspätung.",
        ],
        _ => &[
            "Good morning everyone, thanks for joining the call today.",
            "Let's start with the numbers from last week and then talk about the launch.",
            "The new glasses arrive on Thursday, and we need two people to test them.",
            "Could you send me the notes after the meeting, please?",
            "I will be on a train at four, so I may drop out for a minute.",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn sentences_grow_until_they_are_final() {
        let mut before = String::new();
        let mut finals = 0;
        for step in 0..100 {
            let data = transcription("en-US", step, SECOND);
            let text = data["text"].as_str().unwrap();
            assert!(
                before.is_empty() || text.starts_with(&before),
                "{before} / {text}"
            );
            let is_final = data["isFinal"].as_bool().unwrap();
            finals += u32::from(is_final);
            before = if is_final {
                String::new()
            } else {
                text.to_owned()
            };
        }
        assert!(finals > 10);
    }

    #[test]
    fn a_stream_begins_anew_when_it_was_not_wanted() {
        let mut scripts = Scripts::default();
        let wanted = BTreeSet::from(["button_press"]);
        assert!(
            scripts
                .advance(&wanted, SECOND)
                .contains_key("button_press")
        );
        assert!(scripts.advance(&wanted, SECOND).is_empty());
        assert!(scripts.advance(&BTreeSet::new(), SECOND).is_empty());
        assert!(
            scripts
                .advance(&wanted, SECOND)
                .contains_key("button_press")
        );
    }

    #[test]
    fn only_language_codes_name_a_transcription() {
        for good in [
            "transcription",
            "transcription:en-US",
            "transcription:fil-PH",
        ] {
            assert!(is_scripted(good), "{good}");
        }
        for bad in [
            "transcription:",
            "transcription:english",
            "transcription:EN-us",
            "VAD",
            "",
        ] {
            assert!(!is_scripted(bad), "{bad}");
        }
    }

    #[test]
    fn audio_is_a_tenth_of_a_second_and_not_silent() {
        let mut scripts = Scripts::default();
        for _ in 0..20 {
            let chunk = scripts.audio();
            assert_eq!(chunk.len(), 3_200);
            assert!(chunk.iter().any(|byte| *byte != 0));
        }
    }
}
