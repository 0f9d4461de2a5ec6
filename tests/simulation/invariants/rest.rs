//! What holds when all is carried out and the session only waits: something will happen, and
//! nothing grows.

use tpa_session::session::{Config, State, Timer};

use super::{Broken, Decisions, Generations, Glance, Grammar, Mailbox, ensure};

/// The longest wait for the close of a socket that reported an error, as for an attempt with
/// a fresh reason.
const SOON: u64 = 250;

pub fn check(
    config: &Config,
    glance: &Glance,
    (decisions, generations, grammar, mailbox): (&Decisions, &Generations, &Grammar, &Mailbox),
) -> Result<(), Broken> {
    let at = glance.deadline.map(|(at, _)| at);
    let now = decisions.now;
    let by = |latest: u64| at.is_some_and(|at| at <= latest);
    ensure!(
        grammar.state == glance.state,
        "grammar",
        "the app was told {:?}",
        grammar.state
    );
    let expiry = mailbox.next_expiry();
    let expiry_is_next = matches!(glance.deadline, Some((_, Timer::Expiry)));
    ensure!(
        expiry.is_none_or(by) && (!expiry_is_next || at == expiry),
        "progress",
        "a message expires at {expiry:?}: {glance:?}"
    );
    match glance.state {
        State::Idle | State::Stopped => {
            ensure!(
                glance
                    .deadline
                    .is_none_or(|(_, timer)| timer == Timer::Expiry),
                "progress",
                "a timer runs in vain: {glance:?}"
            );
            ensure!(
                !generations.is_any_alive(),
                "one socket",
                "a socket outlived its session"
            );
        }
        State::Connecting | State::Handshaking => {
            let ends = decisions.attempt_ends();
            ensure!(
                by(ends),
                "progress",
                "the attempt ends at {ends}: {glance:?}"
            );
        }
        State::Connected => {
            ensure!(
                generations.open() == Some(glance.socket),
                "progress",
                "connected without a socket: {glance:?}"
            );
            let judged_by = decisions.judged_by();
            ensure!(
                judged_by.is_none_or(by),
                "liveness",
                "silence must be judged by {judged_by:?}: {glance:?}"
            );
        }
        State::Waiting => {
            ensure!(
                !generations.is_any_alive(),
                "one socket",
                "a socket lives on while the session waits"
            );
            let due = grammar.due().unwrap_or(now + SOON);
            ensure!(
                !decisions.may_dial() || by(due),
                "progress",
                "the next attempt is due at {due}: {glance:?}"
            );
        }
    }
    ensure!(
        !decisions.failed() || decisions.current().is_none() || by(now + SOON),
        "progress",
        "the socket failed, and nothing will come of it: {glance:?}"
    );
    let closed_by = decisions.closed_by();
    ensure!(
        closed_by.is_none_or(by),
        "progress",
        "the socket is closing until {closed_by:?}: {glance:?}"
    );
    let (messages, bytes) = glance.queued;
    ensure!(
        messages <= config.outbox.messages && bytes <= config.outbox.bytes,
        "memory",
        "{messages} messages of {bytes} bytes"
    );
    Ok(())
}
