//! Where control requests come in: ng over UDP and TCP, the text interface over TCP, and both over HTTP.
//!
//! Everything is non-blocking and runs on the desk thread: [`Listeners`] registers its sockets with the desk's
//! poll, the desk hands it the tokens that became ready, and it calls the desk's [`Handler`] for each request.
//! Retransmissions are answered here and never reach the handler. What a request means is not known here.

mod connection;
mod connections;
mod error;
mod exchange;
mod http;
mod listeners;
mod udp;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use exchange::Counts;
pub use listeners::{
    Addresses, Answer, Handler, Listeners, Options, Peer, Place, Printed, Ticket, Transport,
};
