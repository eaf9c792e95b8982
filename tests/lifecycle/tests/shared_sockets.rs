//! Media ports without a socket each (`media.sockets = "shared"`): that they behave as if they had one, whatever happens.

use lab::{Call, CallSpec, Daemon, DaemonSpec, Family, Namespace, Pace, Topology, call, ng};
use lifecycle::PATIENCE;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

const SHARED: &str = "media ports: sockets shared";

fn sharing(net: &Topology, low: u16, high: u16) -> DaemonSpec {
    Daemon::on(net)
        .arg("--media-sockets=shared")
        .arg(format!("--port-min={low}"))
        .arg(format!("--port-max={high}"))
}

/// Starts it and demands that ports are really shared.
fn start(spec: DaemonSpec) -> lab::Result<Daemon> {
    let mut daemon = spec.start()?;
    daemon.process().wait_for_log(SHARED, PATIENCE)?;
    Ok(daemon)
}

fn reserved_ports(namespace: &Namespace) -> lab::Result<String> {
    let text = namespace.run(&["cat", "/proc/sys/net/ipv4/ip_local_reserved_ports"])?;
    Ok(text.trim().to_owned())
}

/// A socket of the caller's side, bound anywhere, that hears what the system answers.
fn caller_socket(net: &Topology, remote: SocketAddr) -> lab::Result<UdpSocket> {
    let any: IpAddr = if remote.is_ipv4() { net.caller.peer_v4.into() } else { net.caller.peer_v6.into() };
    let socket = net.caller.ns.udp((any, 0).into())?;
    let io = |error| lab::LabError::Io { what: "a socket of the caller".into(), source: error };
    socket.connect(remote).map_err(io)?;
    socket.set_read_timeout(Some(Duration::from_millis(100))).map_err(io)?;
    Ok(socket)
}

/// What a packet to nobody is answered with. Systems limit how many such answers they give, so it is asked again.
fn answer_of(socket: &UdpSocket) -> ErrorKind {
    let deadline = Instant::now() + PATIENCE;
    loop {
        // The answer may be to an earlier packet and come with this one.
        match socket.send(&[0x80; 20]).and_then(|_| socket.recv(&mut [0; 64])) {
            Ok(_) => return ErrorKind::Other,
            Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < deadline => {}
            Err(error) => return error.kind(),
        }
    }
}

#[test]
fn calls_of_both_families_take_no_descriptors() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = start(sharing(&net, 30_000, 30_999))?;
    let mut client = daemon.ng()?;
    let before = daemon.vitals()?.descriptors;
    let mut calls = Vec::new();
    for number in 0..40_u16 {
        let families = [
            if number % 2 == 0 { Family::V4 } else { Family::V6 },
            if number % 4 < 2 { Family::V4 } else { Family::V6 },
        ];
        let spec = CallSpec::new(format!("shared-{number}"), 4000 + 10 * number).families(families);
        calls.push(spec.set_up(&mut client, &net)?);
    }
    assert_eq!(daemon.vitals()?.descriptors, before);
    for call in &calls[..8] {
        call.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
    }
    for call in calls {
        call.delete(&mut client)?;
    }
    let log = daemon.stop()?;
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    Ok(())
}

#[test]
fn closed_ports_are_answered_as_the_kernel_would() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = start(sharing(&net, 30_000, 30_003))?;
    let mut client = daemon.ng()?;
    for relay in [IpAddr::from(net.caller.relay_v4), net.caller.relay_v6.into()] {
        for port in [30_000, 30_003] {
            let nobody = caller_socket(&net, (relay, port).into())?;
            assert_eq!(answer_of(&nobody), ErrorKind::ConnectionRefused, "{relay} port {port}");
        }
    }
    // While a call has one pair the other pair is flooded, and the call's packets all pass.
    let talking = Call::set_up(&mut client, &net, "beside a flood", 4000)?;
    let open = talking.alice.remote().map_or(0, |at| at.port());
    let closed = if open == 30_000 { 30_002 } else { 30_000 };
    let flood = caller_socket(&net, (net.caller.relay_v4, closed).into())?;
    let [there, back] = [0x0a00_0009, 0x0b00_0009].map(|ssrc| lab::Stream::new(ssrc, 50));
    for number in 0..50 {
        // More than a socket holds, fewer than the kernel queues for a CPU. Every refusal takes a send along.
        (0..200).for_each(|_| drop(flood.send(&[0x80; 172])));
        talking.alice.send_one(&there, number)?;
        talking.bob.send_one(&back, number)?;
    }
    for report in [talking.bob.receive(&there, PATIENCE)?, talking.alice.receive(&back, PATIENCE)?] {
        report.assert_whole();
    }
    assert_eq!(answer_of(&flood), ErrorKind::ConnectionRefused);
    let alice = talking.alice.remote().map_or(flood.peer_addr().ok(), Some).map(|at| at.port());
    talking.delete(&mut client)?;
    // What was a port of the call is nobody's again.
    let after = caller_socket(&net, (net.caller.relay_v4, alice.unwrap_or_default()).into())?;
    assert_eq!(answer_of(&after), ErrorKind::ConnectionRefused);
    daemon.stop()?;
    Ok(())
}

