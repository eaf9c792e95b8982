use crate::{FlowKey, Generation, PathReason, Recipe, Snapshot};
use thiserror::Error;

/// A fast path that carries recipes out: AF_XDP workers, the XDP program, the kernel module.
pub trait FlowTable {
    /// Installs a recipe or replaces an older generation of it.
    ///
    /// # Errors
    /// Says why the flow stays with the learner.
    fn install(&mut self, recipe: &Recipe) -> Result<(), InstallError>;
    /// Takes a flow back. Returns its last counters, or `None` when it was not installed.
    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Option<Snapshot>;
    /// A copy of the counters of an installed flow.
    fn snapshot(&self, key: FlowKey) -> Option<Snapshot>;
}

/// Why a fast path did not take a flow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InstallError {
    /// The fast path is not there (any more).
    #[error("the fast path is not available: {0}")]
    Unavailable(String),
    /// There is no way out to a destination of the recipe now; there may be one later.
    #[error("no way out: {}", .0.code())]
    NoWay(PathReason),
    /// It does not know how to do what the recipe asks.
    #[error("the fast path cannot do this: {0}")]
    Unsupported(&'static str),
    /// No place left.
    #[error("the fast path holds {0} flows and has no room for more")]
    Full(usize),
}

impl InstallError {
    /// The stable code for it.
    pub const fn reason(&self) -> PathReason {
        match self {
            InstallError::Unavailable(_) => PathReason::PathUnavailable,
            InstallError::NoWay(reason) => *reason,
            InstallError::Unsupported(_) => PathReason::Refused,
            InstallError::Full(_) => PathReason::TableFull,
        }
    }
}
