//! Client's end of the transport, which its session uses.

use std::collections::VecDeque;

use testkit::Message;
use testkit::closures::CUT;
use testkit::world::dial_outcome::{CloseEvents, Dial, ReadyState};
use tpa_session::session::{Close, Input, Outgoing, Redacted, Redactor, SocketId};

use super::{CloudEnd, Link, LinkTransport, SUCCESS, ToClient, ToCloud};
use crate::client::Transport;
use crate::coverage::{Coverage, Situation};
use crate::with_cloud::frames;

impl Transport for LinkTransport {
    fn prepare(&mut self, id: SocketId, coverage: &mut Coverage) -> Option<Input> {
        let plan = self.plans.pop_front().unwrap_or(SUCCESS);
        coverage.dialled(&plan.outcome);
        coverage.count_if(Situation::WrongKey, !plan.has_key);
        let link = Link {
            plan,
            session: String::new(),
            ready_state: ReadyState::New,
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
            in_transit: 0,
            is_held: false,
            sent: 0,
            frozen: false,
            frozen_in: VecDeque::new(),
            frozen_out: VecDeque::new(),
        };
        self.links.insert(id, link);
        let (after, input) = plan.outcome.credentials.input(id)?;
        if plan.outcome.credentials.is_at_once() {
            return Some(input);
        }
        self.to_client
            .add(self.now + after, (0, ToClient::Input(input)));
        None
    }

    fn open(&mut self, id: SocketId, session: &str) -> Option<Input> {
        let now = self.now;
        let link = self.links.get_mut(&id).expect("a prepared socket");
        link.ready_state = ReadyState::Connecting;
        link.session = session.to_owned();
        match link.plan.outcome.dial {
            Dial::Throws => {
                link.ready_state = ReadyState::Closed;
                link.ended = true;
                let reason = "no such host".into();
                return Some(Input::AttemptFailed { socket: id, reason });
            }
            Dial::Hangs => link.up_lost = true,
            Dial::Opens(after) => {
                link.up_free = now + after;
                self.up(id, ToCloud::Dial);
            }
            Dial::Refused(after, close_events) => {
                link.up_lost = true;
                let end = ToClient::End(id, CUT.close(), close_events);
                self.to_client.add(now + after, (0, end));
            }
        }
        None
    }

    fn transmit(&mut self, id: SocketId, frame: Outgoing<Message>, key: Option<&'static str>) {
        if !self.is_open(id) {
            return;
        }
        let (now, number) = (self.now, self.number);
        let link = self.links.get_mut(&id).expect("a link");
        if let Outgoing::Message(message) = &frame
            && link.congested_until > now
        {
            link.held += u32::try_from(message.size).expect("a size");
        }
        let text = frames::text(number, &frame, &link.session, key, link.plan.has_key);
        self.up(id, ToCloud::Frame(frame, text));
    }

    fn give_up(&mut self, id: SocketId, close: &Close) -> Vec<Input> {
        let Some(link) = self.links.get_mut(&id) else {
            return Vec::new();
        };
        link.given_up = true;
        let ready_state = link.ready_state;
        if link.ended || matches!(ready_state, ReadyState::New | ReadyState::Closed) {
            return Vec::new();
        }
        let at_once = link.plan.outcome.closes_at_once;
        if ready_state == ReadyState::Connecting {
            self.reset(id, true);
        } else {
            let (code, reason) = close.to_send();
            let reason = Redactor::default().redact(reason);
            self.up(id, ToCloud::Close(Close::new(code, reason)));
        }
        if at_once {
            let link = self.links.get_mut(&id).expect("a link");
            link.ended = true;
            link.ready_state = ReadyState::Closed;
            return vec![
                Input::Failed(id, Redacted::default()),
                Input::Closed(id, CUT.close()),
            ];
        }
        if ready_state == ReadyState::Connecting {
            self.end_now(id, CloseEvents::ErrorThenClose);
        }
        Vec::new()
    }

    fn buffered(&self, id: SocketId) -> Option<u32> {
        let link = self.links.get(&id).filter(|_| self.is_open(id))?;
        let is_congested = link.congested_until > self.now;
        Some(if is_congested { link.held } else { 0 })
    }

    fn has(&self, id: SocketId, serial: u32) -> bool {
        self.peer.has(id, serial)
    }

    fn has_any(&self, serial: u32) -> bool {
        self.peer.has_any(serial)
    }

    fn is_drained(&self, id: SocketId) -> bool {
        self.links.get(&id).is_some_and(|link| {
            link.in_transit == 0
                && !link.is_held
                && !link.up_lost
                && !link.over
                && matches!(link.end, CloudEnd::There(_))
                && link.ready_state == ReadyState::Open
        })
    }

    fn subscriptions(&self, id: SocketId) -> Option<&[String]> {
        self.peer.subscriptions(id)
    }

    fn is_half_open(&self, id: SocketId) -> bool {
        let link = self.links.get(&id);
        link.is_some_and(|link| {
            let is_deserted = link.end == CloudEnd::Gone && !link.ended;
            link.up_lost || link.down_lost || is_deserted
        })
    }
}
