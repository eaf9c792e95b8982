//! Ownership, generations, adoption, many flows.

use crate::lab::{TABLE, addr, blank, flow, receive, rtp, shown, silent, socket, table};
use compat_procfs::abi;
use compat_procfs::{Claim, Clock, Control, Error, ModuleTable, Tables};
use flow::{
    Carries, FlowKey, FlowTable, Gate, Generation, InstallError, Recipe, RecipeOutput, Rewrite, StreamId,
};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

fn recipe(source: &str, local: &str, from: &str, to: &str, generation: u64) -> Recipe {
    let key = |text: &str| FlowKey::from(text.parse::<SocketAddr>().unwrap());
    Recipe {
        key: key(local),
        generation: Generation(generation),
        stream: StreamId(77),
        carries: Carries::RtpAndRtcp,
        source: source.parse().unwrap(),
        gate: Gate::Open,
        open: None,
        opened: Vec::new(),
        outputs: [RecipeOutput {
            from: key(from),
            to: to.parse().unwrap(),
            tos: 0,
            rewrite: Rewrite::default(),
            seal: None,
            sealed: Vec::new(),
        }]
        .into_iter()
        .collect(),
    }
}

fn module_table(claim: Claim) -> ModuleTable {
    ModuleTable::open(Tables::default(), TABLE, claim, Clock::default()).unwrap()
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn the_flow_table_installs_counts_and_takes_back() {
    drop(table());
    let (left, right) = (socket("10.0.1.2:4200"), socket("10.0.2.2:5200"));
    let mut module = module_table(Claim::Fresh);
    let there = recipe("10.0.1.2:4200", "10.0.1.1:30200", "10.0.2.1:30200", "10.0.2.2:5200", 1);
    let back = recipe("10.0.2.2:5200", "10.0.2.1:30200", "10.0.1.1:30200", "10.0.1.2:4200", 1);
    module.install(&there).unwrap();
    module.install(&back).unwrap();
    for seq in 0..5 {
        left.send_to(&rtp(0, seq, 1, 160), "10.0.1.1:30200").unwrap();
        receive(&right);
    }
    right.send_to(&rtp(0, 0, 2, 160), "10.0.2.1:30200").unwrap();
    receive(&left);
    let near = module.snapshot(there.key).unwrap();
    assert_eq!((near.counters.received.packets, near.counters.sent.packets), (5, 1));
    assert_eq!((near.stream, near.generation, near.ssrcs.len()), (StreamId(77), Generation(1), 1));
    assert_eq!((near.sent_ssrcs.len(), near.sent_ssrcs[0].ssrc), (1, 2));
    assert_eq!(near.peer, Some("10.0.1.2:4200".parse().unwrap()));
    assert_eq!(module.flows().unwrap().len(), 2);
    // A newer generation keeps the counts, an older one changes nothing.
    let newer = Recipe { generation: Generation(3), ..there.clone() };
    module.install(&newer).unwrap();
    module.install(&there).unwrap();
    assert_eq!(module.snapshot(there.key).unwrap().generation, Generation(3));
    assert_eq!(module.snapshot(there.key).unwrap().counters.received.packets, 5);
    assert_eq!(module.withdraw(there.key, Generation(2)), None);
    let last = module.withdraw(there.key, Generation(3)).unwrap();
    assert_eq!((last.counters.received.packets, last.counters.sent.packets), (5, 1));
    assert_eq!(module.withdraw(there.key, Generation(3)), None);
    assert_eq!(module.snapshot(back.key).unwrap().counters.sent.packets, 5, "sent before the withdrawal");
    let mut odd = back.clone();
    odd.key.port = 0;
    assert!(matches!(module.install(&odd), Err(InstallError::Unsupported(_))));
    module.remove().unwrap();
    assert!(!Tables::default().list().unwrap().contains(&TABLE));
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn one_owner_at_a_time_and_the_next_is_told_who() {
    let first = table();
    let mut second = Control::open(&Tables::default(), TABLE).unwrap();
    assert_eq!(second.greeting().owner, Some(std::process::id() as i32));
    let text = second.claim(Claim::Fresh).unwrap_err().to_string();
    assert_eq!(text, format!("kernel table 42 is owned by process {}", std::process::id()));
    let (one, out) = flow("10.0.1.2:4210", "10.0.1.1:30210", "10.0.2.1:30210", "10.0.2.2:5210");
    assert_eq!(second.install(&one, &[out]).unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert!(matches!(Tables::default().del(TABLE), Err(Error::Owned { table: TABLE, pid }) if pid != 0));
    drop(first);
    second.claim(Claim::Fresh).unwrap();
    assert!(matches!(Tables::default().add(TABLE), Err(Error::TableExists(TABLE))));
    assert!(matches!(Control::open(&Tables::default(), 41), Err(Error::NoTable(41))));
}

/// The same test binary again, as a daemon that is killed.
const DOOMED: &str = "GUEST_DOOMED_OWNER";

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn flows_outlive_a_killed_owner_and_are_adopted() {
    if std::env::var_os(DOOMED).is_some() {
        let mut module = module_table(Claim::Fresh);
        module
            .install(&recipe("10.0.1.2:4220", "10.0.1.1:30220", "10.0.2.1:30220", "10.0.2.2:5220", 8))
            .unwrap();
        println!("installed");
        std::io::stdout().flush().unwrap();
        loop {
            std::thread::park();
        }
    }
    drop(table());
    let (left, right) = (socket("10.0.1.2:4220"), socket("10.0.2.2:5220"));
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "control::flows_outlive_a_killed_owner_and_are_adopted",
        ])
        .env(DOOMED, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut out = owner.stdout.take().unwrap();
    while !said.contains("installed") {
        let mut byte = [0];
        assert_eq!(out.read(&mut byte).unwrap(), 1, "the owner ended early: {said}");
        said.push(byte[0] as char);
    }
    let pid = owner.id();
    assert!(shown("status").contains(&format!("Control PID: {pid}\n")));
    left.send_to(&rtp(0, 1, 1, 160), "10.0.1.1:30220").unwrap();
    receive(&right);
    owner.kill().unwrap();
    assert_eq!(owner.wait().unwrap().signal(), Some(9));
    assert!(shown("status").contains("Control PID: 0\nTargets:     1\n"), "{}", shown("status"));
    left.send_to(&rtp(0, 2, 1, 160), "10.0.1.1:30220").unwrap();
    assert_eq!(receive(&right), rtp(0, 2, 1, 160), "forwarded while nobody owns the table");
    let mut module = module_table(Claim::Adopt);
    let flows = module.flows().unwrap();
    assert_eq!((flows.len(), flows[0].generation, flows[0].counters.received.packets), (1, Generation(8), 2));
    left.send_to(&rtp(0, 3, 1, 160), "10.0.1.1:30220").unwrap();
    receive(&right);
    assert_eq!(module.withdraw(flows[0].key, Generation(8)).unwrap().counters.received.packets, 3);
    // And when nobody adopts, the next owner starts with an empty table.
    module.install(&recipe("10.0.1.2:4220", "10.0.1.1:30220", "10.0.2.1:30220", "10.0.2.2:5220", 9)).unwrap();
    drop(module);
    assert_eq!(module_table(Claim::Fresh).flows().unwrap(), []);
    left.send_to(&rtp(0, 4, 1, 160), "10.0.1.1:30220").unwrap();
    silent(&right);
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn ten_thousand_flows() {
    let (left, right) = (socket("10.0.1.2:4230"), socket("10.0.2.2:5230"));
    let mut table = table();
    let (mut one, out) = flow("10.0.1.2:4230", "10.0.1.1:1", "10.0.2.1:30230", "10.0.2.2:5230");
    for port in 20000..30000 {
        one.local.port = port;
        one.stream = u64::from(port);
        table.install(&one, &[out]).unwrap();
    }
    assert!(shown("status").contains("Targets:     10000\n"));
    for port in [20000, 23456, 29999] {
        left.send_to(&rtp(0, 1, 1, 160), ("10.0.1.1", port)).unwrap();
        receive(&right);
        one.local.port = port;
        assert_eq!(table.snapshot(one.local).unwrap().received.packets, 1);
    }
    let list = shown("list");
    assert_eq!(list.lines().filter(|line| line.starts_with("local inet4 10.0.1.1:")).count(), 10000);
    let all = ModuleTable::flows(&{
        drop(table);
        module_table(Claim::Adopt)
    })
    .unwrap();
    assert!(all.iter().map(|flow| flow.stream.0).eq(20000..30000), "in the order of installation");
    let mut table = Control::open(&Tables::default(), TABLE).unwrap();
    table.claim(Claim::Adopt).unwrap();
    table.flush().unwrap();
    assert!(shown("status").contains("Targets:     0\n"));
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn what_does_not_fit_is_refused() {
    let mut table = table();
    let (good, good_out) = flow("10.0.1.2:4240", "10.0.1.1:30240", "10.0.2.1:30240", "10.0.2.2:5240");
    type Spoil = fn(&mut abi::Flow, &mut abi::Output);
    let spoils: [(&str, Spoil); 14] = [
        ("family", |flow, _| flow.local.family = 5),
        ("port", |flow, _| flow.local.port = 0),
        ("rest of the address", |flow, _| flow.local.addr[4] = 1),
        ("no source", |flow, _| flow.source = blank::zeroed().0.source),
        ("source of another family", |flow, _| flow.source = addr("[::1]:5")),
        ("carries", |flow, _| flow.carries = 9),
        ("source check", |flow, _| flow.source_check = 3),
        ("flags", |flow, _| flow.flags = 1 << 31),
        ("payload type", |flow, _| (flow.pt_count, flow.pts[0].pt) = (1, 128)),
        ("payload types", |flow, _| flow.pt_count = 33),
        ("suite", |flow, _| flow.open.suite = 7),
        ("tag", |_, out| (out.seal.suite, out.seal.rtp_tag_len, out.seal.rtcp_tag_len) = (2, 11, 10)),
        ("mixed families", |_, out| out.to = addr("[2001:db8::1]:5")),
        ("output flags", |_, out| out.flags = 1 << 31),
    ];
    for (what, spoil) in spoils {
        let (mut flow, mut out) = (good, good_out);
        spoil(&mut flow, &mut out);
        let error = table.install(&flow, &[out]).expect_err(what);
        assert!(matches!(error.raw_os_error(), Some(22 | 97)), "{what}: {error}");
    }
    table.install(&good, &[good_out; 32]).unwrap();
    assert!(table.install(&good, &[good_out; 33]).is_err());
    assert_eq!(table.snapshot(addr("10.0.1.1:1")).unwrap_err().kind(), ErrorKind::NotFound);
}
