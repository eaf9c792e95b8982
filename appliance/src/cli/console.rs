use crate::boot::Levels;
use call::{Call, CallNumber, Stamp};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use std::net::SocketAddr;

/// What operators have set or asked for through the text interface, beside the calls themselves.
#[derive(Debug, Default)]
pub struct Console {
    /// Log levels, once there is a log.
    pub levels: Option<Levels>,
    /// Whether new calls are refused.
    pub drain: Drain,
    /// Values of the configuration that cannot be changed while running, for `params`.
    pub(super) fixed: Vec<(&'static str, String)>,
    /// Values of what can be changed, as they were at the start.
    pub(super) at_start: Vec<(&'static str, String)>,
    /// TOS byte of control packets, and whether the sockets have yet to hear of it.
    pub(super) control_tos: (u8, bool),
    /// Who asked for a call first. An entry is of the call that was created then.
    proxies: HashMap<CallNumber, (Stamp, SocketAddr), RandomState>,
    /// Calls whose messages are logged.
    debugged: HashSet<Box<[u8]>, RandomState>,
}

/// Whether new calls are refused, so that the daemon can be stopped without ending one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Drain {
    /// They are not.
    #[default]
    Off,
    /// They are, until somebody says otherwise.
    Refuse,
    /// They are, and when the last call has ended the daemon ends.
    Exit,
}

/// Calls that can be debugged at a time.
const DEBUGGED: usize = 256;

impl Console {
    /// The TOS byte that control sockets are to have, if they have not heard of it yet.
    pub fn take_control_tos(&mut self) -> Option<u8> {
        std::mem::take(&mut self.control_tos.1).then_some(self.control_tos.0)
    }

    /// Notes who asked for a call; of later messages about it nothing.
    pub fn note_proxy(&mut self, call: &Call, from: SocketAddr) {
        let created = call.created();
        let entry = self.proxies.entry(call.number()).or_insert((created, from));
        if entry.0 != created {
            *entry = (created, from);
        }
    }

    /// Who asked for a call first.
    pub fn proxy(&self, call: &Call) -> Option<SocketAddr> {
        self.proxies.get(&call.number()).filter(|(created, _)| *created == call.created()).map(|(_, at)| *at)
    }

    /// Logs the messages of a call from now on, or does not any more. False when there are too many such calls.
    pub fn debug(&mut self, call_id: &[u8], on: bool) -> bool {
        if !on {
            self.debugged.remove(call_id);
            return true;
        }
        self.debugged.contains(call_id)
            || (self.debugged.len() < DEBUGGED && self.debugged.insert(call_id.into()))
    }

    /// True for calls whose messages are logged.
    pub fn is_debugged(&self, call_id: &[u8]) -> bool {
        !self.debugged.is_empty() && self.debugged.contains(call_id)
    }

    /// Gives back the room of calls that are gone.
    pub fn shrink(&mut self) {
        self.proxies.shrink_to_fit();
    }

    /// A call has ended.
    pub fn forget(&mut self, call: &Call) {
        self.proxies.remove(&call.number());
        self.debugged.remove(call.id());
    }
}
