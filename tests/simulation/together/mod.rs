//! The sessions of several clients, and the cloud that ships, in one virtual time.
//!
//! Two tabs of one session, another app of the same user, another user and the dashboard talk to
//! one `tpa_cloud::Cloud`, and the network between them loses, delays, cuts and lies. The faults
//! are also the cloud's own, by hand and by the plan of the life's seed. The sessions are held to
//! the rules of the other world. The cloud is held to these, after every step:
//!
//! | invariant | where |
//! |---|---|
//! | no part knows a dead connection, and those that must know a live one do | `account::checks`, `world::checks` |
//! | each live connection is pinged on time, a silent one is closed on time, what is closing is cut on time | `account`, `account::checks` |
//! | one connection for each session and package | `account` |
//! | nothing is closed, delivered or announced without a reason, or after the end; dates go forward | `account` |
//! | faults do what they say | `account`, `account::checks` |
//! | people are shown what is there: sessions, streams, displays, figures, events | `account::checks`, `shown`, `world::checks` |
//! | once all goes well, clients and cloud agree | `world::ending` |
//! | a seed is the plan that `tpa-cloud --seed` plays | `world::checks` |
//! | the same again is the same | `runner` |

mod account;
mod frames;
mod lines;
mod schedule;
mod shown;
mod tally;
mod world;

pub use schedule::Together;
