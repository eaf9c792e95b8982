//! A table and a verdict.

use crate::Sample;
use crate::campaign::Results;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The middle of some values, and the least and the greatest of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Half of them are below.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
    /// How many they are.
    pub count: usize,
}

impl Spread {
    /// Of these values; `None` of none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, greatest) = (*values.first()?, *values.last()?);
        let half = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[half] } else { (values[half - 1] + values[half]) / 2.0 };
        Some(Spread { median, least, greatest, count: values.len() })
    }
}

/// What the program costs with each number of flows, and how many times as much as with the first.
pub fn by_flows(flows: &[u32], costs: &[Vec<f64>]) -> String {
    let mut text =
        format!("{:>8} {:>10} {:>10} {:>10} {:>6}\n", "flows", "median ns", "least", "greatest", "times");
    let mut first = None;
    for (flows, costs) in flows.iter().zip(costs) {
        let Some(Spread { median, least, greatest, .. }) = Spread::of(costs.iter().copied()) else {
            continue;
        };
        let times = median / *first.get_or_insert(median);
        let _ = writeln!(text, "{flows:>8} {median:>10.1} {least:>10.1} {greatest:>10.1} {times:>6.2}");
    }
    text
}

/// Samples of one subject under one load.
type Groups<'a> = BTreeMap<(u64, u32, String), Vec<&'a Sample>>;

fn groups(samples: &[Sample], by_rate: bool) -> Groups<'_> {
    let mut groups = Groups::new();
    for sample in samples {
        let rate = if by_rate { sample.target_pps } else { 0 };
        groups.entry((rate, sample.flows, sample.subject.clone())).or_default().push(sample);
    }
    groups
}

/// Samples worth believing; all when none is.
fn quiet<'a>(samples: &[&'a Sample]) -> Vec<&'a Sample> {
    let quiet: Vec<&Sample> = samples.iter().filter(|sample| !sample.noisy).copied().collect();
    if quiet.is_empty() { samples.to_vec() } else { quiet }
}

fn of(samples: &[&Sample], value: impl Fn(&Sample) -> f64) -> Spread {
    Spread::of(quiet(samples).into_iter().map(value)).unwrap_or_default()
}

/// The table for people.
pub fn table(results: &Results) -> String {
    let mut text = String::new();
    let head = "subject          flows   offered/s delivered/s   loss %   ns/packet (least-greatest)  own  kernel  \
                p50 us    p99  p99.9  core %  samples";
    for (title, samples, by_rate) in
        [("At a fixed rate", &results.fixed, true), ("At the highest rate", &results.highest, false)]
    {
        if samples.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{title}\n{head}");
        for ((_, flows, subject), samples) in groups(samples, by_rate) {
            let cost = of(&samples, |sample| sample.ns_per_packet);
            let noisy = samples.iter().filter(|sample| sample.noisy).count();
            let limited = samples.iter().filter(|sample| sample.generator_limited).count();
            let median = |value: fn(&Sample) -> f64| of(&samples, value).median;
            let _ = writeln!(
                text,
                "{subject:<15} {flows:>6} {:>11.0} {:>11.0} {:>8.3} {:>7.0} ({:>6.0} - {:>6.0}) {:>8.0} {:>6.0} {:>8.1} {:>6.0} {:>6.0} {:>7.0}  {}{}{}",
                median(|sample| sample.target_pps as f64),
                median(|sample| sample.delivered_pps),
                100.0 * median(|sample| sample.loss),
                cost.median,
                cost.least,
                cost.greatest,
                median(|sample| sample.ns_process),
                median(|sample| sample.ns_kernel),
                median(|sample| sample.delay_p50_us),
                median(|sample| sample.delay_p99_us),
                median(|sample| sample.delay_p999_us),
                100.0 * median(|sample| sample.core_busy),
                samples.len(),
                if noisy > 0 { format!(", {noisy} noisy") } else { String::new() },
                if limited > 0 { format!(", {limited} limited by the generator") } else { String::new() },
            );
        }
        let _ = writeln!(text);
    }
    for line in results.failed.iter().chain(&results.flawed) {
        let _ = writeln!(text, "! {line}");
    }
    text
}

/// A promise about two subjects, and whether it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What was promised.
    pub promise: String,
    /// The figure found.
    pub found: f64,
    /// Whether that is what was promised.
    pub kept: bool,
}

