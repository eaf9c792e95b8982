use flow::{
    Counters, FlowKey, FlowSpec, FlowTable, Generation, InstallError, Path, PathReason, Progress, Recipe,
    Rewrite, Snapshot, StreamId, Traffic,
};
use smallvec::SmallVec;
use std::os::fd::RawFd;

/// A flow that can be handed over: who sends and where it goes is known.
#[derive(Debug)]
pub struct Stable<'a> {
    /// What is to be done with its packets.
    pub recipe: &'a Recipe,
    /// The flow as the learner has it, with the peer that was learned.
    pub spec: &'a FlowSpec,
    /// The flows of the ports it leaves from, likewise, in the order of the recipe's outputs.
    pub egress: SmallVec<[&'a FlowSpec; 1]>,
}

/// What a fast path says of a flow that it gives back.
#[derive(Debug, Default)]
pub struct Leaving {
    /// What it has counted, of the flow and of those it left through.
    pub counted: Vec<Snapshot>,
    /// More is still to come, by [`FastPath::look`].
    pub unfinished: bool,
}

/// What a fast path has found out by itself.
#[derive(Debug)]
pub enum Finding {
    /// It has given up a flow; its packets go to the sockets.
    Lost {
        /// The flow.
        key: FlowKey,
        /// Why.
        reason: PathReason,
        /// As when it is withdrawn.
        leaving: Leaving,
    },
    /// The rest of what it had counted of a flow that was withdrawn.
    Finished {
        /// The flow.
        key: FlowKey,
        /// What had not been told.
        counted: Vec<Snapshot>,
    },
    /// What it has counted besides, of a flow that was withdrawn or is on another tier now.
    Counted {
        /// The flow.
        key: FlowKey,
        /// What had not been told.
        counted: Vec<Snapshot>,
    },
    /// Flows that were refused may be taken now.
    TryAgain,
    /// What kept packets from the fast path is no more: flows that were not verified need not wait any longer.
    Mended,
}

/// A fast path as the control side sees it.
pub trait FastPath: std::fmt::Debug {
    /// Takes a flow over, or replaces an older generation of it without a gap. Says which path it is on and, if it is
    /// not as good as it could be, why.
    ///
    /// # Errors
    /// Why it stays where it is.
    fn install(&mut self, flow: &Stable<'_>) -> Result<(Path, PathReason), InstallError>;
    /// True when packets of flows that it carries can be copied for who looks at a call.
    fn copies(&self) -> bool {
        false
    }
    /// Called after some installs: those that need more than a table entry become valid now, all at once. Flows
    /// returned did not.
    fn settle(&mut self) -> Vec<(FlowKey, PathReason)> {
        Vec::new()
    }
    /// Gives a flow back.
    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Leaving;
    /// Packets of a flow do not get through the way it was carried. True when it may be installed again, to be carried
    /// another way.
    fn has_another_way(&mut self, _key: FlowKey, _generation: Generation) -> bool {
        false
    }
    /// A flow, withdrawn before, is over for good.
    fn forget(&mut self, _key: FlowKey) {}
    /// How far a flow has come here under its keys: what was opened is told of its own port, what was sealed of the ports
    /// it leaves through. A port may be told of more than once. Nothing, when that is only known at the end.
    fn progress(&mut self, _key: FlowKey) -> Vec<(FlowKey, Progress)> {
        Vec::new()
    }
    /// Copies of what it counts of some of its flows and those they leave through.
    fn count(&mut self, keys: &[FlowKey]) -> Vec<Snapshot>;
    /// It is the kernel module; else AF_XDP, whether a packet thread or the XDP program sends.
    fn is_module(&self) -> bool {
        false
    }
    /// What it has received of all flows that it has now.
    fn received(&mut self) -> Traffic;
    /// What has happened since it was last asked. Called once a second, and when one of its descriptors is readable.
    fn look(&mut self) -> Vec<Finding> {
        Vec::new()
    }
    /// What was obtained of the machine, a line each, for people.
    fn obtained(&self) -> Vec<String> {
        Vec::new()
    }
    /// Readable when there is something to look at.
    fn descriptors(&self) -> Vec<RawFd> {
        Vec::new()
    }
}

/// A [`FlowTable`] as a fast path: all that it does is in its table.
#[derive(Debug)]
pub struct TablePath<T> {
    table: T,
    path: Path,
    /// The recipes installed, to tell whose packets were sent where.
    recipes: hashbrown::HashMap<FlowKey, Recipe, foldhash::fast::RandomState>,
}

impl<T: FlowTable> TablePath<T> {
    /// The table, and what to call it.
    pub fn new(table: T, path: Path) -> TablePath<T> {
        TablePath { table, path, recipes: hashbrown::HashMap::default() }
    }

    /// The table.
    pub fn table(&self) -> &T {
        &self.table
    }

    /// The table, to change.
    pub fn table_mut(&mut self) -> &mut T {
        &mut self.table
    }

    /// Forgets a flow that the table has given up; what it had counted.
    pub fn given_up(&mut self, snapshot: Snapshot) -> Vec<Snapshot> {
        match self.recipes.remove(&snapshot.key) {
            Some(recipe) => by_flow(snapshot, &recipe),
            None => Vec::new(),
        }
    }
}

impl<T: FlowTable + std::fmt::Debug> FastPath for TablePath<T> {
    fn install(&mut self, flow: &Stable<'_>) -> Result<(Path, PathReason), InstallError> {
        self.table.install(flow.recipe)?;
        self.recipes.insert(flow.recipe.key, flow.recipe.clone());
        Ok((self.path, PathReason::OnFastPath))
    }

    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Leaving {
        let counted = self.table.withdraw(key, generation).map(|snapshot| self.given_up(snapshot));
        Leaving { counted: counted.unwrap_or_default(), unfinished: false }
    }

