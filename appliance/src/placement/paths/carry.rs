//! Flows under keys: what a path must know of a flow before it has it.

use super::Paths;
use flow::{Change, FlowKey, InstallError, Micros, Moment, PathReason, Progress, Recipe};
use smallvec::SmallVec;

/// For so long a packet thread can seal packets of a flow under keys once it knows how far the fast path has come.
const STRAYING: Micros = Micros::from_secs(1);

impl Paths {
    /// The recipe, with how far its sources have come on the paths that have had the flow.
    ///
    /// # Errors
    /// When that cannot be asked now.
    pub(super) fn with_progress(
        &mut self,
        worker: u16,
        on: Option<usize>,
        recipe: &Recipe,
    ) -> Result<Recipe, InstallError> {
        let keys: SmallVec<[FlowKey; 2]> = concerned(recipe).collect();
        let learner = self.learner.as_mut();
        let copies = learner.and_then(|learner| learner.ask(worker, &keys));
        let copies = copies.ok_or(InstallError::NoWay(PathReason::WorkerHangs))?;
        let mut known: SmallVec<[(FlowKey, Progress); 2]> =
            copies.into_iter().map(|copy| (copy.key, copy.progress)).collect();
        if let Some(table) = on {
            known.extend(self.tables[table].progress(recipe.key));
        }
        let of = |key| {
            let mut all = Progress::default();
            known.iter().filter(|(at, _)| *at == key).for_each(|(_, progress)| all.join(progress));
            all
        };
        let mut recipe = recipe.clone();
        if recipe.open.is_some() {
            recipe.opened = of(recipe.key).opened;
        }
        for output in recipe.outputs.iter_mut().filter(|output| output.seal.is_some()) {
            output.sealed = of(output.from).sealed;
        }
        recipe.forget_other_contexts();
        Ok(recipe)
    }

    /// Before a flow leaves a fast path, or when its packets stray: its packet thread hears how far it has come there,
    /// so that the first packet that comes to the sockets is opened and sealed under the right rollover counter. And that
    /// it may be sealed: from when the fast path lets go of the flow until the thread hears so, packets come as strays.
    pub(super) fn carry_back(&mut self, worker: u16, table: usize, recipe: &Recipe, now: Moment) {
        let (key, generation) = (recipe.key, recipe.generation);
        let Some(learner) = self.learner.as_mut().filter(|_| recipe.has_keys()) else { return };
        let told = self.tables[table].progress(key).into_iter();
        let known = told.filter(|(_, progress)| !progress.is_empty());
        let mut changes: Vec<Change> = known
            .map(|(key, progress)| Change::Restore { key, generation, progress: Box::new(progress) })
            .collect();
        changes.push(Change::Away { key, strays_from: Some(now + STRAYING) });
        learner.tell(worker, changes);
    }
}

/// The ports that a recipe is about.
pub(super) fn concerned(recipe: &Recipe) -> impl Iterator<Item = FlowKey> + '_ {
    std::iter::once(recipe.key).chain(recipe.outputs.iter().map(|output| output.from))
}
