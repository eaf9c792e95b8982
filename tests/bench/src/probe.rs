use crate::cpu::Used;
use crate::traffic::{Counts, Pattern, percentile};
use crate::{BenchError, Stage};
use serde::Serialize;
use std::time::{Duration, Instant};

/// More use of the relay's core by others than this spoils a sample.
const FOREIGN: f64 = 0.04;
/// A generator that sends less than this share of what it should is the limit itself.
const ENOUGH: f64 = 0.98;

/// What is offered to a relay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Packets per second, both directions together.
    pub rate_pps: u64,
    /// For how long.
    pub seconds: f64,
    /// Time between bursts, in microseconds.
    pub tick_us: u64,
    /// Only so many of the flows are sent on; 0: all.
    pub active: u32,
    /// Every so many packets one is damaged; 0: none.
    pub spoil: u32,
}

impl Default for Load {
    fn default() -> Load {
        Load { rate_pps: 10_000, seconds: 1.0, tick_us: 50, active: 0, spoil: 0 }
    }
}

/// One measurement.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// Of whom.
    pub subject: String,
    /// Flows that were installed.
    pub flows: u32,
    /// Packets per second asked for.
    pub target_pps: u64,
    /// Packets per second that were sent.
    pub sent_pps: f64,
    /// Packets per second that arrived in time.
    pub delivered_pps: f64,
    /// Share of the packets sent that did not, 0 to 1.
    pub loss: f64,
    /// CPU time of the relay, kernel's share included, for each packet that arrived; half of it, if it was relayed twice.
    pub ns_per_packet: f64,
    /// Of this, what its own threads used.
    pub ns_process: f64,
    /// Of this, the kernel's threads.
    pub ns_kernel: f64,
    /// All use of the relay's core for each packet that arrived, whoever used it.
    pub ns_core: f64,
    /// Delay from generator to sink in microseconds that 50 % of the packets do not exceed.
    pub delay_p50_us: f64,
    /// The same for 99 %.
    pub delay_p99_us: f64,
    /// The same for 99.9 %.
    pub delay_p999_us: f64,
    /// Mean difference in delay between packets that follow each other in a flow, in microseconds.
    pub jitter_us: f64,
    /// Share of the relay's core that was in use, 0 to 1.
    pub core_busy: f64,
    /// Share of it that others used.
    pub foreign: f64,
    /// Share of it that the host kept.
    pub steal: f64,
    /// The sample should not be believed: others used the core.
    pub noisy: bool,
    /// The generator sent less than was asked for.
    pub generator_limited: bool,
    /// Share of the packets that the daemon says its fast path relayed.
    pub fast_share: Option<f64>,
    /// Everything counted.
    pub counts: Counts,
}

impl Sample {
    /// What is wrong with the packets that came out: anything here means that the figures are not of relayed packets.
    pub fn flaws(&self) -> Vec<String> {
        let counts = &self.counts;
        let flaw = |count: u64, what: &str| (count > 0).then(|| format!("{count} packets {what}"));
        let mut flaws: Vec<String> = [
            flaw(counts.bad_checksum, "with a wrong checksum"),
            flaw(counts.strange, "that are of no flow, or changed"),
            flaw(counts.out_of_order, "out of order or twice"),
        ]
        .into_iter()
        .flatten()
        .collect();
        // Within the stream nothing is missing but what was lost.
        let lost = counts.sent.saturating_sub(counts.received);
        if counts.missing > lost {
            flaws.push(format!("{} sequence numbers missing, but {lost} packets lost", counts.missing));
        }
        if counts.received > counts.sent {
            flaws.push(format!("{} packets received of {} sent", counts.received, counts.sent));
        }
        flaws
    }
}

impl Stage {
    /// Offers a load and measures.
    ///
    /// # Errors
    /// When the kernel refuses, or the relay is gone.
    pub fn probe(&mut self, load: &Load) -> Result<Sample, BenchError> {
        let count = if load.active == 0 { self.flows } else { load.active.min(self.flows) };
        let pattern =
            Pattern { rate_pps: load.rate_pps, tick_us: load.tick_us, first: 0, count, spoil: load.spoil };
        let relayed = self.relayed()?;
        let before = self.staff.spent()?;
        let began = Instant::now();
        self.traffic.begin(&pattern)?;
        std::thread::sleep(Duration::from_secs_f64(load.seconds));
        self.traffic.pause()?;
        let sending = began.elapsed().as_secs_f64();
        let used = before.until(&self.staff.spent()?);
        let (counts, delays) = self.traffic.end()?;
        let fast_share = match (relayed, self.relayed()?) {
            (Some([all, fast]), Some([all_later, fast_later])) if all_later > all => {
                Some((fast_later - fast) as f64 / (all_later - all) as f64)
            }
            (Some(_), Some(_)) => Some(0.0),
            _ => None,
        };
        Ok(self.sample(load, counts, &delays, &used, sending, fast_share))
    }

