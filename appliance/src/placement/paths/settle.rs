use super::carry::concerned;
use super::{Finding, Leaving, Paths, Place, Stable};
use flow::{Change, FlowKey, InstallError, Micros, Moment, Path, PathReason, Recipe, Snapshot};

/// Packets that were on their way to a socket when their flow was handed over have come out of it by then.
const STRAGGLERS: Micros = Micros::from_millis(500);

impl Paths {
    /// Brings every flow in doubt where it belongs.
    pub(super) fn settle(&mut self, changes: &mut Vec<(u16, Change)>, now: Moment) {
        let mut doubtful = std::mem::take(&mut self.doubtful);
        doubtful.sort_unstable();
        doubtful.dedup();
        let mut touched = false;
        for key in doubtful.drain(..) {
            touched |= self.bring(key, changes, now);
        }
        self.doubtful = doubtful;
        if !touched {
            return;
        }
        let mut refused = Vec::new();
        for table in &mut self.tables {
            refused.append(&mut table.settle());
        }
        for (key, reason) in refused {
            self.take_back(key, reason, changes, now);
            self.wait_if_it_may_pass(key, reason);
        }
    }

    /// Once a second, and whenever [`FastPath::look`] may have something to say.
    pub fn look(&mut self, changes: &mut Vec<(u16, Change)>, now: Moment) {
        let looked = self.tables.iter_mut().enumerate();
        let findings: Vec<(usize, Finding)> = looked
            .flat_map(|(at, table)| table.look().into_iter().map(move |finding| (at, finding)))
            .collect();
        for (at, finding) in findings {
            match finding {
                Finding::Lost { key, reason, leaving } => {
                    self.moves.lost += 1;
                    self.given_back(key, reason, leaving, changes);
                    self.wait_if_it_may_pass(key, reason);
                }
                Finding::Finished { key, counted } => self.finished(key, counted, changes),
                Finding::Counted { key, counted } => {
                    if let Some(worker) = self.flows.get(&key).map(|entry| entry.worker) {
                        self.tell_counted(worker, counted, changes);
                    }
                }
                Finding::TryAgain => self.doubtful.extend(&self.waiting),
                Finding::Mended => self.mended(at),
            }
        }
        self.settle(changes, now);
    }

    /// Packets come to a fast path again.
    fn mended(&mut self, table: usize) {
        for key in &self.waiting {
            let served = self.offers.get(&key.addr) == Some(&Ok(table));
            if let Some(entry) = self.flows.get_mut(key).filter(|_| served) {
                entry.not_before = Moment::default();
                self.doubtful.push(*key);
            }
        }
    }

    /// Tries those again that wait for better times.
    pub fn retry(&mut self, changes: &mut Vec<(u16, Change)>, now: Moment) {
        self.doubtful.extend(&self.waiting);
        self.look(changes, now);
    }

    /// Hands a flow over or takes it back, if it is not where it belongs. True when a fast path was told something.
    fn bring(&mut self, key: FlowKey, changes: &mut Vec<(u16, Change)>, now: Moment) -> bool {
        let aim = match self.aim(key) {
            Some(aim) => aim,
            None => return false,
        };
        let (table, recipe) = match aim {
            Ok(aim) => aim,
            Err(reason) => {
                self.take_back(key, reason, changes, now);
                self.waiting.remove(&key);
                return false;
            }
        };
        let Some(entry) = self.flows.get(&key) else { return false };
        match &entry.place {
            Place::Fast { recipe: old, table: on, .. } if **old == recipe && *on == table => return false,
            Place::Fast { table: on, .. } if *on != table => {
                self.take_back(key, PathReason::NotStableYet, changes, now)
            }
            Place::Sockets(_) if now < entry.not_before => return false,
            _ => {}
        }
        match self.hand_over(key, table, &recipe) {
            Ok((path, reason)) => {
                let Some(entry) = self.flows.get_mut(&key) else { return true };
                if entry.table().is_none() {
                    let strays_from = Some(now + STRAGGLERS);
                    changes.push((entry.worker, Change::Away { key, strays_from }));
                    self.moves.handed_over += 1;
                }
                entry.place = Place::Fast { table, path, reason, recipe: Box::new(recipe), checked: 0 };
                self.waiting.remove(&key);
                true
            }
            Err(error) => {
                tracing::debug!(flow = %key, %error, "not handed over");
                self.take_back(key, error.reason(), changes, now);
                self.wait_if_it_may_pass(key, error.reason());
                false
            }
        }
    }

    /// Where a flow belongs: a fast path with what to tell it, or why with the learner.
    pub(super) fn aim(&self, key: FlowKey) -> Option<Result<(usize, Recipe), PathReason>> {
        let entry = self.flows.get(&key)?;
        if let Some(reason) = entry.obstacle() {
            return Some(Err(reason));
        }
        for output in &entry.spec.rtp {
            let egress = self.flows.get(&output.egress).map(|egress| &*egress.spec);
            match egress {
                None => return Some(Err(PathReason::NoPeer)),
                Some(egress) if egress.shares_port() => return Some(Err(PathReason::SharedPort)),
                Some(egress) if egress.cannot_seal() => return Some(Err(PathReason::NoKeys)),
                Some(egress) if egress.peer.is_none() => return Some(Err(PathReason::NoPeer)),
                Some(egress) if !egress.confirmed && !entry.spec.one_way => {
                    return Some(Err(PathReason::NotStableYet));
                }
                Some(_) => {}
            }
        }
        let table = match self.offers.get(&key.addr) {
            Some(Ok(table)) => *table,
            Some(Err(reason)) => return Some(Err(*reason)),
            None => return Some(Err(PathReason::UserspaceMode)),
        };
        if let Some(why) = entry.spec.copied()
            && !self.tables.get(table).is_some_and(|table| table.copies())
        {
            return Some(Err(why));
        }
        let recipe = Recipe::compile(&entry.spec, |key| Some(&*self.flows.get(&key)?.spec));
        Some(recipe.map(|recipe| (table, recipe)).ok_or(PathReason::NotStableYet))
    }

