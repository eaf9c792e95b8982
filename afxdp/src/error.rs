use std::io;
use thiserror::Error;

/// What went wrong, said so that an operator knows what to change.
#[derive(Debug, Error)]
pub enum Error {
    /// The XDP program could not be loaded.
    #[error("loading the XDP program: {0} (needs CAP_BPF and CAP_NET_ADMIN, and a kernel of at least 5.18)")]
    Load(String),
    /// A BPF map refused an operation.
    #[error("BPF map {map}: {reason}")]
    Map {
        /// Name of the map.
        map: &'static str,
        /// What the kernel said.
        reason: String,
    },
    /// The memory shared with the kernel could not be had.
    #[error("UMEM: {0} (is RLIMIT_MEMLOCK large enough?)")]
    Umem(String),
    /// A socket could not be bound to a NIC queue.
    #[error("AF_XDP socket on {interface} queue {queue}: {reason}")]
    Bind {
        /// The interface.
        interface: String,
        /// The receive queue.
        queue: u32,
        /// What the kernel said.
        reason: String,
    },
    /// A system call failed.
    #[error("{what}: {source}")]
    Sys {
        /// What was being done, to which interface.
        what: String,
        /// What the kernel said.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn sys(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Sys { what: what.into(), source }
    }

    pub(crate) fn map(map: &'static str) -> impl FnOnce(libbpf_rs::Error) -> Error {
        move |error| Error::Map { map, reason: format!("{error:#}") }
    }
}
