//! SRTP and SRTCP (RFC 3711, RFC 4568, RFC 6188, RFC 7714) on the caller's bytes.
//!
//! Who calls what, and when:
//!
//! * Who reads and writes SDP asks [`Suite`] for names and lengths, reads the key of `a=crypto` with
//!   [`MasterKey::parse_inline`] and its session parameters with [`Options::parse`]. Who does DTLS finds the suite by
//!   [`Suite::of_dtls`] and cuts the exported keying material with [`MasterKey::of_dtls`].
//! * Once per direction of a stream, [`Setup`] becomes an [`Opener`] (what arrives) or a [`Sealer`] (what leaves).
//!   This derives the session keys and makes room for every SSRC there may be: no packet allocates.
//! * Per packet: [`Opener::open_rtp`], [`Opener::open_rtcp`], [`Sealer::seal_rtp`], [`Sealer::seal_rtcp`], in place.
//!   Nothing is remembered of a packet that did not authenticate.
//! * Per burst, where the processor hashes several packets faster together ([`Tagger`]): what arrives is
//!   [guessed](Opener::guess) at, tags are made ahead, [`Opener::open_rtp_with`] compares; what leaves is
//!   [sealed but for its tag](Sealer::seal_rtp_without_tag), which is [written](Due::write) at the end.
//! * New keys in a re-INVITE: [`Opener::rekey`], [`Sealer::rekey`]. Rollover counters, replay windows and SRTCP
//!   indices stay (RFC 3711 §3.3.1, §3.4), unless [`Setup::context`] says that they begin anew.
//! * When another path takes a flow over, `states` gives what it needs per SSRC ([`SsrcState`]) and `restore` takes
//!   it back. A path that wants keys of its own gets them from [`MasterKey::derive`].
//!
//! What is not here: the clock, sockets, which packet is RTP and which RTCP ([`rtp::Kind`]), DTLS itself, key
//! derivation rates other than zero, several master keys in one session, header extension encryption (RFC 6904).
#![forbid(unsafe_code)]

mod cipher;
mod derive;
mod error;
pub mod fuzz;
mod index;
mod inline;
mod key;
mod mki;
mod opener;
mod options;
mod sealer;
mod session;
mod setup;
mod state;
mod suite;
mod table;
mod tagger;
mod transform;
mod window;

pub use error::{Error, OpenError, SealError};
pub use key::{KeySet, MasterKey, SessionKeys};
pub use mki::Mki;
pub use opener::{Guess, Opener};
pub use options::{Lifetime, Options};
pub use sealer::{Due, Sealer};
pub use setup::{DEFAULT_SSRCS, MAX_OVERHEAD, MAX_SSRCS, Setup};
pub use state::{Progress, SsrcState};
pub use suite::Suite;
pub use tagger::{Covered, Tag, Tagger};
