//! How long to wait before the next attempt.

use std::time::Duration;

/// A container that ran this long has recovered: the next end counts as the first.
pub const STABLE_AFTER: Duration = Duration::from_secs(30);

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(60);

/// Doubling delays with jitter, so that replicas that ended together do not start together for ever.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    attempts: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::starting_at(FIRST)
    }
}

impl Backoff {
    pub fn starting_at(first: Duration) -> Self {
        Self {
            first: first.clamp(Duration::from_millis(10), LONGEST),
            attempts: 0,
        }
    }

    /// Ends in a row so far.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Counts one more end. `jitter` is uniform in 0..1; the delay lies between 80 % and 120 % of the doubled one.
    pub fn next(&mut self, jitter: f64) -> Duration {
        let doubled = self.first.saturating_mul(1 << self.attempts.min(20)).min(LONGEST);
        self.attempts = self.attempts.saturating_add(1);
        doubled.mul_f64(0.8 + 0.4 * jitter.clamp(0.0, 1.0)).min(LONGEST)
    }

    /// Goes on where another one was.
    pub fn resume(&mut self, attempts: u32) {
        self.attempts = attempts;
    }

    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

/// Uniform in 0..1, good enough to spread starts.
pub(crate) fn jitter() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(0u8);
    (random >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_minute_and_start_again_after_a_reset() {
        let mut backoff = Backoff::default();
        let delays: Vec<u128> = (0..10).map(|_| backoff.next(0.5).as_millis()).collect();
        assert_eq!(delays, [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000]);
        assert_eq!(backoff.attempts(), 10);
        backoff.reset();
        assert_eq!(backoff.next(0.5).as_millis(), 200);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        assert_eq!(Backoff::default().next(0.0).as_millis(), 160);
        assert_eq!(Backoff::default().next(1.0).as_millis(), 240);
        assert!((0.0..1.0).contains(&jitter()));
    }
}
