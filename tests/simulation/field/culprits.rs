//! A frame that the cloud refuses costs no other.

use testkit::closures::Closure;
use testkit::ensure;
use testkit::model::Violation;
use testkit::world::app::AppCall;
use testkit::world::field::apps::Habit;
use testkit::world::field::culprit::{Culprit, Refused};
use testkit::world::field::faults::Fault;
use testkit::world::field::{Setup, World};
use tpa_session::session::CloseKind::Abnormal;
use tpa_session::session::{Config, Delivery};

const MESSAGES: u32 = 12;

const fn closure(code: u16, reason: &'static str) -> Closure {
    Closure {
        code,
        reason,
        kind: Abnormal,
    }
}

const BLAMING: [Closure; 4] = [
    closure(1009, "Frame too big"),
    closure(1007, ""),
    closure(1003, ""),
    closure(1008, "Malformed message"),
];

const MESSAGE: AppCall = AppCall::Send {
    size: 100,
    key: None,
    ttl: None,
};

fn world(seed: u64, delivery: Delivery) -> World {
    let config = Config {
        delivery,
        ..Config::default()
    };
    World::new(Setup {
        config,
        ..Setup::new(seed, Habit::Idle)
    })
}

/// Sends messages before the connection, or while it lasts; one of them is refused for ever.
fn run(closure: Closure, culprit: u32, queued: bool, delivery: Delivery) -> Result<(), Violation> {
    let mut world = world(u64::from(culprit), delivery);
    world.cloud.refused = Some(Refused {
        culprit: Culprit::Message(culprit),
        closure,
        times: u32::MAX,
    });
    if !queued {
        world.start()?;
        world.run_for(3000)?;
    }
    for _ in 0..MESSAGES {
        world.call(MESSAGE)?;
    }
    if queued {
        world.start()?;
    }
    world.run_for(300_000)?;
    super::check_connected(&world)?;
    for serial in 1..=MESSAGES {
        let arrived = world.cloud.arrivals(serial) > 0;
        let dropped = dropped_as(&world, serial).is_some();
        if serial == culprit {
            let reported = dropped_as(&world, serial) == Some("refused");
            ensure!(
                delivery == Delivery::AtMostOnce || reported,
                "culprit",
                "{culprit} is not reported: {:?}",
                world.record.dropped
            );
        } else {
            // Where it may be delivered once only, what was under way with the culprit is lost.
            let may_be_lost = delivery == Delivery::AtMostOnce;
            ensure!(!dropped, "innocent", "{serial} is dropped");
            ensure!(arrived || may_be_lost, "innocent", "{serial} never arrived");
        }
    }
    Ok(())
}

#[test]
fn a_refused_message_costs_no_other() {
    let culprits = [1, 2, 7, MESSAGES];
    let cases = BLAMING.into_iter().flat_map(move |closure| {
        let culprits = culprits.into_iter();
        culprits.flat_map(move |culprit| [false, true].map(|queued| (closure, culprit, queued)))
    });
    let cases = cases.flat_map(|case| Delivery::ALL.map(|delivery| (case, delivery)));
    super::all(cases, |&((closure, culprit, queued), delivery)| {
        run(closure, culprit, queued, delivery)
    });
}

#[test]
fn closures_that_no_message_caused_blame_none() {
    let culprits = [Culprit::Init, Culprit::Ping, Culprit::Subscriptions];
    let cases = culprits
        .into_iter()
        .flat_map(|culprit| BLAMING.map(|closure| (culprit, closure)));
    super::all(cases, |&(culprit, closure)| {
        let mut world = world(5, Delivery::AtLeastOnce);
        for _ in 0..MESSAGES {
            world.call(MESSAGE)?;
        }
        world.cloud.refused = Some(Refused {
            culprit,
            closure,
            times: 2,
        });
        world.start()?;
        world.run_for(200_000)?;
        nothing_is_blamed(&world)
    });
}

/// The cloud closes connections with codes that blame a message, and none was the cause.
#[test]
fn closures_out_of_nowhere_blame_none() {
    let cases = (0..80_u64).flat_map(|seed| BLAMING.map(|closure| (seed, closure)));
    super::all(cases, |&(seed, closure)| {
        let mut world = world(seed, Delivery::AtLeastOnce);
        world.start()?;
        for round in 0..4 {
            world.run_for(2000)?;
            world.call(MESSAGE)?;
            world.run_for(60 * (seed + round))?;
            world.fault(Fault::Close(closure))?;
            world.run_for(60_000)?;
        }
        nothing_is_blamed(&world)
    });
}

/// Reason for which a message was dropped.
fn dropped_as(world: &World, serial: u32) -> Option<&'static str> {
    let mut dropped = world.record.dropped.iter();
    let (_, reason) = dropped.find(|(dropped, _)| *dropped == serial)?;
    Some(reason.name())
}

fn nothing_is_blamed(world: &World) -> Result<(), Violation> {
    let dropped = &world.record.dropped;
    ensure!(dropped.is_empty(), "innocent", "dropped: {dropped:?}");
    super::check_connected(world)?;
    for serial in 1..=world.written() {
        ensure!(
            world.cloud.arrivals(serial) > 0,
            "innocent",
            "{serial} never arrived"
        );
    }
    Ok(())
}
