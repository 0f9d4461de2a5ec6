//! The number of bytes that a socket shows in `bufferedAmount`.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// The bytes that the kernel has not taken.
    True,
    /// It stands still until everything is gone.
    OneStep,
    Zero,
    /// The value of one task before.
    Late,
    /// The socket has no such property, which counts as 0.
    Missing,
}

impl Gauge {
    pub const ALL: [Self; 5] = [
        Self::True,
        Self::OneStep,
        Self::Zero,
        Self::Late,
        Self::Missing,
    ];

    /// The number shown where so many bytes wait. `shown` is the state of the gauge.
    pub fn show(self, waiting: u64, shown: &mut u64) -> u32 {
        let before = *shown;
        *shown = match self {
            Self::OneStep if waiting > 0 => before.max(waiting),
            Self::True | Self::OneStep | Self::Late => waiting,
            Self::Zero | Self::Missing => 0,
        };
        let value = if self == Self::Late { before } else { *shown };
        u32::try_from(value).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::Gauge;

    #[test]
    fn each_gauge_shows_its_own_number() {
        let show = |gauge: Gauge| {
            let mut shown = 0;
            [9, 5, 0].map(|waiting| gauge.show(waiting, &mut shown))
        };
        let all = Gauge::ALL.map(show);
        assert_eq!(all, [[9, 5, 0], [9, 9, 0], [0, 0, 0], [0, 9, 5], [0, 0, 0]]);
    }
}
