//! SDP: bytes to a typed view that loses nothing, and back.
//!
//! Reading: [`Session::parse`] borrows everything from the body; attributes are split into name and value once and
//! looked into on demand ([`Section`] gives a media section together with what it inherits from the session).
//! Writing: a [`Draft`] is a new body in the order rtpengine 26 writes ([`Draft::write`]); [`Draft::from_session`]
//! carries over what passes unchanged, the caller sets the rest.
//!
//! Where rtpengine 26 and good manners disagree, we differ on purpose: an `o=` with doubled spaces or none at all is
//! written sound; parameters of opus we do not know, and directions and attributes of an `extmap`, are kept; a
//! section's own direction always beats the session's; no space is left hanging behind a protocol without formats; a
//! second `v=` is an error.
//!
//! Not here: which ports, addresses, ICE, SRTP or codecs a call uses (the `call` room), ng spellings (`verbs`).
#![forbid(unsafe_code)]

mod attribute;
mod codec;
mod draft;
mod error;
pub mod fuzz;
pub mod generate;
mod lines;
mod media;
mod section;
mod session;
mod text;
pub mod typed;

pub use attribute::{Attribute, Name};
pub use codec::{Codec, CodecEdits, CodecSpec, Edited, StaticCodec};
pub use draft::{AttributeEdits, Draft, DraftMedia, DraftOrigin, Formats, ScopeEdits};
pub use error::Error;
pub use lines::{Line, Lines};
pub use media::{Media, Profile};
pub use section::Section;
pub use session::{Bandwidth, BandwidthKind, Connection, Origin, Session};
pub use text::{Field, Text};
pub use typed::{
    Candidate, CandidateKind, Crypto, Direction, Extmap, Fingerprint, Group, InlineKey, Rtcp, Setup,
};
