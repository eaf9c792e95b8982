use crate::Error;

/// Which packets a candidate carries (RFC 8445 §13: RTP is 1, RTCP is 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// RTP, and RTCP too where both are multiplexed (RFC 5761).
    Rtp,
    /// RTCP on a port of its own.
    Rtcp,
}

impl Component {
    /// Both, in the order of their numbers.
    pub const ALL: [Component; 2] = [Component::Rtp, Component::Rtcp];

    /// The number in SDP and in priorities.
    pub const fn id(self) -> u8 {
        match self {
            Component::Rtp => 1,
            Component::Rtcp => 2,
        }
    }

    /// The component with this number.
    ///
    /// # Errors
    /// [`Error::Component`] for any other number; a peer may list more, and they are of no use to a relay.
    pub const fn from_id(id: u16) -> Result<Component, Error> {
        match id {
            1 => Ok(Component::Rtp),
            2 => Ok(Component::Rtcp),
            other => Err(Error::Component(other)),
        }
    }
}
