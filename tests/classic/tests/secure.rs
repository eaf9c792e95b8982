//! SRTP whose keys were negotiated by ng (SDES, RFC 4568), opened and sealed by the kernel module: both directions, over
//! the wrap of the sequence numbers, and on after a re-INVITE.

#[path = "secure/phone.rs"]
mod phone;

use classic::{Host, PATIENCE, list, stats, status, targets, udp_delivered};
use lab::{Daemon, Pace, Result, call, ng};
use phone::{Phone, WRAP, talk};
use srtp::Suite::{self, *};
use std::time::{Duration, Instant};

const TABLE: u32 = 42;
/// How long packets that are not judged may take.
const GLANCE: Duration = Duration::from_millis(300);
/// Packets that are judged, each way and round.
const ROUND: u32 = 60;

/// Offers and answers, each side in its own profile.
fn negotiate(client: &mut ng::Client, id: &str, phones: &mut [Phone; 2]) -> Result<()> {
    let [alice, bob] = phones;
    let offer = call::offer(id, alice.local()).set("sdp", alice.sdp());
    let told = client.ok(&offer.set("transport-protocol", bob.profile()))?;
    bob.hear_of(told.text("sdp").unwrap_or_default())?;
    let answer = call::answer(id, bob.local()).set("sdp", bob.sdp());
    let told = client.ok(&answer)?;
    alice.hear_of(told.text("sdp").unwrap_or_default())
}

/// Speaks, from packet `next` on, until both directions are in the module. Returns the next packet.
fn until_placed(phones: &mut [Phone; 2], mut next: u32, daemon: &Daemon) -> Result<u32> {
    let deadline = Instant::now() + PATIENCE;
    while targets(TABLE) != 2 {
        assert!(Instant::now() < deadline, "{:?}\n{}", status(TABLE), daemon.log());
        talk(phones, next..next + 5, Pace::SPEECH, GLANCE)?;
        next += 5;
    }
    assert!(next < WRAP, "so long that the sequence numbers have wrapped");
    Ok(next)
}

/// Speaks, and every packet is opened or sealed by the module and by nobody else.
fn by_the_module(host: &Host, phones: &mut [Phone; 2], first: u32) -> Result<()> {
    let before = [stats(TABLE, "packets_forwarded"), udp_delivered(host)?];
    let heard = talk(phones, first..first + ROUND, Pace::SPEECH, PATIENCE)?;
    let said: Vec<u32> = (first..first + ROUND).collect();
    assert_eq!(heard, [said.clone(), said]);
    let after = [stats(TABLE, "packets_forwarded"), udp_delivered(host)?];
    let [forwarded, by_sockets] = [after[0] - before[0], after[1] - before[1]];
    assert_eq!(forwarded, u64::from(2 * ROUND), "forwarded by the module");
    assert!(by_sockets < 10, "{by_sockets} datagrams came to sockets");
    Ok(())
}

fn calls(pairs: &[[Option<Suite>; 2]]) -> Result<()> {
    let host = Host::new(TABLE)?;
    let daemon = host.daemon().start()?;
    let mut client = daemon.ng()?;
    for (number, suites) in pairs.iter().enumerate() {
        let id = format!("{suites:?}");
        let port = 4000 + 2 * number as u16;
        let mut phones =
            [Phone::new(&host.net.caller, port, suites[0])?, Phone::new(&host.net.callee, port, suites[1])?];
        negotiate(&mut client, &id, &mut phones)?;
        until_placed(&mut phones, 0, &daemon)?;
        by_the_module(&host, &mut phones, WRAP - ROUND / 2)?;
        let text = list(TABLE);
        for (what, sides) in [("decryption", suites), ("encryption", suites)] {
            let ways = sides.iter().flatten().count();
            assert_eq!(text.matches(&format!("SRTP {what} parameters:")).count(), ways, "{id}\n{text}");
        }
        let secured = suites.iter().flatten().count();
        assert_eq!(text.matches("ROC: 1 (").count(), 2 * secured, "rollover counters\n{text}");

        // Back to the sockets and to the module once more, under the same keys and counters.
        negotiate(&mut client, &id, &mut phones)?;
        let mut next = WRAP + ROUND;
        let deadline = Instant::now() + PATIENCE;
        let mut lost = Vec::new();
        loop {
            let heard = talk(&mut phones, next..next + 5, Pace::SPEECH, PATIENCE)?;
            // On the way into the module packets may overtake each other in so slow a machine; none may be lost.
            lost.extend(heard.into_iter().filter(|heard| heard.len() < 5));
            next += 5;
            if targets(TABLE) == 2 {
                break;
            }
            assert!(Instant::now() < deadline, "{id}: {:?}\n{}", status(TABLE), daemon.log());
        }
        assert!(lost.is_empty(), "{id}: of five packets came only {lost:?}");
        by_the_module(&host, &mut phones, next)?;

        let ended = client.ok(&call::delete(&id))?;
        let errors = ended.int("totals/RTP/errors");
        assert_eq!(errors, Some(0), "{id}: {ended:?}");
        let deadline = Instant::now() + PATIENCE;
        while targets(TABLE) > 0 {
            assert!(Instant::now() < deadline, "{:?}", status(TABLE));
            client.ok(&ng::request("ping"))?;
        }
    }
    daemon.stop()?;
    Ok(())
}

#[test]
fn secured_callers_and_plain_callees_talk_through_the_module() -> Result<()> {
    lab::need_module!();
    let suites = [AesCm128HmacSha1_80, AesCm128HmacSha1_32, Aes256CmHmacSha1_80, AeadAes128Gcm];
    calls(&suites.map(|suite| [Some(suite), None]))
}

#[test]
fn plain_callers_and_secured_callees_talk_through_the_module() -> Result<()> {
    lab::need_module!();
    let suites = [AesCm128HmacSha1_80, Aes192CmHmacSha1_80, AeadAes256Gcm];
    calls(&suites.map(|suite| [None, Some(suite)]))
}

#[test]
fn the_module_goes_between_two_suites() -> Result<()> {
    lab::need_module!();
    calls(&[
        [Some(AesCm128HmacSha1_80), Some(AeadAes128Gcm)],
        [Some(AeadAes256Gcm), Some(AesCm128HmacSha1_32)],
        [Some(NullHmacSha1_80), Some(Aes256CmHmacSha1_32)],
    ])
}
