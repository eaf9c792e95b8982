//! The packets of a call as a file, read by tshark: whole, in their streams, and in clear where the relay has the keys.

use lab::{Namespace, Pace, Process, Result, RtpPeer, Signal, Stream, call, sdp};
use std::path::Path;
use std::process::Command;
use watch::{PATIENCE, Scene};

const CLI: &str = "127.0.0.1:2224";
const SUITE: &str = "AES_CM_128_HMAC_SHA1_80";
const KEY: &str = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

/// `rtpengine-ctl trace`, once it copies.
fn begin(namespace: &Namespace, call_id: &str, file: &Path) -> Result<Process> {
    let mut command = namespace.command(&lab::control_tool()?.to_string_lossy());
    command.args(["-ip", CLI, "trace", call_id, "-w"]).arg(file);
    let mut tool = Process::start("rtpengine-ctl", command)?;
    // The file is made when the daemon has said that it traces.
    tool.wait_until("the file", PATIENCE, |_| file.exists())?;
    Ok(tool)
}

/// Ends it as Ctrl-C does; what it says.
fn end(mut tool: Process) -> Result<String> {
    tool.signal(Signal::SIGINT)?;
    let status = tool.wait(PATIENCE)?;
    assert!(status.success(), "{}", tool.log());
    Ok(tool.log())
}

/// What tshark makes of a file: a line per packet with these fields between tabs. Datagrams from or to port 4000 are RTP.
fn tshark(file: &Path, more: &[&str], fields: &[&str]) -> Result<Vec<Vec<String>>> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(file).args(["-n", "-d", "udp.port==4000,rtp", "-T", "fields"]).args(more);
    for field in fields {
        tshark.args(["-e", field]);
    }
    let out = tshark.output().map_err(lab::LabError::io("running tshark"))?;
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    Ok(text.lines().map(|line| line.split('\t').map(|field| field.replace(':', "")).collect()).collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_trace_has_every_packet_of_both_sides() -> Result<()> {
    lab::need_root!();
    lab::need_tool!("tshark");
    let scene = Scene::open(|daemon| daemon.arg(format!("--listen-cli={CLI}")))?;
    let folder = tempfile::tempdir().map_err(lab::LabError::io("a folder"))?;
    let file = folder.path().join("call.pcap");
    let tool = begin(&scene.net.relay, "watched-call", &file)?;
    scene.talk()?;
    let said = end(tool)?;
    assert!(said.starts_with("80 packets to "), "{said}");
    let rows = tshark(&file, &[], &["ip.src", "udp.srcport", "ip.dst", "udp.dstport", "rtp.seq"])?;
    let (alice, bob) = (&scene.call.alice, &scene.call.bob);
    for (from, to) in [(alice, bob), (bob, alice)] {
        let relay = |peer: &RtpPeer| peer.remote().expect("it is aimed");
        for (source, target) in [(from.local(), relay(from)), (relay(to), to.local())] {
            let ends = [
                source.ip().to_string(),
                source.port().to_string(),
                target.ip().to_string(),
                target.port().to_string(),
            ];
            let numbers: Vec<u16> = rows
                .iter()
                .filter(|row| row[..4] == ends)
                .map(|row| row[4].parse().unwrap_or_else(|_| panic!("not RTP: {row:?}")))
                .collect();
            assert_eq!(numbers, (0..20).collect::<Vec<u16>>(), "from {source} to {target} of {rows:?}");
        }
    }
    let checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];
    let bad = [&checks[..], &["-Y", "ip.checksum.status == 0 || udp.checksum.status == 0 || _ws.malformed"]]
        .concat();
    assert_eq!(tshark(&file, &bad, &["frame.number"])?, Vec::<Vec<String>>::new(), "bad packets");
    scene.daemon.stop()?;
    Ok(())
}

#[test]
fn a_trace_under_srtp_is_in_clear() -> Result<()> {
    lab::need_root!();
    lab::need_tool!("tshark");
    let scene = Scene::open(|daemon| daemon.arg(format!("--listen-cli={CLI}")))?;
    let mut client = scene.daemon.ng()?;
    let port = 4000;
    scene.call.delete(&mut client)?;
    let alice = RtpPeer::bind(&scene.net.caller.ns, (scene.net.caller.peer_v4, port).into())?;
    let bob = RtpPeer::bind(&scene.net.callee.ns, (scene.net.callee.peer_v4, port).into())?;
    let offer = call::offer("secret", alice.local()).set("transport-protocol", "RTP/SAVP");
    let offered = client.ok(&offer)?;
    // The answer takes the suite by the tag that the relay has given it.
    let text = offered.text("sdp").expect("an SDP");
    let line =
        text.lines().find(|line| line.starts_with("a=crypto:") && line.contains(&format!(" {SUITE} ")));
    let tag =
        line.and_then(|line| line["a=crypto:".len()..].split(' ').next()).expect("the suite is offered");
    let secure = sdp::Builder::new(bob.local().ip())
        .media("audio", port, "RTP/SAVP")
        .codec(0, "PCMU/8000")
        .line(format!("a=crypto:{tag} {SUITE} {KEY}"));
    let answered = client.ok(&call::answer("secret", bob.local()).set("sdp", secure.text()))?;
    alice.aim(call::told(&answered)?);
    bob.aim(call::told(&offered)?);
    let folder = tempfile::tempdir().map_err(lab::LabError::io("a folder"))?;
    let file = folder.path().join("secret.pcap");
    let tool = begin(&scene.net.relay, "secret", &file)?;
    let stream = Stream::new(0x0d00_0000, 20);
    alice.send(&stream, 0..20, Pace::BRISK)?;
    for number in 0..20 {
        let (sealed, _) = bob.receive_bytes(PATIENCE)?.expect("a packet");
        let clear = stream.packet(number);
        assert_eq!(sealed.len(), clear.len() + 10, "SRTP with its tag");
        assert_ne!(sealed[12..clear.len()], clear[12..], "what bob gets is sealed");
    }
    let said = end(tool)?;
    assert!(said.starts_with("40 packets to "), "{said}");
    let rows = tshark(&file, &[], &["udp.srcport", "rtp.seq", "rtp.payload"])?;
    for number in 0..20 {
        let wanted = [stream.header(number).sequence.to_string(), hex(&stream.payload_of(number))];
        let (came, left) = (|row: &&Vec<String>| row[0] == "4000", |row: &&Vec<String>| row[0] != "4000");
        assert_eq!(
            rows.iter().filter(|row| row[1..] == wanted).filter(came).count(),
            1,
            "{wanted:?} of {rows:?}"
        );
        assert_eq!(
            rows.iter().filter(|row| row[1..] == wanted).filter(left).count(),
            1,
            "{wanted:?} of {rows:?}"
        );
    }
    scene.daemon.stop()?;
    Ok(())
}
