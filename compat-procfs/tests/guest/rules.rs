//! The rules that the daemon writes itself, with the native expression.

use crate::lab::{addr, flow, receive, rtp, sh, shown, socket, table};
use compat_procfs::abi;
use compat_procfs::rules::{Entrance, Family, Rules, RulesError, Standing, generation};
use std::process::Command;

fn listed(what: &str) -> String {
    let out = Command::new("nft").args(["-a", "list"]).args(what.split(' ')).output().unwrap();
    String::from_utf8(out.stdout).unwrap()
}

/// The rules of the other tests are out of the way while this lives.
struct Alone;

impl Alone {
    fn new() -> Alone {
        sh("iptables -F; ip6tables -F");
        Alone
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        sh("iptables -F; ip6tables -F
            iptables -I INPUT -p udp -j RTPENGINE --id 42; ip6tables -I INPUT -p udp -j RTPENGINE --id 42");
    }
}

fn rules(base_chain: Option<&str>, families: &[Family]) -> Rules {
    Rules {
        table: 42,
        families: families.to_vec(),
        chain: "rtpengine".into(),
        entrance: base_chain.map_or(Entrance::Hook, |base| Entrance::JumpFrom(base.to_owned())),
        append: false,
    }
}

/// One packet of each family is forwarded; returns how many the module has counted.
fn media() -> u64 {
    let mut table = table();
    let mut counted = 0;
    for (source, local) in
        [("10.0.1.2:4400", "10.0.1.1:30500"), ("[2001:db8:1::2]:4400", "[2001:db8:1::1]:30500")]
    {
        let (left, right, up) = (socket(source), socket("10.0.2.2:5400"), socket(local));
        let (flow, out) = flow(source, local, "10.0.2.1:30500", "10.0.2.2:5400");
        table.install(&flow, &[out]).unwrap();
        left.send_to(&rtp(0, 1, 1, 50), local).unwrap();
        let said = loop {
            let said = table.snapshot(addr(local)).unwrap();
            up.set_nonblocking(true).unwrap();
            if said.received.packets > 0 || up.recv(&mut [0; 100]).is_ok() {
                break said;
            }
        };
        if said.received.packets > 0 {
            receive(&right);
        }
        counted += said.received.packets;
    }
    counted
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn the_daemons_rules_come_and_go_and_others_stay() {
    drop(table());
    let _alone = Alone::new();
    sh("iptables -A INPUT -p tcp --dport 5060 -j ACCEPT; iptables -P INPUT ACCEPT");
    let ours = rules(Some("INPUT"), &[Family::Ip, Family::Ip6]);
    assert_eq!(ours.status(), Ok(Standing::Gone));
    assert_eq!(media(), 0);
    ours.start().unwrap();
    assert_eq!(ours.status(), Ok(Standing::Whole));
    assert_eq!(media(), 2);
    // Again: nothing twice.
    ours.start().unwrap();
    let text = listed("table ip filter");
    assert_eq!(text.matches("jump rtpengine").count(), 1, "{text}");
    assert!(text.contains("comment \"rtpengine table 42\""), "{text}");
    assert!(shown("stats").contains("rules                2\n"), "{}", shown("stats"));
    let jump = text.find("jump rtpengine").unwrap();
    assert!(jump < text.find("dport 5060").unwrap(), "the jump is first: {text}");
    // A firewall reload takes some of it, and anybody can see that something changed.
    let before = generation().unwrap();
    assert_eq!(generation(), Ok(before));
    sh("nft flush chain ip filter INPUT; nft add rule ip filter INPUT tcp dport 5061 accept");
    assert_ne!(generation(), Ok(before));
    assert_eq!(ours.status(), Ok(Standing::Partly));
    assert_eq!(media(), 1);
    ours.start().unwrap();
    assert_eq!((ours.status(), media()), (Ok(Standing::Whole), 2));
    // Another instance, appended, in the same chain.
    let theirs = Rules { table: 7, append: true, ..ours.clone() };
    theirs.start().unwrap();
    let text = listed("chain ip filter INPUT");
    assert!(text.rfind("jump rtpengine").unwrap() > text.find("dport 5061").unwrap(), "{text}");
    theirs.stop().unwrap();
    assert_eq!((theirs.status(), ours.status()), (Ok(Standing::Gone), Ok(Standing::Whole)));
    ours.stop().unwrap();
    ours.stop().unwrap();
    assert_eq!((ours.status(), media()), (Ok(Standing::Gone), 0));
    let text = listed("table ip filter");
    assert!(text.contains("dport 5061") && !text.contains("rtpengine"), "{text}");
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn a_chain_that_somebody_else_jumps_to() {
    drop(table());
    let _alone = Alone::new();
    let ours = Rules { entrance: Entrance::Elsewhere, ..rules(None, &[Family::Ip, Family::Ip6]) };
    ours.start().unwrap();
    assert_eq!((ours.status(), media()), (Ok(Standing::Whole), 0));
    sh("iptables -A INPUT -p udp -j rtpengine; ip6tables -A INPUT -p udp -j rtpengine");
    assert_eq!(media(), 2);
    // It stays while it is jumped to, empty.
    ours.stop().unwrap();
    assert_eq!((ours.status(), media()), (Ok(Standing::Gone), 0));
    sh("iptables -F; iptables -X rtpengine; ip6tables -F; ip6tables -X rtpengine");
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn a_chain_on_the_hook_itself_and_one_table_for_both_families() {
    drop(table());
    let _alone = Alone::new();
    sh("nft 'add chain ip filter rtpengine; add chain ip6 filter rtpengine'"); // left over, not on a hook
    for ours in [
        rules(None, &[Family::Ip, Family::Ip6]),
        rules(None, &[Family::Inet]),
        rules(Some("input"), &[Family::Inet]),
    ] {
        ours.start().unwrap();
        assert_eq!((ours.status(), media()), (Ok(Standing::Whole), 2), "{ours:?}");
        ours.start().unwrap();
        assert_eq!(media(), 2);
        ours.stop().unwrap();
        assert_eq!((ours.status(), media()), (Ok(Standing::Gone), 0), "{ours:?}");
    }
    sh("nft delete table inet filter");
    let refused = Rules { table: abi::TABLES_MAX, ..rules(None, &[Family::Ip]) };
    assert!(matches!(refused.start(), Err(RulesError::Refused { .. })));
    // The expression stands only on the hook input.
    sh("nft add chain ip filter elsewhere '{ type filter hook output priority 0; }'");
    assert!(rules(Some("elsewhere"), &[Family::Ip]).start().is_err());
    sh("nft delete chain ip filter elsewhere");
    assert!(!listed("table ip filter").contains("rtpengine"));
}
