use super::shared::SharedTable;
use crate::placement::{FastPath, Finding, Leaving, Stable, TablePath};
use flow::{FlowKey, Generation, InstallError, Path, PathReason, Progress, Snapshot, Traffic};
use std::cell::Cell;
use std::rc::Rc;

/// What the firewall does for a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Access {
    /// No rule leads to the table: whatever is installed gets no packet.
    pub(super) shut: bool,
    /// A rule has come or come back since placement looked last.
    pub(super) mended: bool,
}

/// A table of the module as a fast path.
#[derive(Debug)]
pub(super) struct KernelPath {
    table: TablePath<SharedTable>,
    access: Rc<Cell<Access>>,
}

impl KernelPath {
    pub(super) fn new(table: SharedTable, access: Rc<Cell<Access>>) -> KernelPath {
        KernelPath { table: TablePath::new(table, Path::Kernel), access }
    }
}

impl FastPath for KernelPath {
    fn install(&mut self, flow: &Stable<'_>) -> Result<(Path, PathReason), InstallError> {
        if self.access.get().shut {
            return Err(InstallError::Unavailable("no firewall rule leads to the kernel table".into()));
        }
        self.table.install(flow)
    }

    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Leaving {
        let mut leaving = self.table.withdraw(key, generation);
        for copy in &mut leaving.counted {
            copy.progress.sealed = self.table.table().take_sealed(copy.key);
        }
        leaving
    }

    fn progress(&mut self, key: FlowKey) -> Vec<(FlowKey, Progress)> {
        self.table.table().progress(key)
    }

    fn count(&mut self, keys: &[FlowKey]) -> Vec<Snapshot> {
        self.table.count(keys)
    }

    fn is_module(&self) -> bool {
        true
    }

    fn received(&mut self) -> Traffic {
        self.table.received()
    }

    fn look(&mut self) -> Vec<Finding> {
        let access = self.access.get();
        self.access.set(Access { mended: false, ..access });
        if access.mended { vec![Finding::Mended] } else { Vec::new() }
    }
}
