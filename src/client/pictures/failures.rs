//! Which pictures could not be had lately. Pure, bounded.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::model::ImageUrl;

const MAX: usize = 2048;

/// Each until when.
#[derive(Debug, Default)]
pub struct Failures(HashMap<ImageUrl, Instant>);

impl Failures {
    pub fn note(&mut self, image: ImageUrl, now: Instant, pause: Duration) {
        if self.0.len() >= MAX {
            self.0.retain(|_, until| *until > now);
        }
        if self.0.len() >= MAX {
            let soonest = self.0.iter().min_by_key(|(_, until)| **until).map(|(image, _)| image.clone());
            soonest.and_then(|image| self.0.remove(&image));
        }
        self.0.insert(image, now + pause);
    }

    pub fn holds(&self, image: &ImageUrl, now: Instant) -> bool {
        self.0.get(image).is_some_and(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_remembered_for_its_time_and_the_memory_has_its_bounds() {
        let address =
            |n: usize| -> ImageUrl { format!("https://static.example/{n}").parse().expect("valid") };
        let (start, minute, mut failures) = (Instant::now(), Duration::from_secs(60), Failures::default());
        failures.note(address(0), start, 10 * minute);
        assert!(failures.holds(&address(0), start + 9 * minute));
        assert!(!failures.holds(&address(0), start + 10 * minute) && !failures.holds(&address(1), start));
        for n in 1..=2 * MAX {
            failures.note(address(n), start + Duration::from_millis(n as u64), 10 * minute);
        }
        assert_eq!(failures.0.len(), MAX);
        assert!(failures.holds(&address(2 * MAX), start + minute) && !failures.holds(&address(1), start));
        failures.note(address(9999), start + 60 * minute, minute);
        assert_eq!(failures.0.len(), 1);
    }
}
