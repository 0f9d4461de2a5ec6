//! Punctuality of pings.

use std::time::{Duration, Instant};

use crate::tpa::Life;

/// Deviations of pings from their schedule.
#[derive(Debug)]
pub struct Schedule {
    /// Deviation of each interval between two pings, as a share of the expected interval,
    /// in ascending order.
    deviations: Vec<f64>,
    /// Number of TPAs with fewer than two pings.
    pub unpinged: usize,
}

impl Schedule {
    /// Evaluates the pings until `end`, with one expected every `interval`.
    pub fn judge(lives: &[Life], interval: Duration, end: Instant) -> Self {
        let mut deviations = Vec::new();
        for Life { pings, .. } in lives {
            let off = |passed: Duration| passed.as_secs_f64() / interval.as_secs_f64() - 1.0;
            let pairs = pings.windows(2);
            deviations.extend(pairs.map(|pair| off(pair[1] - pair[0]).abs()));
            // An overdue ping counts with its delay so far.
            let last = pings.last().map(|last| off(end.duration_since(*last)));
            deviations.extend(last.filter(|off| *off > 0.0));
        }
        deviations.sort_by(f64::total_cmp);
        Self {
            deviations,
            unpinged: lives.iter().filter(|life| life.pings.len() < 2).count(),
        }
    }

    /// Returns a percentile of the deviations, in percent.
    pub fn percentile(&self, share: f64) -> f64 {
        let last = self.deviations.len().saturating_sub(1);
        let at = (last as f64 * share).ceil() as usize;
        self.deviations.get(at).copied().unwrap_or_default() * 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_late_and_overdue_pings_are_seen() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let life = |millis: &[u64]| Life {
            pings: millis.iter().map(|millis| at(*millis)).collect(),
            ..Life::default()
        };
        let interval = Duration::from_secs(1);
        let judge = |lives: &[Life]| Schedule::judge(lives, interval, at(3_500));
        let worst = |lives: &[Life]| judge(lives).percentile(1.0).round();
        assert_eq!(worst(&[life(&[500, 1_500, 2_500])]), 0.0);
        assert_eq!(worst(&[life(&[500, 1_700, 2_700])]), 20.0);
        assert_eq!(worst(&[life(&[900, 1_600, 2_600])]), 30.0);
        assert_eq!(worst(&[life(&[500, 1_500])]), 100.0);
        assert_eq!(judge(&[life(&[]), life(&[1]), life(&[1, 2])]).unpinged, 2);
    }
}
