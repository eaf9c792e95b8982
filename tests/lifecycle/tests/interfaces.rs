//! The network comes and goes.

use lab::{Call, CallSpec, Daemon, Family, LabError, Pace, RtpPeer, Stream, Topology};
use lifecycle::PATIENCE;
use std::time::{Duration, Instant};

/// Sends a packet every 20 ms until one comes through. The kernel takes up to seconds to use a wire again.
fn until_heard(from: &RtpPeer, to: &RtpPeer) -> lab::Result<()> {
    let stream = Stream::new(99, 60_000);
    let deadline = Instant::now() + Duration::from_secs(15);
    for index in 0..60_000 {
        // While the wire is down the kernel refuses.
        let _ = from.send_one(&stream, index);
        if to.receive_bytes(Duration::from_millis(20))?.is_some() {
            return Ok(());
        }
        if Instant::now() > deadline {
            break;
        }
    }
    Err(LabError::Timeout {
        what: format!("a packet from {} to {}", from.local(), to.local()),
        after_ms: 15_000,
        context: String::new(),
    })
}

fn down_and_up(families: [Family; 2]) -> lab::Result<()> {
    let net = Topology::new()?;
    // Otherwise the kernel takes IPv6 addresses away with the wire, and nobody could go on.
    for device in ["caller", "callee"] {
        net.relay.set(&format!("ipv6/conf/{device}/keep_addr_on_down"), "1")?;
    }
    let daemon = Daemon::on(&net).start()?;
    let mut client = daemon.ng()?;
    let call: Call = CallSpec::new("call", 4000).families(families).set_up(&mut client, &net)?;
    call.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
    for device in ["caller", "callee"] {
        net.relay.ip(&["link", "set", device, "down"])?;
        // Both talk into the void.
        let stream = Stream::new(98, 10);
        for index in 0..10 {
            let _ = call.alice.send_one(&stream, index);
            let _ = call.bob.send_one(&stream, index);
        }
        net.relay.ip(&["link", "set", device, "up"])?;
        until_heard(&call.alice, &call.bob)?;
        until_heard(&call.bob, &call.alice)?;
        while call.alice.discard()? + call.bob.discard()? > 0 {}
        call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    }
    daemon.stop()?;
    Ok(())
}

#[test]
fn media_resumes_after_an_interface_was_down() -> lab::Result<()> {
    lab::need_root!();
    down_and_up([Family::V4; 2])
}

#[test]
fn media_resumes_after_an_interface_was_down_with_v6() -> lab::Result<()> {
    lab::need_root!();
    down_and_up([Family::V6, Family::V4])
}
