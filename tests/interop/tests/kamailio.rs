//! Fifty calls at ten per second through Kamailio; media only ever through the relay.

use interop::{Callee, Caller, Figures, Proxy, Recipe, SIP_PORT};
use lab::{Daemon, DaemonSpec, Talk, Tap, Topology, ng};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

const CALLS: u32 = 50;
/// Speech per call; sipp sends a packet every 20 ms.
const TALK: Duration = Duration::from_secs(4);
const PACKETS_PER_CALL: u64 = 200;

/// Lets the calls pass and checks signalling and media. `media` is the relay's address on either side.
fn fifty_calls(net: &Topology, spec: DaemonSpec, recipe: Recipe, media: [IpAddr; 2]) -> lab::Result<()> {
    let _alone = lab::alone()?;
    let folder = tempfile::tempdir().map_err(lab::LabError::io("making a folder"))?;
    let speech = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/speech.ulaw");
    let mut relay = spec.arg("--delete-delay=0").start()?;
    let proxy = Proxy::start(net, recipe, folder.path())?;
    let callees = Callee::start(&net.callee, folder.path())?;
    let taps = [Tap::open(&net.caller.ns)?, Tap::open(&net.callee.ns)?];

    let callers = Caller { calls: CALLS, per_second: 10, talk: TALK, speech: &speech };
    let door = SocketAddr::new(net.caller.relay_v4.into(), SIP_PORT);
    let figures = callers.call(&net.caller, door, folder.path())?;
    let logs = || format!("\n{}\n{}", proxy.log(), callees.log_end());
    assert_eq!(figures, Figures { successful: CALLS, failed: 0 }, "{}", logs());

    let statistics = relay.ok(&ng::request("statistics"))?;
    let [caller_side, callee_side] = taps.map(Tap::close);
    let spoken = media_of("caller", &caller_side?, net.caller.peer_v4.into(), media[0]);
    let echoed = media_of("callee", &callee_side?, net.callee.peer_v4.into(), media[1]);
    // The last packet or two of a call may be under way when it ends.
    let least = u64::from(CALLS) * (PACKETS_PER_CALL - 5);
    assert!(spoken.sent >= least, "callers sent {spoken:?}, {least} expected");
    assert!(echoed.received >= least && echoed.received <= spoken.sent, "{spoken:?} {echoed:?}");
    assert!(spoken.received >= least && spoken.received <= echoed.sent, "{spoken:?} {echoed:?}");

    let counted =
        statistics.int("statistics/totalstatistics/relayedpackets").expect("the relay counts packets");
    assert!(counted as u64 >= 2 * least, "the relay counted {counted}: {statistics:?}");
    let managed = statistics.int("statistics/totalstatistics/managedsessions");
    assert_eq!(managed, Some(CALLS.into()), "{statistics:?}");
    let left = statistics.int("statistics/currentstatistics/sessionstotal");
    assert_eq!(left, Some(0), "calls are left: {statistics:?}");
    proxy.stop()?;
    relay.stop()?;
    Ok(())
}

#[derive(Debug, Default)]
struct Media {
    sent: u64,
    received: u64,
}

/// Counts media of one side and demands that all of it is between the peer and the relay.
fn media_of(side: &str, talk: &Talk, peer: IpAddr, relay: IpAddr) -> Media {
    let mut media = Media::default();
    let rtp = talk.iter().filter(|((from, to), _)| from.port() != SIP_PORT && to.port() != SIP_PORT);
    for ((from, to), count) in rtp {
        match (from.ip(), to.ip()) {
            (a, b) if (a, b) == (peer, relay) => media.sent += count,
            (a, b) if (a, b) == (relay, peer) => media.received += count,
            _ => panic!("{side}: {count} packets from {from} to {to} do not go through the relay at {relay}"),
        }
    }
    media
}

#[test]
fn fifty_calls_by_the_plain_recipe() -> lab::Result<()> {
    lab::need_root!();
    lab::need_tool!("kamailio", "sipp");
    let net = Topology::new()?;
    // One media address for both sides, as most installations have it; the callees have a route to it.
    let media = net.caller.relay_v4;
    net.callee.ns.ip(&["route", "add", &media.to_string(), "via", &net.callee.relay_v4.to_string()])?;
    let spec = Daemon::on(&net).interfaces(&[&media.to_string()]);
    fifty_calls(&net, spec, Recipe::PLAIN, [media.into(), media.into()])
}

#[test]
fn fifty_calls_between_two_networks() -> lab::Result<()> {
    lab::need_root!();
    lab::need_tool!("kamailio", "sipp");
    let net = Topology::new()?;
    let media = [net.caller.relay_v4.into(), net.callee.relay_v4.into()];
    fifty_calls(&net, Daemon::on(&net), Recipe::BRIDGE, media)
}
