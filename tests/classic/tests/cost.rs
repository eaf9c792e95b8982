//! What a forwarded packet costs. Started by `tests/vm/compare` in guests whose clock counts instructions.
//!
//! `COST_DAEMON` is the daemon that drives the module that is loaded, ours or another one; `COST_NAME` goes into the
//! result, which is printed as lines of JSON. The same code sends and receives for all of them.

use classic::{Host, PATIENCE, udp_delivered};
use compat_procfs::abi::{self, Addr, Flow, Output, Srtp};
use compat_procfs::{Claim, Control, Tables};
use lab::{LabError, Pace, Result, RtpPeer, Stream, Value, call, sdp};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use zerocopy::FromZeros;

const TABLE: u32 = 7;
/// Packets sent in a row, no more than a receive buffer takes, and how often.
const ROW: u32 = 100;
const ROWS: u32 = 50;

/// The median of nanoseconds for each packet of a row, from the first sending to the last receiving.
fn cost(from: &RtpPeer, to: &RtpPeer, ssrc: u32, arrives: bool) -> Result<u64> {
    let stream = Stream::new(ssrc, ROW * ROWS).first_sequence(1000);
    let (mut costs, mut buffer) = (Vec::new(), [0; 2048]);
    for row in 0..ROWS {
        let start = Instant::now();
        for index in row * ROW..(row + 1) * ROW {
            from.send_bytes(&stream.packet(index))?;
        }
        let mut got = 0;
        while arrives && got < ROW && to.receive_into(&mut buffer, Duration::from_secs(1))?.is_some() {
            got += 1;
        }
        costs.push(start.elapsed().as_nanos() as u64 / u64::from(ROW));
        assert!(!arrives || got == ROW, "only {got} of {ROW} arrived");
    }
    costs.sort_unstable();
    Ok(costs[costs.len() / 2])
}

/// Sends until the module forwards alone.
fn until_forwarded(host: &Host, from: &RtpPeer, to: &RtpPeer, ssrc: u32) -> Result<()> {
    let deadline = Instant::now() + 6 * PATIENCE;
    let stream = Stream::new(ssrc, 900).first_sequence(1);
    let mut good = 0;
    for round in 0..45 {
        let before = udp_delivered(host)?;
        from.send(&stream, round * 20..(round + 1) * 20, Pace::SPEECH)?;
        let arrived = to.discard()?;
        let alone =
            arrived > 0 && classic::list(TABLE).contains("local ") && udp_delivered(host)? - before < 10;
        good = if alone { good + 1 } else { 0 };
        if good == 3 {
            return Ok(());
        }
        if Instant::now() > deadline {
            break;
        }
    }
    Err(LabError::Timeout {
        what: "the module forwarding".into(),
        after_ms: 0,
        context: format!("\n{}", classic::list(TABLE)),
    })
}

fn report(what: &str, ns: u64) {
    let name = std::env::var("COST_NAME").unwrap_or_else(|_| "ours".into());
    let line = serde_json::json!({ "module": name, "what": what, "instructions_per_packet": ns });
    // The result of the measurement.
    #[allow(clippy::print_stdout)]
    {
        println!("\nCOST {line}");
    }
}

fn peers(host: &Host, port: u16) -> Result<[RtpPeer; 2]> {
    let bind = |leg: &lab::Leg| RtpPeer::bind(&leg.ns, (leg.peer_v4, port).into());
    Ok([bind(&host.net.caller)?, bind(&host.net.callee)?])
}

fn daemon(host: &Host) -> Result<lab::Daemon> {
    let path = std::env::var_os("COST_DAEMON").expect("COST_DAEMON is set");
    host.daemon().arg("--num-threads=1").binary(path).start()
}

#[test]
#[ignore = "measures; started by tests/vm/compare"]
fn a_plain_packet() -> Result<()> {
    lab::need_module!();
    let host = Host::new(TABLE)?;
    host.net.relay.run(&["iptables", "-I", "INPUT", "-p", "udp", "--dport", "9", "-j", "DROP"])?;
    let [alice, bob] = peers(&host, 5000)?;
    alice.aim(SocketAddr::new(IpAddr::V4(host.net.caller.relay_v4), 9));
    report("dropped by a rule", cost(&alice, &bob, 1, false)?);
    let daemon = daemon(&host)?;
    let mut client = daemon.ng()?;
    let offered = client.ok(&call::offer("plain", alice.local()))?;
    let answered = client.ok(&call::answer("plain", bob.local()))?;
    alice.aim(call::told(&answered)?);
    bob.aim(call::told(&offered)?);
    // Both sides speak at first, as on a telephone.
    let hello = Stream::new(3, 200);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| bob.send(&hello, 0..200, Pace::SPEECH));
        alice.send(&Stream::new(2, 200), 0..200, Pace::SPEECH)?;
        other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    alice.discard()?;
    bob.discard()?;
    until_forwarded(&host, &alice, &bob, 2)?;
    report("plain", cost(&alice, &bob, 2, true)?);
    daemon.stop()?;
    Ok(())
}

