//! The one room that knows `/proc/rtpengine`: drives the kernel module `xt_RTPENGINE`.
//!
//! * [`Tables`] makes, removes and lists tables, as `echo 'add 42' > /proc/rtpengine/control` does.
//! * [`Control`] is a table's control file: the greeting with version and sizes, ownership, requests.
//! * [`ModuleTable`] is the [`flow::FlowTable`] on top: recipes in, snapshots out.
//! * A recipe with keys is encoded with session keys and with how far each SSRC has come; a flow that is taken back says
//!   how far it has come since.
//! * [`abi`] mirrors `kmod/uapi/rtpengine.h`, which is the manual; a test compares the two.
//! * [`rules`] writes the firewall rules that lead packets into the module.
//! * [`view`] shows the same tree for flows that the module does not forward.
//!
//! What is not here: calls, and any knowledge of when a flow should be installed.
#![forbid(unsafe_code)]

pub mod abi;
mod control;
mod encode;
mod error;
pub mod rules;
mod secure;
mod snapshot;
mod table;
mod tables;
pub mod view;

pub use control::{Claim, Control, Greeting};
pub use encode::{Encoded, encode};
pub use error::{Error, Result};
pub use snapshot::Clock;
pub use table::ModuleTable;
pub use tables::Tables;