    fn progress(&mut self, key: FlowKey) -> Vec<(FlowKey, Progress)> {
        let (Some(recipe), Some(copy)) = (self.recipes.get(&key), self.table.snapshot(key)) else {
            return Vec::new();
        };
        by_flow(copy, recipe).into_iter().map(|copy| (copy.key, copy.progress)).collect()
    }

    fn count(&mut self, keys: &[FlowKey]) -> Vec<Snapshot> {
        let known = keys.iter().filter_map(|key| Some((self.recipes.get(key)?, self.table.snapshot(*key)?)));
        known.flat_map(|(recipe, snapshot)| by_flow(snapshot, recipe)).collect()
    }

    fn is_module(&self) -> bool {
        self.path == Path::Kernel
    }

    fn received(&mut self) -> Traffic {
        let mut all = Traffic::default();
        for copy in self.recipes.keys().filter_map(|key| self.table.snapshot(*key)) {
            all.add(copy.counters.received);
        }
        all
    }
}

/// A table counts what arrives. What arrived was sent, so the same counts are also those of the egress ports, unless the
/// table has counted each output: keys change the length. What the table itself says of a port's sending is left out,
/// because it goes on when a flow is replaced. What it has sealed, too, is of the egress ports.
pub(super) fn by_flow(mut snapshot: Snapshot, recipe: &Recipe) -> Vec<Snapshot> {
    snapshot.counters.sent = Traffic::default();
    snapshot.sent_ssrcs = SmallVec::new();
    let sealed = std::mem::take(&mut snapshot.progress.sealed);
    let left = std::mem::take(&mut snapshot.left);
    let sent = recipe.outputs.iter().enumerate().map(|(at, output)| Snapshot {
        heard: Default::default(),
        left: Default::default(),
        key: output.from,
        generation: snapshot.generation,
        stream: StreamId::default(),
        peer: None,
        confirmed: false,
        counters: Counters {
            sent: Traffic { errors: 0, ..left.get(at).copied().unwrap_or(snapshot.counters.received) },
            ..Counters::default()
        },
        ssrcs: SmallVec::new(),
        sent_ssrcs: snapshot.ssrcs.iter().map(|sender| as_sent(*sender, output.rewrite)).collect(),
        progress: Progress { opened: Vec::new(), sealed: sealed.clone() },
    });
    let sent: Vec<Snapshot> = sent.collect();
    std::iter::once(snapshot).chain(sent).collect()
}

fn as_sent(sender: flow::SsrcCounters, rewrite: Rewrite) -> flow::SsrcCounters {
    let shifted = |seq: u32| u32::from((seq as u16).wrapping_add(rewrite.seq_offset));
    flow::SsrcCounters {
        ssrc: rewrite.ssrc.unwrap_or(sender.ssrc),
        first_seq: shifted(sender.first_seq),
        last_seq: shifted(sender.last_seq),
        last_pt: rewrite.pt.filter(|change| change.from == sender.last_pt).map_or(sender.last_pt, |c| c.to),
        lost: 0,
        duplicates: 0,
        reordered: 0,
        jitter: flow::Micros(0),
        ..sender
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow::{Carries, Gate, RecipeOutput};

    #[test]
    fn what_each_output_has_sent_is_told_of_its_port() {
        let address = |port| std::net::SocketAddr::new("192.0.2.1".parse().unwrap(), port);
        let output = |port| RecipeOutput {
            from: address(port).into(),
            to: address(9),
            tos: 0,
            rewrite: Rewrite::default(),
            seal: None,
            sealed: Vec::new(),
        };
        let recipe = Recipe {
            key: address(100).into(),
            generation: Generation(1),
            stream: StreamId(1),
            carries: Carries::Rtp,
            source: address(8),
            gate: Gate::Open,
            open: None,
            opened: Vec::new(),
            outputs: [output(200), output(300)].into_iter().collect(),
        };
        let arrived = Traffic { packets: 2, bytes: 344, errors: 1 };
        let snapshot = |left: &[Traffic]| Snapshot {
            heard: SmallVec::new(),
            left: left.iter().copied().collect(),
            key: recipe.key,
            generation: recipe.generation,
            stream: recipe.stream,
            peer: None,
            confirmed: true,
            counters: Counters { received: arrived, ..Counters::default() },
            ssrcs: SmallVec::new(),
            sent_ssrcs: SmallVec::new(),
            progress: Progress::default(),
        };
        let told = |left: &[Traffic]| {
            let all = by_flow(snapshot(left), &recipe).into_iter();
            all.map(|one| (one.key.port, one.counters.received, one.counters.sent)).collect::<Vec<_>>()
        };
        let none = Traffic::default();
        let sealed = Traffic { packets: 2, bytes: 364, errors: 0 };
        let plain = Traffic { packets: 2, bytes: 344, errors: 0 };
        assert_eq!(told(&[sealed, plain]), [(100, arrived, none), (200, none, sealed), (300, none, plain)]);
        assert_eq!(told(&[]), [(100, arrived, none), (200, none, plain), (300, none, plain)]);
    }
}
