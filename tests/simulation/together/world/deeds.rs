//! What happens by the schedule.

use std::time::Duration;

use serde_json::{Map, json};
use tpa_cloud::{
    Fault, FaultRequest, HandMade, Plan as CloudPlan, SeededPlan, SettingsChange, Target,
    UserSessionId,
};
use tpa_session::session::SocketId;

use super::{Coming, World};
use crate::invariants::Broken;
use crate::tally::Sight;
use crate::together::account::millis;
use crate::together::frames::{package_of, user_of};
use crate::together::lines::{CloudEnd, Ends, LineFault};
use crate::together::schedule::{Deed, LATEST, Sent, Whom};

impl World<'_> {
    pub(super) fn happen(&mut self, deed: &Deed) -> Result<(), Broken> {
        match deed {
            Deed::Turn(index, turn) => {
                self.wake_up(*index)?;
                self.clients[*index].happen(*turn)
            }
            Deed::Fate(index, fate) => {
                self.clients[*index].lines.destine(*fate);
                Ok(())
            }
            Deed::Line(index, back, fault) => {
                let client = &mut self.clients[*index];
                let newest = client.session.connection().0;
                if let Some(id) = newest.checked_sub(*back)
                    && client.lines.befall(SocketId(id), *fault)
                {
                    self.see_fault(*index, *fault);
                }
                Ok(())
            }
            Deed::Sleep {
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
                    sleeper.tally.saw(Sight::SleptUnnoticed);
                } else {
                    sleeper.tally.saw(Sight::Slept);
                }
                Ok(())
            }
            Deed::Lateness(lateness) => {
                self.lateness = *lateness;
                self.account.lateness = self.account.lateness.max(*lateness);
                Ok(())
            }
            Deed::Crash { silently, down } => {
                if !self.is_down {
                    self.seen.event("crashes");
                    if *silently {
                        self.seen.event("crashes that nobody hears");
                    }
                    self.lose_cloud(!silently);
                    self.coming.add(self.now + down, Coming::Boot);
                }
                Ok(())
            }
            _ if self.is_down => Ok(()),
            Deed::ShutDown { down } => {
                if self.account.shutting_down {
                    return Ok(());
                }
                self.seen.event("shutdowns");
                self.account.shutting_down = true;
                self.cloud.shut_down(self.at());
                let close_timeout = millis(self.schedule.settings.cloud.close_timeout);
                let end = self.now + close_timeout + LATEST + 1;
                self.coming.add(end, Coming::ShutDown(self.number, *down));
                self.drain_cloud()
            }
            deed => self.do_to_cloud(deed),
        }
    }

    fn do_to_cloud(&mut self, deed: &Deed) -> Result<(), Broken> {
        let now = self.at();
        match deed {
            Deed::Inject {
                fault,
                whom,
                period,
            } => {
                if let Some(target) = self.target(*whom) {
                    let request = FaultRequest {
                        fault: fault.clone(),
                        target,
                        period: period.map(Duration::from_millis),
                    };
                    let is_restart = matches!(fault, Fault::Restart { .. });
                    let is_for_all = request.target == Target::All;
                    self.account.forgets = is_restart && is_for_all;
                    self.cloud.inject(&request, now);
                    self.drain_cloud()?;
                    self.account.forgets = false;
                    if let Some(period) = period
                        && is_for_all
                    {
                        self.account.shut(fault, self.now + period);
                    }
                }
            }
            Deed::Clear(whom) => {
                if let Some(target) = self.target(*whom) {
                    if target == Target::All {
                        self.account.clear();
                    }
                    self.cloud.clear_faults(&target, now);
                }
            }
            Deed::Play(whom) => {
                if let Some(target) = self.target(*whom) {
                    let plan = CloudPlan::Seeded(SeededPlan::new(self.schedule.seed));
                    self.cloud.play(plan, target, now);
                }
            }
            Deed::StopPlaying(whom) => {
                if let Some(target) = self.target(*whom) {
                    if target == Target::All {
                        self.account.clear();
                    }
                    self.cloud.stop_playing(&target, now);
                }
            }
            Deed::StopApps(whom, reason) => {
                if let Some(target) = self.target(*whom) {
                    self.account.stopping = true;
                    self.cloud.stop_apps(&target, reason, now);
                    self.drain_cloud()?;
                    self.account.stopping = false;
                }
            }
            Deed::Send(whom, sent) => {
                if let Some(target) = self.target(*whom) {
                    let times = if *sent == Sent::Burst { 8 } else { 1 };
                    for _ in 0..times {
                        self.cloud.send_frame(&target, &frame(*sent), now);
                    }
                }
            }
            Deed::StartApp {
                session,
                has_webhook,
            } => {
                let user = UserSessionId::new(user_of(session));
                let url = has_webhook.then(|| "http://127.0.0.1:9/".to_owned());
                self.cloud.start_app(&user, package_of(session), url, now);
            }
            Deed::Wake => {
                self.seen.event("timers without need");
                self.cloud.handle_timeout(now);
            }
            _ => {}
        }
        self.drain_cloud()
    }

    fn target(&self, whom: Whom) -> Option<Target> {
        Some(match whom {
            Whom::All => Target::All,
            Whom::Package(package) => Target::Package(package.to_owned()),
            Whom::Session(session) => Target::Session(session.to_owned()),
            Whom::ConnectionOf(index) => {
                let client = &self.clients[index];
                let CloudEnd::There(id) = client.lines.end_of(client.session.connection()) else {
                    return None;
                };
                Target::Connection(id)
            }
        })
    }

    fn see_fault(&mut self, index: usize, fault: LineFault) {
        let event = match fault {
            LineFault::Cut(Ends::Both, _) => Some("lines reset"),
            LineFault::Cut(Ends::Client, _) => Some("lines dead for the client only"),
            LineFault::Cut(Ends::Cloud, _) => Some("lines dead for the cloud only"),
            _ => None,
        };
        if let Some(event) = event {
            self.seen.event(event);
        }
        let tally = &mut self.clients[index].tally;
        match fault {
            LineFault::Cut(_, signs) => {
                tally.saw(Sight::Cut);
                tally.saw(signs.sight());
            }
            LineFault::LoseUp => tally.saw(Sight::LostUp),
            LineFault::LoseDown => tally.saw(Sight::LostDown),
            LineFault::LoseAll => {
                tally.saw(Sight::LostUp);
                tally.saw(Sight::LostDown);
            }
            LineFault::Stall(_) => tally.saw(Sight::Stalled),
            LineFault::Congestion(..) => tally.saw(Sight::Congested),
            LineFault::Closing(_) => tally.saw(Sight::Closing),
            LineFault::Say(_) => {}
        }
    }
}

fn frame(sent: Sent) -> HandMade {
    match sent {
        Sent::Settings => {
            let mut changed = Map::new();
            changed.insert("language".into(), json!("es-ES"));
            HandMade::Settings(SettingsChange::Merge(changed))
        }
        Sent::Mode => HandMade::Whole(r#"{"type":"dashboard_mode_changed","mode":"main"}"#.into()),
        Sent::Unknown => HandMade::Whole(r#"{"type":"surprise"}"#.into()),
        Sent::Burst => {
            let frame = json!({"type": "surprise", "padding": "x".repeat(1000)});
            HandMade::Whole(frame.to_string())
        }
        Sent::Stream => HandMade::Stream {
            name: "button_press".into(),
            data: json!({"buttonId": "main", "pressType": "short"}),
        },
    }
}
