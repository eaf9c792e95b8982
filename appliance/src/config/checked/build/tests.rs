//! What is accepted, what it becomes, and what is said about the rest.

use std::path::Path;

use super::{Built, build};
use crate::config::checked::{
    BusyPoll, Entrance, FirewallRules, Forward, Idle, Mode, RuleFamily, Share, Subsystem,
};
use crate::config::finding::Severity;
use crate::config::host::tests::painted;
use crate::config::raw;
use crate::config::toml_file::read_toml;

const START: &str = "[control]\nlisten-ng = [\"127.0.0.1:2223\"]\n";

/// Builds a file on the painted host; everything is told in lines.
fn outcome(text: &str) -> Result<Built, Vec<String>> {
    let layers = read_toml(Path::new("x.toml"), text);
    let lines = |findings: &[crate::config::finding::Finding]| {
        findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let told = lines(&layers.findings);
    if !told.is_empty() {
        return Err(told);
    }
    let raw: raw::Config = layers.table.try_into().unwrap();
    build(&raw, &layers.places, &painted()).map_err(|findings| lines(&findings))
}

fn good(text: &str) -> Built {
    outcome(&format!("{START}{text}")).unwrap()
}

fn wrong(text: &str) -> Vec<String> {
    outcome(&format!("{START}{text}")).unwrap_err()
}

fn warnings(text: &str) -> Vec<String> {
    good(text).warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn defaults_are_upstreams() {
    let config = good("[[interface]]\naddress = \"198.51.100.1\"").config;
    let interface = config.interfaces.default_interface();
    assert_eq!(interface.name, "default");
    let local = &interface.addresses[0];
    assert_eq!((local.addr, local.mode), (local.advertised, Mode::Userspace));
    assert_eq!(local.ports.range().to_string(), "30000-39999");
    let timeouts = config.timeouts;
    let seconds =
        [timeouts.media, timeouts.silent, timeouts.offer, timeouts.delete_delay].map(|time| time.as_secs());
    assert_eq!(seconds, [60, 3600, 3600, 30]);
    assert_eq!((timeouts.call, config.limits.sessions, config.media.tos), (None, None, 0));
    assert!(config.kernel.fallback && config.kernel.table.is_none());
    assert!(config.threads.media >= 1);
}

#[test]
fn addresses_come_from_devices_names_and_any() {
    let of = |address: &str| {
        let config = good(&format!("[[interface]]\naddress = \"{address}\"")).config;
        config.interfaces.addresses().map(|(_, local)| local.addr.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of("eth0"), "198.51.100.1 2001:db8::1");
    assert_eq!(of("any"), "198.51.100.1 203.0.113.1 2001:db8::1");
    assert_eq!(of("media.example"), "203.0.113.1");
    assert_eq!(of("2001:db8::1"), "2001:db8::1");
}

#[test]
fn names_gather_addresses_and_groups_gather_names() {
    let config = good(
        "aliases = { out = \"ext\" }\n\
         [[interface]]\nname = \"ext\"\naddress = [\"198.51.100.1\", \"2001:db8::1\"]\n\
         [[interface]]\nname = \"rr:1\"\naddress = \"203.0.113.1\"\nports = \"20000-20099\"\n\
         [[interface]]\nname = \"ext\"\naddress = \"127.0.0.1\"\n\
         [[interface]]\nname = \"rr:2\"\naddress = \"203.0.113.1\"\nports = \"20100-20199\"\nexclude-ports = [20101]\n"
            .replace("aliases", "[aliases]\n#")
            .replace("# = { out = \"ext\" }", "out = \"ext\"")
            .as_str(),
    )
    .config;
    let names = |name: &str| config.interfaces.find(name).map(|found| found.name.clone()).collect::<Vec<_>>();
    assert_eq!(names("ext"), ["ext"]);
    assert_eq!(names("out"), ["ext"]);
    assert_eq!(names("rr"), ["rr:1", "rr:2"]);
    assert_eq!(names("rr:2"), ["rr:2"]);
    assert!(names("nothing").is_empty());
    let ext = config.interfaces.default_interface();
    assert_eq!(ext.addresses.len(), 3);
    assert_eq!(ext.primary(true).unwrap().addr.to_string(), "2001:db8::1");
    assert_eq!(config.interfaces.find("rr:2").next().unwrap().addresses[0].ports.pairs().count(), 49);
}

#[test]
fn advertised_addresses_match_by_position_and_family() {
    let config = good(
        "[[interface]]\naddress = [\"eth0\", \"203.0.113.1\"]\nadvertise = [\"192.0.2.7\", \"media.example\"]\n",
    )
    .config;
    let advertised: Vec<String> =
        config.interfaces.addresses().map(|(_, local)| local.advertised.to_string()).collect();
    assert_eq!(advertised, ["192.0.2.7", "2001:db8::1", "203.0.113.1"]);
}

#[test]
fn the_kernel_table_makes_kernel_mode_the_default() {
    let built = good(
        "[kernel]\ntable = 4\n[[interface]]\naddress = \"eth0\"\n[[interface]]\nname = \"b\"\naddress = \"eth1\"\nmode = \"userspace\"\n",
    );
    let modes: Vec<(Mode, Option<u8>)> =
        built.config.interfaces.addresses().map(|(_, local)| (local.mode, local.table)).collect();
    assert_eq!(modes, [(Mode::Kernel, Some(4)), (Mode::Kernel, Some(4)), (Mode::Userspace, None)]);
}

#[test]
fn rules_are_written_only_into_a_chain_that_is_named() {
    let rules = |kernel: &str| {
        good(&format!("[kernel]\n{kernel}\n[[interface]]\naddress = \"eth0\"\n")).config.kernel.rules
    };
    assert_eq!(rules("table = 4"), None);
    assert_eq!(rules("table = 4\nnftables-chain = \"\""), None);
    assert_eq!(
        rules("nftables-chain = \"rtpengine\""),
        Some(FirewallRules {
            chain: "rtpengine".into(),
            entrance: Entrance::JumpFrom("INPUT".into()),
            append: false,
            families: vec![RuleFamily::Ip, RuleFamily::Ip6],
        })
    );
    let set = "nftables-chain = \"r\"\nnftables-append = true\nnftables-family = \"inet\"";
    for (base, entrance) in [("", Entrance::Hook), ("none", Entrance::Elsewhere)] {
        let got = rules(&format!("{set}\nnftables-base-chain = \"{base}\"")).unwrap();
        assert_eq!((got.entrance, got.append, got.families), (entrance, true, vec![RuleFamily::Inet]));
    }
}

#[test]
fn appliance_settings_are_taken_over() {
    let config = good(
        "[[interface]]\naddress = \"eth0\"\nmode = \"appliance\"\nqueues = \"0-1\"\nforward = \"worker\"\nshare = \"media\"\n\
         [[interface]]\nname = \"b\"\naddress = \"eth1\"\ndevice = \"eth2\"\nmode = \"appliance\"\nports = \"30000-30099\"\n\
         [threads]\nidle = \"busy\"\n\
         [appliance]\nzero-copy = false\nbusy-poll = { microseconds = 20, packets = 64 }\nstate-folder = \"/tmp/x\"\n",
    )
    .config;
    let nics: Vec<_> = config
        .interfaces
        .addresses()
        .map(|(_, local)| (local.device.as_deref().unwrap(), local.queues, local.forward, local.share))
        .collect();
    assert_eq!(nics[..2], [("eth0", Some(2), Forward::Worker, Share::Media); 2]);
    assert_eq!(nics[2..], [("eth2", None, Forward::Auto, Share::All)]);
    assert_eq!(config.threads.idle, Idle::Busy);
    let appliance = config.appliance;
    assert_eq!((appliance.flows, appliance.zero_copy), (20_100, false));
    assert_eq!(appliance.busy_poll, Some(BusyPoll { microseconds: 20, packets: 64 }));
    assert_eq!(appliance.state_folder, Path::new("/tmp/x"));
    let plain = good("[[interface]]\naddress = \"eth0\"").config;
    assert_eq!(
        (plain.appliance.flows, plain.appliance.zero_copy, plain.threads.idle),
        (1, true, Idle::Adaptive)
    );
    let few =
        good("[[interface]]\naddress = \"eth0\"\nmode = \"appliance\"\n[appliance]\nflows = 7\n").config;
    assert_eq!(few.appliance.flows, 7);
}

#[test]
fn listeners_take_every_classic_form() {
    let config = outcome(
        "[control]\nlisten-ng = [\"2223\", \"[::1]:2224\", \"localhost:2225\"]\nlisten-cli = [\"*:2226\"]\n\
         [[interface]]\naddress = \"any\"",
    )
    .unwrap()
    .config;
    let texts = |list: &[std::net::SocketAddr]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(texts(&config.control.ng_udp), ["0.0.0.0:2223", "[::]:2223", "[::1]:2224", "127.0.0.1:2225"]);
    assert_eq!(texts(&config.control.cli), ["0.0.0.0:2226", "[::]:2226"]);
}

#[test]
fn levels_and_limits_are_taken_over() {
    let config = good(
        "[limits]\nsessions = 10\ncpu = 95.5\n[log]\nlevels = { ice = 7 }\nmax-line = 0\nfacility = \"local3\"\n\
         [threads]\nworkers = 3\ncores = \"0,2-3\"\n[[interface]]\naddress = \"any\"\n",
    )
    .config;
    assert_eq!((config.limits.sessions, config.limits.cpu), (Some(10), Some(95.5)));
    assert_eq!(config.log.levels.get(&Subsystem::Ice), Some(&7));
    assert_eq!((config.log.max_line, config.log.facility.0), (None, 19));
    assert_eq!((config.threads.media, config.threads.cores), (3, vec![0, 2, 3]));
}

#[test]
fn errors_say_where_what_and_what_to_do() {
    for (text, want) in [
        (
            "",
            "x.toml: no interface: there is no address to take media on (add [[interface]] with address = \"any\", or --interface=any)",
        ),
        (
            "[[interface]]\naddress = \"any\"\nports = \"39999-30000\"",
            "x.toml:5:9: the port range 39999-30000 runs backwards (write 30000-39999)",
        ),
        (
            "[[interface]]\naddress = \"any\"\n[media]\nports = \"30000\"",
            "x.toml:6:9: `30000` is not a port range (write LOW-HIGH, for example 30000-39999)",
        ),
        (
            "[[interface]]\naddress = \"0.0.0.0\"",
            "x.toml:4:11: 0.0.0.0 is not an address to bind media to (name an address of the host, or write `any` for all of them)",
        ),
        (
            "[[interface]]\naddress = \"eht1\"",
            "x.toml:4:11: `eht1` is no address, no network device and no host name: no such host (the nearest device is `eth1`)",
        ),
        (
            "[[interface]]\naddress = [\"eth0\",\n \"eth1\"]\nadvertise = [\"192.0.2.1\", \"2001:db8::5\"]",
            "x.toml:6:27: 2001:db8::5 is of another family than eth1 (advertise IPv4 for IPv4 and IPv6 for IPv6)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\nname = \"a/b\"",
            "x.toml:5:8: `a/b` cannot be used in a request (names have no blanks and none of / ! = , ;)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\n[[interface]]\nname = \"b\"\naddress = \"198.51.100.1\"\nmode = \"kernel\"\ntable = 1",
            "x.toml:5:1: `default` and `b` share ports of 198.51.100.1 but not the way media is forwarded (give them separate port ranges, or the same mode, device and table)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\n[[interface]]\naddress = \"198.51.100.1\"",
            "x.toml:5:1: interface `default` has the address 198.51.100.1 twice (remove one of the two, or give them separate port ranges)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\nmode = \"kernel\"",
            "x.toml:5:8: interface `default` is in mode kernel but has no table (set `table` here or kernel.table)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\n[kernel]\nnftables-family = \"ipv4\"",
            "x.toml:6:19: `ipv4` is not a family of nf_tables (did you mean `ip`? known: ip, ip6, inet)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\n[kernel]\nnftables-chain = \"a b\"",
            "x.toml:6:18: `a b` is no name for a chain (at most 127 bytes and no blanks)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\nmode = \"appliance\"\ndevice = \"eth9\"",
            "x.toml:6:10: there is no network device `eth9` (did you mean `eth0`?)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\nmode = \"appliance\"\nqueues = [0, 2]",
            "x.toml:6:10: the queues do not run from 0 on without a gap (packet thread 0 takes queue 0, and so on: write \"0-1\")",
        ),
        (
            "[[interface]]\naddress = \"127.0.0.9\"\nmode = \"appliance\"",
            "x.toml:3:1: no network device has the address 127.0.0.9, so there is none to forward on (name it: device = \"...\")",
        ),
        (
            "[[interface]]\naddress = \"198.51.100.1\"\nmode = \"appliance\"\n[[interface]]\nname = \"b\"\naddress = \"2001:db8::1\"\nmode = \"appliance\"\nshare = \"media\"",
            "x.toml:6:1: `default` and `b` use the device eth0 with different queues or share (give both the same `queues` and `share`)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\n[appliance]\nflows = 0",
            "x.toml:6:9: this is no sensible number of flows (1 to 4194304; a call with audio takes 4)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\n[appliance]\nbusy-poll = { microseconds = 0, packets = 64 }",
            "x.toml:6:13: this is no sensible way to poll (1 to 1000000 microseconds, 1 to 32767 packets)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\n[appliance]\nstate-folder = \"run\"",
            "x.toml:6:16: the folder has no absolute path (begin it with /)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\n[aliases]\nfront = \"defualt\"",
            "x.toml:6:9: unknown interface `defualt` (did you mean `default`?)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\n[log]\nlevels = { icee = 3 }",
            "x.toml:6:19: `icee` is not a part with a log level (did you mean `ice`? known: core, control, codec, rtcp, ice, crypto, srtp, internals)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\n[limits]\ncpu = -1.0",
            "x.toml:6:7: the limit is not above 0 (remove the key to set no limit)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\n[media]\nendpoint-learning = \"fast\"",
            "x.toml:6:21: `fast` is not a way to learn endpoints (did you mean `off`? known: heuristic, delayed, immediate, off)",
        ),
    ] {
        assert_eq!(wrong(text), [want], "{text}");
    }
}

#[test]
fn listener_errors_name_the_element() {
    let with = |list: &str| {
        outcome(&format!("[control]\nlisten-ng = [{list}]\n[[interface]]\naddress = \"any\"")).unwrap_err()
    };
    let forms = "(write ADDRESS:PORT, [IPV6]:PORT, NAME:PORT, *:PORT or PORT)";
    assert_eq!(with("\"1\", \"127.0.0.1\""), [format!("x.toml:2:19: `127.0.0.1` has no port {forms}")]);
    assert_eq!(with("\"127.0.0.1:0\""), [format!("x.toml:2:14: `127.0.0.1:0` has port 0 {forms}")]);
    assert_eq!(with("\"::1:2223:x\""), [format!("x.toml:2:14: `::1:2223:x` has no port {forms}")]);
    assert_eq!(
        with("\"nohost:1\""),
        [format!("x.toml:2:14: `nohost:1`: the name nohost does not resolve: no such host {forms}")]
    );
    assert_eq!(
        with("\"127.0.0.1:1\", \"127.0.0.1:1\""),
        ["x.toml:2:29: 127.0.0.1:1 is listed twice (remove one of the two)"]
    );
    assert_eq!(
        with(""),
        [
            "x.toml:1:1: nothing to listen on: no signalling server could reach the daemon (set listen-ng, for example listen-ng = [\"127.0.0.1:2223\"] or --listen-ng=127.0.0.1:2223)"
        ]
    );
}

#[test]
fn warnings_let_the_daemon_run() {
    for (text, want) in [
        (
            "[[interface]]\naddress = \"192.0.2.99\"",
            "x.toml:4:11: 192.0.2.99 is not an address of this host (media ports cannot be opened on it until it is)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\nports = \"30001-30100\"",
            "x.toml:5:9: the range 30001-30100 starts odd or ends even: ports at its ends have no partner (start at an even port (30002) and end at an odd one)",
        ),
        (
            "[[interface]]\naddress = \"eth0\"\nqueues = \"0-3\"",
            "x.toml:5:10: `queues` has no effect in mode userspace (it belongs to mode appliance)",
        ),
    ] {
        assert_eq!(warnings(text), [want], "{text}");
    }
}
