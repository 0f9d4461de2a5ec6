//! Script of transcriptions and translations, in several languages.

use std::time::Duration;

use serde_json::{Value, json};

/// Language of the stream `transcription`.
pub(super) const DEFAULT_LANGUAGE: &str = "en-US";

/// Languages of the stream `translation`.
pub(super) const DEFAULT_PAIR: (&str, &str) = ("es-ES", "en-US");

/// Growth of a partial text.
const WORDS_IN_STEP: usize = 2;

/// Reports whether `code` has the form of `en-US`.
pub(super) fn is_language(code: &str) -> bool {
    let Some((name, region)) = code.split_once('-') else {
        return false;
    };
    matches!(name.len(), 2..=3)
        && name.bytes().all(|byte| byte.is_ascii_lowercase())
        && region.len() == 2
        && region.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Growing partial texts, then the complete sentence as final, then the next sentence.
pub(super) fn transcription(language: &str, step: u64, interval: Duration) -> Value {
    let utterance = utterance(language, step);
    let mut data = utterance.times(step, interval);
    data["type"] = json!("transcription");
    data["text"] = json!(utterance.partial_text());
    data["transcribeLanguage"] = json!(language);
    data
}

/// The same sentences in another language. The partial translation grows with the original.
pub(super) fn translation(from: &str, to: &str, step: u64, interval: Duration) -> Value {
    let utterance = utterance(from, step);
    let translated = Utterance {
        sentence: sentences(to)[utterance.number],
        ..utterance
    };
    let mut data = utterance.times(step, interval);
    data["type"] = json!("translation");
    data["text"] = json!(translated.partial_text());
    data["originalText"] = json!(utterance.partial_text());
    data["transcribeLanguage"] = json!(from);
    data["translateLanguage"] = json!(to);
    data["didTranslate"] = json!(from != to);
    data
}

/// A sentence and its progress.
struct Utterance {
    number: usize,
    sentence: &'static str,
    /// Number of steps of the sentence, and the current one.
    steps: u64,
    at: u64,
}

fn utterance(language: &str, step: u64) -> Utterance {
    let sentences = sentences(language);
    let steps_of = |sentence: &str| sentence.split(' ').count().div_ceil(WORDS_IN_STEP) as u64;
    let all: u64 = sentences.iter().map(|sentence| steps_of(sentence)).sum();
    let mut at = step % all;
    let mut number = 0;
    while at >= steps_of(sentences[number]) {
        at -= steps_of(sentences[number]);
        number += 1;
    }
    let sentence = sentences[number];
    Utterance {
        number,
        sentence,
        steps: steps_of(sentence),
        at,
    }
}

impl Utterance {
    fn is_final(&self) -> bool {
        self.at + 1 == self.steps
    }

    fn partial_text(&self) -> String {
        let words: Vec<&str> = self.sentence.split(' ').collect();
        let count = words.len() as u64 * (self.at + 1) / self.steps;
        words[..(count as usize).max(1)].join(" ")
    }

    fn times(&self, step: u64, interval: Duration) -> Value {
        // In microseconds, because a step may be shorter than a millisecond.
        let micros = interval.as_micros() as u64;
        let at = |step: u64| step.saturating_mul(micros) / 1_000;
        let (start, end) = (at(step - self.at), at(step + 1));
        json!({
            "isFinal": self.is_final(),
            "startTime": start,
            "endTime": end,
            "duration": end - start,
            "speakerId": "1",
        })
    }
}

/// Returns the same four sentences in each language, and digits for unknown languages.
fn sentences(language: &str) -> [&'static str; 4] {
    match language.split('-').next() {
        Some("en") => [
            "Good morning everyone, thanks for joining the call today.",
            "Let's start with the numbers from last week and then talk about the launch.",
            "The new glasses arrive on Thursday, and we need two people to test them.",
            "Could you send me the notes after the meeting, please?",
        ],
        Some("es") => [
            "Buenos días a todos, gracias por unirse hoy a la llamada.",
            "Empecemos con las cifras de la semana pasada y luego hablemos del lanzamiento.",
            "Las gafas nuevas llegan el jueves y necesitamos a dos personas que las prueben.",
            "¿Me puede enviar las notas después de la reunión, por favor?",
        ],
        Some("fr") => [
            "Bonjour à tous, merci de participer à l'appel aujourd'hui.",
            "Commençons par les chiffres de la semaine dernière, puis parlons du lancement.",
            "Les nouvelles lunettes arrivent jeudi et il nous faut deux personnes pour les tester.",
            "Pourriez-vous m'envoyer les notes après la réunion, s'il vous plaît ?",
        ],
        Some("de") => [
            "Guten Morgen zusammen, danke, dass ihr heute beim Anruf dabei seid.",
            "Fangen wir mit den Zahlen der letzten Woche an und reden dann über den Start.",
            "Die neuen Brillen kommen am Donnerstag, und wir brauchen zwei Leute, die sie testen.",
            "Könnten Sie mir nach der Besprechung bitte die Notizen schicken?",
        ],
        Some("it") => [
            "Buongiorno a tutti, grazie di partecipare alla chiamata oggi.",
            "Cominciamo con i numeri della settimana scorsa e poi parliamo del lancio.",
            "I nuovi occhiali arrivano giovedì e ci servono due persone per provarli.",
            "Potrebbe mandarmi gli appunti dopo la riunione, per favore?",
        ],
        Some("pt") => [
            "Bom dia a todos, obrigado por participarem na chamada hoje.",
            "Vamos começar pelos números da semana passada e depois falar do lançamento.",
            "Os óculos novos chegam na quinta-feira e precisamos de duas pessoas para os testar.",
            "Pode enviar-me as notas depois da reunião, por favor?",
        ],
        _ => ["1 2 3 4", "1 2 3 4 5 6 7 8", "2 4 6 8 10 12", "3 2 1 0"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn partial_texts_grow_until_the_sentence_is_final() {
        for language in [
            "en-US", "es-ES", "fr-FR", "de-DE", "it-IT", "pt-BR", "ja-JP",
        ] {
            let mut before = String::new();
            let mut finals = 0;
            for step in 0..100 {
                let data = transcription(language, step, SECOND);
                let text = data["text"].as_str().unwrap();
                assert!(
                    text.starts_with(&before) && text != before,
                    "{before} / {text}"
                );
                let is_final = data["isFinal"].as_bool().unwrap();
                finals += u32::from(is_final);
                before = if is_final {
                    assert!(sentences(language).contains(&text), "{text}");
                    String::new()
                } else {
                    text.to_owned()
                };
            }
            assert!(finals > 10, "{language}");
        }
    }

    #[test]
    fn a_translation_says_the_same_in_another_language() {
        let mut finals = Vec::new();
        for step in 0..40 {
            let data = translation("de-DE", "en-US", step, SECOND);
            assert_eq!(data["transcribeLanguage"], "de-DE");
            assert_eq!(data["translateLanguage"], "en-US");
            if data["isFinal"] == true {
                let text = |field: &str| data[field].as_str().unwrap().to_owned();
                finals.push((text("originalText"), text("text")));
            }
        }
        for (original, text) in &finals {
            let number = sentences("de-DE").iter().position(|one| one == original);
            assert_eq!(sentences("en-US")[number.unwrap()], text);
        }
        assert!(finals.len() >= 4);
    }

    #[test]
    fn times_go_on_from_word_to_word() {
        let mut last_end = 0;
        for step in 0..50 {
            let data = transcription("en-US", step, Duration::from_micros(200));
            let time = |field: &str| data[field].as_u64().unwrap();
            assert!(time("startTime") <= time("endTime"));
            assert!(time("endTime") >= last_end);
            last_end = time("endTime");
        }
        assert_eq!(last_end, 10);
    }

    #[test]
    fn languages_are_known_by_their_form() {
        for good in ["en-US", "fil-PH"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "en", "english", "EN-us", "en-USA", "e-US"] {
            assert!(!is_language(bad), "{bad}");
        }
    }
}
