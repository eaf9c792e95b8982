use crate::{Candidate, Credentials, LocalCandidate};
use std::time::Duration;

/// Most local candidates of an agent, both components together.
pub const MAX_LOCAL: usize = 32;

/// Most candidates taken from the other party, both components together; later ones are left out.
pub const MAX_REMOTE: usize = 100;

/// Most pairs in the check list (RFC 8445 §6.1.2.5).
pub const MAX_PAIRS: usize = 100;

/// Who chooses the pair (RFC 8445 §6.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The agent nominates: who sent the first offer, or who has a lite peer.
    Controlling,
    /// The other party nominates: who answered, or who is lite.
    Controlled,
}

impl Role {
    /// The other role.
    pub const fn other(self) -> Role {
        match self {
            Role::Controlling => Role::Controlled,
            Role::Controlled => Role::Controlling,
        }
    }
}

/// What an agent is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// The role to begin with. A conflict, or a lite party, may change it.
    pub role: Role,
    /// We are lite: answer checks, send none (RFC 8445 §2.5). For relays that every client can reach.
    pub lite: bool,
    /// What our SDP says; see [`Credentials::generate`].
    pub credentials: Credentials,
    /// What our SDP lists; see [`crate::local_candidates`]. If none is for RTCP, there is one component.
    pub candidates: Vec<LocalCandidate>,
    /// Unpredictable bytes. Transaction ids and the tie-breaker are made out of them, so they must be new for each
    /// agent: who could guess them could answer in the other party's place.
    pub seed: [u8; 32],
    /// Usually `Timing::default()`.
    pub timing: Timing,
}

/// What the other party's SDP says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// `a=ice-ufrag` and `a=ice-pwd`.
    pub credentials: Credentials,
    /// `a=candidate`, those over UDP with an address. May be empty: with trickle more follow, and checks of the other
    /// party teach us its address anyway.
    pub candidates: Vec<Candidate>,
    /// No more will follow: `a=end-of-candidates`, or the party does not trickle.
    pub end_of_candidates: bool,
    /// `a=ice-lite`.
    pub lite: bool,
}

/// Intervals. The defaults are the RFCs', save where said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Ta: at least so long between two new checks (RFC 8445 §14.2). 50 ms.
    pub pace: Duration,
    /// First wait for a response, at least; more when many checks are under way (RFC 8445 §14.3). 500 ms.
    pub rto: Duration,
    /// The wait doubles up to here. 2 s, so that a lossy path gets its seven tries within 12 s rather than 40.
    pub rto_most: Duration,
    /// How often a check is sent at most (Rc of RFC 8489 §6.2.1). 7.
    pub tries: u32,
    /// As the controlling party: how long to wait for a better pair once one works. 100 ms.
    pub nominate_after: Duration,
    /// How long at least to wait for checks of the other party before failure is declared (RFC 8863). 39.5 s.
    pub patience: Duration,
    /// The mean time between two consent checks; each is moved by up to a fifth (RFC 7675 §5.1). 5 s.
    pub consent: Duration,
    /// How long without a response until consent is lost (RFC 7675 §5.1). 30 s.
    pub consent_expiry: Duration,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            pace: Duration::from_millis(50),
            rto: Duration::from_millis(500),
            rto_most: Duration::from_secs(2),
            tries: 7,
            nominate_after: Duration::from_millis(100),
            patience: Duration::from_millis(39_500),
            consent: Duration::from_secs(5),
            consent_expiry: Duration::from_secs(30),
        }
    }
}
