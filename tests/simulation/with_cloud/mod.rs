//! Simulation of several clients with the real tpa-cloud, in one virtual time.
//!
//! Two tabs of one session, another app of the same user, another user and the dashboard are
//! connected to one `tpa_cloud::Cloud`, by a network that loses, delays and cuts. The cloud also
//! injects its own faults, on request and by the plan of the seed. The sessions are compared with
//! the same reference model as in the other world, and the cloud with a model of its own:
//!
//! | invariant | where |
//! |---|---|
//! | no component references a closed connection, and certain components reference each live one | `cloud_model::checks`, `world::checks` |
//! | live connections are pinged, silent ones are closed and closing ones are cut on time | `cloud_model`, `cloud_model::checks` |
//! | one connection for each session and package | `cloud_model` |
//! | nothing is closed, delivered or reported without a reason, or after the end; dates do not go back | `cloud_model` |
//! | faults have their effects | `cloud_model`, `cloud_model::checks` |
//! | snapshot, metrics and events are true | `cloud_model::checks`, `cloud_model::displays`, `world::checks` |
//! | after a time without failures clients and cloud agree | `world::ending` |
//! | a seed causes the faults of `tpa-cloud --seed` | `world::checks` |
//! | the same seed gives the same run | `runner` |

mod cloud_model;
mod coverage;
mod frames;
mod generator;
mod schedule;
mod transport;
mod world;

pub use schedule::WithCloud;
