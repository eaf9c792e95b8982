use super::opinions::History;
use call::CallNumber;
use flow::{Micros, Moment};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use rtp::rtcp::{Packet, ReportBlock, walk};
use std::net::IpAddr;

/// Sender reports remembered per call, to know when a receiver had them.
const SENDERS: usize = 32;
/// Reporters remembered per call.
const REPORTERS: usize = 16;
/// A round trip that takes longer is a mistake of somebody's clock.
const LONGEST: Micros = Micros::from_secs(10);

/// Sum, sum of squares and number of what was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Average {
    /// Of all samples.
    pub sum: f64,
    /// Of their squares.
    pub squares: f64,
    /// How many there are.
    pub samples: u64,
}

impl Average {
    /// Adds a sample.
    pub fn add(&mut self, value: f64) {
        self.sum += value;
        self.squares += value * value;
        self.samples += 1;
    }

    /// The mean; 0 without samples.
    pub fn mean(&self) -> f64 {
        if self.samples == 0 { 0.0 } else { self.sum / self.samples as f64 }
    }

    /// The standard deviation; 0 without samples.
    pub fn deviation(&self) -> f64 {
        if self.samples == 0 {
            return 0.0;
        }
        let mean = self.mean();
        (self.squares / self.samples as f64 - mean * mean).max(0.0).sqrt()
    }
}

/// What parties have reported of the media they get, and what we have measured of the media they send.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Averages {
    /// Mean opinion score, 1 to 4.5, of reports with a round trip.
    pub mos: Average,
    /// Jitter in reports, milliseconds.
    pub jitter: Average,
    /// Round trip from party to party, microseconds.
    pub rtt_e2e: Average,
    /// Round trip between us and one party, microseconds.
    pub rtt_dsct: Average,
    /// Loss since the last report, percent.
    pub packetloss: Average,
    /// Jitter of what we received, milliseconds, one sample per sender and port when it closes.
    pub jitter_measured: Average,
}

impl Averages {
    /// All by their names in statistics, `mos` first.
    pub fn rows(&self) -> [(&'static str, Average); 6] {
        [
            ("mos", self.mos),
            ("jitter", self.jitter),
            ("rtt_e2e", self.rtt_e2e),
            ("rtt_dsct", self.rtt_dsct),
            ("packetloss", self.packetloss),
            ("jitter_measured", self.jitter_measured),
        ]
    }

    fn take(&mut self, report: &Reported) {
        self.jitter.add(report.jitter_ms);
        self.packetloss.add(report.loss_percent);
        if let Some(leg) = report.rtt_leg {
            self.rtt_dsct.add(leg.0 as f64);
        }
        if let Some(rtt) = report.rtt {
            self.rtt_e2e.add(rtt.0 as f64);
        }
        if let Some(mos) = report.mos {
            self.mos.add(mos);
        }
    }
}

/// What a party has reported of one sender.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reported {
    /// Index of the party that reports.
    pub party: usize,
    /// Whose packets it is about.
    pub ssrc: u32,
    /// Milliseconds.
    pub jitter_ms: f64,
    /// Since its report before.
    pub loss_percent: f64,
    /// Between us and the party.
    pub rtt_leg: Option<Micros>,
    /// Between the parties, when that of the other is known too.
    pub rtt: Option<Micros>,
    /// When the round trip is known.
    pub mos: Option<f64>,
}

/// Where RTCP came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The call.
    pub call: CallNumber,
    /// Index of the party.
    pub party: usize,
    /// Our address.
    pub addr: IpAddr,
    /// When.
    pub at: Moment,
    /// Ticks per second of the codec.
    pub clock: u32,
}

/// Quality of all calls.
#[derive(Debug, Default)]
pub struct Quality {
    all: Averages,
    by_address: Vec<(IpAddr, Averages)>,
    calls: HashMap<CallNumber, CallQuality, RandomState>,
}

#[derive(Debug, Default)]
struct CallQuality {
    /// Middle of the NTP time of sender reports, whose they are, and when they passed; the latest last.
    senders: Vec<(u32, u32, Moment)>,
    /// The last round trip of each party.
    legs: Vec<(usize, Micros)>,
    /// The last report of each party and sender.
    last: Vec<Reported>,
    /// Of each sender that was reported on.
    histories: Vec<History>,
}

impl Quality {
    /// Over all calls since the start.
    pub fn all(&self) -> &Averages {
        &self.all
    }

    /// Over all calls that were reported on at one of our addresses.
    pub fn at(&self, addr: IpAddr) -> Averages {
        self.by_address.iter().find(|(known, _)| *known == addr).map(|(_, all)| *all).unwrap_or_default()
    }

    /// What the parties of a call have reported last.
    pub fn of(&self, call: CallNumber) -> &[Reported] {
        self.calls.get(&call).map(|call| &*call.last).unwrap_or_default()
    }

    /// How the senders of a call were heard.
    pub fn histories(&self, call: CallNumber) -> &[History] {
        self.calls.get(&call).map(|call| &*call.histories).unwrap_or_default()
    }

    /// Takes in an RTCP datagram.
    pub fn hear(&mut self, arrival: &Arrival, datagram: &[u8]) {
        for packet in walk(datagram) {
            let Ok(packet) = packet else { return };
            self.packet(arrival, &packet);
        }
    }

