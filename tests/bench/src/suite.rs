//! Everything at once: what `make bench` runs, and the one table of it.

use crate::campaign::{self, Plan, Results};
use crate::control::{self, Control};
use crate::report::{Spread, Verdict};
use crate::{BenchError, Profile, Role, Sample};
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// Numbers of calls at which memory is looked at.
const MEMORY: [u32; 3] = [1, 1_000, 10_000];
/// Numbers of calls at which cost is compared; a call is two flows.
const CALLS: [u32; 4] = [5, 500, 5_000, 25_000];
/// The profiles, in their folder.
const PROFILES: [&str; 4] = ["datapaths.toml", "flows.toml", "two.toml", "secure.toml"];

/// How much is measured.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// Turns.
    pub rounds: u32,
    /// Length of a measurement in seconds.
    pub seconds: f64,
    /// Rates to measure cost and delay at, in packets per second.
    pub rates_pps: Vec<u64>,
    /// The rate at which flows are compared.
    pub flows_pps: u64,
    /// Calls set up and ended to see how long that takes.
    pub exchanges: u32,
    /// Only these subjects; none: all.
    pub subjects: Vec<String>,
}

/// Everything measured.
#[derive(Debug, Serialize)]
pub struct Whole {
    asked: Asked,
    /// Plain RTP, few flows.
    pub plain: Results,
    /// Plain RTP, few flows and many.
    pub flows: Results,
    /// Plain RTP, two workers on both cores, which they share with the generator.
    pub two: Results,
    /// RTP to SRTP and back.
    pub secure: Results,
    /// The control side.
    pub control: Vec<Control>,
}

/// Measures everything; `profiles` is the folder of the profiles.
///
/// # Errors
/// When a profile cannot be read. Subjects that fail are noted.
pub fn run(profiles: &Path, asked: &Asked, mut tell: impl FnMut(&str, &Sample)) -> Result<Whole, BenchError> {
    let read = |at: usize| {
        let mut profile = Profile::read(&profiles.join(PROFILES[at]))?;
        if !asked.subjects.is_empty() {
            profile.subjects.retain(|subject| asked.subjects.contains(&subject.name));
        }
        Ok::<_, BenchError>(profile)
    };
    let plan = |rates_pps: &[u64], calls: &[u32], highest| Plan {
        rounds: asked.rounds,
        rates_pps: rates_pps.to_vec(),
        seconds: asked.seconds,
        calls: calls.to_vec(),
        highest,
        loss: 0.001,
    };
    let plain = read(0)?;
    let control = control_of(&plain, asked);
    let plain = campaign::run(&plain, &plan(&asked.rates_pps, &[50], true), &mut tell)?;
    let flows = campaign::run(&read(1)?, &plan(&[asked.flows_pps], &CALLS, false), &mut tell)?;
    let secure = campaign::run(&read(3)?, &plan(&asked.rates_pps[..1], &[50], true), &mut tell)?;
    let two = campaign::run(&read(2)?, &plan(&asked.rates_pps[..1], &[50], true), &mut tell)?;
    Ok(Whole { asked: asked.clone(), plain, flows, two, secure, control })
}

fn control_of(profile: &Profile, asked: &Asked) -> Vec<Control> {
    let mut all = Vec::new();
    for _ in 0..asked.rounds {
        for subject in profile.subjects.iter().filter(|subject| subject.role == Role::Relay) {
            match control::measure(profile, subject, asked.exchanges, control::WINDOW, &MEMORY) {
                Ok(one) => all.push(one),
                Err(error) => all.push(Control {
                    subject: subject.name.clone(),
                    window: control::WINDOW,
                    calls_per_s: 0.0,
                    cpu_us: 0.0,
                    memory: Vec::new(),
                    ended: Some(error.to_string()),
                }),
            }
        }
    }
    all
}

fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    Spread::of(values).map(|spread| spread.median)
}

/// The middle of what quiet samples say; of all when none was quiet.
fn middle<'a>(samples: impl Iterator<Item = &'a Sample> + Clone, value: fn(&Sample) -> f64) -> Option<f64> {
    let quiet = samples.clone().filter(|sample| !sample.noisy).map(value);
    median(quiet).or_else(|| median(samples.map(value)))
}

