//! The sessions of several clients, and the cloud that ships, in one virtual time.
//!
//! Two tabs of one session, another app of the same user, another user and the dashboard talk to
//! one `tpa_cloud::Cloud`, and the network between them loses, delays, cuts and lies. The faults
//! are also the cloud's own, by hand and by the plan of the run's seed. The sessions are held to
//! the rules of the other world. The cloud is held to these, after every step:
//!
//! | invariant | where |
//! |---|---|
//! | no part knows a dead connection, and those that must know a live one do | `cloud_model::checks`, `world::checks` |
//! | each live connection is pinged on time, a silent one is closed on time, what is closing is cut on time | `cloud_model`, `cloud_model::checks` |
//! | one connection for each session and package | `cloud_model` |
//! | nothing is closed, delivered or announced without a reason, or after the end; dates go forward | `cloud_model` |
//! | faults do what they say | `cloud_model`, `cloud_model::checks` |
//! | people are displays what is there: sessions, streams, displays, figures, events | `cloud_model::checks`, `displays`, `world::checks` |
//! | once all goes well, clients and cloud agree | `world::ending` |
//! | a seed is the plan that `tpa-cloud --seed` plays | `world::checks` |
//! | the same again is the same | `runner` |

mod cloud_model;
mod coverage;
mod frames;
mod schedule;
mod transport;
mod world;

pub use schedule::WithCloud;