/// Every promise that the subjects measured allow to judge. Costs and delays are compared at the highest rate that both
/// carried without loss.
pub fn verdicts(results: &Results) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let mut judge = |promise: &str, found: Option<f64>, at_least: f64| {
        if let Some(found) = found {
            verdicts.push(Verdict { promise: promise.to_owned(), found, kept: found >= at_least });
        }
    };
    let cost = |sample: &Sample| sample.ns_per_packet;
    let own = |name: &str| at_highest(results, name, cost);
    let times = |name: &str| own("debian").zip(own(name)).map(|(debian, ours)| debian / ours);
    if results.profile.suite.is_some() {
        judge(
            "worker: a packet under keys costs at most 1/4 of debian's: times",
            ratio(results, "debian", "worker", cost),
            4.0,
        );
        judge("worker: the same, each at its own highest rate: times", times("worker"), 4.0);
        return verdicts;
    }
    judge(
        "worker: a packet costs at most 1/6 of debian's: times",
        ratio(results, "debian", "worker", cost),
        6.0,
    );
    judge(
        "driver: a packet costs at most 1/12 of debian's: times",
        ratio(results, "debian", "driver", cost),
        12.0,
    );
    judge("worker: the same, each at its own highest rate: times", times("worker"), 6.0);
    judge("driver: the same, each at its own highest rate: times", times("driver"), 12.0);
    let delay = |sample: &Sample| sample.delay_p999_us;
    judge(
        "worker: p99.9 of delay below 1/4 of debian's: times",
        ratio(results, "debian", "worker", delay),
        4.0,
    );
    judge(
        "driver: p99.9 of delay below 1/4 of debian's: times",
        ratio(results, "debian", "driver", delay),
        4.0,
    );
    for suffix in ["", "-busy"] {
        let (worker, bare) = (format!("worker{suffix}"), format!("l2fwd{suffix}"));
        let rate = |name: &str| at_highest(results, name, |sample| sample.delivered_pps);
        let share = rate(&worker).zip(rate(&bare)).map(|(worker, bare)| worker / bare);
        judge(&format!("{worker}: packets/s of {bare}'s, at least 0.70"), share, 0.70);
    }
    for subject in ["worker", "driver"] {
        let growth = growth(results, subject);
        judge(
            &format!("{subject}: cost with the most flows to that with the fewest at most 1.3: inverse"),
            growth,
            1.0 / 1.3,
        );
    }
    verdicts
}

/// How many times as much `a` has as `b`, at the highest rate that both carried.
fn ratio(results: &Results, a: &str, b: &str, value: impl Fn(&Sample) -> f64) -> Option<f64> {
    let groups = groups(&results.fixed, true);
    let carried = |name: &str, rate: u64, flows: u32| {
        let samples = groups.get(&(rate, flows, name.to_owned()))?;
        (of(samples, |sample| sample.loss).median <= 0.001).then(|| of(samples, &value).median)
    };
    let both =
        |(rate, flows, _): &(u64, u32, String)| carried(a, *rate, *flows).zip(carried(b, *rate, *flows));
    groups.keys().rev().find_map(both).map(|(a, b)| a / b.max(f64::MIN_POSITIVE))
}

fn at_highest(results: &Results, name: &str, value: impl Fn(&Sample) -> f64) -> Option<f64> {
    let samples: Vec<&Sample> = results.highest.iter().filter(|sample| sample.subject == name).collect();
    (!samples.is_empty()).then(|| of(&samples, value).median)
}

/// Cost with the fewest flows over that with the most, at the highest rate measured.
fn growth(results: &Results, name: &str) -> Option<f64> {
    let groups = groups(&results.fixed, true);
    let rate = groups.keys().filter(|(_, _, subject)| subject == name).map(|(rate, _, _)| *rate).max()?;
    let mut costs = groups
        .iter()
        .filter(|((at, _, subject), _)| *at == rate && subject == name)
        .map(|(_, samples)| of(samples, |sample| sample.ns_per_packet).median);
    let few = costs.next()?;
    costs.next_back().map(|many| few / many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_the_middle() {
        assert_eq!(Spread::of([]), None);
        let spread = Spread::of([3.0, 1.0, 2.0]).unwrap();
        assert_eq!((spread.median, spread.least, spread.greatest, spread.count), (2.0, 1.0, 3.0, 3));
        assert_eq!(Spread::of([4.0, 2.0]).unwrap().median, 3.0);
    }
}
