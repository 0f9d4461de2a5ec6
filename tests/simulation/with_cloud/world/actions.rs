//! Actions of the schedule.

use std::time::Duration;

use serde_json::{Map, json};
use testkit::model::Violation;
use tpa_cloud::{
    Fault, FaultRequest, FrameSpec, Plan as CloudPlan, SeededPlan, SettingsChange, Target,
    UserSessionId,
};
use tpa_session::session::SocketId;

use super::{Pending, World};
use crate::coverage::Situation;
use crate::with_cloud::cloud_model::millis;
use crate::with_cloud::frames::{package_of, user_of};
use crate::with_cloud::schedule::{Action, MAX_LATENESS, Sent, Whom};
use crate::with_cloud::transport::{CloudEnd, Ends, LinkFault};

impl World<'_> {
    pub(super) fn apply(&mut self, action: &Action) -> Result<(), Violation> {
        match action {
            Action::Client(index, turn) => {
                self.wake_up(*index)?;
                self.clients[*index].apply(*turn)
            }
            Action::Plan(index, plan) => {
                self.clients[*index].transport.plan_attempt(*plan);
                Ok(())
            }
            Action::Link(index, back, fault) => {
                let client = &mut self.clients[*index];
                let newest = client.socket().0;
                if let Some(id) = newest.checked_sub(*back)
                    && client.transport.apply_fault(SocketId(id), *fault)
                {
                    self.count_fault(*index, *fault);
                }
                Ok(())
            }
            Action::Sleep {
                client,
                millis,
                unnoticed,
            } => {
                self.wake_up(*client)?;
                self.asleep[*client] = self.now + millis;
                let sleeper = &mut self.clients[*client];
                if *unnoticed {
                    self.behind[*client] += millis;
                    sleeper.wall += millis;
                    sleeper.coverage.count(Situation::SleptUnnoticed);
                } else {
                    sleeper.coverage.count(Situation::Slept);
                }
                Ok(())
            }
            Action::Lateness(lateness) => {
                self.lateness = *lateness;
                self.cloud_model.lateness = self.cloud_model.lateness.max(*lateness);
                Ok(())
            }
            Action::Crash { silently, down } => {
                if !self.is_down {
                    self.coverage.event("crashes");
                    if *silently {
                        self.coverage.event("crashes without a reset");
                    }
                    self.stop_cloud(!silently);
                    self.pending.add(self.now + down, Pending::Boot);
                }
                Ok(())
            }
            _ if self.is_down => Ok(()),
            Action::ShutDown { down } => {
                if self.cloud_model.shutting_down {
                    return Ok(());
                }
                self.coverage.event("shutdowns");
                self.cloud_model.shutting_down = true;
                self.cloud.shut_down(self.at());
                let close_timeout = millis(self.schedule.settings.cloud.close_timeout);
                let end = self.now + close_timeout + MAX_LATENESS + 1;
                self.pending.add(end, Pending::ShutDown(self.number, *down));
                self.drain_cloud()
            }
            action => self.apply_to_cloud(action),
        }
    }

    fn apply_to_cloud(&mut self, action: &Action) -> Result<(), Violation> {
        let now = self.at();
        match action {
            Action::Inject {
                fault,
                whom,
                period,
            } => self.inject(fault, *whom, *period)?,
            Action::Clear(whom) => {
                if let Some(target) = self.target(*whom) {
                    if target == Target::All {
                        self.cloud_model.clear();
                    }
                    self.cloud.clear_faults(&target, now);
                }
            }
            Action::Play(whom) => {
                if let Some(target) = self.target(*whom) {
                    let plan = CloudPlan::Seeded(SeededPlan::new(self.schedule.seed));
                    self.cloud.play(plan, target, now);
                }
            }
            Action::StopPlaying(whom) => {
                if let Some(target) = self.target(*whom) {
                    if target == Target::All {
                        self.cloud_model.clear();
                    }
                    self.cloud.stop_playing(&target, now);
                }
            }
            Action::StopApps(whom, reason) => {
                if let Some(target) = self.target(*whom) {
                    self.cloud_model.stopping = true;
                    self.cloud.stop_apps(&target, reason, now);
                    self.drain_cloud()?;
                    self.cloud_model.stopping = false;
                }
            }
            Action::Send(whom, sent) => {
                if let Some(target) = self.target(*whom) {
                    let times = if *sent == Sent::Burst { 8 } else { 1 };
                    for _ in 0..times {
                        self.cloud.send_frame(&target, &frame(*sent), now);
                    }
                }
            }
            Action::StartApp {
                session,
                has_webhook,
            } => {
                let user = UserSessionId::new(user_of(session));
                let url = has_webhook.then(|| "http://127.0.0.1:9/".to_owned());
                self.cloud.start_app(&user, package_of(session), url, now);
            }
            Action::Wake => {
                self.coverage.event("timers without need");
                self.cloud.handle_timeout(now);
            }
            _ => {}
        }
        self.drain_cloud()
    }

    fn inject(&mut self, fault: &Fault, whom: Whom, period: Option<u64>) -> Result<(), Violation> {
        let now = self.at();
        if let Some(target) = self.target(whom) {
            let request = FaultRequest {
                fault: fault.clone(),
                target,
                period: period.map(Duration::from_millis),
                share: tpa_cloud::Share::ALL,
            };
            let is_restart = matches!(fault, Fault::Restart(_));
            let is_for_all = request.target == Target::All;
            self.cloud_model.forgets = is_restart && is_for_all;
            self.cloud.inject(&request, now);
            self.drain_cloud()?;
            self.cloud_model.forgets = false;
            if let Some(period) = period
                && is_for_all
            {
                self.cloud_model.shut(fault, self.now + period);
            }
        }
        Ok(())
    }

    fn target(&self, whom: Whom) -> Option<Target> {
        Some(match whom {
            Whom::All => Target::All,
            Whom::Package(package) => Target::Package(package.to_owned()),
            Whom::Session(session) => Target::Session(session.to_owned()),
            Whom::ConnectionOf(index) => {
                let client = &self.clients[index];
                let CloudEnd::There(id) = client.transport.end_of(client.socket()) else {
                    return None;
                };
                Target::Connection(id)
            }
        })
    }

    fn count_fault(&mut self, index: usize, fault: LinkFault) {
        let event = match fault {
            LinkFault::Cut(Ends::Both, _) => Some("links reset"),
            LinkFault::Cut(Ends::Client, _) => Some("links dead for the client only"),
            LinkFault::Cut(Ends::Cloud, _) => Some("links dead for the cloud only"),
            _ => None,
        };
        if let Some(event) = event {
            self.coverage.event(event);
        }
        let coverage = &mut self.clients[index].coverage;
        match fault {
            LinkFault::Cut(_, close_events) => {
                coverage.count(Situation::Cut);
                coverage.closed(close_events);
            }
            LinkFault::LoseUp => coverage.count(Situation::LostUp),
            LinkFault::LoseDown => coverage.count(Situation::LostDown),
            LinkFault::LoseAll => {
                coverage.count(Situation::LostUp);
                coverage.count(Situation::LostDown);
            }
            LinkFault::Stall(_) => coverage.count(Situation::Stalled),
            LinkFault::Congestion(..) => coverage.count(Situation::Congested),
            LinkFault::Closing(_) => coverage.count(Situation::Closing),
            LinkFault::SendInvalid(_) => {}
        }
    }
}

fn frame(sent: Sent) -> FrameSpec {
    match sent {
        Sent::Settings => {
            let mut changed = Map::new();
            changed.insert("language".into(), json!("es-ES"));
            FrameSpec::Settings(SettingsChange::Merge(changed))
        }
        Sent::Mode => {
            FrameSpec::Verbatim(r#"{"type":"dashboard_mode_changed","mode":"main"}"#.into())
        }
        Sent::Unknown => FrameSpec::Verbatim(r#"{"type":"surprise"}"#.into()),
        Sent::Burst => {
            let frame = json!({"type": "surprise", "padding": "x".repeat(1000)});
            FrameSpec::Verbatim(frame.to_string())
        }
        Sent::Stream => FrameSpec::Stream {
            name: "button_press".into(),
            data: json!({"buttonId": "main", "pressType": "short"}),
        },
    }
}
