//! Calls end when their media does, whatever path it took, and are told of in full.

use appliance_lab::{PATIENCE, Stand, Tier, standing, while_talking};
use lab::{Call, Result, call, ng};
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_millis(5);
/// Seconds without media after which a call ends here.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Well over the time limit: long enough to see that a call that talks is kept.
const LONG: Duration = Duration::from_secs(4);

/// The numbers after `key=` in a line of the log, in order.
fn numbers(line: &str, key: &str) -> Vec<u64> {
    let key = format!(" {key}=");
    line.split(&key).skip(1).filter_map(|rest| rest.split([',', '}']).next()?.parse().ok()).collect()
}

/// Talks for [`LONG`] and returns how many packets each side sent in all.
fn talk_on(stand: &mut Stand, call: &Call, tier: Tier) -> Result<[u64; 2]> {
    let start = Instant::now();
    let ((), heard) = while_talking(call, INTERVAL, |live| {
        while start.elapsed() < LONG {
            live.hear_both(50)?;
            assert_eq!(standing(&mut stand.client, &call.id)?, [tier.reached(); 2]);
        }
        Ok(())
    })?;
    heard.iter().for_each(appliance_lab::Heard::assert_flawless);
    // Five in each direction set the call up.
    Ok(heard.map(|heard| u64::from(heard.sent) + 5))
}

fn line_about(stand: &mut Stand, id: &str) -> Result<String> {
    let within = TIMEOUT + PATIENCE;
    stand.daemon.process().wait_for_log(&format!("ci={id},"), within)?;
    let log = stand.daemon.log();
    let mut lines = log.lines().filter(|line| line.contains(&format!("ci={id},")));
    Ok(lines.next().unwrap_or_default().to_owned())
}

fn ends_when_media_does(tier: Tier) -> Result<()> {
    lab::need_root!();
    let mut stand = Stand::start(tier, "[timeouts]\nmedia = 1\n")?;
    let call = stand.call_on(tier, "talking", 4000)?;
    let sent = talk_on(&mut stand, &call, tier)?;
    assert!(!stand.daemon.log().contains("ci=talking,"), "a call that talks is kept");

    let line = line_about(&mut stand, "talking")?;
    assert!(line.contains("reason=timeout,"), "{line}");
    // Of each side: what its RTP and its RTCP port received.
    assert_eq!(numbers(&line, "packets"), [sent[0], 0, sent[1], 0], "{line}");
    assert_eq!(numbers(&line, "sent_packets"), [sent[1], 0, sent[0], 0], "{line}");
    assert_eq!(numbers(&line, "bytes"), [172 * sent[0], 0, 172 * sent[1], 0], "{line}");
    assert_eq!(numbers(&line, "errors"), [0; 4], "{line}");
    let [all, fast] = stand.relayed()?;
    assert_eq!(all as u64, sent[0] + sent[1]);
    assert!(fast as u64 >= sent[0] + sent[1] - 20, "{fast} of {all} by the fast path");
    let again = stand.client.refused(&ng::request("query").set("call-id", "talking"))?;
    assert_eq!(again, "Unknown call-id");
    stand.stop()?;
    Ok(())
}

#[test]
fn silence_ends_a_call_in_the_driver() -> Result<()> {
    ends_when_media_does(Tier::Driver)
}

#[test]
fn silence_ends_a_call_on_a_packet_thread() -> Result<()> {
    ends_when_media_does(Tier::Worker)
}

/// The reply to `delete` counts everything, also what a packet thread has in hand at that moment.
fn delete_counts_everything(tier: Tier) -> Result<()> {
    lab::need_root!();
    let mut stand = Stand::start(tier, "")?;
    for number in 0..10u16 {
        let id = format!("short-{number}");
        let call = stand.call_on(tier, &id, 4000 + 10 * number)?;
        let ((), heard) = while_talking(&call, Duration::from_millis(1), |live| live.hear_both(100))?;
        let sent = heard.map(|heard| i64::from(heard.sent) + 5);
        let gone = call.delete(&mut stand.client)?;
        assert_eq!(gone.int("totals/RTP/packets"), Some(sent[0] + sent[1]), "{gone:?}");
        for (tag, [own, other]) in call::TAGS.into_iter().zip([sent, [sent[1], sent[0]]]) {
            let number = |what: &str| gone.int(&format!("tags/{tag}/medias/0/streams/0/{what}/packets"));
            assert_eq!([number("stats"), number("stats_out")], [Some(own), Some(other)], "{gone:?}");
        }
        let line = line_about(&mut stand, &id)?;
        assert_eq!(numbers(&line, "packets"), [sent[0] as u64, 0, sent[1] as u64, 0], "{line}");
    }
    stand.stop()?;
    Ok(())
}

#[test]
fn delete_counts_everything_in_the_driver() -> Result<()> {
    delete_counts_everything(Tier::Driver)
}

#[test]
fn delete_counts_everything_on_a_packet_thread() -> Result<()> {
    delete_counts_everything(Tier::Worker)
}
