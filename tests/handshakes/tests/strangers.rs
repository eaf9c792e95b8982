//! Floods and broken handshakes while calls talk.
#![allow(clippy::unwrap_used, reason = "a test")]

use handshakes_lab::{Result, SecureCall, counted, dropped};
use hostile::Siege;
use lab::{Daemon, Pace, RtpPeer, Stream, Topology};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);
/// Datagrams of a flood, all within a second.
const FLOOD: u32 = 10_000;
/// Resident memory may grow by this much.
const MARGIN_KIB: u64 = 4 * 1024;

/// A STUN request with ICE's attributes, and nobody's password.
fn stun(number: u32) -> Vec<u8> {
    let mut bytes = vec![0, 1, 0, 20, 0x21, 0x12, 0xa4, 0x42];
    bytes.extend(number.to_be_bytes());
    bytes.extend([7; 8]);
    bytes.extend([0, 6, 0, 9]);
    bytes.extend(b"them:usss\0\0\0");
    bytes.extend([0x80, 0x28, 0, 4]);
    bytes.extend(number.to_be_bytes());
    bytes.truncate(20 + 20);
    bytes
}

#[test]
fn floods_of_client_hellos_and_stun_cost_no_call_a_packet() -> Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg("--delete-delay=0").start()?;
    let mut client = daemon.ng()?;
    let siege = Siege::begin(&daemon, &net, 4)?;
    let mut call = SecureCall::new(&net, "target", 5000)?;
    let sdp = call.phone.sdp("actpass");
    call.say(&mut client, sdp, Some("passive"))?;
    let hello = call.phone.first_hello()?;
    // Whoever spoofs has many addresses; here they have many ports, which is the same to a cookie.
    let spoofers = (6000..6032u16)
        .map(|port| RtpPeer::bind(&net.caller.ns, (net.caller.peer_v4, port).into()))
        .collect::<lab::Result<Vec<_>>>()?;
    let at = call.phone.remote().expect("it was told");
    spoofers.iter().for_each(|spoofer| spoofer.aim(at));
    let flood = |count: u32| -> lab::Result<()> {
        let start = Instant::now();
        for number in 0..count {
            let spoofer = &spoofers[number as usize % spoofers.len()];
            match number % 2 {
                0 => spoofer.send_bytes(&hello)?,
                _ => spoofer.send_bytes(&stun(number))?,
            }
            if number % 10 == 9 {
                Pace::Every(Duration::from_millis(1)).wait(start, number / 10);
            }
        }
        Ok(())
    };
    flood(FLOOD / 10)?;
    let before = daemon.vitals()?;
    siege.during(|| flood(FLOOD))?;
    let after = daemon.vitals()?;
    assert_eq!((after.descriptors, after.threads), (before.descriptors, before.threads));
    assert!(after.resident_kib <= before.resident_kib + MARGIN_KIB, "memory: {before:?} then {after:?}");
    assert_eq!(counted(&mut client, "dtls-begun")?, 0, "nobody had a cookie");
    assert!(counted(&mut client, "no-agent")? > 0, "STUN where there is no ICE");

    // And the one that they kept from talking talks.
    call.phone.shake(PATIENCE)?;
    call.until_heard(PATIENCE)?;
    call.talk_perfectly(50, PATIENCE)?;
    siege.end(&mut client)?;
    daemon.stop()?;
    Ok(())
}

#[test]
fn pieces_of_handshakes_are_named_and_the_phone_still_gets_through() -> Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).start()?;
    let mut client = daemon.ng()?;
    let mut call = SecureCall::new(&net, "pieces", 4000)?;
    let sdp = call.phone.sdp("actpass");
    call.say(&mut client, sdp, Some("passive"))?;
    let hello = call.phone.first_hello()?;
    for len in 1..hello.len() {
        call.phone.send_raw(&hello[..len])?;
    }
    call.phone.shake(PATIENCE)?;
    call.until_heard(PATIENCE)?;
    call.talk_perfectly(50, PATIENCE)?;
    let ignored = ["malformed", "implausible", "unknown-source", "too-many", "idle"];
    let mut pieces = 0;
    for why in ignored {
        pieces += counted(&mut client, &format!("dtls-ignored-{why}"))?;
    }
    assert_eq!(pieces, hello.len() as u64 - 1);
    daemon.stop()?;
    Ok(())
}

#[test]
fn forged_and_replayed_packets_reach_nobody_and_are_counted() -> Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg("--delete-delay=0").start()?;
    let mut client = daemon.ng()?;
    let siege = Siege::begin(&daemon, &net, 4)?;
    let mut call = SecureCall::new(&net, "target", 5000)?;
    let sdp = call.phone.sdp("actpass");
    call.say(&mut client, sdp, Some("passive"))?;
    call.phone.shake(PATIENCE)?;
    call.until_heard(PATIENCE)?;
    call.talk_perfectly(20, PATIENCE)?;
    // What a listener on the wire has: packets that were heard, and what it makes of them.
    let stream = Stream::new(0x0d00_0001, 50).first_sequence(65_500);
    let heard = (0..50).map(|index| call.phone.seal(&stream, index)).collect::<Result<Vec<_>>>()?;
    heard.iter().try_for_each(|packet| call.phone.send_raw(packet))?;
    call.plain.receive(&stream, PATIENCE)?.assert_perfect();
    let forged: Vec<Vec<u8>> = (0..50)
        .map(|nth| {
            let mut packet = heard[nth].clone();
            // The tag, the payload, the number and the sender, in turn.
            let at = [packet.len() - 1, 20, 3, 9][nth % 4];
            packet[at] ^= 0x40;
            packet
        })
        .collect();
    let at = call.phone.remote().expect("it was told");
    let strangers = (6000..6008u16)
        .map(|port| RtpPeer::bind(&net.caller.ns, (net.caller.peer_v4, port).into()))
        .collect::<lab::Result<Vec<_>>>()?;
    strangers.iter().for_each(|stranger| stranger.aim(at));
    let flood = |count: u32| -> lab::Result<()> {
        let start = Instant::now();
        for number in 0..count {
            let packet = if number % 2 == 0 { &heard } else { &forged };
            let packet = &packet[number as usize / 2 % packet.len()];
            // From its own address too: whoever can forge one can forge the other.
            match number % 3 {
                0 => call.phone.send_raw(packet).map_err(|_| lost())?,
                _ => strangers[number as usize % strangers.len()].send_bytes(packet)?,
            }
            if number % 10 == 9 {
                Pace::Every(Duration::from_millis(1)).wait(start, number / 10);
            }
        }
        Ok(())
    };
    flood(FLOOD / 10)?;
    let before = daemon.vitals()?;
    siege.during(|| flood(FLOOD))?;
    let after = daemon.vitals()?;
    assert!(after.resident_kib <= before.resident_kib + MARGIN_KIB, "memory: {before:?} then {after:?}");
    assert!(call.plain.receive_bytes(Duration::from_millis(100))?.is_none(), "something was relayed");
    for reason in ["srtp-forged", "srtp-replayed"] {
        assert!(dropped(&mut client, "target", reason)? > u64::from(FLOOD) / 20, "{reason}");
    }
    // Neither its window nor its rollover counter has moved.
    call.talk_perfectly(50, PATIENCE)?;
    siege.end(&mut client)?;
    daemon.stop()?;
    Ok(())
}

fn lost() -> lab::LabError {
    lab::LabError::Refused { command: "sending".to_owned(), reply: "the phone's socket is gone".to_owned() }
}
