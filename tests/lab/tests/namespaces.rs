//! Namespaces come, are separate, and go.

use lab::{Family, Namespace, Process, RtpPeer, Topology};
use std::path::PathBuf;
use std::time::Duration;

fn file(namespace: &Namespace) -> PathBuf {
    PathBuf::from("/run/netns").join(namespace.name())
}

#[test]
fn a_topology_leaves_nothing_behind() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let files = [file(&net.relay), file(&net.caller.ns), file(&net.callee.ns)];
    assert!(files.iter().all(|file| file.exists()));
    drop(net);
    assert!(!files.iter().any(|file| file.exists()));
    Ok(())
}

#[test]
fn dropping_a_namespace_kills_who_lives_there() -> lab::Result<()> {
    lab::need_root!();
    let namespace = Namespace::new("lodgers")?;
    let mut command = namespace.command("sh");
    command.args(["-c", "echo ready; exec sleep 60"]);
    let mut lodger = Process::start("lodger", command)?;
    lodger.wait_for_log("ready", Duration::from_secs(5))?;
    drop(namespace);
    assert_eq!(lodger.wait(Duration::from_secs(5))?.code(), None);
    Ok(())
}

#[test]
fn peers_reach_the_relay_but_not_each_other() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    for family in [Family::V4, Family::V6] {
        let caller = RtpPeer::bind(&net.caller.ns, (net.caller.peer(family), 4000).into())?;
        let callee = RtpPeer::bind(&net.callee.ns, (net.callee.peer(family), 4000).into())?;
        let relay = RtpPeer::bind(&net.relay, (net.caller.relay(family), 4000).into())?;
        assert_eq!(net.relay.has_udp(relay.local()), family == Family::V4);
        caller.aim(relay.local());
        caller.send_bytes(b"hello")?;
        let (bytes, from) = relay.receive_bytes(Duration::from_secs(5))?.expect("the wire works");
        assert_eq!((&bytes[..], from), (&b"hello"[..], caller.local()));
        caller.aim(callee.local());
        caller.send_bytes(b"hello").expect_err("there is no route around the relay");
    }
    Ok(())
}

#[test]
fn an_interrupted_lab_cleans_up() -> lab::Result<()> {
    lab::need_root!();
    let command = std::process::Command::new(env!("CARGO_BIN_EXE_stand"));
    let mut stand = Process::start("stand", command)?;
    stand.wait_for_log("Ctrl-C", Duration::from_secs(10))?;
    let prefix = format!("lab{}-", stand.pid());
    let left = || {
        std::fs::read_dir("/run/netns")
            .unwrap()
            .flatten()
            .any(|e| e.file_name().to_string_lossy().starts_with(&prefix))
    };
    assert!(left());
    assert_eq!(stand.terminate(Duration::from_secs(10))?.code(), Some(143));
    assert!(!left());
    Ok(())
}
