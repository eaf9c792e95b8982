use compat_procfs::ModuleTable;
use flow::srtp::SsrcState;
use flow::{FlowKey, FlowTable, Generation, InstallError, Progress, Recipe, Snapshot};
use std::cell::RefCell;
use std::rc::Rc;

/// A table that placement and [`super::KernelTables`] both hold. Its snapshots tell what arrived, not what was sent:
/// placement knows that from the recipes.
#[derive(Clone, Debug)]
pub(super) struct SharedTable(Rc<RefCell<Shared>>);

#[derive(Debug)]
struct Shared {
    /// `None` once it is given up: nothing can be installed then, and nothing is there.
    table: Option<ModuleTable>,
    /// Nothing is withdrawn any more, only counted.
    keeps_flows: bool,
}

impl SharedTable {
    pub(super) fn new(table: ModuleTable) -> SharedTable {
        SharedTable(Rc::new(RefCell::new(Shared { table: Some(table), keeps_flows: false })))
    }

    /// What is in it stays from now on, also when its call ends.
    pub(super) fn keep_flows(&self) {
        self.0.borrow_mut().keeps_flows = true;
    }

    /// How far an installed flow has come under its keys.
    pub(super) fn progress(&self, key: FlowKey) -> Vec<(FlowKey, Progress)> {
        self.0.borrow().table.as_ref().map(|table| table.progress(key)).unwrap_or_default()
    }

    /// How far flows that were withdrawn have come in what they sealed for a port.
    pub(super) fn take_sealed(&self, port: FlowKey) -> Vec<SsrcState> {
        let table = &mut self.0.borrow_mut().table;
        table.as_mut().map(|table| table.take_sealed(port)).unwrap_or_default()
    }

    /// Takes the table away from everybody.
    pub(super) fn give_up(&self) -> Option<ModuleTable> {
        self.0.borrow_mut().table.take()
    }
}

impl FlowTable for SharedTable {
    fn install(&mut self, recipe: &Recipe) -> Result<(), InstallError> {
        match &mut self.0.borrow_mut().table {
            Some(table) => table.install(recipe),
            None => Err(InstallError::Unavailable("the daemon has given its kernel table up".into())),
        }
    }

    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Option<Snapshot> {
        let shared = &mut *self.0.borrow_mut();
        let table = shared.table.as_mut()?;
        if shared.keeps_flows { table.arrived(key) } else { table.withdraw(key, generation) }
    }

    fn snapshot(&self, key: FlowKey) -> Option<Snapshot> {
        self.0.borrow().table.as_ref()?.arrived(key)
    }
}
