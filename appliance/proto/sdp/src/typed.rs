//! Attribute values with meaning, parsed on demand. `parse` gives `None` for a value that is not what its RFC says.

mod candidate;
mod crypto;
mod dtls;
mod group;
mod rtcp;
mod rtpmap;
mod ssrc;

pub use candidate::{Candidate, CandidateKind, Extensions, RemoteCandidate, remote_candidates};
pub use crypto::{Crypto, InlineKey};
pub use dtls::{Fingerprint, Setup};
pub use group::{Extmap, Group};
pub use rtcp::{Direction, Rtcp};
pub use rtpmap::{Feedback, Fmtp, Rtpmap};
pub use ssrc::{Msid, SsrcAttribute, SsrcGroup};
