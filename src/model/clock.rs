//! The time. A test may move it, and then whoever waits for a moment hears of it.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::watch;

/// Cheap to share. The usual one is the system's.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<watch::Sender<Duration>>>);

impl Clock {
    /// One that [`Clock::advance`] moves.
    pub fn movable() -> Self {
        Self(Some(Arc::new(watch::Sender::new(Duration::ZERO))))
    }

    /// Lets time pass at once. Does nothing to the system's clock.
    pub fn advance(&self, time: Duration) {
        if let Some(ahead) = &self.0 {
            ahead.send_modify(|ahead| *ahead += time);
        }
    }

    pub fn now(&self) -> Instant {
        Instant::now() + self.ahead()
    }

    /// As the computer's clock has it: for dates, never for deadlines, since it may be wrong by hours.
    pub fn wall(&self) -> SystemTime {
        SystemTime::now() + self.ahead()
    }

    /// Ends at `deadline`. Cancel by dropping.
    pub async fn sleep_until(&self, deadline: Instant) {
        let mut moved = self.0.as_ref().map(|ahead| ahead.subscribe());
        loop {
            let left = deadline.saturating_duration_since(self.now());
            match &mut moved {
                None => return tokio::time::sleep(left).await,
                Some(moved) => tokio::select! {
                    () = tokio::time::sleep(left) => return,
                    _ = moved.changed() => {}
                },
            }
        }
    }

    fn ahead(&self) -> Duration {
        self.0.as_ref().map_or(Duration::ZERO, |ahead| *ahead.borrow())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_sleeps_wakes_when_the_clock_is_moved_there() {
        let clock = Clock::movable();
        let deadline = clock.now() + Duration::from_secs(86_400);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(deadline).await }
        });
        clock.advance(Duration::from_secs(40_000));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(50_000));
        tokio::time::timeout(Duration::from_secs(5), sleeper).await.expect("awake").expect("no panic");
    }
}
