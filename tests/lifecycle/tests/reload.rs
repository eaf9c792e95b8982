//! The configuration is read again (SIGHUP) while calls talk.

use lab::{Call, Daemon, Pace, Signal, Topology, call, ng};
use lifecycle::{PATIENCE, ended};
use std::path::{Path, PathBuf};

const START: &str = r#"
media.ports = "30000-30007"
[control]
listen-ng = ["127.0.0.1:2223"]
[[interface]]
name = "caller"
address = "198.51.100.1"
[limits]
sessions = 1
[log]
level = 6
"#;

/// A daemon that was started from a file, which is written anew before each reload.
struct Relay {
    daemon: Daemon,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).expect("a configuration is written");
}

impl Relay {
    fn start(net: &Topology, text: &str) -> lab::Result<Relay> {
        let folder = tempfile::tempdir().expect("a folder for a configuration");
        let file = folder.path().join("relay.toml");
        write(&file, text);
        let spec = Daemon::within(&net.relay).bare().arg(format!("--config={}", file.display()));
        let daemon = spec.arg("--foreground").arg("--log-stderr").start()?;
        Ok(Relay { daemon, file, _folder: folder })
    }

    /// Has another text read, until the log says `word`; what was logged meanwhile.
    fn reload(&mut self, text: &str, word: &str) -> lab::Result<String> {
        write(&self.file, text);
        let before = self.daemon.log().len();
        self.daemon.process().signal(Signal::SIGHUP)?;
        self.daemon
            .process()
            .wait_until("the end of a reload", PATIENCE, |process| process.log()[before..].contains(word))?;
        Ok(self.daemon.log()[before..].to_owned())
    }
}

const READ: &str = "the configuration was read again";

#[test]
fn interfaces_ports_limits_and_levels_change_under_a_talking_call() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let mut relay = Relay::start(&net, START)?;
    let mut client = relay.daemon.ng()?;
    // There is no interface of the callee's side yet, so both sides of the call are on the caller's.
    let peer = |port: u16| lab::RtpPeer::bind(&net.caller.ns, ([198, 51, 100, 10], port).into());
    let (alice, bob) = (peer(4000)?, peer(5000)?);
    let offered = client.ok(&call::offer("old", alice.local()))?;
    let answered = client.ok(&call::answer("old", bob.local()))?;
    alice.aim(call::told(&answered)?);
    bob.aim(call::told(&offered)?);
    let talk = |first: u16| -> lab::Result<()> {
        let streams = [0x0a, 0x0b].map(|ssrc| lab::Stream::new(ssrc, 50).first_sequence(first));
        let flows = [(&alice, &bob, &streams[0]), (&bob, &alice, &streams[1])];
        lab::exchange(&flows, Pace::BRISK, PATIENCE)?.iter().for_each(lab::Report::assert_perfect);
        Ok(())
    };
    talk(0)?;
    assert_eq!(client.refused(&call::offer("new", alice.local()))?, "Parallel session limit reached");

    let changed = r#"
media.ports = "31000-31003"
[control]
listen-ng = ["127.0.0.1:2223"]
[[interface]]
name = "caller"
address = "198.51.100.1"
[[interface]]
name = "callee"
address = "203.0.113.1"
advertise = "192.0.2.77"
[limits]
sessions = 3
[log]
level = 7
"#;
    let said = relay.reload(changed, READ)?;
    for line in [
        "changed: limits.sessions: 3 (was 1)",
        "changed: media.ports: \"31000-31003\" (was \"30000-30007\")",
        "changed: log.level: 7 (was 6)",
        "changed: interface `caller`: ports 31000-31003 of 198.51.100.1 (was 30000-30007)",
        "changed: interface `callee`: 203.0.113.1 with ports 31000-31003",
        "5 changes, 0 more take a restart",
    ] {
        assert!(said.contains(line), "{line} is not in\n{said}");
    }
    talk(50)?;

    let offered = client.ok(&call::offer("new", alice.local()))?;
    let told = call::told(&offered)?;
    assert_eq!(told.ip(), std::net::IpAddr::from([192, 0, 2, 77]), "what the new interface advertises");
    assert!((31_000..=31_003).contains(&told.port()), "{told}");
    client.ok(&call::delete("new"))?;
    let call = Call::set_up(&mut client, &net, "across", 4100)?;
    let at = call.bob.remote().expect("it was aimed");
    assert!((31_000..=31_003).contains(&at.port()), "{at}");
    // The address of the SDP is not there in this lab; the port is.
    call.bob.aim(([203, 0, 113, 1], at.port()).into());
    call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    talk(100)?;

    // Back: the new interface stays, and that is said; the old call still ends well, and its ports are free again.
    let said = relay.reload(START, READ)?;
    assert!(said.contains("takes a restart: interface `callee`: 203.0.113.1 is gone"), "{said}");
    talk(150)?;
    call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    client.ok(&call::delete("old"))?;
    call.delete(&mut client)?;
    let offered = client.ok(&call::offer("last", alice.local()).without("direction"))?;
    assert!((30_000..=30_007).contains(&call::told(&offered)?.port()));
    relay.daemon.stop()?;
    Ok(())
}

