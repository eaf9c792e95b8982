//! The engine alone: packets in memory, time a number.

mod compile;
mod session;
mod slots;

use crate::{Datapath, Scenario, Session};
use session::MemorySession;

/// Drives `model/engine` directly. Needs no root; a run of the whole list takes milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory;

impl Datapath for Memory {
    fn name(&self) -> &'static str {
        "engine in memory"
    }

    fn lacks(&self, _: &Scenario) -> Option<&'static str> {
        None
    }

    fn open<'a>(&'a self, scenario: &Scenario) -> lab::Result<Box<dyn Session + 'a>> {
        Ok(Box::new(MemorySession::new(&scenario.call)))
    }
}
