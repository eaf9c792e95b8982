//! `rtpengine doctor` on veth devices of a namespace of its own: what it finds, and that it leaves nothing behind.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use lab::{Topology, need_root, need_tool};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

struct Said {
    status: i32,
    json: Value,
}

impl Said {
    fn new(out: &Output) -> Said {
        let text = String::from_utf8_lossy(&out.stdout);
        let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {out:?}"));
        Said { status: out.status.code().unwrap(), json }
    }

    fn find(&self, code: &str, about: &str) -> (&str, &str, Option<&str>) {
        let all = self.json["findings"].as_array().unwrap();
        let mut found = all.iter().filter(|one| one["code"] == code && one["about"] == about);
        let one = found.next().unwrap_or_else(|| panic!("no {code} about `{about}` in {:#}", self.json));
        assert!(found.next().is_none(), "{code} about `{about}` twice");
        (one["state"].as_str().unwrap(), one["what"].as_str().unwrap(), one["fix"].as_str())
    }

    fn state(&self, code: &str, about: &str) -> &str {
        self.find(code, about).0
    }
}

fn doctor(net: &Topology, folder: &Path, interfaces: &str, arguments: &[&str]) -> Output {
    let file = folder.join("x.toml");
    let text = format!(
        "[control]\nlisten-ng = [\"127.0.0.1:2223\"]\n[threads]\nmedia = 1\ncores = [0]\n\
         [appliance]\nstate-folder = \"{}\"\n{interfaces}",
        folder.display()
    );
    std::fs::write(&file, text).unwrap();
    let mut command = net.relay.command(env!("CARGO_BIN_EXE_rtpengine"));
    command.arg("doctor").args(arguments).arg(&file).output().unwrap()
}

const BOTH: &str = "[[interface]]\nname = \"a\"\naddress = \"198.51.100.1\"\nmode = \"appliance\"\n\
                    [[interface]]\nname = \"b\"\naddress = \"203.0.113.1\"\nmode = \"appliance\"\n";

#[test]
#[cfg(feature = "appliance")]
fn veth_devices_are_examined_and_left_alone() {
    need_root!();
    need_tool!("ethtool");
    let net = Topology::spec().queues(2).build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = doctor(&net, folder.path(), BOTH, &["--json"]);
    let said = Said::new(&out);
    assert_eq!(said.status, 0, "{:#}", said.json);
    for code in ["configuration", "build", "capabilities", "bpf-load", "foreign-sockets"] {
        assert_eq!(said.state(code, ""), "ok", "{:?}", said.find(code, ""));
    }
    for nic in ["caller", "callee"] {
        for code in ["device", "xdp-native", "xdp-occupied", "xdp-attach", "queues", "steering", "mtu"] {
            assert_eq!(said.state(code, nic), "ok", "{:?}", said.find(code, nic));
        }
        let (state, what, fix) = said.find("zero-copy", nic);
        assert_eq!((state, what.starts_with("driver veth has none")), ("warn", true));
        assert!(fix.is_some());
        let (state, what, _) = said.find("checksums", nic);
        assert_eq!((state, what.contains("another network namespace")), ("warn", true));
    }
    let links = net.relay.run(&["ip", "-d", "link"]).unwrap();
    assert!(!links.contains("xdp"), "{links}");
    let channels = net.relay.run(&["ethtool", "-l", "caller"]).unwrap();
    assert!(channels.split("Current").nth(1).unwrap().contains("RX:\t\t2"), "{channels}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the configuration is there");
}

#[test]
#[cfg(feature = "appliance")]
fn what_cannot_work_fails_with_the_fix() {
    need_root!();
    let net = Topology::spec().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Rules that the card does not have, a port that is taken, connections that are tracked.
    let pass = "[[interface]]\naddress = \"198.51.100.1\"\nmode = \"appliance\"\nshare = \"media\"\n";
    let _taken = net.relay.udp("198.51.100.1:30002".parse().unwrap()).unwrap();
    let tracks =
        "table ip t { chain c { type filter hook input priority 0; ct state established accept; }; }";
    let tracked = net.relay.run(&["nft", tracks]).is_ok();
    let said = Said::new(&doctor(&net, folder.path(), pass, &["--json"]));
    assert_eq!(said.status, 1, "{:#}", said.json);
    for code in ["queues", "steering"] {
        let (state, what, fix) = said.find(code, "caller");
        assert_eq!((state, fix.is_some()), ("fail", true), "{code}: {what}");
        assert!(what.contains("no receive rules"), "{what}");
    }
    let (state, what, _) = said.find("foreign-sockets", "");
    assert_eq!(state, "warn");
    assert!(what.contains("198.51.100.1:30002"), "{what}");
    if tracked {
        let (state, _, fix) = said.find("conntrack", "");
        assert_eq!(state, "warn");
        // The fix is taken at its word.
        let fix = fix.unwrap().split('\'').nth(1).unwrap();
        net.relay.run(&["nft", fix]).unwrap();
        let said = Said::new(&doctor(&net, folder.path(), pass, &["--json"]));
        assert_eq!(said.state("conntrack", ""), "ok");
    }
}

#[test]
fn people_get_lines_and_nobody_is_asked_for_what_is_not_needed() {
    need_root!();
    let net = Topology::spec().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = doctor(&net, folder.path(), "[[interface]]\naddress = \"198.51.100.1\"\n", &[]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{text}");
    assert!(text.contains("\nskip  capabilities "), "{text}");
    assert!(text.lines().last().unwrap().starts_with("result: 0 failed, "), "{text}");
    let broken = doctor(&net, folder.path(), "[[interface]]\naddress = 3\n", &["--json"]);
    let said = Said::new(&broken);
    assert_eq!((said.status, said.state("configuration", "")), (1, "fail"));
}
