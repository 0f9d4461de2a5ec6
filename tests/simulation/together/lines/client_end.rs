//! The client's end of the lines: what its session does with its sockets.

use std::collections::VecDeque;

use tpa_session::session::{Close, Input, Outgoing, Redactor, SocketId};

use super::{CloudEnd, GOOD, Line, ToClient, ToCloud, Wires};
use crate::app::Mail;
use crate::client::Lines;
use crate::closures::CUT;
use crate::tally::{Sight, Tally};
use crate::together::frames;
use crate::way::{Dial, Readiness, Signs};

impl Lines for Wires {
    fn prepare(&mut self, id: SocketId, tally: &mut Tally) -> Option<Input> {
        let fate = self.fates.pop_front().unwrap_or(GOOD);
        fate.way.see(tally);
        tally.saw_if(Sight::WrongKey, !fate.has_key);
        let line = Line {
            fate,
            session: String::new(),
            readiness: Readiness::New,
            given_up: false,
            ended: false,
            end: CloudEnd::Never,
            over: false,
            up_free: self.now,
            down_free: self.now,
            congested_until: self.now,
            held: 0,
            up_lost: false,
            down_lost: false,
            up_cut: false,
            under_way: 0,
            sent: 0,
            frozen: false,
            frozen_in: VecDeque::new(),
            frozen_out: VecDeque::new(),
        };
        self.lines.insert(id, line);
        let (after, input) = fate.way.credentials.input(id)?;
        if fate.way.credentials.is_at_once() {
            return Some(input);
        }
        self.to_client
            .add(self.now + after, (0, ToClient::Input(input)));
        None
    }

    fn open(&mut self, id: SocketId, session: &str) -> Option<Input> {
        let now = self.now;
        let line = self.lines.get_mut(&id).expect("a prepared socket");
        line.readiness = Readiness::Connecting;
        line.session = session.to_owned();
        match line.fate.way.dial {
            Dial::Throws => {
                line.readiness = Readiness::Gone;
                line.ended = true;
                let reason = "no such host".into();
                return Some(Input::AttemptFailed { socket: id, reason });
            }
            Dial::Hangs => line.up_lost = true,
            Dial::Opens(after) => {
                line.up_free = now + after;
                self.up(id, ToCloud::Dial);
            }
            Dial::Refused(after, signs) => {
                line.up_lost = true;
                let end = ToClient::End(id, CUT.close(), signs);
                self.to_client.add(now + after, (0, end));
            }
        }
        None
    }

    fn transmit(&mut self, id: SocketId, frame: Outgoing<Mail>, key: Option<&'static str>) {
        if !self.is_open(id) {
            return;
        }
        let (now, number) = (self.now, self.number);
        let line = self.lines.get_mut(&id).expect("a line");
        if let Outgoing::Message(mail) = &frame
            && line.congested_until > now
        {
            line.held += u32::try_from(mail.size).expect("a size");
        }
        let text = frames::text(number, &frame, &line.session, key, line.fate.has_key);
        self.up(id, ToCloud::Frame(frame, text));
    }

    fn give_up(&mut self, id: SocketId, close: &Close) -> Vec<Input> {
        let Some(line) = self.lines.get_mut(&id) else {
            return Vec::new();
        };
        line.given_up = true;
        let readiness = line.readiness;
        if line.ended || matches!(readiness, Readiness::New | Readiness::Gone) {
            return Vec::new();
        }
        let at_once = line.fate.way.closes_at_once;
        if readiness == Readiness::Connecting {
            self.reset(id, true);
        } else {
            let (code, reason) = close.to_send();
            self.up(
                id,
                ToCloud::Goodbye(Close::new(code, Redactor::default().redact(reason))),
            );
        }
        if at_once {
            let line = self.lines.get_mut(&id).expect("a line");
            line.ended = true;
            line.readiness = Readiness::Gone;
            return vec![Input::Failed(id), Input::Closed(id, CUT.close())];
        }
        if readiness == Readiness::Connecting {
            self.end_now(id, Signs::ErrorThenClose);
        }
        Vec::new()
    }

    fn buffered(&self, id: SocketId) -> Option<u32> {
        let line = self.lines.get(&id).filter(|_| self.is_open(id))?;
        let is_congested = line.congested_until > self.now;
        Some(if is_congested { line.held } else { 0 })
    }

    fn has(&self, id: SocketId, serial: u32) -> bool {
        self.ledger.has(id, serial)
    }

    fn has_any(&self, serial: u32) -> bool {
        self.ledger.has_any(serial)
    }

    fn is_quiet(&self, id: SocketId) -> bool {
        self.lines.get(&id).is_some_and(|line| {
            line.under_way == 0
                && !line.up_lost
                && !line.over
                && matches!(line.end, CloudEnd::There(_))
                && line.readiness == Readiness::Open
        })
    }

    fn told(&self, id: SocketId) -> Option<&[String]> {
        self.ledger.subscriptions(id)
    }

    fn is_half_open(&self, id: SocketId) -> bool {
        let line = self.lines.get(&id);
        line.is_some_and(|line| {
            let is_deserted = line.end == CloudEnd::Gone && !line.ended;
            line.up_lost || line.down_lost || is_deserted
        })
    }
}