#[test]
fn what_takes_a_restart_says_so_and_a_wrong_file_changes_nothing() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let mut relay = Relay::start(&net, START)?;
    let mut client = relay.daemon.ng()?;

    let wrong = START.replace("sessions = 1", "sessions = 9").replace("30000-30007", "30007-30000");
    let said = relay.reload(&wrong, "the configuration stays as it was")?;
    assert!(said.contains("relay.toml") && said.contains("write 30000-30007"), "{said}");
    client.ok(&call::offer("one", ([198, 51, 100, 10], 4000).into()))?;
    let refused = client.refused(&call::offer("two", ([198, 51, 100, 10], 4000).into()))?;
    assert_eq!(refused, "Parallel session limit reached", "the limit of the wrong file is not in force");

    let elsewhere = START.replace("2223", "2323") + "facility = \"local1\"\n[threads]\nmedia = 7\n";
    let said = relay.reload(&elsewhere, READ)?;
    for line in [
        "takes a restart: control.listen-ng has changed",
        "takes a restart: log.facility has changed",
        "takes a restart: threads.media has changed",
        "0 changes, 3 more take a restart",
    ] {
        assert!(said.contains(line), "{line} is not in\n{said}");
    }
    client.ok(&ng::request("ping"))?;
    let said = relay.reload(START, READ)?;
    assert!(said.contains("0 changes, 0 more"), "as it was at the start: {said}");
    relay.daemon.stop()?;
    Ok(())
}

#[test]
fn options_of_the_command_line_still_win() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let mut daemon = Daemon::on(&net).arg("--max-sessions=1").start()?;
    let before = daemon.log().len();
    daemon.process().signal(Signal::SIGHUP)?;
    daemon
        .process()
        .wait_until("the end of a reload", PATIENCE, |process| process.log()[before..].contains(READ))?;
    assert!(daemon.log()[before..].contains("0 changes, 0 more"), "{}", daemon.log());
    let mut client = daemon.ng()?;
    client.ok(&call::offer("one", ([198, 51, 100, 10], 4000).into()))?;
    client.refused(&call::offer("two", ([198, 51, 100, 10], 4000).into()))?;
    daemon.stop()?;
    Ok(())
}

#[test]
fn a_shorter_timeout_ends_calls_that_are_silent_already() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let mut relay = Relay::start(&net, START)?;
    let mut client = relay.daemon.ng()?;
    client.ok(&call::offer("silent", ([198, 51, 100, 10], 4000).into()))?;
    client.ok(&call::answer("silent", ([198, 51, 100, 11], 4000).into()))?;
    let said = relay.reload(&format!("{START}[timeouts]\nmedia = 1\n"), READ)?;
    assert!(said.contains("changed: timeouts.media: 1 (was 60)"), "{said}");
    relay
        .daemon
        .process()
        .wait_until("the end of the call", PATIENCE, |process| !ended(&process.log(), "silent").is_empty())?;
    assert_eq!(ended(&relay.daemon.log(), "silent")[0].reason, "timeout");
    relay.daemon.stop()?;
    Ok(())
}

/// Both sides of a call; the ports are shared, and not those of another daemon.
fn sharing(ports: &str, sides: &[&str]) -> String {
    let interfaces = sides.iter().map(|side| {
        let addr = if *side == "caller" { "198.51.100.1" } else { "203.0.113.1" };
        format!("[[interface]]\nname = \"{side}\"\naddress = \"{addr}\"\n")
    });
    let interfaces: String = interfaces.collect();
    format!(
        "[media]\nsockets = \"shared\"\nports = \"{ports}\"\n[control]\nlisten-ng = [\"127.0.0.1:2223\"]\n{interfaces}\
         [log]\nlevel = 6\n"
    )
}

#[test]
fn ports_that_come_are_shared_and_claimed_like_those_of_the_start() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let mut relay = Relay::start(&net, &sharing("30000-30099", &["caller"]))?;
    relay.daemon.process().wait_for_log("media ports: sockets shared", PATIENCE)?;
    let said = relay.reload(&sharing("31000-31099", &["caller", "callee"]), READ)?;
    assert!(!said.contains("takes a restart"), "{said}");
    let before = relay.daemon.vitals()?.descriptors;
    let mut client = relay.daemon.ng()?;
    let call = Call::set_up(&mut client, &net, "over what came", 4000)?;
    assert_eq!(relay.daemon.vitals()?.descriptors, before, "no port has a socket");
    for peer in [&call.alice, &call.bob] {
        let at = peer.remote().expect("it was aimed");
        assert!((31_000..=31_099).contains(&at.port()), "{at}");
    }
    call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    let reserved = net.relay.run(&["cat", "/proc/sys/net/ipv4/ip_local_reserved_ports"])?;
    assert_eq!(reserved.trim(), "30000-30099,31000-31099");

    // Others find them taken.
    let other = Daemon::on(&net).arg("--port-min=31050").arg("--port-max=31250");
    let refused = other.control(([127, 0, 0, 1], 2424).into()).start().expect_err("ports were had twice");
    assert!(refused.to_string().contains("overlap"), "{refused}");
    // And those of others are not taken.
    let beside = Daemon::on(&net).arg("--port-min=32000").arg("--port-max=32099");
    let beside = beside.control(([127, 0, 0, 1], 2424).into()).start()?;
    let said = relay.reload(&sharing("32050-32150", &["caller", "callee"]), READ)?;
    let holder = format!("process {}", beside.pid());
    assert!(said.contains("takes a restart") && said.contains(&holder), "{said}");
    call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    let port = call::told(&client.ok(&call::offer("still here", ([198, 51, 100, 10], 4100).into()))?)?.port();
    assert!((31_000..=31_099).contains(&port), "{port}");
    beside.stop()?;
    relay.daemon.stop()?;
    assert_eq!(net.relay.run(&["cat", "/proc/sys/net/ipv4/ip_local_reserved_ports"])?.trim(), "");
    Ok(())
}
