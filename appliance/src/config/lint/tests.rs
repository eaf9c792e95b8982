//! Checks on this host, with ports of its loopback device.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicU8, Ordering};

use super::{Report, lint};
use crate::config::host::Host;
use crate::config::load::{DEFAULT_SECTION, FileChoice, Sources};

fn report(text: &str, limit: u64) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.toml");
    std::fs::write(&file, text).unwrap();
    let sources =
        Sources { file: FileChoice::Named(file), section: DEFAULT_SECTION.to_owned(), options: Vec::new() };
    lint(&sources, &Host::now().unwrap(), limit, |_| Vec::new())
}

/// A loopback address that no other test and no other run of the tests uses.
fn own_address() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    format!("127.{high}.{low}.{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn file(addr: &str, ports: &str) -> String {
    format!(
        "[control]\nlisten-ng = [\"{addr}:2223\"]\n[[interface]]\naddress = \"{addr}\"\nports = \"{ports}\"\n"
    )
}

#[test]
fn a_good_configuration_is_good() {
    let addr = own_address();
    let report = report(&file(&addr, "30000-30001"), 100_000);
    assert_eq!(report.status(), 0, "{report}");
    let text = report.to_string();
    let room = format!("room: {addr} (default): 1 streams, that is 1 audio calls, or 0 with both sides here");
    assert!(text.contains(&room), "{text}");
    assert!(text.ends_with("result: good\n"), "{text}");
}

#[test]
fn taken_ports_are_warnings() {
    let addr = own_address();
    let _ng = UdpSocket::bind((addr.as_str(), 2223)).unwrap();
    let _media = UdpSocket::bind((addr.as_str(), 30_006)).unwrap();
    let report = report(&file(&addr, "30000-30007"), 100_000);
    assert_eq!(report.status(), 1, "{report}");
    let text = report.to_string();
    for what in [format!("control.listen-ng: {addr}:2223"), format!("interface `default`: {addr}:30006")] {
        assert!(text.contains(&format!("warning: {what} cannot be bound: Address already in use")), "{text}");
    }
}

#[test]
fn an_address_of_someone_else_cannot_listen() {
    let addr = own_address();
    let text = file(&addr, "30000-30001").replace(&format!("{addr}:2223"), "192.0.2.77:2223");
    let report = report(&text, 100_000);
    assert_eq!(report.status(), 2, "{report}");
    assert!(
        report.to_string().contains("(the host does not have this address: see `ip address`)"),
        "{report}"
    );
}

#[test]
fn too_few_descriptors_are_a_warning_with_the_number() {
    let text = file(&own_address(), "30000-39999");
    let each = report(&format!("{text}[media]\nsockets = \"per-port\"\n"), 1024);
    assert!(
        each.to_string()
            .contains("needs 10512 file descriptors, but the limit is 1024 (set LimitNOFILE=10512"),
        "{each}"
    );
    let shared = report(&text, 1024);
    assert_eq!(shared.status(), 0, "{shared}");
    assert!(shared.to_string().contains("room: 512 file descriptors with every port open"), "{shared}");
}

#[test]
fn a_wrong_file_is_not_usable() {
    let report = report("[media]\ntoos = 3\n", 1024);
    assert_eq!(report.status(), 2);
    assert!(report.to_string().ends_with("result: not usable\n"), "{report}");
}
