use super::{Entry, Paths, Place};
use flow::{Change, Event, FlowKey, FlowSpec, Moment, PathReason};
use std::sync::Arc;

impl Paths {
    /// Looks at changes on their way to the packet threads, and adds what follows from them.
    pub fn review(&mut self, changes: &mut Vec<(u16, Change)>, now: Moment) {
        if changes.is_empty() && self.doubtful.is_empty() {
            return;
        }
        for (worker, change) in std::mem::take(changes) {
            match &change {
                Change::Install(spec) => self.installed(worker, spec),
                Change::Withdraw { key, .. } => {
                    self.withdrawn(*key, changes, now);
                    if self.has_more_to_tell(*key) {
                        self.held.insert(*key, (worker, change));
                        continue;
                    }
                }
                Change::Away { .. } | Change::Counted(_) | Change::Restore { .. } => {}
            }
            changes.push((worker, change));
        }
        self.settle(changes, now);
    }

    /// Hears what a packet thread reports. What follows is done by the next [`Paths::review`].
    pub fn hear(&mut self, event: &Event, now: Moment, changes: &mut Vec<(u16, Change)>) {
        match event {
            Event::PeerLearned { key, generation, peer, .. } => {
                let Some(entry) =
                    self.flows.get_mut(key).filter(|entry| entry.spec.generation <= *generation)
                else {
                    return;
                };
                let spec = Arc::make_mut(&mut entry.spec);
                spec.peer = Some(*peer);
                spec.confirmed = true;
                self.doubt(*key);
            }
            Event::Strayed { key } => self.strayed(*key, now, changes),
            Event::Withdrawn(_) => {}
        }
    }

    /// The same flow as somebody else keeps it: there need not be two of it.
    pub fn share(&mut self, spec: &Arc<FlowSpec>) {
        if let Some(entry) = self.flows.get_mut(&spec.key).filter(|entry| entry.spec == *spec) {
            entry.spec = Arc::clone(spec);
        }
    }

    /// The flow and those that leave through its port may be in the wrong place now.
    fn doubt(&mut self, key: FlowKey) {
        if self.tables.is_empty() {
            return;
        }
        self.doubtful.push(key);
        self.doubtful.extend(self.feeders.get(&key).into_iter().flatten());
    }

    fn installed(&mut self, worker: u16, spec: &Arc<FlowSpec>) {
        let key = spec.key;
        self.detach(key);
        match self.flows.get_mut(&key) {
            Some(entry) => entry.renew(worker, Arc::clone(spec)),
            None => {
                self.flows.insert(key, Box::new(Entry::new(worker, Arc::clone(spec))));
            }
        }
        if !self.tables.is_empty() {
            for output in &spec.rtp {
                self.feeders.entry(output.egress).or_default().push(key);
            }
        }
        self.doubt(key);
    }

    fn detach(&mut self, key: FlowKey) {
        let Some(entry) = self.flows.get(&key) else { return };
        for output in &entry.spec.rtp {
            if let Some(feeders) = self.feeders.get_mut(&output.egress) {
                feeders.retain(|feeder| *feeder != key);
                if feeders.is_empty() {
                    self.feeders.remove(&output.egress);
                }
            }
        }
    }

    /// The flow ends: it and those that leave through its port are taken back first, so that all is counted.
    fn withdrawn(&mut self, key: FlowKey, changes: &mut Vec<(u16, Change)>, now: Moment) {
        for feeder in self.feeders.get(&key).cloned().unwrap_or_default() {
            self.take_back(feeder, PathReason::NoPeer, changes, now);
        }
        self.take_back(key, PathReason::NoOutput, changes, now);
        self.doubt(key);
        self.detach(key);
        self.waiting.remove(&key);
        self.flows.remove(&key);
        if self.flows.is_empty() {
            // Thousands of flows may have been here.
            self.flows.shrink_to_fit();
            self.feeders.shrink_to_fit();
            self.waiting.shrink_to_fit();
        }
        self.tables.iter_mut().for_each(|table| table.forget(key));
    }

    /// A packet that a fast path should have taken came to the sockets. If the path takes none at all, the flow is
    /// taken back for a while.
    fn strayed(&mut self, key: FlowKey, now: Moment, changes: &mut Vec<(u16, Change)>) {
        let packets = self.packets_on_path(key);
        let Some(entry) = self.flows.get_mut(&key) else { return };
        let Place::Fast { checked, table, recipe, .. } = &mut entry.place else { return };
        if *checked != packets {
            *checked = packets;
            let (worker, table, recipe) = (entry.worker, *table, recipe.clone());
            self.carry_back(worker, table, &recipe, now);
            return;
        }
        let (table, generation) = (*table, recipe.generation);
        self.moves.not_verified += 1;
        if self.tables[table].has_another_way(key, generation) {
            self.doubtful.push(key);
        } else {
            entry.back_off(now);
        }
        self.take_back(key, PathReason::NotVerified, changes, now);
        self.waiting.insert(key);
    }

    fn packets_on_path(&mut self, key: FlowKey) -> u64 {
        let counted = self.count(&[key]);
        counted.iter().filter(|copy| copy.key == key).map(|copy| copy.counters.received.packets).sum()
    }
}
