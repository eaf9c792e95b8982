//! The ng control protocol: bytes to requests, replies to bytes.
//!
//! A message is `COOKIE SP BODY`; the body is one dictionary in bencode or JSON. This crate turns it into a
//! [`Value`] tree ([`Incoming`]), the tree into what the client wrote ([`Request`]), and a [`Reply`] back into
//! bytes of the same encoding. [`CookieCache`] answers retransmissions.
//!
//! Not here: sockets (they are in the daemon's `control` room), what a flag *does* (`verbs` and `call`), SDP.
//! Nothing here reads a clock, logs or keeps global state; input is hostile and every depth and length is bounded.
#![forbid(unsafe_code)]

pub mod bencode;
mod body;
mod cookie_cache;
mod error;
pub mod fuzz;
pub mod json;
mod message;
mod reply;
pub mod request;
mod value;

pub use body::{Body, List};
pub use cookie_cache::{CookieCache, Lookup};
pub use error::{Error, Malformed};
pub use message::{Encoding, Incoming, Scan, find_end};
pub use reply::{Outcome, Reply};
pub use request::command::Command;
pub use request::{Octets, Request, Text};
pub use value::{Dict, Value};
