use crate::Engine;
use crate::flow::{Away, Flow};
use flow::{Change, Counters, Event, FlowKey, FlowSpec, Generation, Progress, Snapshot, StreamId};
use smallvec::SmallVec;

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The flow is there as the change says.
    Installed,
    /// The flow is gone and its last counters were reported: the port may be closed, then the event passed on.
    Withdrawn,
    /// A later generation is there; nothing was done or reported.
    Stale,
}

impl Engine {
    /// Carries out a change. A withdrawal is reported with [`Event::Withdrawn`], also when there was no such flow (its
    /// port may have been opened and never used), but not when a later generation holds the place.
    pub fn apply(&mut self, change: Change, events: &mut Vec<Event>) -> Applied {
        match change {
            Change::Install(spec) => self.install(&spec),
            Change::Withdraw { key, generation } => {
                let last = match self.snapshot(key) {
                    Some(snapshot) if generation < snapshot.generation => return Applied::Stale,
                    Some(snapshot) => snapshot,
                    None => unused(key, generation),
                };
                if let Some(mut flow) = self.table.remove(key) {
                    self.reel.let_go(&mut flow);
                    flow.held.into_iter().for_each(|held| self.sessions.release(held));
                }
                events.push(Event::Withdrawn(Box::new(last)));
                Applied::Withdrawn
            }
            Change::Away { key, strays_from } => self.on_flow(key, |flow| {
                flow.away = strays_from.map(|from| Box::new(Away::new(from)));
                flow.ssrcs.away = strays_from.is_some();
            }),
            Change::Counted(counted) => {
                self.totals.take_over(&counted.counters);
                self.addresses.take_over(counted.key.addr, &counted.counters);
                let applied = self.on_flow(counted.key, |flow| flow.take_over(&counted));
                self.catch_up(counted.key, counted.generation, &counted.progress);
                applied
            }
            Change::Restore { key, generation, progress } => self.catch_up(key, generation, &progress),
        }
    }

    fn install(&mut self, spec: &FlowSpec) -> Applied {
        if spec.traced {
            self.tape.make_room();
        }
        if spec.recorded.is_some() {
            self.reel.make_room();
        }
        let known = self.table.find(spec.key);
        let before = known.and_then(|at| self.table.get(at));
        if before.is_some_and(|flow| spec.generation < flow.generation) {
            return Applied::Stale;
        }
        let former = before.and_then(|flow| flow.held);
        let held = spec.security.as_ref().map(|security| self.sessions.hold(security, spec.generation));
        // After the new hold, since it may be the same session, which must not end in between.
        former.into_iter().for_each(|held| self.sessions.release(held));
        match known.and_then(|at| self.table.get_mut(at)) {
            Some(flow) => {
                self.reel.let_go(flow);
                flow.replace(spec);
                flow.held = held;
            }
            None => {
                let mut flow = Flow::new(spec, self.addresses.place(spec.key.addr));
                flow.held = held;
                self.table.insert(flow);
            }
        }
        Applied::Installed
    }

    fn catch_up(&mut self, key: FlowKey, generation: Generation, told: &Progress) -> Applied {
        let flow = self.table.find(key).and_then(|at| self.table.get(at));
        match flow.and_then(|flow| flow.held) {
            Some(held) => {
                self.sessions.catch_up(held, generation, told);
                Applied::Installed
            }
            None => Applied::Stale,
        }
    }

    fn on_flow(&mut self, key: FlowKey, change: impl FnOnce(&mut Flow)) -> Applied {
        match self.table.find(key).and_then(|at| self.table.get_mut(at)) {
            Some(flow) => {
                change(flow);
                Applied::Installed
            }
            None => Applied::Stale,
        }
    }
}

/// The snapshot of a port that never had a flow.
fn unused(key: FlowKey, generation: Generation) -> Snapshot {
    Snapshot {
        key,
        generation,
        stream: StreamId::default(),
        peer: None,
        confirmed: false,
        counters: Counters::default(),
        ssrcs: SmallVec::new(),
        sent_ssrcs: SmallVec::new(),
        progress: Progress::default(),
        heard: SmallVec::new(),
        left: Default::default(),
    }
}
