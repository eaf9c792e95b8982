/// What was wrong with what the caller handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A user fragment that is not 1 to 256 visible ASCII signs.
    #[error("ice-ufrag is not 1 to 256 visible ASCII signs")]
    Ufrag,
    /// A password that is not 1 to 256 visible ASCII signs.
    #[error("ice-pwd is not 1 to 256 visible ASCII signs")]
    Password,
    /// A foundation that is not 1 to 32 visible ASCII signs.
    #[error("foundation is not 1 to 32 visible ASCII signs")]
    Foundation,
    /// A component other than 1 (RTP) and 2 (RTCP).
    #[error("component {0} is neither 1 nor 2")]
    Component(u16),
    /// An agent without any local candidate.
    #[error("no local candidate")]
    NoCandidate,
    /// More local candidates than [`crate::MAX_LOCAL`].
    #[error("{0} local candidates are too many")]
    TooManyCandidates(usize),
}
