use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

/// How long a place rests after its last use, so that a packet that is in the program while the place is taken
/// away has long left it before the place means something else.
pub(crate) const REST: Duration = Duration::from_millis(500);

/// Hands out places of a map, each to one owner at a time.
#[derive(Debug)]
pub(crate) struct Places {
    never_used: Range<u32>,
    resting: VecDeque<(Instant, u32)>,
}

impl Places {
    pub(crate) fn new(all: Range<u32>) -> Places {
        Places { never_used: all, resting: VecDeque::new() }
    }

    /// A place that nobody has and nobody had within [`REST`].
    pub(crate) fn take(&mut self, now: Instant) -> Option<u32> {
        if let Some(&(since, place)) = self.resting.front()
            && now.saturating_duration_since(since) >= REST
        {
            self.resting.pop_front();
            return Some(place);
        }
        self.never_used.next()
    }

    /// All places handed out so far are below this one.
    pub(crate) fn reached(&self) -> u32 {
        self.never_used.start
    }

    /// Gives a place back.
    pub(crate) fn release(&mut self, place: u32, now: Instant) {
        self.resting.push_back((now, place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        /// No place has two owners, none is given out before it has rested, none is lost.
        #[test]
        fn places_rest_and_come_back(steps in prop::collection::vec((any::<bool>(), 0u64..300, any::<prop::sample::Index>()), 1..200)) {
            let mut places = Places::new(0..8);
            let mut now = Instant::now();
            let mut owned: Vec<u32> = Vec::new();
            let mut freed: HashMap<u32, Instant> = HashMap::new();
            for (take, millis, pick) in steps {
                now += Duration::from_millis(millis);
                if take {
                    match places.take(now) {
                        Some(place) => {
                            prop_assert!(place < 8 && !owned.contains(&place));
                            if let Some(since) = freed.remove(&place) {
                                prop_assert!(now - since >= REST);
                            }
                            owned.push(place);
                        }
                        None => {
                            let rested = freed.values().filter(|&&since| now - since >= REST).count();
                            prop_assert_eq!(rested, 0, "a rested place was withheld");
                            prop_assert_eq!(owned.len() + freed.len(), 8, "a place was lost");
                        }
                    }
                } else if !owned.is_empty() {
                    let place = owned.swap_remove(pick.index(owned.len()));
                    places.release(place, now);
                    freed.insert(place, now);
                }
            }
        }
    }
}
