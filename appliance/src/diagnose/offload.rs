//! Offloads of NICs that change packets before the XDP program sees them.

use super::{Code, Finding, State, System};
use afxdp::nic::Nic;

/// Features that leave the checksum of a sent packet to somebody else.
const SENDING: &[&str] = &["tx-checksum-ip-generic", "tx-checksum-ipv4", "tx-checksum-ipv6"];
/// Features of hardware that join received packets. What the kernel joins (`rx-gro`) is joined after XDP.
const MERGING: &[(&str, &str)] = &[("rx-lro", "lro"), ("rx-gro-hw", "rx-gro-hw")];
/// Devices whose packets come from senders on this very machine, which leave checksums to hardware that never comes.
const LOCAL: &[&str] = &["veth", "tun", "bridge"];

fn on(features: &[(String, bool)], wanted: &str) -> bool {
    features.iter().any(|(name, on)| name == wanted && *on)
}

pub(super) fn checksums(system: &System, device: &str, driver: &str) -> Finding {
    let code = Code::Checksums;
    if !LOCAL.contains(&driver) {
        return Finding::ok(code, "packets from a wire have whole checksums");
    }
    let what = "senders on this machine leave UDP checksums unfinished; the XDP program leaves such packets to packet threads or sockets";
    match (driver, peer(system, device)) {
        ("veth", Some(peer)) => {
            let features = Nic::open(&peer).and_then(|nic| nic.features()).unwrap_or_default();
            if SENDING.iter().any(|name| on(&features, name)) {
                Finding::bad(
                    code,
                    State::Warn,
                    format!("{peer}, the other end: {what}"),
                    format!("ethtool -K {peer} tx off"),
                )
            } else {
                Finding::ok(code, format!("{peer}, the other end, finishes them"))
            }
        }
        ("veth", None) => Finding::bad(
            code,
            State::Warn,
            format!(
                "the other end is in another network namespace and cannot be seen; unless it is told, {what}"
            ),
            "in the namespace of the other end: ethtool -K DEVICE tx off",
        ),
        _ => Finding::bad(
            code,
            State::Warn,
            format!("driver {driver}: {what}"),
            "turn transmit checksum offload off at the senders: in a guest, ethtool -K DEVICE tx off",
        ),
    }
}

/// The other end of a veth, if it is in this network namespace.
fn peer(system: &System, device: &str) -> Option<String> {
    let other = system.number(&format!("sys/class/net/{device}/iflink"))?;
    let ours = system.number(&format!("sys/class/net/{device}/ifindex"))?;
    system.names("sys/class/net").into_iter().find(|name| {
        let number = |file: &str| system.number(&format!("sys/class/net/{name}/{file}"));
        // numbers count per namespace, so both directions must agree
        name != device && number("ifindex") == Some(other) && number("iflink") == Some(ours)
    })
}

pub(super) fn receive_merging(device: &str, driver: &str) -> Finding {
    match Nic::open(device).and_then(|nic| nic.features()) {
        Ok(features) => merging(device, driver, &features),
        Err(error) => Finding::skip(Code::ReceiveMerging, error.to_string()),
    }
}

fn merging(device: &str, driver: &str, features: &[(String, bool)]) -> Finding {
    let code = Code::ReceiveMerging;
    let found: Vec<_> = MERGING.iter().filter(|(name, _)| on(features, name)).collect();
    if found.is_empty() {
        return Finding::ok(code, "the NIC hands packets over one by one");
    }
    if driver == "virtio_net" {
        return Finding::ok(code, "on, and switched off by the driver while the XDP program is there");
    }
    let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
    let options: Vec<String> = found.iter().map(|(_, option)| format!("{option} off")).collect();
    Finding::bad(
        code,
        State::Warn,
        format!(
            "the NIC joins packets of a stream ({}), which drivers refuse together with XDP",
            names.join(", ")
        ),
        format!("ethtool -K {device} {}", options.join(" ")),
    )
}

#[cfg(test)]
mod tests {
    use super::super::system::tests::painted;
    use super::*;

    fn features(on: &[&str]) -> Vec<(String, bool)> {
        ["rx-lro", "rx-gro-hw", "rx-gro"].map(|name| (name.to_owned(), on.contains(&name))).to_vec()
    }

    #[test]
    fn what_joins_packets_is_to_be_switched_off() {
        assert_eq!(merging("eth0", "ixgbe", &features(&["rx-gro"])).state, State::Ok);
        assert_eq!(merging("eth0", "virtio_net", &features(&["rx-gro-hw"])).state, State::Ok);
        let finding = merging("eth0", "mlx5_core", &features(&["rx-lro", "rx-gro-hw"]));
        assert_eq!(finding.state, State::Warn);
        assert_eq!(finding.fix.unwrap(), "ethtool -K eth0 lro off rx-gro-hw off");
    }

    #[test]
    fn the_other_end_of_a_veth_is_found_only_here() {
        let (_folder, system) = painted(&[
            ("sys/class/net/a/ifindex", "4"),
            ("sys/class/net/a/iflink", "5"),
            ("sys/class/net/b/ifindex", "5"),
            ("sys/class/net/b/iflink", "4"),
            ("sys/class/net/c/ifindex", "6"),
            ("sys/class/net/c/iflink", "4"),
        ]);
        assert_eq!(peer(&system, "a").as_deref(), Some("b"));
        assert_eq!(peer(&system, "c"), None, "number 4 of this namespace is not its other end");
        assert_eq!(peer(&system, "gone"), None);
    }

    #[test]
    fn a_wire_needs_no_care_and_an_unseen_end_does() {
        let (_folder, system) = painted(&[]);
        assert_eq!(checksums(&system, "eth0", "igb").state, State::Ok);
        assert!(checksums(&system, "veth0", "veth").what.contains("cannot be seen"));
        assert_eq!(checksums(&system, "tap0", "tun").state, State::Warn);
    }
}
