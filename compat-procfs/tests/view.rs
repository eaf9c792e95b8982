//! The tree of `/proc/rtpengine` mounted somewhere else: what is shown, and what may be written. Needs root and
//! /dev/fuse for the second test; without them it says that it was skipped.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test

use compat_procfs::abi;
use compat_procfs::view::{Refusal, Shown, ShownOutput, Source, Table, View, render};
use flow::{
    Carries, Counters, FlowKey, Generation, Micros, Moment, Snapshot, SsrcCounters, StreamId, Traffic,
};
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

fn key(text: &str) -> FlowKey {
    text.parse::<SocketAddr>().unwrap().into()
}

fn shown(local: &str, from: &str, to: &str, ssrc: u32, packets: u64) -> Shown {
    let traffic = Traffic { packets, bytes: packets * 172, errors: 0 };
    let sender = SsrcCounters {
        ssrc,
        traffic,
        first_seq: 1,
        last_seq: packets as u32,
        last_timestamp: 0,
        last_pt: 0,
        lost: 0,
        duplicates: 0,
        reordered: 0,
        jitter: Micros(0),
    };
    Shown {
        snapshot: Snapshot {
            key: key(local),
            generation: Generation(1),
            stream: StreamId(1),
            peer: None,
            confirmed: true,
            counters: Counters { received: traffic, last_packet: Some(Moment(5)), ..Counters::default() },
            ssrcs: [sender].into_iter().collect(),
            sent_ssrcs: Default::default(),
            progress: flow::Progress::default(),
            heard: Default::default(),
            left: Default::default(),
        },
        carries: Carries::Rtp,
        payload_types: vec![(0, traffic), (8, Traffic::default())],
        outputs: vec![ShownOutput { from: key(from), to: to.parse().unwrap(), ssrc: None, sent: traffic }],
    }
}

fn call() -> Table {
    let mut flows = vec![
        shown("10.0.1.1:30000", "10.0.2.1:30000", "10.0.2.2:5000", 0xaabb_ccdd, 173),
        shown("10.0.2.1:30000", "10.0.1.1:30000", "10.0.1.2:4000", 0x1122_3344, 174),
    ];
    flows[1].outputs[0].ssrc = Some(0x0b5b_1e87);
    flows[1].carries = Carries::RtpAndRtcp;
    Table { owner: 193, flows }
}

#[test]
fn texts_are_those_that_scripts_know() {
    assert_eq!(
        render::list(&call()),
        "\
local inet4 10.0.1.1:30000
    stats:                29756 bytes,                  173 packets,                    0 errors
        RTP payload type   0:                29756 bytes,                  173 packets
        RTP payload type   8:                    0 bytes,                    0 packets
    SSRC in: aabbccdd
    output #0
       src inet4 10.0.2.1:30000
       dst inet4 10.0.2.2:5000
local inet4 10.0.2.1:30000
    stats:                29928 bytes,                  174 packets,                    0 errors
        RTP payload type   0:                29928 bytes,                  174 packets
        RTP payload type   8:                    0 bytes,                    0 packets
    SSRC in: 11223344
    option: rtcp-mux
    output #0
       src inet4 10.0.1.1:30000
       dst inet4 10.0.1.2:4000
 SSRC out: b5b1e87
"
    );
    assert_eq!(render::status(&call()), "Refcount:    1\nControl PID: 193\nTargets:     2\n");
    assert!(render::stats(&call()).contains("bytes_forwarded      59684\n"), "{}", render::stats(&call()));
    assert_eq!(render::blist(&call()).len(), 2 * size_of::<abi::Snapshot>());
    let six = Table { owner: 0, flows: vec![shown("[2001:db8::1]:9", "[::1]:1", "[::1]:2", 1, 1)] };
    assert!(render::list(&six).starts_with("local inet6 [2001:db8::1]:9\n"));
}

#[derive(Clone, Default)]
struct Tables(Arc<Mutex<BTreeMap<u32, Table>>>);

impl Source for Tables {
    fn tables(&self) -> Vec<u32> {
        self.0.lock().unwrap().keys().copied().collect()
    }

    fn table(&self, id: u32) -> Option<Table> {
        self.0.lock().unwrap().get(&id).cloned()
    }

    fn add(&self, id: u32) -> Result<(), Refusal> {
        match self.0.lock().unwrap().insert(id, Table::default()) {
            None => Ok(()),
            Some(_) => Err(Refusal::Exists),
        }
    }

