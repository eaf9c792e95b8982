//! What is examined: a configuration, or, without one, what the host could be.

use super::State;
use crate::config::checked::{Config, Mode};

/// Whether a path is wanted, and so how bad it is when it cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// An interface asks for it.
    Required,
    /// There is no configuration; it would be good to have.
    Possible,
    /// No interface asks for it.
    None,
}

impl Need {
    /// How bad it is that it cannot be had.
    pub(super) fn lacking(self) -> State {
        match self {
            Need::Required => State::Fail,
            Need::Possible => State::Warn,
            Need::None => State::Skip,
        }
    }
}

/// What is examined.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Whether the operator wrote it, or it stands for what could be: every address of the host in mode appliance.
    pub written: bool,
    /// Also put the XDP program on NICs that have none. Their drivers may take the link down for some seconds.
    pub attach: bool,
}

impl Subject<'_> {
    pub(super) fn needs(&self, mode: Mode) -> Need {
        let asked = self.config.interfaces.addresses().any(|(_, local)| local.mode == mode);
        match (self.written, asked) {
            (false, _) => Need::Possible,
            (true, true) => Need::Required,
            (true, false) => Need::None,
        }
    }
}

/// Text for a list of names.
pub(super) fn list<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}
