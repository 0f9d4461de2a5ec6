//! Apps as they are in the field.

use crate::world::app::AppCall;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// It sends nothing, and listens to nothing that comes.
    Idle,
    /// A transcription comes every second.
    Listening,
    /// A card goes out every second.
    Showing,
    /// A card and a transcription every second.
    Busy,
    /// It sends so many bytes every so many milliseconds.
    Bulk { size: usize, every: u64 },
}

impl Habit {
    pub const ALL: [Self; 5] = [
        Self::Idle,
        Self::Listening,
        Self::Showing,
        Self::Busy,
        Self::Bulk {
            size: 16_384,
            every: 200,
        },
    ];

    /// True if a frame comes every second.
    pub const fn listens(self) -> bool {
        matches!(self, Self::Listening | Self::Busy)
    }

    /// The next message, and the time to the one after it in milliseconds.
    pub const fn message(self) -> Option<(AppCall, u64)> {
        match self {
            Self::Idle | Self::Listening => None,
            Self::Showing | Self::Busy => Some((CARD, 1000)),
            Self::Bulk { size, every } => {
                let call = AppCall::Send {
                    size,
                    key: None,
                    ttl: None,
                };
                Some((call, every))
            }
        }
    }
}

/// A card for the main view.
pub const CARD: AppCall = AppCall::Send {
    size: 240,
    key: Some("view:main"),
    ttl: None,
};
