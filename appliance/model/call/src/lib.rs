//! Calls, parties, media and streams as a pure state machine.
//!
//! The [`Book`] holds all calls. A verb applies one [`Intent`] to it and gets the SDP for the other party; what the
//! packet side must do about it comes out as [`flow::Change`]s. Time comes in as [`Stamp`]s, ports through
//! [`PortSource`]: nothing here asks a clock, opens a socket or logs.
//!
//! Not here: ng spellings (the daemon's `verbs`), packets (`engine`), counters (they come as [`flow::Snapshot`]s).
#![forbid(unsafe_code)]

mod agents;
mod answer;
mod block;
mod book;
mod bundle;
mod call;
mod company;
mod compile;
mod delete;
mod dialogue;
mod doubles;
mod dtls;
mod exchange;
mod fragment;
mod handshake;
mod ice;
mod ice_lines;
mod intent;
mod interface;
mod keying;
mod media;
mod mux;
mod offer;
mod party;
mod place;
mod rendering;
mod report;
mod reporting;
mod sdes;
mod section;
mod security;
mod seldom;
mod settings;
mod stamp;
mod sweep;
#[cfg(test)]
mod tests;
mod trace;
mod wish;

pub use block::{Bar, Block, BlockScope, Receiver, Sender};
pub use book::{Book, Changes, Outside};
pub use bundle::BundleWish;
pub use call::{Call, CallNumber};
pub use compile::{FlowUse, LEARNING_WINDOW};
pub use delete::{Delete, Doomed};
pub use fragment::Fragment;
pub use handshake::{Dtls, Handshake, HandshakeChange, HandshakeEvent, Ice, Secrets};
pub use intent::{IceLite, IceWish, Intent, MuxWish, Options, Refusal, Replace, RtcpAttribute};
pub use interface::{
    AddressId, Family, Interface, InterfaceId, Interfaces, LocalAddress, PortError, PortSource,
};
pub use media::Transport;
pub use place::PlaceInCall;
pub use report::{CallReport, FlowReport, MediaReport, PartyReport, Scope, StreamReport};
pub use reporting::ReportLeg;
pub(crate) use settings::Env;
pub use settings::Settings;
pub use stamp::Stamp;
pub use sweep::EndReason;
pub use wish::{DtlsWish, OsrtpWish, SdesWish};
