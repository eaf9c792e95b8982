use super::*;
use crate::config::host::{DeviceAddress, Host};
use crate::config::load::{DEFAULT_SECTION, FileChoice, Sources, load_checked};

/// A checked configuration of this text, on a host with these devices and addresses.
pub(in crate::nic) fn config(text: &str, devices: &[(&str, &str)]) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.toml");
    std::fs::write(&file, format!("[control]\nlisten-ng = [\"127.0.0.1:2223\"]\n{text}")).unwrap();
    let addresses = devices.iter().map(|(device, addr)| DeviceAddress {
        device: (*device).to_owned(),
        addr: addr.parse().unwrap(),
        up: true,
        loopback: false,
    });
    let host = Host {
        addresses: addresses.collect(),
        links: devices.iter().map(|(device, _)| (*device).to_owned()).collect(),
        resolve: |_| Err(std::io::Error::other("no names here")),
    };
    let sources =
        Sources { file: FileChoice::Named(file), section: DEFAULT_SECTION.to_owned(), options: Vec::new() };
    load_checked(&sources, &host).unwrap().config
}

fn link(name: &str) -> LinkFacts {
    LinkFacts { name: name.to_owned(), mac: Some(Mac([2, 0, 0, 0, 0, 1])), up: true, ..LinkFacts::default() }
}

fn links() -> HashMap<u32, LinkFacts> {
    HashMap::from([
        (1, LinkFacts { mac: None, ..link("lo") }),
        (2, link("eth0")),
        (3, LinkFacts { controller: Some(5), ..link("eth1") }),
        (4, LinkFacts { controller: Some(5), ..link("eth2") }),
        (5, LinkFacts { is_bond: true, ..link("bond0") }),
        (6, LinkFacts { vlan: Some((100, 2)), ..link("eth0.100") }),
        (7, LinkFacts { vlan: Some((7, 5)), ..link("bond0.7") }),
        (8, LinkFacts { vlan: Some((9, 6)), ..link("eth0.100.9") }),
        (9, LinkFacts { is_bond: true, ..link("bond1") }),
        (10, LinkFacts { vlan: Some((1, 99)), ..link("gone.1") }),
    ])
}

fn names(device: &str) -> Result<Vec<String>, String> {
    nics_of(device, &links())
        .map(|nics| nics.into_iter().map(|(_, link)| link.name.clone()).collect())
        .map_err(|error| error.to_string())
}

#[test]
fn frames_come_from_bond_members_and_from_below_a_vlan() {
    assert_eq!(names("eth0").unwrap(), ["eth0"]);
    assert_eq!(names("bond0").unwrap(), ["eth1", "eth2"]);
    assert_eq!(names("eth0.100").unwrap(), ["eth0"]);
    assert_eq!(names("bond0.7").unwrap(), ["eth1", "eth2"]);
}

#[test]
fn what_cannot_be_received_on_is_refused_with_the_reason() {
    for (device, why) in [
        ("eth9", "there is no network device eth9"),
        ("gone.1", "there is no network device gone.1"),
        ("lo", "lo is not an Ethernet device"),
        ("eth0.100.9", "eth0.100.9 is a VLAN within a VLAN"),
        ("bond1", "the bond bond1 has no members"),
    ] {
        let told = names(device).unwrap_err();
        assert!(told.starts_with(why), "{device}: {told}");
    }
}

const DEVICES: &[(&str, &str)] =
    &[("bond0", "192.0.2.1"), ("eth0", "198.51.100.1"), ("eth0.100", "203.0.113.1"), ("eth0", "2001:db8::1")];

#[test]
fn each_nic_is_wanted_once_with_all_its_addresses_and_ports() {
    let config = config(
        "[[interface]]\naddress = [\"198.51.100.1\", \"203.0.113.1\"]\nmode = \"appliance\"\nports = \"30000-30099\"\n\
         [[interface]]\nname = \"b\"\naddress = \"198.51.100.1\"\nmode = \"appliance\"\nports = \"30100-30199\"\n\
         [[interface]]\nname = \"c\"\naddress = \"198.51.100.1\"\nmode = \"appliance\"\nports = \"40000-40099\"\n\
         [[interface]]\nname = \"d\"\naddress = \"192.0.2.1\"\nmode = \"appliance\"\nforward = \"worker\"\n\
         [[interface]]\nname = \"e\"\naddress = \"2001:db8::1\"\n",
        DEVICES,
    );
    let nics = wanted(&config, &links()).unwrap();
    let indices: Vec<u32> = nics.iter().map(|nic| nic.ifindex).collect();
    assert_eq!(indices, [2, 3, 4], "userspace addresses need no NIC");
    let (one, other) = ("198.51.100.1".parse().unwrap(), "203.0.113.1".parse().unwrap());
    assert_eq!(nics[0].addresses, [(one, Forward::Auto), (other, Forward::Auto)]);
    assert_eq!(nics[0].media, [(one, 30_000..=30_199), (one, 40_000..=40_099), (other, 30_000..=30_099)]);
    assert_eq!(nics[1].addresses, nics[2].addresses);
    assert_eq!(nics[1].addresses[0].1, Forward::Worker);
}

#[test]
fn a_vlan_and_the_device_below_it_must_agree() {
    let config = config(
        "[[interface]]\naddress = \"198.51.100.1\"\nmode = \"appliance\"\n\
         [[interface]]\nname = \"b\"\naddress = \"203.0.113.1\"\nmode = \"appliance\"\nqueues = [0]\n",
        DEVICES,
    );
    let told = wanted(&config, &links()).unwrap_err().to_string();
    assert!(told.starts_with("interfaces on eth0 ask for different queues or share"), "{told}");
}
