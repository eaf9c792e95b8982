//! Why a NIC cannot be used as configured.

use std::io;
use std::path::PathBuf;

/// Why a NIC cannot be used as configured, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such device.
    #[error("there is no network device {0}: see `ip link`")]
    NoDevice(String),
    /// Frames of the device are not Ethernet frames.
    #[error("{0} is not an Ethernet device: use mode userspace for its addresses")]
    NotEthernet(String),
    /// A VLAN within a VLAN.
    #[error(
        "{0} is a VLAN within a VLAN, and only one tag is understood: use mode userspace for its addresses"
    )]
    TwoTags(String),
    /// A bond without members.
    #[error("the bond {0} has no members to receive on: add some, see `ip link set DEVICE master {0}`")]
    NoMembers(String),
    /// Two interfaces share a NIC and disagree about it.
    #[error(
        "interfaces on {device} ask for different queues or share: give all that use it the same `queues` and `share`"
    )]
    Disagree {
        /// The NIC.
        device: String,
    },
    /// More queues than packet threads.
    #[error(
        "{device}: {queues} queues are asked for, but there are {threads} packet threads: set threads.media = {queues} or fewer `queues`"
    )]
    QueuesWithoutThread {
        /// The NIC.
        device: String,
        /// Queues asked for.
        queues: u32,
        /// Packet threads.
        threads: u32,
    },
    /// The NIC cannot be laid out like that.
    #[error(transparent)]
    Refused(#[from] afxdp::nic::Refusal),
    /// Another process has it.
    #[error(
        "{device} is used by another rtpengine, process {pid}: stop it, or give the two different devices"
    )]
    InUse {
        /// The NIC.
        device: String,
        /// The process, as far as it is known.
        pid: String,
    },
    /// The state cannot be written down.
    #[error("{}: {source} (appliance.state-folder must be writable)", .path.display())]
    State {
        /// What was being written or read.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The kernel or the driver refused.
    #[error(transparent)]
    Nic(#[from] afxdp::Error),
}

impl Error {
    /// What is wrong, and what to do about it where the text says so (after a colon).
    #[must_use]
    pub fn halves(&self) -> (String, Option<String>) {
        let text = self.to_string();
        match (self, text.rsplit_once(": ")) {
            // What the system says is no advice.
            (Error::State { .. } | Error::Nic(_), _) | (_, None) => (text, None),
            (_, Some((what, fix))) => (what.to_owned(), Some(fix.to_owned())),
        }
    }
}
