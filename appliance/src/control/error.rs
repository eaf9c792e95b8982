//! What can be wrong when opening control sockets.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;

use super::Transport;

/// Why control sockets could not be opened. Nothing that a peer does later is an error of this kind.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is not ours, is in use, or needs a privilege.
    #[error("cannot listen for {transport} on {address}: {source}")]
    Bind {
        /// Which listener.
        transport: Transport,
        /// The configured address.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// A socket option was refused.
    #[error("cannot set {option} on the {transport} socket {address}: {source}")]
    SocketOption {
        /// Which listener.
        transport: Transport,
        /// The configured address.
        address: SocketAddr,
        /// The option's name.
        option: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// The poll took no more sockets.
    #[error("cannot watch the control sockets: {0}")]
    Watch(#[source] io::Error),
}
