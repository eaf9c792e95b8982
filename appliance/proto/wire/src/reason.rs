use std::fmt;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $variant:ident = $text:literal,)*) => {
        /// Why a frame is not a plain unicast UDP packet. The numbers are those of the XDP program's counters.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Reason { $($(#[doc = $doc])* $variant,)* }
        impl Reason {
            /// Every reason, in counter order.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)*];
            /// The stable code that metrics and the control tool show.
            pub const fn code(self) -> &'static str {
                match self { $(Reason::$variant => $text,)* }
            }
        }
    };
}

reasons! {
    /// The frame ends inside a header.
    ShortFrame = "short-frame",
    /// EtherType is neither IPv4 nor IPv6 (ARP, LLDP, and so on).
    NotIp = "not-ip",
    /// More than one VLAN tag.
    StackedTags = "stacked-tags",
    /// The version field is not that of the EtherType.
    BadVersion = "bad-version",
    /// A length field says less than its own header or more than there is.
    BadLength = "bad-length",
    /// IPv4 header with options.
    IpOptions = "ip-options",
    /// The IPv4 header checksum is wrong.
    BadHeaderChecksum = "bad-header-checksum",
    /// A fragment, first or later.
    Fragment = "fragment",
    /// IPv6 extension header before UDP.
    ExtensionHeader = "extension-header",
    /// Another protocol than UDP.
    NotUdp = "not-udp",
    /// To a multicast or broadcast address, by Ethernet or IP.
    Group = "group-address",
    /// The UDP length field is not what IP says.
    BadUdpLength = "bad-udp-length",
    /// UDP over IPv6 without a checksum (RFC 8200 §8.1).
    NoChecksum = "no-checksum",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Reason {}
