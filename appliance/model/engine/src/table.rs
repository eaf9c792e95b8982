use crate::flow::Flow;
use flow::FlowKey;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// The flows by key. A flow keeps its place until it is removed, so places may be remembered if the key is compared
/// on use.
#[derive(Debug)]
pub(crate) struct Table {
    index: HashTable<u32>,
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
        let holds = |&place: &u32| self.get(place).is_some_and(|flow| flow.key == key);
        self.index.find(self.hasher.hash_one(key), holds).copied()
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
        self.index.insert_unique(hash, place, |&place| {
            slots[place as usize].as_ref().map_or(0, |flow| hasher.hash_one(flow.key))
        });
    }

    pub(crate) fn remove(&mut self, key: FlowKey) -> Option<Flow> {
        let slots = &self.slots;
        let holds = |&place: &u32| slots[place as usize].as_ref().is_some_and(|flow| flow.key == key);
        let entry = self.index.find_entry(self.hasher.hash_one(key), holds).ok()?;
        let (place, _) = entry.remove();
        self.free.push(place);
        let flow = self.slots[place as usize].take();
        if self.index.is_empty() && self.slots.len() > self.least {
            let hasher = self.hasher.clone();
            *self = Table { hasher, ..Table::with_capacity(self.least) };
        }
        flow.map(|flow| *flow)
    }
}
