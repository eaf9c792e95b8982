//! The tree of `/proc/rtpengine` for flows that the module does not forward: the same names, modes and formats,
//! mounted by FUSE at a directory of the daemon's choice. Scripts that read `N/list` work with only the path changed.
//!
//! [`Source`] is what the daemon answers; [`View`] mounts it; the texts are made by [`render`].

mod mount;
pub mod render;
mod tree;

pub use mount::View;

use flow::{Carries, FlowKey, Snapshot, Traffic};
use std::net::SocketAddr;

/// Answers what the files show. Called from the view's own thread, once for each file that is opened.
pub trait Source: Send + Sync + 'static {
    /// Numbers of all tables, in order.
    fn tables(&self) -> Vec<u32>;
    /// What is in a table, `None` when it does not exist.
    fn table(&self, id: u32) -> Option<Table>;
    /// `add N` was written.
    ///
    /// # Errors
    /// What the writer is told.
    fn add(&self, id: u32) -> Result<(), Refusal>;
    /// `del N` was written.
    ///
    /// # Errors
    /// What the writer is told.
    fn del(&self, id: u32) -> Result<(), Refusal>;
}

/// Why a table was not made or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It exists (EEXIST).
    Exists,
    /// It does not (ENOENT).
    Missing,
    /// It is in use (EBUSY).
    Busy,
}

/// One table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Process id of the daemon that owns it, 0 when nobody does.
    pub owner: u32,
    /// Its flows, in the order in which they shall be shown.
    pub flows: Vec<Shown>,
}

/// One flow as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What was counted.
    pub snapshot: Snapshot,
    /// What it carries.
    pub carries: Carries,
    /// Payload types known or seen, with their counts.
    pub payload_types: Vec<(u8, Traffic)>,
    /// Ways out.
    pub outputs: Vec<ShownOutput>,
}

/// One way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownOutput {
    /// Source address and port of what leaves.
    pub from: FlowKey,
    /// Its destination.
    pub to: SocketAddr,
    /// The SSRC that replaces the sender's.
    pub ssrc: Option<u32>,
    /// What left here.
    pub sent: Traffic,
}
