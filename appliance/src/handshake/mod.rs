//! The thread `handshake`: DTLS endpoints and ICE agents of all media sections, beside the packet threads, so that a
//! millisecond of public-key work never holds a packet up.
//!
//! The desk says which sections there are ([`call::HandshakeChange`]); packet threads hand in what arrives and is STUN or
//! DTLS, and send what the agents have to say; keys and routes go to the desk ([`call::HandshakeEvent`]), which tells
//! the packet threads. What is decided stands in `Agents`, without clock and queues; the thread around it only carries.
//!
//! Not here: SDP (`call`), SRTP (`engine`), sockets (`worker`).

mod agents;
mod count;
mod deadlines;
mod finder;
mod identities;
mod lane;
mod output;
mod report;
mod section;
#[cfg(test)]
mod tests;
mod thread;

pub use count::{Count, Tally};
pub use identities::{Identities, Prints};
pub use thread::{Handshakes, StartError};
