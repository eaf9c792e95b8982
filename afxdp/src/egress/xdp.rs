use crate::steer::AttachedMode;

/// What a NIC can do with XDP frames now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Xdp {
    /// The driver runs a program and carries out what it says.
    pub basic: bool,
    /// The driver takes frames that the program has sent to it from another NIC (`ndo_xdp_xmit`).
    pub redirect_target: bool,
    /// AF_XDP sockets share their memory with the NIC.
    pub zero_copy: bool,
    /// Who says so.
    pub source: Source,
}

/// Who says what a NIC can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The kernel (6.3 and later); it also tells when something changes.
    Kernel,
    /// A list of drivers that have long been able to. One that is not in it counts as unable.
    DriverList,
}

impl Source {
    /// For logs and reports.
    pub const fn code(self) -> &'static str {
        match self {
            Source::Kernel => "kernel",
            Source::DriverList => "driver-list",
        }
    }
}

/// `enum netdev_xdp_act` of linux/netdev.h.
const BASIC: u64 = 1;
const NDO_XMIT: u64 = 4;
const XSK_ZEROCOPY: u64 = 8;

impl Xdp {
    /// Nothing: there is no such NIC any more.
    pub(super) const fn nothing(source: Source) -> Xdp {
        Xdp { basic: false, redirect_target: false, zero_copy: false, source }
    }

    pub(super) const fn from_kernel(bits: u64) -> Xdp {
        Xdp {
            basic: bits & BASIC != 0,
            redirect_target: bits & NDO_XMIT != 0,
            zero_copy: bits & XSK_ZEROCOPY != 0,
            source: Source::Kernel,
        }
    }

    /// True when packets of the program leave through this NIC. Those that came in by it are no exception, though most
    /// drivers could turn them round: what comes in where is known only when it comes.
    ///
    /// `arriving` is where the program sits on the NICs that packets come in by; if only one of them has it in the
    /// driver, that is [`AttachedMode::Native`]. From the generic place packets leave as ordinary ones, which every NIC
    /// takes. `here` is where the program sits on this NIC: most drivers have queues for frames only while it is in the
    /// driver, which the kernel knows and the list of drivers does not.
    pub fn takes_frames(self, arriving: AttachedMode, here: AttachedMode) -> bool {
        match (arriving, self.source) {
            (AttachedMode::Generic, _) => true,
            (AttachedMode::Native, Source::Kernel) => self.redirect_target,
            (AttachedMode::Native, Source::DriverList) => {
                self.redirect_target && here == AttachedMode::Native
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AttachedMode::{Generic, Native};

    #[test]
    fn bits_are_those_of_the_kernel() {
        let all = Xdp::from_kernel(0x67);
        assert!(all.basic && all.redirect_target && !all.zero_copy);
        let veth_with_a_deaf_peer = Xdp::from_kernel(0x23);
        assert!(veth_with_a_deaf_peer.basic && !veth_with_a_deaf_peer.redirect_target);
        assert!(Xdp::from_kernel(0x0f).zero_copy);
        assert_eq!(Xdp::from_kernel(0), Xdp::nothing(Source::Kernel));
    }

    #[test]
    fn ordinary_packets_leave_anywhere_and_frames_where_a_driver_takes_them() {
        let unable = Xdp::nothing(Source::Kernel);
        assert!(unable.takes_frames(Generic, Native) && !unable.takes_frames(Native, Native));
        let able = Xdp::from_kernel(0x67);
        assert!(able.takes_frames(Native, Native) && able.takes_frames(Native, Generic));
        let believed = Xdp { source: Source::DriverList, ..able };
        assert!(believed.takes_frames(Native, Native) && !believed.takes_frames(Native, Generic));
    }
}
