//! Redaction of the API key in texts from outside.

use tpa_session::session::{
    Close, Control, Event, Input, Outgoing, Output, Redactor, SessionError,
};

use crate::world::{SESSION, World, config};

fn redact(key: &str, text: &str) -> String {
    Redactor::new(key).redact(text).to_string()
}

#[test]
fn replaces_every_occurrence() {
    assert_eq!(redact("s3cret", "s3cret"), "[key]");
    assert_eq!(
        redact("s3cret", "Bad key s3cret, not s3crets3cret!"),
        "Bad key [key], not [key][key]!"
    );
    assert_eq!(redact("aab", "aaab"), "a[key]");
    assert_eq!(redact("clé", "é clé é"), "é [key] é");
}

#[test]
fn leaves_other_texts_alone() {
    assert_eq!(redact("s3cret", "s3cre"), "s3cre");
    assert_eq!(redact("s3cret", ""), "");
    assert_eq!(redact("", "no key"), "no key");
    assert_eq!(Redactor::default().redact("é %").to_string(), "é %");
}

#[test]
fn replaces_a_percent_encoded_key() {
    for text in [
        "a/b+é=",
        "a%2Fb%2B%C3%A9%3D",
        "a%2fb%2b%c3%a9%3d",
        "%61/b+%C3%A9=",
    ] {
        assert_eq!(
            redact("a/b+é=", &format!("ws://host/?key={text}&x")),
            "ws://host/?key=[key]&x"
        );
    }
    assert_eq!(redact("ab", "a%6"), "a%6");
    assert_eq!(redact("ab", "a%zz"), "a%zz");
    assert_eq!(redact("100%", "is 100%"), "is [key]");
}

#[test]
fn replaces_an_encoded_key_whose_characters_encode() {
    for (key, text) in [
        ("a%1b", "a%251b"),
        ("a%25b", "a%25b"),
        ("a%25b", "a%2525b"),
        ("a\"b\\c/d", "a\\\"b\\\\c\\/d"),
        ("a\"b\\c/d", "a\\\"b\\\\c/d"),
        ("a\\\\b", "a\\\\b"),
        ("a\\\\b", "a\\\\\\\\b"),
    ] {
        let text = format!("<{text}>");
        assert_eq!(redact(key, &text), "<[key]>", "{key} {text}");
    }
    assert_eq!(redact("a%1b", "a%25"), "a%25");
}

#[test]
fn replaces_a_key_with_escapes_of_json() {
    for text in ["\\u0073\\u0033cret", "s3cr\\u0065t", "s3cre\\u0074"] {
        assert_eq!(redact("s3cret", &format!("<{text}>")), "<[key]>", "{text}");
    }
    assert_eq!(redact("a\"b", "<a\\u0022b>"), "<[key]>");
    assert_eq!(redact("s3cret", "s3cr\\u0066t"), "s3cr\\u0066t");
}

/// Base64 of a text, by the alphabet that ends with these two characters.
fn base64(text: &str, last: [char; 2]) -> String {
    let alphabet: Vec<char> = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(last)
        .collect();
    let bits: String = text.bytes().map(|byte| format!("{byte:08b}")).collect();
    let sextets = bits.as_bytes().chunks(6).map(|chunk| {
        let digits = String::from_utf8_lossy(chunk).into_owned();
        usize::from_str_radix(&format!("{digits:0<6}"), 2).expect("six bits")
    });
    sextets.map(|value| alphabet[value]).collect()
}

#[test]
fn replaces_a_key_in_base64() {
    assert_eq!(base64("s3cret", ['+', '/']), "czNjcmV0");
    for key in ["s3cret", "dev-key", "a>?~>?é>?", "12345678"] {
        for before in ["", "k", "kl", "klm", "me:"] {
            for after in ["", ":", "~~"] {
                for last in [['+', '/'], ['-', '_']] {
                    let text = base64(&[before, key, after].concat(), last);
                    let redacted = redact(key, &format!("<{text}>"));
                    assert!(redacted.contains("[key]"), "{text} {redacted}");
                    // A bit or two of the first and the last byte are left.
                    let left = redacted.len() - "<[key]>".len();
                    let others = base64(before, last).len() + base64(after, last).len();
                    assert!(left <= others + 1, "{text} {redacted}");
                }
            }
        }
    }
    assert_eq!(redact("s3cret", "czNjcmV1"), "czNjcmV1");
    assert_eq!(redact("s3cret", "czNjcmV"), "czNjcmV");
    // That of a short key may be a part of a word.
    assert_eq!(redact("key", "a2V5"), "a2V5");
}

