use crate::desk::Desk;
use compat_procfs::view::{Shown, ShownOutput, Table};
use flow::{Carries, FlowKey, FlowSpec, Path, Snapshot, Traffic};
use std::collections::BTreeMap;

/// One flow to be shown, before its counters are known.
struct Wanted {
    worker: u16,
    spec: FlowSpec,
    outputs: Vec<ShownOutput>,
}

/// The flows of a table that the daemon forwards by itself: those whose destination is known.
pub fn shown(desk: &mut Desk, table: u8) -> Table {
    let mut wanted = wanted(desk, table);
    wanted.sort_unstable_by_key(|one| one.spec.key);
    let mut keys: BTreeMap<u16, Vec<FlowKey>> = BTreeMap::new();
    for one in &wanted {
        keys.entry(one.worker).or_default().push(one.spec.key);
    }
    let mut copies = crate::desk::Snapshots::default();
    for (worker, keys) in keys {
        copies.extend(desk.flush_asking(worker, &keys));
    }
    let flows = wanted.into_iter().filter_map(|one| {
        let snapshot = copies.remove(&one.spec.key)?;
        Some(one.counted(snapshot))
    });
    Table { owner: std::process::id(), flows: flows.collect() }
}

fn wanted(desk: &Desk, table: u8) -> Vec<Wanted> {
    let Some(asked) = &desk.view else { return Vec::new() };
    // RTCP alone is no target of the module either.
    let ours = desk.paths.iter().filter(|(_, spec, path)| {
        *path != Path::Kernel
            && spec.carries != Carries::Rtcp
            && !spec.rtp.is_empty()
            && asked.table_of(spec.key.addr) == table
    });
    let peer = |key: FlowKey| desk.paths.spec(key).and_then(|spec| spec.peer);
    ours.filter_map(|(worker, spec, _)| {
        let outputs: Vec<ShownOutput> = spec
            .rtp
            .iter()
            .filter_map(|output| {
                let to = peer(output.egress)?;
                Some(ShownOutput {
                    from: output.egress,
                    to,
                    ssrc: output.rewrite.ssrc,
                    sent: Traffic::default(),
                })
            })
            .collect();
        (!outputs.is_empty()).then(|| Wanted { worker, spec: spec.clone(), outputs })
    })
    .collect()
}

impl Wanted {
    fn counted(mut self, snapshot: Snapshot) -> Shown {
        let received = snapshot.counters.received;
        let dropped: u64 = snapshot.counters.drops.iter().sum();
        for output in &mut self.outputs {
            output.sent = Traffic {
                packets: received.packets.saturating_sub(dropped),
                bytes: received.bytes,
                errors: 0,
            };
        }
        // Counts are kept for each sender; a sender stands with the payload type it has used last.
        let mut payload_types: BTreeMap<u8, Traffic> = BTreeMap::new();
        for sender in &snapshot.ssrcs {
            payload_types.entry(sender.last_pt).or_default().add(sender.traffic);
        }
        Shown {
            snapshot,
            carries: self.spec.carries,
            payload_types: payload_types.into_iter().collect(),
            outputs: self.outputs,
        }
    }
}
