//! A way to move packets, as a scenario sees it.

use crate::{Arrival, Packet, Port, Scenario, Signal};
use lab::Result;
use std::collections::BTreeMap;

/// What a port has counted. Bytes are UDP payload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets taken in.
    pub received_packets: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Packets sent from here.
    pub sent_packets: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Packets that could not be handled.
    pub errors: u64,
}

/// A way to move packets.
pub trait Datapath {
    /// What to call it in reports.
    fn name(&self) -> &'static str;

    /// Why it cannot play a scenario, if it cannot.
    fn lacks(&self, scenario: &Scenario) -> Option<&'static str>;

    /// Sets the scenario's call up. Several may be up at a time.
    fn open<'a>(&'a self, scenario: &Scenario) -> Result<Box<dyn Session + 'a>>;
}

/// A call on a way to move packets. Taken down on drop.
pub trait Session {
    /// Sends one packet, sealed if its party has a key.
    fn send(&mut self, packet: &Packet) -> Result<()>;

    /// What has arrived since the last question, in the order in which it came to each end. Waits until at least
    /// `expected` packets have come or it is clear that no more will. What was sealed for its receiver, byte for byte as it
    /// should be, is given in clear, anything else as it came.
    fn arrivals(&mut self, expected: usize) -> Result<Vec<Arrival>>;

    /// Lets every learning window end.
    fn end_learning(&mut self) -> Result<()>;

    /// Says something about the call.
    fn signal(&mut self, signal: Signal) -> Result<()>;

    /// What the ports of the call have counted.
    fn counts(&mut self) -> Result<BTreeMap<Port, Counts>>;
}