    fn hand_over(
        &mut self,
        key: FlowKey,
        table: usize,
        recipe: &Recipe,
    ) -> Result<(Path, PathReason), InstallError> {
        if self.unfinished.contains_key(&key) {
            // A thread that hangs settles nothing: that is still the reason.
            let place = self.flows.get(&key).map(|entry| &entry.place);
            let hangs = matches!(place, Some(Place::Sockets(PathReason::WorkerHangs)));
            let reason = if hangs { PathReason::WorkerHangs } else { PathReason::WorkerBusy };
            return Err(InstallError::NoWay(reason));
        }
        let unknown = InstallError::Unsupported("no such flow");
        let carried;
        let mut recipe = recipe;
        if recipe.has_keys() {
            let Some(entry) = self.flows.get(&key) else { return Err(unknown) };
            carried = self.with_progress(entry.worker, entry.table(), recipe)?;
            recipe = &carried;
        }
        let Some(entry) = self.flows.get(&key) else { return Err(unknown) };
        let egress =
            recipe.outputs.iter().filter_map(|output| Some(&*self.flows.get(&output.from)?.spec)).collect();
        self.tables[table].install(&Stable { recipe, spec: &entry.spec, egress })
    }

    /// The flow is with the learner from now on, for this reason.
    pub(super) fn take_back(
        &mut self,
        key: FlowKey,
        reason: PathReason,
        changes: &mut Vec<(u16, Change)>,
        now: Moment,
    ) {
        let Some(entry) = self.flows.get_mut(&key) else { return };
        let Place::Fast { table, recipe, .. } = &entry.place else {
            entry.place = Place::Sockets(reason);
            return;
        };
        let (worker, table) = (entry.worker, *table);
        let generation = recipe.generation.max(entry.spec.generation);
        if recipe.has_keys() {
            let recipe = recipe.clone();
            self.carry_back(worker, table, &recipe, now);
        }
        let leaving = self.tables[table].withdraw(key, generation);
        self.given_back(key, reason, leaving, changes);
    }

    fn given_back(
        &mut self,
        key: FlowKey,
        reason: PathReason,
        leaving: Leaving,
        changes: &mut Vec<(u16, Change)>,
    ) {
        let Some(entry) = self.flows.get_mut(&key) else { return };
        self.moves.taken_back += 1;
        let worker = entry.worker;
        let place = std::mem::replace(&mut entry.place, Place::Sockets(reason));
        self.tell_counted(worker, leaving.counted, changes);
        changes.push((worker, Change::Away { key, strays_from: None }));
        if let (true, Place::Fast { recipe, .. }) = (leaving.unfinished, place) {
            self.unfinished.insert(key, concerned(&recipe).collect());
        }
    }

    /// A fast path has told the last of a flow; withdrawals that waited for it go on.
    fn finished(&mut self, key: FlowKey, counted: Vec<Snapshot>, changes: &mut Vec<(u16, Change)>) {
        let concerned = self.unfinished.remove(&key).unwrap_or_default();
        let held = |key: &FlowKey| self.held.get(key).map(|(worker, _)| *worker);
        let worker = concerned.iter().find_map(held).or(self.flows.get(&key).map(|entry| entry.worker));
        if let Some(worker) = worker {
            self.tell_counted(worker, counted, changes);
        }
        for key in concerned {
            if !self.has_more_to_tell(key) {
                changes.extend(self.held.remove(&key));
            }
            if self.waiting.contains(&key) {
                self.doubtful.push(key);
            }
        }
    }

    /// All flows of a call are on one worker, so those that a flow leaves through are where it is.
    fn tell_counted(&mut self, worker: u16, counted: Vec<Snapshot>, changes: &mut Vec<(u16, Change)>) {
        for copy in &counted {
            let table = self.offers.get(&copy.key.addr).copied().and_then(Result::ok);
            let by_module = table.and_then(|at| self.tables.get(at)).is_some_and(|table| table.is_module());
            self.returned.add(copy.counters.received, by_module);
        }
        let any = |copy: &Snapshot| copy.counters != flow::Counters::default() || !copy.progress.is_empty();
        changes.extend(counted.into_iter().filter(any).map(|copy| (worker, Change::Counted(Box::new(copy)))));
    }

    pub(super) fn has_more_to_tell(&self, key: FlowKey) -> bool {
        self.unfinished.values().any(|concerned| concerned.contains(&key))
    }

    fn wait_if_it_may_pass(&mut self, key: FlowKey, reason: PathReason) {
        if reason != PathReason::Refused && self.flows.contains_key(&key) {
            self.waiting.insert(key);
        }
    }
}
