//! A NIC plan on a real interface: queues changed, interrupts put off, and everything put back.
#![allow(clippy::unwrap_used, reason = "a test")]

use afxdp::nic::{Deferral, Nic, Plan, Refusal, Restore, Share, Wish, XdpFacts};
use afxdp::steer::{Program, Sizes};
use lab::{Topology, need_root, need_tool};
use std::process::Stdio;

fn wish(workers: u32) -> Wish {
    let deferral = Some(Deferral { hard_irqs: 2, flush_timeout_ns: 200_000 });
    Wish { workers, share: Share::All, media: vec![], deferral }
}

/// Not a test by itself: the part of the next one that must see the namespace's own `/sys`.
#[test]
fn inside_the_namespace() {
    let Ok(part) = std::env::var("AFXDP_NIC_PART") else { return };
    let nic = Nic::open("caller").unwrap();
    match part.as_str() {
        "change" => {
            let before = nic.facts().unwrap();
            assert_eq!(before.driver, "veth");
            assert_eq!(before.channels.unwrap().receiving(), 2);
            assert!(before.rules.is_none() && before.indirection.is_empty());
            assert_eq!((before.defer_hard_irqs, before.flush_timeout_ns), (Some(0), Some(0)));
            assert!(matches!(Plan::make(&before, &wish(3)), Err(Refusal::TooFewQueues { most: 2, .. })));
            let by_rules = Wish { share: Share::Media, ..wish(1) };
            assert!(matches!(Plan::make(&before, &by_rules), Err(Refusal::NoRules { .. })));
            let plan = Plan::make(&before, &wish(1)).unwrap();
            assert_eq!(plan.steps.len(), 3);
            let mut written = Vec::new();
            let restore = nic.apply(&plan, |so_far| {
                written.push(so_far.to_string());
                Ok(())
            });
            assert_eq!(written.last().unwrap(), &restore.unwrap().to_string());
            assert_eq!(written[0].lines().count(), 2, "the first change is written down before it is made");
            let after = nic.facts().unwrap();
            assert_eq!(after.channels.unwrap().receiving(), 1);
            assert_eq!((after.defer_hard_irqs, after.flush_timeout_ns), (Some(2), Some(200_000)));
            assert_eq!(Plan::make(&after, &wish(1)).unwrap(), Plan::default(), "nothing is left to change");
            println!("{}", written.last().unwrap());
        }
        text => {
            let restore: Restore = text.parse().unwrap();
            assert!(nic.restore(&restore).is_empty());
            let after = nic.facts().unwrap();
            assert_eq!(after.channels.unwrap().receiving(), 2);
            assert_eq!((after.defer_hard_irqs, after.flush_timeout_ns), (Some(0), Some(0)));
            // A change that fails takes those before it back.
            let mut plan = Plan::make(&after, &wish(1)).unwrap();
            plan.steps.push(afxdp::nic::Step::Sysfs("no_such_setting", 1));
            let error = nic.apply(&plan, |_| Ok(())).unwrap_err();
            assert!(error.to_string().contains("no_such_setting"), "{error}");
            assert_eq!(nic.facts().unwrap(), after);
            println!("restored");
        }
    }
}

#[test]
fn queues_and_interrupts_are_changed_and_restored_even_by_another_process() {
    need_root!();
    need_tool!("ethtool");
    let net = Topology::spec().queues(2).build().unwrap();
    let run = |part: &str| {
        let me = std::env::current_exe().unwrap();
        let out = net
            .relay
            .command(me.to_str().unwrap())
            .args(["inside_the_namespace", "--exact", "--nocapture"])
            .env("AFXDP_NIC_PART", part)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(out.stdout).unwrap();
        assert!(out.status.success(), "{said}\n{}", String::from_utf8_lossy(&out.stderr));
        said
    };
    let said = run("change");
    let channels = net.relay.run(&["ethtool", "-l", "caller"]).unwrap();
    let current = channels.split("Current").nth(1).unwrap();
    assert!(current.contains("RX:\t\t1"), "{channels}");
    let written: Vec<&str> = said.lines().skip_while(|line| !line.starts_with("interface")).take(4).collect();
    assert!(run(&written.join("\n")).contains("restored"));
    assert!(Nic::open("a name that is far too long").is_err());
}

#[test]
fn a_driver_says_what_it_can_and_the_kernel_what_is_attached() {
    need_root!();
    need_tool!("ethtool");
    let net = Topology::spec().build().unwrap();
    let ifindex = net.relay.run(&["cat", "/sys/class/net/caller/ifindex"]).unwrap().trim().parse().unwrap();
    let ask = || net.relay.enter(|| XdpFacts::of(ifindex).unwrap()).unwrap();
    let before = ask();
    assert_eq!(before.attached, None);
    if let Some(features) = before.features {
        assert!(features.native() && features.redirect(), "veth can: {features:?}");
        assert!(!features.zero_copy(), "veth cannot: {features:?}");
    }
    let attached = net.relay.enter(|| {
        let (program, maps) =
            Program::load_first(Sizes { flows: 1, addresses: 1, sockets: 1, ports: 1 }, 1).unwrap();
        (program.attach(ifindex).unwrap(), program, maps)
    });
    assert!(ask().attached.is_some());
    drop(attached);
    assert_eq!(ask().attached, None);
    assert!(net.relay.enter(|| XdpFacts::of(9999)).unwrap().is_err());

    let features = |name: &str| {
        let all = net.relay.enter(|| Nic::open("caller").unwrap().features().unwrap()).unwrap();
        all.into_iter().find(|(known, _)| known == name).map(|(_, on)| on)
    };
    for on in ["on", "off"] {
        net.relay.run(&["ethtool", "-K", "caller", "gro", on, "tx", on]).unwrap();
        assert_eq!(features("rx-gro"), Some(on == "on"));
        assert_eq!(features("tx-checksum-ip-generic"), Some(on == "on"));
    }
    assert_eq!(features("no-such-feature"), None);
}