#[test]
fn a_part_of_the_key_at_the_end_of_a_cut_text_is_removed() {
    let key = "0123456789".repeat(60);
    let cut = |before: &str| {
        let text: String = [before, &key].concat().chars().take(4096).collect();
        redact(&key, &text)
    };
    for before in ["x".repeat(4090), "x".repeat(3600), key.repeat(6)] {
        assert!(!cut(&before).contains("0123"), "{}", before.len());
    }
    let encoded = ["x".repeat(4089), "012%33%3".into()].concat();
    assert_eq!(redact(&key, &encoded), "x".repeat(4089));
    let escaped = ["x".repeat(4089), "012\\u003".into()].concat();
    assert_eq!(redact(&key, &escaped), "x".repeat(4089));
    let in_base64 = ["!".repeat(4000), base64(&key, ['+', '/'])].concat();
    assert_eq!(redact(&key, &in_base64[..4096]), "!".repeat(4000));
    assert!(Redactor::new(&*key).redact_line(&cut(&key.repeat(6))).len() <= 300);
}

#[test]
fn texts_of_frames_are_cut() {
    let long = |_: &str| Some("é".repeat(4096));
    let redactor = Redactor::new("s3cret");
    for kind in ["connection_error", "app_stopped"] {
        let texts = match Control::parse(kind, long, |_| None, &redactor) {
            Some(Control::Error { code, message }) => vec![code.expect("a code"), message],
            Some(Control::Stopped { reason }) => vec![reason.expect("a reason")],
            other => panic!("{other:?}"),
        };
        for text in texts {
            assert_eq!(text.chars().count(), 300);
        }
    }
}

#[test]
fn debug_output_hides_the_key() {
    assert_eq!(format!("{:?}", Redactor::new("s3cret")), "Redactor { .. }");
}

#[test]
fn error_frames_are_redacted() {
    let fields = |field: &str| Some(["it is ", field, ": s3cret"].concat());
    let redactor = Redactor::new("s3cret");
    assert_eq!(
        Control::parse("connection_error", fields, |_| None, &redactor),
        Some(Control::Error {
            code: Some("it is code: [key]".into()),
            message: "it is message: [key]".into(),
        })
    );
    assert_eq!(
        Control::parse("app_stopped", fields, |_| None, &redactor),
        Some(Control::Stopped {
            reason: Some("it is reason: [key]".into()),
        })
    );
}

#[test]
fn known_error_code_survives_a_key_that_is_part_of_it() {
    let code = |_: &str| Some("INVALID_API_KEY".to_owned());
    let Some(Control::Error { code, message }) = Control::parse(
        "connection_error",
        code,
        |_| None,
        &Redactor::new("API_KEY"),
    ) else {
        panic!("an error frame");
    };
    assert_eq!(code.as_deref(), Some("INVALID_API_KEY"));
    assert_eq!(&*message, "INVALID_[key]");
}

#[test]
fn no_output_has_the_key() {
    let redactor = Redactor::new("s3cret");
    let reason = || redactor.redact("the key is s3cret");
    let mut world = World::new(config());
    world.connect(SESSION);
    world.input(Input::AttemptFailed {
        socket: world.socket,
        reason: reason(),
    });
    world.next_deadline();
    world.acknowledge();
    let code = None;
    let message = reason();
    world.input(Input::Control(
        world.socket,
        Control::Error { code, message },
    ));
    world.input(Input::Closed(world.socket, Close::new(1011, reason())));
    world.next_deadline();
    world.input(Input::Unsupported {
        socket: world.socket,
        reason: reason(),
    });
    let shown = format!("{:?}", world.outputs);
    assert!(!shown.contains("s3cret"), "{shown}");
    let errors = world.events().into_iter().filter(|event| {
        matches!(event, Event::Error(SessionError::Reported { message, .. }) if message == "the key is [key]")
    });
    assert_eq!(errors.count(), 1);
    let inits = world
        .outputs
        .iter()
        .filter(|output| matches!(output, Output::Transmit(_, Outgoing::Init)));
    assert_eq!(inits.count(), 1);
}

#[test]
fn error_of_the_runtime_is_one_short_line() {
    let line = |text: &str| Redactor::new("s3cret").redact_line(text).to_string();
    assert_eq!(
        line("connect ECONNREFUSED 127.0.0.1:1"),
        "connect ECONNREFUSED 127.0.0.1:1"
    );
    assert_eq!(
        line("a\r\nb\u{1b}[2J\u{7f}\u{9b}é s3cret"),
        "a  b [2J  é [key]"
    );
    assert_eq!(line(&"é".repeat(1000)), "é".repeat(300));
    let key_at_the_end = ["x".repeat(297), "s3cret".into()].concat();
    assert_eq!(
        line(&key_at_the_end),
        ["x".repeat(297), "[ke".into()].concat()
    );
}
