use super::quality::Reported;
use flow::{Micros, Moment};

/// Seconds of a sender's history that are kept.
const MOST: usize = 30;
const SECOND: u64 = 1_000_000;

/// How one sender was heard, in one second or on average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opinion {
    /// When the last report of that second came.
    pub at: Moment,
    /// Mean opinion score in tenths; 0 while no round trip is known.
    pub mos: u8,
    /// Loss, percent.
    pub loss: u8,
    /// Jitter, milliseconds.
    pub jitter_ms: u16,
    /// From party to party and back; 0 while it is not known.
    pub rtt: u32,
    /// Between us and who reports, and back, microseconds; 0 while it is not known.
    pub rtt_leg: u32,
}

/// What was reported of one sender, second by second. Grows to a fixed size and then keeps every second entry.
#[derive(Clone, Debug)]
pub struct History {
    /// Whose packets it is about.
    pub ssrc: u32,
    /// Packets lost in all, as last reported; negative when more came than expected.
    pub lost: i32,
    /// The reports of the second that is not over.
    open: Sums,
    /// All seconds with a round trip.
    all: Sums,
    /// The worst of them.
    pub lowest: Opinion,
    /// The best.
    pub highest: Opinion,
    /// All seconds with a report, the oldest first.
    pub entries: Vec<Opinion>,
    /// At least so many seconds are between two entries.
    pub interval: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    at: Moment,
    samples: u32,
    mos: Mean,
    loss: Mean,
    jitter_ms: Mean,
    rtt: Mean,
    rtt_leg: Mean,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: f64,
    samples: u32,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.samples += 1;
    }

    fn value(self) -> f64 {
        if self.samples == 0 { 0.0 } else { self.sum / f64::from(self.samples) }
    }
}

impl Sums {
    fn opinion(&self) -> Opinion {
        // Casts of floats stop at the ends of what they are cast to.
        Opinion {
            at: self.at,
            mos: self.mos.value().round() as u8,
            loss: self.loss.value() as u8,
            jitter_ms: self.jitter_ms.value() as u16,
            rtt: self.rtt.value() as u32,
            rtt_leg: self.rtt_leg.value() as u32,
        }
    }
}

impl History {
    /// That of a sender nobody has reported on yet.
    pub fn new(ssrc: u32) -> History {
        History {
            ssrc,
            lost: 0,
            open: Sums::default(),
            all: Sums::default(),
            lowest: Opinion::default(),
            highest: Opinion::default(),
            entries: Vec::new(),
            interval: 0,
        }
    }

    /// Takes in a report about the sender.
    pub fn take(&mut self, at: Moment, lost: i32, report: &Reported) {
        self.close(at);
        self.lost = lost;
        let open = &mut self.open;
        (open.at, open.samples) = (at, open.samples + 1);
        open.jitter_ms.add(report.jitter_ms);
        open.loss.add(report.loss_percent);
        let micros = |rtt: Micros| rtt.0 as f64;
        report.rtt_leg.map(micros).into_iter().for_each(|leg| open.rtt_leg.add(leg));
        report.rtt.map(micros).into_iter().for_each(|rtt| open.rtt.add(rtt));
        // Cut off, as upstream does.
        report.mos.into_iter().for_each(|mos| open.mos.add((mos * 10.0).floor()));
    }

    /// Seconds with a round trip, and how they were on average; `None` without any. What the second that `now` lies in
    /// has brought is not in it, nor in the entries of [`closed`](Self::closed).
    pub fn average(&self) -> Option<(u32, Opinion)> {
        (self.all.samples > 0).then(|| (self.all.samples, self.all.opinion()))
    }

    /// The history with all seconds that are over.
    pub fn closed(&self, now: Moment) -> History {
        let mut history = self.clone();
        history.close(now);
        history
    }

    /// Ends the open second if `now` lies in a later one.
    fn close(&mut self, now: Moment) {
        if self.open.samples == 0 || self.open.at.0 / SECOND >= now.0 / SECOND {
            return;
        }
        let opinion = std::mem::take(&mut self.open).opinion();
        if opinion.mos > 0 {
            if self.all.samples == 0 || opinion.mos < self.lowest.mos {
                self.lowest = opinion;
            }
            if opinion.mos > self.highest.mos {
                self.highest = opinion;
            }
            let all = &mut self.all;
            all.samples += 1;
            all.mos.add(f64::from(opinion.mos));
            all.loss.add(f64::from(opinion.loss));
            all.jitter_ms.add(f64::from(opinion.jitter_ms));
            all.rtt.add(f64::from(opinion.rtt));
            all.rtt_leg.add(f64::from(opinion.rtt_leg));
        }
        let passed = |last: &Opinion| opinion.at.since(last.at).0 >= u64::from(self.interval) * SECOND;
        if self.entries.last().is_none_or(passed) {
            self.entries.push(opinion);
        }
        if self.entries.len() > MOST {
            let mut odd = false;
            self.entries.retain(|_| {
                odd = !odd;
                odd
            });
            self.interval = (self.interval * 2).clamp(2, u32::MAX / 2);
        }
    }
}

#[cfg(test)]
#[path = "tests/opinions.rs"]
mod tests;
