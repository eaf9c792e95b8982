use crate::FlowKey;
use std::net::SocketAddr;

/// How a frame ends. Every frame ends once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not decided yet; never left so by the engine.
    Undecided,
    /// Leaves from one of our ports.
    Forward(Departure),
    /// Taken in by us (answered, learned from), not sent on.
    Consume,
    /// Handed to the slower path.
    Punt(PuntReason),
    /// Ends here, counted under its reason.
    Drop(DropReason),
}

/// Where a forwarded frame leaves to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Local port it leaves from.
    pub from: FlowKey,
    /// Destination.
    pub to: SocketAddr,
    /// Traffic class byte.
    pub tos: u8,
}

macro_rules! reasons {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $doc:literal])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[doc = $doc])* $variant,)* }
        impl $name {
            /// Every reason, in counter order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];
            /// The stable code that metrics, `query` and the control tool show.
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }
    };
}
pub(crate) use reasons;

reasons! {
    /// Why a frame ended without being sent, or did not arrive. One list for enum, text and counter.
    DropReason {
        /// Arrived at a port that no call owns any more.
        NoFlow = "no-flow",
        /// Shorter than the header of what the port carries.
        TooShort = "too-short",
        /// Longer than a buffer of the path.
        TooLong = "too-long",
        /// Neither RTP nor RTCP at a port that carries these.
        NotMedia = "not-media",
        /// From another source than the known peer, and the call is strict.
        UnknownSource = "unknown-source",
        /// The peer of the egress port is not known yet.
        NoPeer = "no-peer",
        /// The flow has no output: rejected, inactive or one-sided media.
        NoOutput = "no-output",
        /// Blocked by `block media`, or dropped by `drop-traffic`.
        Blocked = "blocked",
        /// No free buffer for a copy.
        NoRoom = "no-room",
        /// Nothing but RTCP feedback, towards a party whose profile has none.
        Feedback = "rtcp-feedback",
        /// The keys to open or to seal it with are not known yet.
        NoKeys = "no-keys",
        /// SRTP: the tag is not right.
        Forged = "srtp-forged",
        /// SRTP: received before, or too old to tell.
        Replayed = "srtp-replayed",
        /// SRTP: more sources than there is room for.
        TooManySources = "srtp-too-many-sources",
        /// SRTP: the key has been used for as many packets as it may.
        KeyWornOut = "srtp-key-worn-out",
        /// To be sealed by the fast path that has the flow, which alone knows the rollover counter.
        SealedElsewhere = "srtp-sealed-elsewhere",
        /// STUN or DTLS for which the agents had no room.
        AgentsBusy = "agents-busy",
        /// The socket or ring did not take it.
        SendFailed = "send-failed",
        /// Was sent, and came back as too long for a hop (ICMP). Those behind it are cut.
        PathMtu = "path-mtu",
        /// Was sent, and somebody on the way, or the peer's host, told that it is for nobody (ICMP).
        PeerUnreachable = "peer-unreachable",
    }
}

reasons! {
    /// Why a frame was handed to the slower path.
    PuntReason {
        /// Not known to this path.
        UnknownFlow = "unknown-flow",
        /// STUN (RFC 8489), by first byte.
        Stun = "stun",
        /// DTLS, by first byte.
        Dtls = "dtls",
        /// RTCP, which the learner reads.
        Rtcp = "rtcp",
        /// From another source than the recipe's.
        OtherSource = "other-source",
        /// IP fragment or IP options.
        OddIp = "odd-ip",
    }
}
