use super::super::system::tests::painted;
use super::*;
use crate::config::host::DeviceAddress;
use crate::config::load::DEFAULT_SECTION;

fn host() -> Host {
    let address = |device: &str, addr: &str| DeviceAddress {
        device: device.to_owned(),
        addr: addr.parse().unwrap(),
        up: true,
        loopback: device == "lo",
    };
    Host {
        addresses: vec![address("lo", "127.0.0.1"), address("eth0", "192.0.2.1")],
        links: vec!["lo".to_owned(), "eth0".to_owned()],
        resolve: |_| Err(std::io::Error::other("no names here")),
    }
}

fn checked(interface: &str, rest: &str) -> Config {
    let text = format!("[control]\nlisten-ng = [\"127.0.0.1:2223\"]\n[[interface]]\n{interface}{rest}");
    let raw: raw::Config = toml::from_str(&text).unwrap();
    checked::build(&raw, &Places::default(), &host()).unwrap().config
}

/// One address, and this.
pub(in crate::diagnose) fn with(rest: &str) -> Config {
    checked("address = \"127.0.0.1\"\n", rest)
}

pub(in crate::diagnose) fn userspace() -> Config {
    with("")
}

pub(in crate::diagnose) fn kernel() -> Config {
    checked("address = \"127.0.0.1\"\nmode = \"kernel\"\ntable = 3\n", "")
}

pub(in crate::diagnose) fn appliance() -> Config {
    checked("address = \"192.0.2.1\"\nmode = \"appliance\"\n", "")
}

pub(in crate::diagnose) fn possible() -> Config {
    super::possible(&host()).unwrap()
}

fn sources(file: FileChoice) -> Sources {
    Sources { file, section: DEFAULT_SECTION.to_owned(), options: Vec::new() }
}

#[test]
fn without_a_configuration_the_host_is_examined_for_what_could_be() {
    let (_folder, system) = painted(&[]);
    let (config, written, finding) = configuration(&sources(FileChoice::Default), &host(), &system);
    assert!(!written && finding.state == State::Skip, "{finding:?}");
    let config = config.unwrap();
    let subject = Subject { config: &config, written, attach: false };
    assert_eq!(subject.needs(Mode::Appliance), Need::Possible);
    assert_eq!(config.interfaces.addresses().next().unwrap().1.device.as_deref(), Some("eth0"));
    let bare = Host { addresses: Vec::new(), ..host() };
    assert!(super::possible(&bare).is_some(), "a host without addresses is examined too");
}

#[test]
fn a_wrong_configuration_fails_and_the_rest_is_still_examined() {
    let (folder, system) = painted(&[("x.toml", "[media]\ntoos = 3\n")]);
    let (config, written, finding) =
        configuration(&sources(FileChoice::Named(folder.path().join("x.toml"))), &host(), &system);
    assert!(config.is_some() && !written);
    assert_eq!(finding.state, State::Fail);
    assert!(finding.what.contains("unknown key `toos`"), "{finding:?}");
}

#[test]
fn what_is_wanted_follows_the_modes_of_interfaces() {
    let config = kernel();
    let subject = Subject { config: &config, written: true, attach: false };
    assert_eq!((subject.needs(Mode::Kernel), subject.needs(Mode::Appliance)), (Need::Required, Need::None));
}

/// On a painted host everything that needs no NIC has its finding, and every bad one a fix.
#[test]
fn every_bad_finding_has_a_fix() {
    let (_folder, system) = painted(&[("proc/sys/kernel/osrelease", "4.0.0")]);
    let config = userspace();
    let findings = look(&Subject { config: &config, written: true, attach: false }, &system);
    assert!(findings.len() >= 15);
    for finding in findings {
        let bad = finding.state >= State::Warn;
        assert_eq!(bad, finding.fix.is_some(), "{finding:?}");
    }
}
