/// Where a buffer is. The number is that of the worker's NIC queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the pool.
    Free,
    /// In our hands: part of a burst.
    Held,
    /// Given to the kernel to receive into; it comes back by the receive ring of the same queue.
    Filling(u8),
    /// Given to the kernel to send; it comes back by the completion ring of the same queue.
    Sending(u8),
}

/// Knows where every buffer of a UMEM is. A buffer moves only from where it really is, so none is lost and none is
/// in two places, whatever the callers do; that is also what makes touching the memory sound.
#[derive(Clone, Debug)]
pub struct Pool {
    free: Vec<u32>,
    places: Box<[Place]>,
}

impl Pool {
    /// A pool of `count` buffers, numbered from zero, all free.
    pub fn new(count: u32) -> Pool {
        // The stack hands out low numbers first.
        Pool { free: (0..count).rev().collect(), places: vec![Place::Free; count as usize].into() }
    }

    /// Takes a free buffer to another place; the one that came back last, while it is warm.
    pub fn take(&mut self, to: Place) -> Option<u32> {
        if to == Place::Free {
            return None;
        }
        let buffer = self.free.pop()?;
        self.places[buffer as usize] = to;
        Some(buffer)
    }

    /// Moves a buffer. `false`, and nothing is done, when it is not where the caller believes or does not exist.
    pub fn shift(&mut self, buffer: u32, from: Place, to: Place) -> bool {
        match self.places.get_mut(buffer as usize) {
            Some(place) if *place == from => {
                if from == Place::Free {
                    return false;
                }
                *place = to;
                if to == Place::Free {
                    self.free.push(buffer);
                }
                true
            }
            _ => false,
        }
    }

    /// Where a buffer is; `None` when there is no such buffer.
    pub fn place(&self, buffer: u32) -> Option<Place> {
        self.places.get(buffer as usize).copied()
    }

    /// Takes back everything a queue that is closed had: the kernel no longer touches it. Returns how many.
    pub fn reclaim(&mut self, queue: u8) -> usize {
        let mut count = 0;
        for (buffer, place) in self.places.iter_mut().enumerate() {
            if *place == Place::Filling(queue) || *place == Place::Sending(queue) {
                *place = Place::Free;
                self.free.push(buffer as u32);
                count += 1;
            }
        }
        count
    }

    /// How many are free.
    pub fn free(&self) -> usize {
        self.free.len()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// How many are at a place. Looks at every buffer.
    pub fn census(&self, place: Place) -> usize {
        self.places.iter().filter(|other| **other == place).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{HashMap, HashSet, VecDeque};

    fn place() -> impl Strategy<Value = Place> {
        prop_oneof![
            Just(Place::Free),
            Just(Place::Held),
            (0u8..2).prop_map(Place::Filling),
            (0u8..2).prop_map(Place::Sending),
        ]
    }

    #[derive(Clone, Debug)]
    enum Step {
        Take(Place),
        Shift(u32, Place, Place),
        Reclaim(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => place().prop_map(Step::Take),
            6 => (0u32..10, place(), place()).prop_map(|(buffer, from, to)| Step::Shift(buffer, from, to)),
            1 => (0u8..2).prop_map(Step::Reclaim),
        ]
    }

    proptest! {
        /// Whatever is asked of it, every buffer is at exactly one place, and what is free is handed out once.
        #[test]
        fn no_buffer_is_lost_and_none_is_twice(steps in prop::collection::vec(step(), 0..300)) {
            let mut pool = Pool::new(8);
            let mut oracle: HashMap<u32, Place> = (0..8).map(|buffer| (buffer, Place::Free)).collect();
            for step in steps {
                match step {
                    Step::Take(to) => match pool.take(to) {
                        Some(buffer) => {
                            prop_assert_eq!(oracle.insert(buffer, to), Some(Place::Free));
                        }
                        None => prop_assert!(to == Place::Free || oracle.values().all(|place| *place != Place::Free)),
                    },
                    Step::Shift(buffer, from, to) => {
                        let possible = from != Place::Free && oracle.get(&buffer) == Some(&from);
                        prop_assert_eq!(pool.shift(buffer, from, to), possible);
                        if possible {
                            oracle.insert(buffer, to);
                        }
                    }
                    Step::Reclaim(queue) => {
                        let gone = [Place::Filling(queue), Place::Sending(queue)];
                        let mut count = 0;
                        for place in oracle.values_mut().filter(|place| gone.contains(place)) {
                            *place = Place::Free;
                            count += 1;
                        }
                        prop_assert_eq!(pool.reclaim(queue), count);
                    }
                }
                for (&buffer, &place) in &oracle {
                    prop_assert_eq!(pool.place(buffer), Some(place));
                }
                let free: HashSet<u32> = pool.free.iter().copied().collect();
                prop_assert_eq!(free.len(), pool.free.len(), "a buffer is free twice");
                prop_assert_eq!(free.len(), oracle.values().filter(|place| **place == Place::Free).count());
            }
        }
    }

    const PLACES: [Place; 6] = [
        Place::Free,
        Place::Held,
        Place::Filling(0),
        Place::Filling(1),
        Place::Sending(0),
        Place::Sending(1),
    ];

    /// Everything that can be asked of a pool of four, of a buffer too many too.
    fn every_step() -> Vec<Step> {
        let shifts = (0..5).flat_map(|buffer| {
            let pairs = PLACES.iter().flat_map(|from| PLACES.iter().map(move |to| (*from, *to)));
            pairs.map(move |(from, to)| Step::Shift(buffer, from, to))
        });
        PLACES.map(Step::Take).into_iter().chain(shifts).chain((0..3).map(Step::Reclaim)).collect()
    }

    /// Not a sample: from every state that can be reached, every step. A pool has one owner, so this is all there is.
    #[test]
    fn in_every_state_there_is_no_buffer_is_lost_and_none_is_twice() {
        let steps = every_step();
        let start = Pool::new(4);
        let mut known = HashSet::from([(start.free.clone(), start.places.clone())]);
        let mut left = VecDeque::from([start]);
        while let Some(before) = left.pop_front() {
            for step in &steps {
                let mut pool = before.clone();
                let moved = match *step {
                    Step::Take(to) => usize::from(pool.take(to).is_some()),
                    Step::Shift(buffer, from, to) => usize::from(pool.shift(buffer, from, to) && from != to),
                    Step::Reclaim(queue) => pool.reclaim(queue),
                };
                let changed = (0..4).filter(|buffer| pool.place(*buffer) != before.place(*buffer)).count();
                assert_eq!(changed, moved, "{step:?} of {before:?} gives {pool:?}");
                let free: HashSet<u32> = pool.free.iter().copied().collect();
                assert_eq!(free.len(), pool.free.len(), "a buffer is free twice: {pool:?}");
                for buffer in 0..4 {
                    assert_eq!(free.contains(&buffer), pool.place(buffer) == Some(Place::Free), "{pool:?}");
                }
                if known.insert((pool.free.clone(), pool.places.clone())) {
                    left.push_back(pool);
                }
            }
        }
        // Any order of those that are free, any of the five other places for the rest.
        assert_eq!(known.len(), 625 + 4 * 125 + 12 * 25 + 24 * 5 + 24);
    }
}
