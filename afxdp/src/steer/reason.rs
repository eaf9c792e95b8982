use wire::Reason;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $variant:ident = $text:literal,)*) => {
        /// Where a packet ended in the XDP program, besides what [`wire::Reason`] tells of its headers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum SteerReason {
            /// Not a plain unicast UDP packet: passed up.
            Odd(Reason),
            $($(#[doc = $doc])* $variant,)*
        }
        impl SteerReason {
            const OWN: &'static [SteerReason] = &[$(SteerReason::$variant,)*];
            /// The stable code that metrics and the control tool show.
            pub const fn code(self) -> &'static str {
                match self {
                    SteerReason::Odd(reason) => reason.code(),
                    $(SteerReason::$variant => $text,)*
                }
            }
        }
    };
}

reasons! {
    /// To a port that no flow has: passed up.
    NoFlow = "no-flow",
    /// STUN: passed up.
    Stun = "stun",
    /// DTLS: passed up.
    Dtls = "dtls",
    /// RTCP: passed up.
    Rtcp = "rtcp",
    /// By its first byte neither RTP nor RTCP, STUN or DTLS: passed up.
    NotMedia = "not-media",
    /// Too short for an RTP header: passed up.
    ShortMedia = "short-media",
    /// From another source than the flow's: passed up.
    OtherSource = "other-source",
    /// From another source than the flow's, and the flow is strict: dropped.
    Stray = "stray",
    /// The socket or egress interface is not there: passed up.
    NoEgress = "no-egress",
    /// No room before the packet for longer headers: passed up.
    NoHeadroom = "no-headroom",
    /// The sender left the UDP checksum to its network card, and there is none: passed up. Seen with senders on the
    /// same host or in its containers; `ethtool -K INTERFACE tx off` at the sender's end cures it.
    PartialChecksum = "partial-checksum",
    /// Given to a worker.
    Worker = "worker",
    /// Rewritten and sent by the program.
    Driver = "driver",
}

impl SteerReason {
    /// How many there are.
    pub const COUNT: usize = Reason::ALL.len() + SteerReason::OWN.len();

    /// Every reason, in counter order.
    pub fn all() -> impl Iterator<Item = SteerReason> {
        Reason::ALL.iter().map(|&reason| SteerReason::Odd(reason)).chain(SteerReason::OWN.iter().copied())
    }
}
