use super::{Source, Xdp};
use crate::sys::Ethtool;

/// Drivers that take XDP frames in every kernel our program runs on (5.18 and later) while the program is in them, by
/// the name they tell ethtool; and whether they do zero-copy there. Not in it on purpose: `veth`, which takes them or
/// not depending on its peer, and older kernels cannot tell; drivers that never do (`mlx4_en`, `ixgbevf`, `nfp`); and
/// those that began to later, whose kernels can be asked.
const ABLE: [(&str, bool); 12] = [
    ("bnxt_en", false),
    ("ena", false),
    ("i40e", true),
    ("ice", true),
    ("igb", false),
    ("igc", true),
    ("ixgbe", true),
    ("mlx5_core", true),
    ("mvneta", false),
    ("qede", false),
    ("sfc", false),
    ("virtio_net", false),
];

/// What a NIC of this driver can do, as far as that is known without asking the kernel.
pub(super) fn known(driver: &str) -> Xdp {
    let source = Source::DriverList;
    match ABLE.iter().find(|(name, _)| *name == driver) {
        Some(&(_, zero_copy)) => Xdp { basic: true, redirect_target: true, zero_copy, source },
        None => Xdp::nothing(source),
    }
}

/// False when frames that came in by an interface must not go back by XDP_TX. A veth whose peer is able by receive
/// offload alone does not wake the peer then (seen on Linux 6.18): frames lie there until something else does. A
/// redirect to the interface they came from does wake it.
pub(crate) fn turns_frames(ifindex: u32) -> bool {
    !Ethtool::at(ifindex).and_then(|nic| nic.driver()).is_ok_and(|driver| driver == "veth")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_drivers_are_believed_to_be_able() {
        let ice = known("ice");
        assert!(ice.basic && ice.redirect_target && ice.zero_copy);
        assert!(known("virtio_net").redirect_target && !known("virtio_net").zero_copy);
        for other in ["veth", "tun", "", "ICE", "mlx4_en"] {
            assert_eq!(known(other), Xdp::nothing(Source::DriverList), "{other}");
        }
    }
}
