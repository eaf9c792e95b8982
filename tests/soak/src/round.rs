use appliance_lab::{Heard, PATIENCE, Stand, Tier, await_standing, while_talking};
use lab::{Call, CallSpec, Pace, Report, Result, call, now_ns};
use std::ops::AddAssign;
use std::time::Duration;

/// Calls of a round.
const CALLS: u16 = 4;
/// A packet every 2 ms each way.
const INTERVAL: Duration = Duration::from_millis(2);
/// Re-INVITEs of a call while it talks.
const AGAIN: u32 = 3;

/// Where flows of the caller's and the callee's interface go: both tiers are soaked in every call.
pub(crate) const TIERS: [Tier; 2] = [Tier::Worker, Tier::Driver];

/// What was relayed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Relayed {
    /// Packets that the relay has counted.
    pub(crate) packets: i64,
    /// Packets that came after a later one. On a machine that is busy with other things a packet may wait in a socket
    /// while the flow changes hands and the next goes by the fast path, so they are counted and not forbidden.
    pub(crate) late: u32,
}

impl AddAssign for Relayed {
    fn add_assign(&mut self, other: Relayed) {
        self.packets += other.packets;
        self.late += other.late;
    }
}

/// Says a little. Panics unless all arrives once and unchanged; returns how many came late.
fn say(call: &Call, packets: u32) -> Result<u32> {
    let reports = call.talk(packets, Pace::BRISK, PATIENCE)?;
    for report in &reports {
        let flaws = [report.lost(), report.duplicates, report.damaged, report.source_changes];
        assert_eq!(flaws, [0; 4], "{report}");
    }
    Ok(reports.iter().map(|report: &Report| report.reordered).sum())
}

/// A few calls come, talk, are re-INVITEd, and go; with `flap` the callee's link goes away meanwhile.
pub(crate) fn round(stand: &mut Stand, number: u32, flap: bool) -> Result<Relayed> {
    let wanted = TIERS.map(Tier::reached);
    let mut relayed = Relayed::default();
    let mut calls = Vec::new();
    for call in 0..CALLS {
        let spec = CallSpec::new(format!("round-{number}-{call}"), 4000 + 10 * call);
        let call = spec.set_up(&mut stand.client, &stand.net)?;
        relayed.late += say(&call, 5)?;
        await_standing(&mut stand.client, &call.id, wanted, PATIENCE)?;
        calls.push(call);
    }
    for call in calls {
        let (whole_since, heard) = while_talking(&call, INTERVAL, |live| {
            for _ in 0..AGAIN {
                live.hear_both(20)?;
                stand.client.ok(&call::offer(&call.id, call.alice.local()))?;
                stand.client.ok(&call::answer(&call.id, call.bob.local()))?;
                await_standing(&mut stand.client, &call.id, wanted, PATIENCE)?;
            }
            live.hear_both(20)?;
            let Some(since) = flap.then(|| gone_and_back(stand, &call.id)).transpose()? else { return Ok(0) };
            live.hear_both(20)?;
            Ok(since)
        })?;
        heard.iter().for_each(|heard| heard.assert_whole_since(whole_since));
        heard.iter().for_each(Heard::assert_clean);
        relayed.late += heard.iter().map(|heard| heard.report.reordered).sum::<u32>();
        relayed.late += say(&call, 10)?;
        let gone = call.delete(&mut stand.client)?;
        let counted = gone.int("totals/RTP/packets").unwrap_or(0);
        let sent: u32 = heard.iter().map(|heard| heard.sent).sum();
        let most = i64::from(sent) + 30;
        assert!(counted == most || flap && counted < most, "{counted} of {most} packets counted: {gone:?}");
        relayed.packets += counted;
    }
    Ok(relayed)
}

/// The callee's wire is cut and mended. Returns when media was on the fast path again.
fn gone_and_back(stand: &mut Stand, id: &str) -> Result<u64> {
    let peer = &stand.net.callee.ns;
    peer.ip(&["link", "set", "eth0", "down"])?;
    await_standing(&mut stand.client, id, ["userspace link-down", ""], PATIENCE)?;
    peer.ip(&["link", "set", "eth0", "up"])?;
    // The peer has forgotten the relay; how soon its kernel finds it again is not the subject.
    let mac = stand.net.relay.run(&["cat", "/sys/class/net/callee/address"])?;
    peer.ip(&["neigh", "replace", "203.0.113.1", "lladdr", mac.trim(), "dev", "eth0", "nud", "permanent"])?;
    await_standing(&mut stand.client, id, TIERS.map(Tier::reached), PATIENCE)?;
    Ok(now_ns())
}
