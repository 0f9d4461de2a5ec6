//! Answers of a cloud to pings.

/// Habit of one connection of the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pongs {
    Always,
    Never,
    /// After so many milliseconds.
    Late(u64),
    FirstOnly,
    /// To one ping in so many.
    OneIn(u32),
    /// To every ping; and pongs that nobody asked for, every so many milliseconds.
    Spontaneous(u64),
    /// To no ping; but pongs of others are passed on, every so many milliseconds.
    Foreign(u64),
}

impl Pongs {
    /// Delay of the answer to a ping that was preceded by so many on its connection.
    pub const fn answer(self, before: u32) -> Option<u64> {
        match self {
            Self::Always | Self::Spontaneous(_) => Some(0),
            Self::Never | Self::Foreign(_) => None,
            Self::Late(delay) => Some(delay),
            Self::FirstOnly => {
                if before == 0 {
                    Some(0)
                } else {
                    None
                }
            }
            Self::OneIn(n) => {
                if before.is_multiple_of(n) {
                    Some(0)
                } else {
                    None
                }
            }
        }
    }

    /// Interval of the pongs that nobody asked for, ms.
    pub const fn unasked(self) -> Option<u64> {
        match self {
            Self::Spontaneous(every) | Self::Foreign(every) => Some(every),
            Self::Always | Self::Never | Self::Late(_) | Self::FirstOnly | Self::OneIn(_) => None,
        }
    }
}