    fn del(&self, id: u32) -> Result<(), Refusal> {
        let mut tables = self.0.lock().unwrap();
        if tables.get(&id).ok_or(Refusal::Missing)?.owner != 0 {
            return Err(Refusal::Busy);
        }
        tables.remove(&id);
        Ok(())
    }
}

fn can_mount() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let caps = status.lines().find_map(|line| line.strip_prefix("CapEff:\t")).unwrap();
    let sys_admin = u64::from_str_radix(caps, 16).unwrap() >> 21 & 1 == 1;
    let can = sys_admin && fs::OpenOptions::new().read(true).write(true).open("/dev/fuse").is_ok();
    if !can {
        eprintln!("skipped: mounting needs root and /dev/fuse");
        if let Some(file) = std::env::var_os("LAB_SKIPS") {
            let mut file = fs::OpenOptions::new().append(true).create(true).open(file).unwrap();
            writeln!(file, "compat-procfs view: mounting needs root and /dev/fuse").unwrap();
        }
    }
    can
}

#[test]
fn the_mounted_tree_reads_and_answers_like_the_modules() {
    if !can_mount() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::default();
    tables.0.lock().unwrap().insert(42, call());
    let view = View::mount(folder.path(), tables.clone()).unwrap();
    let at = |path: &str| view.path().join(path);
    let read = |path: &str| fs::read_to_string(at(path));
    assert_eq!(read("list").unwrap(), "42\n");
    assert_eq!(read("42/list").unwrap(), render::list(&call()));
    assert_eq!(read("42/status").unwrap(), render::status(&call()));
    assert_eq!(read("42/stats").unwrap(), render::stats(&call()));
    let mut names: Vec<_> = fs::read_dir(at("42")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["blist", "control", "list", "stats", "status"]);
    for (path, mode) in
        [("control", 0o220), ("list", 0o444), ("42", 0o555), ("42/control", 0o660), ("42/blist", 0o444)]
    {
        assert_eq!(fs::metadata(at(path)).unwrap().permissions().mode() & 0o777, mode, "{path}");
    }
    let entry = size_of::<abi::Snapshot>();
    let mut room = vec![0; 2 * entry + 100];
    let mut blist = fs::File::open(at("42/blist")).unwrap();
    assert_eq!(blist.read(&mut room).unwrap(), 2 * entry);
    assert_eq!(blist.read(&mut room).unwrap(), 0);
    assert_eq!(blist.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::InvalidInput);
    let say = |text: &str| fs::write(at("control"), text);
    say("add 5\n").unwrap();
    assert_eq!(read("list").unwrap(), "5\n42\n");
    assert_eq!(read("5/status").unwrap(), "Refcount:    1\nControl PID: 0\nTargets:     0\n");
    for (text, kind) in [
        ("add 5\n", ErrorKind::AlreadyExists),
        ("del 7\n", ErrorKind::NotFound),
        ("del 42\n", ErrorKind::ResourceBusy),
        ("bogus\n", ErrorKind::InvalidInput),
        ("add 64\n", ErrorKind::InvalidInput),
    ] {
        assert_eq!(say(text).unwrap_err().kind(), kind, "{text}");
    }
    assert_eq!(fs::write(at("42/control"), "x").unwrap_err().kind(), ErrorKind::InvalidInput);
    say("del 5\n").unwrap();
    assert_eq!(read("5/status").unwrap_err().kind(), ErrorKind::NotFound);
    drop(view);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "unmounted");
}

/// Not a test: what the next one starts, to be killed.
#[test]
#[ignore = "started by another test"]
fn mounts_until_it_is_killed() {
    let Some(at) = std::env::var_os("VIEW_AT") else { return };
    let _view = View::mount(std::path::Path::new(&at), Tables(Arc::default())).unwrap();
    println!("mounted");
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn the_mount_of_a_daemon_that_was_killed_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("made").join("by us");
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["mounts_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
        .env("VIEW_AT", &at)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn();
    let mut child = child.unwrap();
    let mut said = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("mounted") {
        line.clear();
        if std::io::BufRead::read_line(&mut said, &mut line).unwrap() == 0 {
            child.wait().unwrap();
            eprintln!("SKIPPED: no FUSE mounts here");
            return;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::metadata(&at).unwrap_err().kind(), ErrorKind::NotConnected);
    let view = View::mount(&at, Tables(Arc::default())).unwrap();
    assert!(at.join("list").exists());
    drop(view);
    assert!(!at.join("list").exists());
}