    /// Whether every flow is relayed again when there is little to do.
    fn recovered(&mut self, loss: f64) -> Result<bool, BenchError> {
        let rate_pps = u64::from(self.flows * 8).clamp(2_000, 20_000);
        let seconds = 0.2_f64.max(f64::from(self.flows) * 2.0 / rate_pps as f64);
        let sample = self.probe(&Load { rate_pps, seconds, ..Load::default() })?;
        let silent = self.traffic.heard(0, self.flows)?.contains(&0);
        Ok(!silent && sample.loss <= loss)
    }

    fn sample(
        &self,
        load: &Load,
        counts: Counts,
        delays: &[u64],
        used: &Used,
        sending: f64,
        fast_share: Option<f64>,
    ) -> Sample {
        let in_time = counts.received.saturating_sub(counts.too_late);
        let each = |ns: f64| ns / (in_time.max(1) * u64::from(self.hops)) as f64;
        let delay = |percent| percentile(delays, percent).map_or(0.0, |ns| ns as f64 / 1000.0);
        Sample {
            subject: self.subject.clone(),
            flows: self.flows,
            target_pps: load.rate_pps,
            sent_pps: counts.sent as f64 / sending,
            delivered_pps: in_time as f64 / sending,
            loss: 1.0 - in_time as f64 / counts.sent.max(1) as f64,
            ns_per_packet: each((used.process + used.kernel).as_nanos() as f64),
            ns_process: each(used.process.as_nanos() as f64),
            ns_kernel: each(used.kernel.as_nanos() as f64),
            ns_core: each(used.busy * sending * 1e9),
            delay_p50_us: delay(50.0),
            delay_p99_us: delay(99.0),
            delay_p999_us: delay(99.9),
            jitter_us: counts.jitter_ns as f64 / 1000.0 / counts.received.max(1) as f64,
            core_busy: used.busy,
            foreign: used.foreign,
            steal: used.steal,
            noisy: used.foreign > FOREIGN || used.steal > FOREIGN,
            generator_limited: (counts.sent as f64) < ENOUGH * load.rate_pps as f64 * sending,
            fast_share,
            counts,
        }
    }
}

/// The highest rate at which at most `loss` of the packets are lost, to within 4 %, searched from `start` on. A rate must
/// fail twice to count as too high, and the second time the relay has been started anew if it has not recovered: there are
/// daemons that never look again at a socket that was full once. The best sample; `None` when even `start` / 8 is too much.
///
/// # Errors
/// As [`Stage::probe`], and as [`Stage::open`], which is what `reopen` does.
pub fn highest(
    mut stage: Stage,
    mut reopen: impl FnMut() -> Result<Stage, BenchError>,
    start: u64,
    loss: f64,
    seconds: f64,
) -> Result<Option<Sample>, BenchError> {
    let mut best: Option<Sample> = None;
    let mut too_much = None;
    let mut rate = start;
    loop {
        let load = Load { rate_pps: rate, seconds, ..Load::default() };
        let mut sample = stage.probe(&load)?;
        for again in [true, false] {
            if sample.loss > loss && !stage.recovered(loss)? {
                drop(stage);
                stage = reopen()?;
            }
            if sample.loss > loss && again {
                sample = stage.probe(&load)?;
            }
        }
        if sample.loss <= loss {
            let limited = sample.generator_limited;
            best = Some(sample);
            if limited {
                return Ok(best);
            }
        } else {
            too_much = Some(rate);
        }
        let good = best.as_ref().map(|sample| sample.target_pps);
        rate = match (good, too_much) {
            (Some(good), None) => good * 4 / 3,
            (None, Some(bad)) if bad > start / 8 => bad / 2,
            (Some(good), Some(bad)) if bad * 100 > good * 104 => good.midpoint(bad),
            _ => return Ok(best),
        };
    }
}
