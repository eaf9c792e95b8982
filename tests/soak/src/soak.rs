use crate::round::{Relayed, TIERS, round};
use appliance_lab::{PATIENCE, Stand, text_interface};
use lab::{Result, Topology, Vitals};
use std::time::{Duration, Instant};

const CLI: &str = "127.0.0.1:2224";
/// Rounds before memory is looked at: buffers have grown to their size by then.
const WARM_UP: u32 = 4;
/// Replies are kept for a minute, and every round asks for thousands: after twice that time as many go as come.
const SETTLED: Duration = Duration::from_secs(120);
/// So much more memory may be in use than after the warm-up while replies still pile up ...
const PILE_KIB: u64 = 256 * 1024;
/// ... and so much more than when that is over: what the allocator does not give back, and the replies of a minute in which
/// the machine had time for more questions than in others. (Ten minutes with 1,300 calls: 1.6 MiB more.)
const MARGIN_KIB: u64 = 24 * 1024;
/// The link flaps in every round of this number.
const FLAPS: u32 = 5;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Rounds played.
    pub rounds: u32,
    /// Packets relayed in all, and by fast paths.
    pub relayed: [i64; 2],
    /// Packets that came after a later one.
    pub late: u32,
    /// Resident memory of the daemon when it should have settled (after the warm-up if it was not that long) and at the
    /// end, KiB.
    pub memory_kib: [u64; 2],
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ([all, fast], [first, last]) = (self.relayed, self.memory_kib);
        write!(f, "{} rounds, {all} packets, {fast} of them by fast paths, ", self.rounds)?;
        write!(f, "none lost, {} out of order; ", self.late)?;
        write!(f, "memory {first} KiB when it had settled, {last} KiB at the end")
    }
}

/// How the daemon is after a round.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Since the first round began.
    pub elapsed: Duration,
    /// Rounds played.
    pub rounds: u32,
    /// What the daemon holds of the machine.
    pub vitals: Vitals,
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Vitals { resident_kib, descriptors, threads } = self.vitals;
        let (seconds, rounds) = (self.elapsed.as_secs(), self.rounds);
        write!(
            f,
            "{seconds} s, {rounds} rounds: {resident_kib} KiB, {descriptors} descriptors, {threads} threads"
        )
    }
}

/// Plays rounds for so long, at least until a link has flapped after the warm-up. `tell` hears of each round.
///
/// # Errors
/// Those of the lab.
///
/// # Panics
/// When a packet is lost that should not be, or something is left behind.
pub fn soak(length: Duration, mut tell: impl FnMut(Progress)) -> Result<Summary> {
    let net = Topology::new()?;
    let legs = [&net.caller, &net.callee].into_iter().zip(TIERS);
    let interfaces: String = legs.map(|(leg, tier)| tier.interface(leg)).collect();
    let config = format!("{interfaces}[threads]\nmedia = 1\n[control]\nlisten-cli = [\"{CLI}\"]\n");
    let mut stand = Stand::on(net, &config)?;
    let start = Instant::now();
    let (mut rounds, mut sum) = (0, Relayed::default());
    let (mut warm, mut settled) = (None, None);
    while start.elapsed() < length || rounds <= WARM_UP {
        rounds += 1;
        sum += round(&mut stand, rounds, rounds % FLAPS == 0)?;
        let now = stand.daemon.vitals()?;
        tell(Progress { elapsed: start.elapsed(), rounds, vitals: now });
        if rounds == WARM_UP {
            warm = Some(now);
        }
        if settled.is_none() && start.elapsed() >= SETTLED {
            settled = Some(now);
        }
        let limit = settled.map(|then| (then, MARGIN_KIB)).or(warm.map(|then| (then, PILE_KIB)));
        if let Some((then, more)) = limit {
            let most = then.resident_kib + more;
            assert!(now.resident_kib <= most, "memory grows: {then:?}, after {rounds} rounds {now:?}");
        }
    }
    nothing_is_left(&mut stand)?;
    let relayed = stand.relayed()?;
    assert_eq!(relayed[0], sum.packets, "what was told of each call is what was told of all");
    let last = stand.daemon.vitals()?;
    let warm = warm.unwrap_or(last);
    assert_eq!(last.threads, warm.threads, "{warm:?}, at the end {last:?}");
    assert!(last.descriptors <= warm.descriptors, "descriptors are left: {warm:?}, at the end {last:?}");
    let log = stand.stop()?;
    assert!(!log.contains("ERR") && !log.contains("panicked"), "{log}");
    let late = sum.late;
    Ok(Summary {
        rounds,
        relayed,
        late,
        memory_kib: [settled.unwrap_or(warm).resident_kib, last.resident_kib],
    })
}

/// No port is in use when the last call has ended.
fn nothing_is_left(stand: &mut Stand) -> Result<()> {
    let at = CLI.parse().expect("a constant address");
    let start = Instant::now();
    loop {
        let text = text_interface(&stand.daemon, at, "list interfaces")?;
        let used: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(" Ports used:")).collect();
        if used.len() == 4 && used.iter().all(|used| used.trim_start().starts_with("0 /")) {
            return Ok(());
        }
        assert!(start.elapsed() < PATIENCE, "ports stay in use:\n{text}");
    }
}
