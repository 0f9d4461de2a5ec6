//! The kinds of faults.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Direction;
use super::request::field;
use crate::json::{self, FieldError};

// Each kind is one file with a struct that implements `FaultKind`, and one line here. The file's
// name is the fault's name in requests; the struct's fields are the request's fields.
fault_kinds! {
    close: Close,
    cut: Cut,
    freeze: Freeze,
    refuse: Refuse,
    reject: Reject,
    delay: Delay,
    slow: Slow,
    drop_acks: DropAcks,
    malformed: Malformed,
    flap: Flap,
    restart: Restart,
    fail_photos: FailPhotos,
}

/// Behaviour of one kind of fault. A fault acts on connections that are open when it is injected
/// and, if it has a period, on those that open within it.
pub(crate) trait FaultKind: DeserializeOwned {
    /// One sentence for documentation.
    const DESCRIPTION: &'static str;

    /// The request's fields, in the order of the struct's.
    const FIELDS: &'static [FaultField] = &[];

    /// Period of a request that gives none.
    const DEFAULT_PERIOD: Option<Duration> = None;

    /// Set if the cloud loses its user sessions when the fault targets every connection.
    const FORGETS_SESSIONS: bool = false;

    /// Direction of the frames that the fault affects, for faults of frames.
    fn direction(&self) -> Option<Direction> {
        None
    }

    /// Effects on each targeted connection when the fault is injected.
    fn on_inject(&self) -> Vec<Effect> {
        Vec::new()
    }

    /// Effects on a connection that opens within the period, before its handshake.
    fn on_open(&self) -> Vec<Effect> {
        Vec::new()
    }

    /// Effects on a connection that opens within the period, after its acknowledgement.
    fn on_ack(&self) -> Vec<Effect> {
        Vec::new()
    }

    /// Obstacle to new connections or requests. Without a period it affects the next one only.
    fn obstacle(&self) -> Option<Obstacle> {
        None
    }

    /// The fault that stays armed after the injection, if it is another one than this.
    fn armed_as(&self) -> Option<Fault> {
        None
    }
}

/// An effect of a fault on one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Close it with a close frame.
    Close { code: u16, reason: String },
    /// Reset it, without a close frame.
    Cut,
    /// Reset it after a delay.
    CutAfter(Duration),
    /// Stop reading and writing until the end of the period.
    Freeze(Direction),
    /// Delay frames until the end of the period.
    Delay(Duration, Direction),
    /// Limit the bytes a second until the end of the period.
    Slow(u64, Direction),
    /// Send a text frame.
    Send(&'static str),
}

/// An obstacle to a new connection, or to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// It is reset.
    Reset,
    /// Its handshake is answered with an error of this code.
    Error(&'static str),
    /// Its handshake is not answered.
    NoAnswer,
    /// Its photo request fails.
    NoPhoto,
}

/// A kind of fault, for documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultInfo {
    /// Value of the request's `fault` field.
    pub name: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// Fields that only this fault has.
    pub fields: &'static [FaultField],
}

/// A field of a fault's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultField {
    /// The field's name.
    pub name: &'static str,
    /// Allowed values.
    pub allowed: &'static str,
    /// True if a request without it is an error.
    pub is_required: bool,
}

impl FaultField {
    const fn required(name: &'static str, allowed: &'static str) -> Self {
        Self {
            name,
            allowed,
            is_required: true,
        }
    }

    const fn optional(name: &'static str, allowed: &'static str) -> Self {
        Self {
            name,
            allowed,
            is_required: false,
        }
    }
}

/// Declares the modules, and [`Fault`] with a variant for each.
macro_rules! fault_kinds {
    ($($module:ident: $kind:ident),+ $(,)?) => {
        $(mod $module;)+
        $(pub use $module::$kind;)+

        /// A failure that can be injected.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Fault {
            $(#[doc = concat!("See [`", stringify!($kind), "`].")] $kind($kind)),+
        }

        impl Fault {
            /// All kinds of faults.
            pub const KINDS: &'static [FaultInfo] = &[
                $(FaultInfo {
                    name: stringify!($module),
                    description: $kind::DESCRIPTION,
                    fields: $kind::FIELDS,
                }),+
            ];

            /// Value of the request's `fault` field.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($module)),+
                }
            }

            /// Reads the fields of the fault called `name`; `None` if there is no such fault.
            pub(super) fn read(
                name: &str,
                fields: Map<String, Value>,
                common_fields: &[&str],
            ) -> Option<Result<Self, FieldError>> {
                match name {
                    $(stringify!($module) => {
                        Some(json::parse(fields, common_fields).map(Self::$kind))
                    })+
                    _ => None,
                }
            }

            pub(super) fn default_period(&self) -> Option<Duration> {
                match self {
                    $(Self::$kind(_) => $kind::DEFAULT_PERIOD),+
                }
            }

            pub(crate) fn forgets_sessions(&self) -> bool {
                match self {
                    $(Self::$kind(_) => $kind::FORGETS_SESSIONS),+
                }
            }

            pub(crate) fn direction(&self) -> Option<Direction> {
                match self {
                    $(Self::$kind(kind) => kind.direction()),+
                }
            }

            pub(crate) fn on_inject(&self) -> Vec<Effect> {
                match self {
                    $(Self::$kind(kind) => kind.on_inject()),+
                }
            }

            pub(crate) fn on_open(&self) -> Vec<Effect> {
                match self {
                    $(Self::$kind(kind) => kind.on_open()),+
                }
            }

            pub(crate) fn on_ack(&self) -> Vec<Effect> {
                match self {
                    $(Self::$kind(kind) => kind.on_ack()),+
                }
            }

            pub(crate) fn obstacle(&self) -> Option<Obstacle> {
                match self {
                    $(Self::$kind(kind) => kind.obstacle()),+
                }
            }

            pub(crate) fn armed_as(&self) -> Option<Self> {
                match self {
                    $(Self::$kind(kind) => kind.armed_as()),+
                }
            }
        }

        $(impl From<$kind> for Fault {
            fn from(kind: $kind) -> Self {
                Self::$kind(kind)
            }
        })+
    };
}
use fault_kinds;