#[test]
fn a_second_instance_works_beside_and_an_overlap_names_the_holder() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let first = start(sharing(&net, 30_000, 30_099))?;
    let second_control = SocketAddr::from(([127, 0, 0, 1], 2323));
    let second = start(sharing(&net, 30_100, 30_199).control(second_control))?;
    let (mut one, mut two) = (first.ng()?, second.ng()?);
    let left = Call::set_up(&mut one, &net, "first", 4000)?;
    let right = Call::set_up(&mut two, &net, "second", 5000)?;
    left.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
    right.talk_perfectly(20, Pace::BRISK, PATIENCE)?;

    for manner in ["shared", "per-port"] {
        let third = Daemon::on(&net)
            .arg(format!("--media-sockets={manner}"))
            .arg("--port-min=30050")
            .arg("--port-max=30250")
            .control(([127, 0, 0, 1], 2424).into());
        let refused = third.start().expect_err("two daemons had the same ports").to_string();
        let holder = format!("process {}", first.pid());
        let other = format!("process {}", second.pid());
        assert!(refused.contains(&holder) || refused.contains(&other), "{refused}");
        assert!(refused.contains("overlap"), "{refused}");
    }
    // The end of one is nothing to the other.
    first.stop()?;
    right.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
    start(sharing(&net, 30_000, 30_099))?.stop()?;
    second.stop()?;
    Ok(())
}

#[test]
fn reserved_ports_are_set_and_restored_also_after_a_crash() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    net.relay.set("ipv4/ip_local_reserved_ports", "8080,30005")?;
    let mut daemon = start(sharing(&net, 30_000, 30_099))?;
    assert_eq!(reserved_ports(&net.relay)?, "8080,30000-30099");
    daemon.process().kill();
    assert_eq!(reserved_ports(&net.relay)?, "8080,30000-30099", "nobody was there to restore it");
    let daemon = start(sharing(&net, 31_000, 31_099))?;
    assert_eq!(reserved_ports(&net.relay)?, "8080,30005,31000-31099");
    daemon.stop()?;
    assert_eq!(reserved_ports(&net.relay)?, "8080,30005");
    Ok(())
}

#[test]
fn a_killed_one_leaves_an_ordinary_host() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let mut daemon = start(sharing(&net, 30_000, 30_007))?;
    let call = Call::set_up(&mut daemon.ng()?, &net, "cut off", 4000)?;
    call.talk_perfectly(10, Pace::BRISK, PATIENCE)?;
    let port = call.alice.remote().expect("a port of the relay");
    daemon.process().kill();
    let nobody = caller_socket(&net, port)?;
    assert_eq!(answer_of(&nobody), ErrorKind::ConnectionRefused);
    // Somebody else may have the port now.
    let other = net.relay.udp(port)?;
    drop(other);
    let daemon = start(sharing(&net, 30_000, 30_007))?;
    let mut client = daemon.ng()?;
    let calls: lab::Result<Vec<Call>> =
        (0..4).map(|n| Call::set_up(&mut client, &net, &format!("again-{n}"), 5000 + 10 * n)).collect();
    for call in calls? {
        call.talk_perfectly(10, Pace::BRISK, PATIENCE)?;
    }
    daemon.stop()?;
    Ok(())
}

#[test]
fn a_link_that_goes_and_comes_back_and_an_address_that_is_removed() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = start(sharing(&net, 30_000, 30_099))?;
    let mut client = daemon.ng()?;
    let call = Call::set_up(&mut client, &net, "through it all", 4000)?;
    call.talk_perfectly(10, Pace::BRISK, PATIENCE)?;
    net.relay.ip(&["link", "set", "callee", "down"])?;
    call.alice.send(&lab::Stream::new(9, 5), 0..5, Pace::BRISK)?;
    net.relay.ip(&["link", "set", "callee", "up"])?;
    call.bob.discard()?;
    call.talk_perfectly(20, Pace::BRISK, PATIENCE)?;

    let address = format!("{}/24", net.callee.relay_v4);
    net.relay.ip(&["addr", "del", &address, "dev", "callee"])?;
    let caller = SocketAddr::new(net.caller.peer_v4.into(), 4100);
    let reply = client.ask(&call::offer("nowhere", caller))?;
    assert_eq!(reply.text("error-reason"), Some("Ran out of ports"), "{reply:?}");
    let message = reply.text("message").unwrap_or_default();
    assert!(message.contains("not an address of this machine"), "{message}");
    net.relay.ip(&["addr", "add", &address, "dev", "callee"])?;
    client.ok(&call::offer("somewhere", caller))?;
    call.bob.discard()?;
    call.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
    daemon.stop()?;
    Ok(())
}

