use std::fmt;

/// A 48-bit Ethernet address.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// True for multicast and broadcast addresses.
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// True for 00:00:00:00:00:00, which is nobody's address.
    pub const fn is_zero(self) -> bool {
        matches!(self.0, [0, 0, 0, 0, 0, 0])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The 16 bits of an 802.1Q tag: priority, drop eligibility, VLAN number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tag(pub u16);

impl Tag {
    /// A tag of VLAN `number` (0–4095) with priority 0.
    pub const fn vlan(number: u16) -> Tag {
        Tag(number & 0x0fff)
    }

    /// The VLAN number, 0–4095.
    pub const fn number(self) -> u16 {
        self.0 & 0x0fff
    }
}

pub(crate) const ETHERNET: usize = 14;
pub(crate) const TAG: usize = 4;
pub(crate) const TYPE_IPV4: u16 = 0x0800;
pub(crate) const TYPE_IPV6: u16 = 0x86dd;
pub(crate) const TYPE_TAG: u16 = 0x8100;
pub(crate) const TYPE_SERVICE_TAG: u16 = 0x88a8;
