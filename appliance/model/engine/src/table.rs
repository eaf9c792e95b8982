use crate::flow::Flow;
use flow::FlowKey;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// What the index knows of a flow.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Part of its key's hash. Another key has the same once in four thousand million times.
    tag: u32,
    place: u32,
}

/// The part of a hash that the index itself looks at least.
fn tag(hash: u64) -> u32 {
    (hash >> 24) as u32
}

/// The flows by key. A flow keeps its place until it is removed, so places may be remembered if the key is compared
/// on use.
#[derive(Debug)]
pub(crate) struct Table {
    index: HashTable<Entry>,
    hasher: RandomState,
    /// Boxed, so that the memory of flows that are gone goes back.
    slots: Vec<Option<Box<Flow>>>,
    free: Vec<u32>,
    /// Flows there is room for from the start.
    least: usize,
}

impl Table {
    pub(crate) fn with_capacity(flows: usize) -> Table {
        Table {
            index: HashTable::with_capacity(flows),
            hasher: RandomState::default(),
            slots: Vec::with_capacity(flows),
            free: Vec::new(),
            least: flows,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn find(&self, key: FlowKey) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        let holds = |entry: &Entry| entry.tag == tag(hash) && self.holds(entry.place, key);
        self.index.find(hash, holds).map(|entry| entry.place)
    }

    /// As [`Table::find`], without reading the flow, which may be far away: to be confirmed once it has come.
    pub(crate) fn guess(&self, key: FlowKey) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        self.index.find(hash, |entry| entry.tag == tag(hash)).map(|entry| entry.place)
    }

    /// The place of the flow, given the guess.
    pub(crate) fn confirm(&self, guess: Option<u32>, key: FlowKey) -> Option<u32> {
        guess.filter(|place| self.holds(*place, key)).or_else(|| guess.and_then(|_| self.find(key)))
    }

    fn holds(&self, place: u32, key: FlowKey) -> bool {
        self.get(place).is_some_and(|flow| flow.key == key)
    }

    pub(crate) fn get(&self, place: u32) -> Option<&Flow> {
        self.slots.get(place as usize)?.as_deref()
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut Flow> {
        self.slots.get_mut(place as usize)?.as_deref_mut()
    }

    /// Adds a flow whose key is not there yet.
    pub(crate) fn insert(&mut self, flow: Flow) {
        let hash = self.hasher.hash_one(flow.key);
        let flow = Box::new(flow);
        let place = match self.free.pop() {
            Some(place) => {
                self.slots[place as usize] = Some(flow);
                place
            }
            None => {
                self.slots.push(Some(flow));
                (self.slots.len() - 1) as u32
            }
        };
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.index.insert_unique(hash, Entry { tag: tag(hash), place }, |entry| {
            slots[entry.place as usize].as_ref().map_or(0, |flow| hasher.hash_one(flow.key))
        });
    }

    pub(crate) fn remove(&mut self, key: FlowKey) -> Option<Flow> {
        let slots = &self.slots;
        let holds = |entry: &Entry| slots[entry.place as usize].as_ref().is_some_and(|flow| flow.key == key);
        let entry = self.index.find_entry(self.hasher.hash_one(key), holds).ok()?;
        let (Entry { place, .. }, _) = entry.remove();
        self.free.push(place);
        let flow = self.slots[place as usize].take();
        if self.index.is_empty() && self.slots.len() > self.least {
            let hasher = self.hasher.clone();
            *self = Table { hasher, ..Table::with_capacity(self.least) };
        }
        flow.map(|flow| *flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::spec;

    #[test]
    fn a_guess_is_believed_only_if_the_flow_says_so() {
        let mut table = Table::with_capacity(4);
        let keys = [1, 2, 3].map(|port| {
            let spec = spec(port, None, &[]);
            table.insert(Flow::new(&spec, 0));
            spec.key
        });
        let places = keys.map(|key| table.find(key).unwrap());
        let unknown = FlowKey::new(keys[0].addr, 4);
        for (key, place) in keys.into_iter().zip(places) {
            assert_eq!(table.guess(key), Some(place));
            for guess in places.into_iter().chain([7]) {
                assert_eq!(
                    table.confirm(Some(guess), key),
                    Some(place),
                    "a key of the same hash stands there"
                );
                assert_eq!(table.confirm(Some(guess), unknown), None);
            }
        }
        assert_eq!((table.guess(unknown), table.confirm(None, unknown)), (None, None));
        table.remove(keys[1]).unwrap();
        assert_eq!((table.guess(keys[1]), table.confirm(Some(places[1]), keys[1])), (None, None));
    }
}
