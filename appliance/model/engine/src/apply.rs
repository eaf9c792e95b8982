use crate::Engine;
use crate::flow::Flow;
use flow::{Change, Counters, Event, FlowKey, Generation, Snapshot, StreamId};
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
            Change::Install(spec) => match self.table.find(spec.key).and_then(|at| self.table.get_mut(at)) {
                Some(flow) if spec.generation < flow.generation => Applied::Stale,
                Some(flow) => {
                    flow.replace(&spec);
                    Applied::Installed
                }
                None => {
                    self.table.insert(Flow::new(&spec));
                    Applied::Installed
                }
            },
            Change::Withdraw { key, generation } => {
                let last = match self.snapshot(key) {
                    Some(snapshot) if generation < snapshot.generation => return Applied::Stale,
                    Some(snapshot) => snapshot,
                    None => unused(key, generation),
                };
                self.table.remove(key);
                events.push(Event::Withdrawn(Box::new(last)));
                Applied::Withdrawn
            }
            Change::Away { key, strays_from } => self.on_flow(key, |flow| {
                flow.strays_from = strays_from;
                flow.ssrcs.away = strays_from.is_some();
            }),
            Change::Counted(counted) => {
                self.totals.take_over(&counted.counters);
                self.on_flow(counted.key, |flow| flow.take_over(&counted))
            }
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
        progress: flow::Progress::default(),
    }
}