type Figure = fn(&Sample) -> f64;
const COST: Figure = |sample| sample.ns_per_packet;
/// What is told of every rate.
const DELAYS: [(&str, Figure); 6] = [
    ("CPU, ns for each packet", COST),
    ("  of it the kernel's threads", |sample| sample.ns_kernel),
    ("added delay p50, us", |sample| sample.delay_p50_us),
    ("  p99", |sample| sample.delay_p99_us),
    ("  p99.9", |sample| sample.delay_p999_us),
    ("jitter, us", |sample| sample.jitter_us),
];

impl Whole {
    /// One table: a line for each figure, a column for each subject. Medians; a line of dashes is what nobody has.
    pub fn table(&self) -> String {
        let names: Vec<String> =
            self.plain.profile.subjects.iter().map(|subject| subject.name.clone()).collect();
        let mut text = format!("{:<34}", "");
        for name in &names {
            let _ = write!(text, "{name:>12}");
        }
        text.push('\n');
        let mut line = |title: &str, value: &dyn Fn(&str) -> Option<f64>| {
            let cells: Vec<Option<f64>> = names.iter().map(|name| value(name)).collect();
            if cells.iter().all(Option::is_none) {
                return;
            }
            let _ = write!(text, "{title:<34}");
            for cell in cells {
                let _ = match cell {
                    None => write!(text, "{:>12}", "-"),
                    Some(cell) if cell < 10.0 => write!(text, "{cell:>12.1}"),
                    Some(cell) => write!(text, "{cell:>12.0}"),
                };
            }
            text.push('\n');
        };
        let carried = |sample: &&Sample| sample.loss <= 0.001;
        line("packets/s with less than 0.1 % lost", &|name| self.plain.best(name, |s| s.delivered_pps));
        line("  ns for each packet there", &|name| self.plain.best(name, COST));
        line("  with two workers, packets/s", &|name| self.two.best(name, |s| s.delivered_pps));
        for rate in &self.asked.rates_pps {
            for (title, figure) in DELAYS {
                line(&format!("{title} at {} k/s", rate / 1000), &|name| self.plain.at(name, *rate, figure));
            }
        }
        for calls in CALLS {
            line(&format!("ns for each packet, {} flows", 2 * calls), &|name| {
                let of = |sample: &&Sample| sample.subject == name && sample.flows == 2 * calls;
                middle(self.flows.fixed.iter().filter(of).filter(carried), COST)
            });
        }
        line("SRTP to RTP: packets/s", &|name| self.secure.best(name, |s| s.delivered_pps * 2.0));
        line("  ns for each packet there", &|name| self.secure.best(name, COST));
        line("  at the lowest rate", &|name| {
            middle(self.secure.fixed.iter().filter(|sample| sample.subject == name).filter(carried), COST)
        });
        let control = |name: &str, value: &dyn Fn(&Control) -> Option<f64>| {
            median(self.control.iter().filter(|one| one.subject == name).filter_map(value))
        };
        line("offer, answer, delete: calls/s", &|name| {
            control(name, &|one| Some(one.calls_per_s).filter(|rate| *rate > 0.0))
        });
        line("  CPU for each call, us", &|name| {
            control(name, &|one| Some(one.cpu_us).filter(|us| *us > 0.0))
        });
        for calls in MEMORY {
            line(&format!("kB for each of {calls} calls"), &|name| {
                let of = |one: &Control| one.memory.iter().find(|memory| memory.calls == calls).copied();
                control(name, &|one| of(one).map(|memory| (memory.daemon + memory.kernel) / 1000.0))
            });
        }
        text
    }

    /// What could not be measured, or is not to be believed.
    pub fn complaints(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (title, results) in [
            ("plain", &self.plain),
            ("flows", &self.flows),
            ("two workers", &self.two),
            ("SRTP", &self.secure),
        ] {
            all.extend(results.failed.iter().chain(&results.flawed).map(|line| format!("{title}: {line}")));
            let samples = results.fixed.iter().chain(&results.highest);
            let (noisy, count) = (samples.clone().filter(|sample| sample.noisy).count(), samples.count());
            if noisy > 0 {
                all.push(format!(
                    "{title}: {noisy} of {count} samples are noisy: others used the relay's core"
                ));
            }
        }
        let ended = self.control.iter().filter_map(|one| Some((&one.subject, one.ended.as_ref()?)));
        all.extend(ended.map(|(subject, why)| format!("control of {subject}: {why}")));
        all
    }
}