    /// Takes in jitter of what we received.
    pub fn measured(&mut self, addr: IpAddr, jitter: Micros) {
        let jitter_ms = jitter.0 as f64 / 1000.0;
        self.all.jitter_measured.add(jitter_ms);
        self.here(addr).jitter_measured.add(jitter_ms);
    }

    /// A call is over.
    pub fn forget(&mut self, call: CallNumber) {
        self.calls.remove(&call);
    }

    fn here(&mut self, addr: IpAddr) -> &mut Averages {
        // As many as we have addresses.
        let at = match self.by_address.iter().position(|(known, _)| *known == addr) {
            Some(at) => at,
            None => {
                self.by_address.push((addr, Averages::default()));
                self.by_address.len() - 1
            }
        };
        &mut self.by_address[at].1
    }

    fn packet(&mut self, arrival: &Arrival, packet: &Packet<'_>) {
        let reports = packet.reports();
        let info = packet.sender_info();
        if info.is_none() && reports.len() == 0 {
            return;
        }
        let call = self.calls.entry(arrival.call).or_default();
        if let (Some(info), Some(ssrc)) = (info, packet.ssrc()) {
            call.sent(info.ntp_middle(), ssrc, arrival.at);
        }
        let told: Vec<Reported> = reports.map(|block| call.report(arrival, &block)).collect();
        for report in told {
            self.all.take(&report);
            self.here(arrival.addr).take(&report);
        }
    }
}

impl CallQuality {
    fn sent(&mut self, ntp: u32, ssrc: u32, at: Moment) {
        if self.senders.len() == SENDERS {
            self.senders.remove(0);
        }
        self.senders.push((ntp, ssrc, at));
    }

    fn report(&mut self, arrival: &Arrival, block: &ReportBlock) -> Reported {
        let rtt_leg = self.round_trip(arrival.at, block);
        if let Some(leg) = rtt_leg {
            self.legs.retain(|(party, _)| *party != arrival.party);
            self.legs.push((arrival.party, leg));
            if self.legs.len() > REPORTERS {
                self.legs.remove(0);
            }
        }
        // The party that spoke last but this one: in nearly all calls the only other.
        let other = self.legs.iter().rev().find(|(party, _)| *party != arrival.party).map(|(_, leg)| *leg);
        let rtt = rtt_leg.zip(other).map(|(one, two)| Micros(one.0 + two.0));
        let jitter_ms = f64::from(block.jitter) * 1000.0 / f64::from(arrival.clock.max(1));
        let loss_percent = f64::from(block.fraction_lost) * 100.0 / 256.0;
        let mos = rtt.map(|rtt| opinion(rtt, jitter_ms, loss_percent));
        let (party, ssrc) = (arrival.party, block.ssrc);
        let told = Reported { party, ssrc, jitter_ms, loss_percent, rtt_leg, rtt, mos };
        self.last.retain(|known| (known.party, known.ssrc) != (party, ssrc));
        self.last.push(told);
        if self.last.len() > REPORTERS {
            self.last.remove(0);
        }
        self.history(ssrc).take(arrival.at, block.lost, &told);
        told
    }

    fn history(&mut self, ssrc: u32) -> &mut History {
        let at = match self.histories.iter().position(|known| known.ssrc == ssrc) {
            Some(at) => at,
            None => {
                if self.histories.len() == REPORTERS {
                    self.histories.remove(0);
                }
                self.histories.push(History::new(ssrc));
                self.histories.len() - 1
            }
        };
        &mut self.histories[at]
    }

    /// From us to the party and back: it says how long it had the sender report that passed here (RFC 3550 §6.4.1).
    fn round_trip(&self, now: Moment, block: &ReportBlock) -> Option<Micros> {
        if block.last_sr == 0 {
            return None;
        }
        let known = |(ntp, ssrc, _): &&(u32, u32, Moment)| (*ntp, *ssrc) == (block.last_sr, block.ssrc);
        let (_, _, passed) = self.senders.iter().rev().find(known)?;
        let held = u64::from(block.delay) * 1_000_000 / 65_536;
        let rtt = Micros(now.since(*passed).0.checked_sub(held)?);
        (rtt <= LONGEST).then_some(rtt)
    }
}

/// How well a codec bears loss (Bpl of the E-model): between G.711 without and with concealment in ITU-T G.113.
const CONCEALMENT: f64 = 12.0;

/// Mean opinion score by the E-model (ITU-T G.107) as far as it can be known from reports: delay and loss.
fn opinion(rtt: Micros, jitter_ms: f64, loss_percent: f64) -> f64 {
    // Of the receiver's buffer and the sender's packet.
    let delay_ms = rtt.0 as f64 / 2000.0 + 2.0 * jitter_ms + 20.0;
    let by_delay = 0.024 * delay_ms + 0.11 * (delay_ms - 177.3).max(0.0);
    let by_loss = 95.0 * loss_percent / (loss_percent + CONCEALMENT);
    let r = (93.2 - by_delay - by_loss).clamp(0.0, 100.0);
    (1.0 + 0.035 * r + 7e-6 * r * (r - 60.0) * (100.0 - r)).clamp(1.0, 4.5)
}

#[cfg(test)]
#[path = "tests/quality.rs"]
mod tests;