#[test]
fn a_port_that_somebody_binds_meanwhile_is_left_alone() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = start(sharing(&net, 30_000, 30_003))?;
    let mut client = daemon.ng()?;
    let wildcard = net.relay.udp((Ipv4Addr::UNSPECIFIED, 30_001).into())?;
    for round in 0..5 {
        let call = Call::set_up(&mut client, &net, &format!("beside-{round}"), 4000)?;
        assert_eq!(call.alice.remote().map(|at| at.port()), Some(30_002));
        call.delete(&mut client)?;
    }
    // What comes to the port of the other is the other's.
    let sender = caller_socket(&net, (net.caller.relay_v4, 30_001).into())?;
    sender.send(b"for another").expect("sending");
    let mut bytes = [0; 32];
    wildcard.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    assert_eq!(wildcard.recv(&mut bytes).expect("a packet"), 11);
    daemon.stop()?;
    Ok(())
}

#[test]
fn without_the_rights_every_port_gets_a_socket() -> lab::Result<()> {
    lab::need_root!();
    lab::need_tool!("setpriv");
    let net = Topology::new()?;
    let folder = std::env::temp_dir();
    let script = folder.join(format!("lab-powerless-{}.sh", std::process::id()));
    let binary = lab::daemon_binary()?;
    let text = format!(
        "#!/bin/sh\nexec setpriv --bounding-set=-all --inh-caps=-all '{}' \"$@\"\n",
        binary.display()
    );
    let io = |error| lab::LabError::Io { what: "writing a script".into(), source: error };
    std::fs::write(&script, text).map_err(io)?;
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o700)).map_err(io)?;
    let daemon = sharing(&net, 30_000, 30_099).binary(&script).start();
    std::fs::remove_file(&script).map_err(io)?;
    let mut daemon = daemon?;
    daemon.process().wait_for_log("media ports: sockets per-port (", PATIENCE)?;
    assert!(daemon.log().contains("CAP_"), "{}", daemon.log());
    Call::set_up(&mut daemon.ng()?, &net, "all the same", 4000)?.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
    daemon.stop()?;
    Ok(())
}

/// Calls that are open at once in [`calls_go_on_beyond_the_limit_of_descriptors`].
const MANY: u16 = 1000;

#[test]
fn calls_go_on_beyond_the_limit_of_descriptors() -> lab::Result<()> {
    lab::need_root!();
    lab::need_tool!("prlimit");
    let net = Topology::new()?;
    let mut daemon = start(sharing(&net, 20_000, 29_999))?;
    let mut client = daemon.ng()?;
    let pid = daemon.process().pid().to_string();
    let open = daemon.vitals()?.descriptors;
    net.relay.run(&["prlimit", "--pid", &pid, &format!("--nofile={}:", open + 8)])?;
    let talking = Call::set_up(&mut client, &net, "talking", 5000)?;
    let caller = SocketAddr::new(net.caller.peer_v4.into(), 4000);
    let callee = SocketAddr::new(net.callee.peer_v4.into(), 4000);
    for number in 0..MANY {
        client.ok(&call::offer(&format!("silent-{number}"), caller))?;
        client.ok(&call::answer(&format!("silent-{number}"), callee))?;
    }
    talking.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
    client.ok(&ng::request("ping"))?;
    for number in 0..MANY {
        client.ok(&call::delete(&format!("silent-{number}")))?;
    }
    assert!(daemon.vitals()?.descriptors <= open + 1);
    daemon.stop()?;
    Ok(())
}

#[test]
fn media_is_not_tracked_while_the_daemon_runs() -> lab::Result<()> {
    lab::need_root!();
    lab::need_tool!("nft");
    let net = Topology::new()?;
    let block = |leg: &lab::Leg| {
        let (name, v4, v6) = (leg.interface, leg.relay_v4, leg.relay_v6);
        format!("[[interface]]\nname = \"{name}\"\naddress = [\"{v4}\", \"{v6}\"]\n")
    };
    let media = "[media]\nports = \"30000-30099\"\nnotrack = true\n";
    let config = [block(&net.caller), block(&net.callee), media.to_owned()].concat();
    let mut daemon = Daemon::on(&net).config(&config)?.start()?;
    daemon.process().wait_for_log("not tracked as connections", PATIENCE)?;
    let rules = net.relay.run(&["nft", "list", "ruleset"])?;
    let table = format!("table inet rtpengine-{}", daemon.pid());
    assert!(rules.contains(&table), "{rules}");
    for words in ["198.51.100.1", "2001:db8:200::1", "30000", "30099", "notrack"] {
        assert!(rules.contains(words), "{words}: {rules}");
    }
    Call::set_up(&mut daemon.ng()?, &net, "untracked", 4000)?.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
    daemon.process().kill();
    assert!(!net.relay.run(&["nft", "list", "ruleset"])?.contains("rtpengine"), "it ends with the process");
    Ok(())
}