#[test]
#[ignore = "measures; started by tests/vm/compare"]
fn a_packet_that_is_sealed() -> Result<()> {
    lab::need_module!();
    let host = Host::new(TABLE)?;
    let [alice, bob] = peers(&host, 5100)?;
    if std::env::var_os("COST_BY_HAND").is_some() {
        let local: SocketAddr = (host.net.caller.relay_v4, 30_000).into();
        let from: SocketAddr = (host.net.callee.relay_v4, 30_000).into();
        let (source, to) = (alice.local(), bob.local());
        alice.aim(local);
        let control = host.net.relay.enter(|| by_hand(local, source, from, to))?;
        report("sealed with AES-CM-128 and HMAC-SHA1-80", cost(&alice, &bob, 4, true)?);
        drop(control);
        Tables::default().del(TABLE).expect("nobody owns the table");
        return Ok(());
    }
    let daemon = daemon(&host)?;
    let mut client = daemon.ng()?;
    let offered = client.ok(&call::offer("sealed", alice.local()).set("transport-protocol", "RTP/SAVP"))?;
    let text = offered.text("sdp").unwrap_or_default();
    let line = text.lines().find(|line| line.contains("AES_CM_128_HMAC_SHA1_80")).unwrap_or_default();
    let tag = line.strip_prefix("a=crypto:").and_then(|rest| rest.split(' ').next()).unwrap_or("1");
    let key = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    let answer = sdp::Builder::new(bob.local().ip())
        .media("audio", bob.local().port(), "RTP/SAVP")
        .codec(0, "PCMU/8000")
        .line(format!("a=crypto:{tag} AES_CM_128_HMAC_SHA1_80 {key}"));
    let request = call::answer("sealed", bob.local()).set("sdp", answer.text());
    let answered: Value = client.ok(&request.set("transport-protocol", "RTP/AVP"))?;
    alice.aim(call::told(&answered)?);
    until_forwarded(&host, &alice, &bob, 4)?;
    report("sealed with AES-CM-128 and HMAC-SHA1-80", cost(&alice, &bob, 4, true)?);
    daemon.stop()?;
    Ok(())
}

fn by_hand(local: SocketAddr, source: SocketAddr, from: SocketAddr, to: SocketAddr) -> Control {
    let tables = Tables::default();
    // What a run that failed has left.
    let _ = tables.del(TABLE);
    tables.add(TABLE).expect("a new table");
    let mut control = Control::open(&tables, TABLE).expect("its control file");
    control.claim(Claim::Fresh).expect("nobody owns it");
    let mut flow = Flow::new_zeroed();
    (flow.local, flow.source, flow.generation) = (addr(local), addr(source), 1);
    (flow.carries, flow.source_check) = (abi::CARRIES_RTP, abi::SOURCE_PASS);
    let mut output = Output::new_zeroed();
    (output.from, output.to, output.flags) = (addr(from), addr(to), abi::OUT_RTP);
    let mut seal = Srtp::new_zeroed();
    (seal.suite, seal.rtp_tag_len, seal.rtcp_tag_len) = (abi::SUITE_AES_CM_128_SHA1, 10, 10);
    for keys in [&mut seal.rtp, &mut seal.rtcp] {
        keys.cipher[..16].fill(1);
        keys.auth.fill(2);
        keys.salt.fill(3);
    }
    output.seal = seal;
    control.install(&flow, &[output]).expect("the module takes the flow");
    control
}

fn addr(at: SocketAddr) -> Addr {
    let mut addr = Addr::new_zeroed();
    (addr.family, addr.port) = (abi::INET4, at.port());
    if let IpAddr::V4(ip) = at.ip() {
        addr.addr[..4].copy_from_slice(&ip.octets());
    }
    addr
}
