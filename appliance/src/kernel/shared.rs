use compat_procfs::ModuleTable;
use flow::{FlowKey, FlowTable, Generation, InstallError, Recipe, Snapshot};
use std::cell::RefCell;
use std::rc::Rc;

/// A table that placement and [`super::KernelTables`] both hold. Once it is given up, nothing can be installed and
/// nothing is withdrawn: what it holds goes on or goes with it. Its snapshots tell what arrived, not what was sent:
/// placement knows that from the recipes.
#[derive(Clone, Debug)]
pub(super) struct SharedTable(Rc<RefCell<Option<ModuleTable>>>);

impl SharedTable {
    pub(super) fn new(table: ModuleTable) -> SharedTable {
        SharedTable(Rc::new(RefCell::new(Some(table))))
    }

    /// Takes the table away from everybody.
    pub(super) fn give_up(&self) -> Option<ModuleTable> {
        self.0.borrow_mut().take()
    }
}

impl FlowTable for SharedTable {
    fn install(&mut self, recipe: &Recipe) -> Result<(), InstallError> {
        match &mut *self.0.borrow_mut() {
            Some(table) => table.install(recipe),
            None => Err(InstallError::Unavailable("the daemon has given its kernel table up".into())),
        }
    }

    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Option<Snapshot> {
        self.0.borrow_mut().as_mut()?.withdraw(key, generation)
    }

    fn snapshot(&self, key: FlowKey) -> Option<Snapshot> {
        self.0.borrow().as_ref()?.arrived(key)
    }
}
