//! A NIC plan on a real interface: queues changed, interrupts put off, and everything put back.
#![allow(clippy::unwrap_used, reason = "a test")]

use afxdp::nic::{Deferral, Nic, Plan, Refusal, Restore, Share, Wish};
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