impl Whole {
    /// What is promised of ours beside the distribution's daemon, as far as it was measured. Costs are compared where each is at
    /// its highest rate and, when both carried a fixed rate, at the highest of these.
    pub fn verdicts(&self) -> Vec<Verdict> {
        let mut all = Vec::new();
        let mut judge = |promise: String, found: Option<f64>, at_least: f64| {
            all.extend(found.map(|found| Verdict { promise, found, kept: found >= at_least }));
        };
        let times = |a: Option<f64>, b: Option<f64>| Some(a? / b?.max(f64::MIN_POSITIVE));
        for (name, wanted) in [("driver", 15.0), ("worker", 6.0), ("shared", 1.0 / 0.35)] {
            let fixed = self.asked.rates_pps.iter().rev().find_map(|rate| {
                times(self.plain.at("debian", *rate, COST), self.plain.at(name, *rate, COST))
            });
            judge(format!("{name}: debian's CPU for a packet, at least {wanted:.1} times"), fixed, wanted);
            let own = times(self.plain.best("debian", COST), self.plain.best(name, COST));
            judge(format!("{name}: the same, each at its own highest rate, {wanted:.1} times"), own, wanted);
        }
        let sealed = times(self.secure.best("debian", COST), self.secure.best("worker", COST));
        judge("worker, SRTP: debian's CPU for a packet, at least 5 times".to_owned(), sealed, 5.0);
        let rate = |name: &str| self.plain.best(name, |sample| sample.delivered_pps);
        let share = times(rate("worker"), rate("l2fwd"));
        judge("worker: packets/s of the bare forwarder's, at least 0.75".to_owned(), share, 0.75);
        // Half of what debian carries, or the next rate below that was measured.
        let half = rate("debian").map_or(0.0, |rate| rate / 2.0);
        let half = self.asked.rates_pps.iter().copied().filter(|rate| *rate as f64 <= half).max();
        for name in ["driver", "worker"] {
            let delay = |name| self.plain.at(name, half?, |sample| sample.delay_p999_us);
            let found = times(delay("debian"), delay(name));
            let promise = format!("{name}: debian's p99.9 of delay at half of its highest rate, 10 times");
            judge(promise, found, 10.0);
            let cost = |calls: u32| {
                let of = |sample: &&Sample| sample.subject == name && sample.flows == 2 * calls;
                middle(self.flows.fixed.iter().filter(of), COST)
            };
            for (calls, most) in [(5_000, 1.3), (25_000, 1.5)] {
                let found = times(cost(CALLS[0]), cost(calls));
                let flows = 2 * calls;
                let promise =
                    format!("{name}: cost with {flows} flows at most {most} of that with 10: inverse");
                judge(promise, found, 1.0 / most);
            }
        }
        let control = |name: &str, value: fn(&Control) -> f64| {
            median(self.control.iter().filter(|one| one.subject == name).map(value))
        };
        let busy = times(control("debian", |one| one.cpu_us), control("userspace", |one| one.cpu_us));
        judge("CPU for offer, answer and delete: debian's, at least 5 times".to_owned(), busy, 5.0);
        let weight = self.control.iter().filter(|one| one.subject == "shared");
        let weight =
            median(weight.filter_map(|one| one.memory.last()).map(|memory| memory.daemon + memory.kernel));
        let promise = "memory for a call, daemon and kernel, at most 10 kB: inverse of kB".to_owned();
        judge(promise, weight.map(|bytes| 1000.0 / bytes.max(1.0)), 0.1);
        all
    }
}

impl Results {
    /// Of a subject at a rate, if it lost next to nothing.
    fn at(&self, name: &str, rate: u64, value: Figure) -> Option<f64> {
        let of = |sample: &&Sample| sample.subject == name && sample.target_pps == rate;
        middle(self.fixed.iter().filter(of).filter(|sample| sample.loss <= 0.001), value)
    }

    /// Of a subject at its highest rate.
    fn best(&self, name: &str, value: Figure) -> Option<f64> {
        middle(self.highest.iter().filter(|sample| sample.subject == name), value)
    }
}
