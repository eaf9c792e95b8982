//! What openers and sealers have in common: keys that may change, and states that stay.

use crate::table::Table;
use crate::transform::Transform;
use crate::{Error, MasterKey, Progress, Setup, SsrcState};
use std::fmt;

pub(crate) struct Session {
    key: MasterKey,
    pub(crate) transform: Transform,
    pub(crate) table: Table,
}

impl Session {
    pub(crate) fn new(setup: &Setup) -> Result<Session, Error> {
        setup.check()?;
        let (key, transform, table) =
            (setup.key.clone(), transform(setup), Table::new(setup.ssrcs, setup.context));
        Ok(Session { key, transform, table })
    }

    /// New keys; every state stays, unless the context is a later one.
    pub(crate) fn rekey(&mut self, setup: &Setup) -> Result<(), Error> {
        setup.check()?;
        self.transform = transform(setup);
        // Under the same key a counter that begins anew would be a replay.
        self.table.enter(setup.context, self.key == setup.key);
        if self.key != setup.key {
            self.key = setup.key.clone();
            self.table.unsettle();
        }
        Ok(())
    }

    /// The state of `ssrc` with another rollover counter.
    pub(crate) fn with_roc(&mut self, ssrc: u32, roc: u32) -> SsrcState {
        let mut state = self.table.get(ssrc);
        if state.rtp.is_fresh() {
            state.rtp = Progress::joining(roc);
        } else if state.rtp.roc() != roc {
            // What was seen under the other counter says nothing about this one.
            state.rtp = Progress { index: u64::from(roc) << 16 | state.rtp.index & 0xffff, window: 1 };
        }
        state
    }
}

fn transform(setup: &Setup) -> Transform {
    Transform::new(&setup.key.derive(), setup.options, setup.mki)
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("suite", &self.transform.suite())
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}
