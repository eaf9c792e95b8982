//! Plays a scenario and compares.

use crate::{Arrival, Counts, Datapath, End, Packet, Port, Scenario, Session, Step, Target};
use lab::Result;
use std::collections::BTreeMap;

/// How packets are handed to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// The next is sent when it is known what became of the last.
    OneByOne,
    /// Packets between two signals are sent at once. For paths that keep the order of packets between ports.
    Bursts,
}

/// Plays `scenario` over `path` and says what was different; empty when all was as it should be.
///
/// # Errors
/// When the path could not be used at all.
pub fn play(path: &dyn Datapath, scenario: &Scenario, rhythm: Rhythm) -> Result<Vec<String>> {
    let mut session = path.open(scenario)?;
    let mut findings = Vec::new();
    for (number, batch) in batches(&scenario.steps, rhythm) {
        let step = number + 1;
        match batch {
            Batch::Packets(packets) => {
                for packet in &packets {
                    session.send(packet)?;
                }
                let expected: Vec<&Arrival> = packets.iter().flat_map(|packet| &packet.arrivals).collect();
                let arrived = session.arrivals(expected.len())?;
                compare(&format!("step {step}"), &expected, &arrived, &mut findings);
            }
            Batch::LearningIsOver => session.end_learning()?,
            Batch::Signal(signal) => session.signal(signal)?,
        }
    }
    let late = session.arrivals(0)?;
    compare("after the last step", &[], &late, &mut findings);
    compare_counts(scenario, &mut *session, &mut findings)?;
    Ok(findings)
}

enum Batch<'a> {
    Packets(Vec<&'a Packet>),
    LearningIsOver,
    Signal(crate::Signal),
}

/// The steps, grouped; with the number of the first step of each.
fn batches(steps: &[Step], rhythm: Rhythm) -> Vec<(usize, Batch<'_>)> {
    let mut out: Vec<(usize, Batch<'_>)> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        match (step, out.last_mut()) {
            (Step::Packet(packet), Some((_, Batch::Packets(packets)))) if rhythm == Rhythm::Bursts => {
                packets.push(packet);
            }
            (Step::Packet(packet), _) => out.push((number, Batch::Packets(vec![packet]))),
            (Step::LearningIsOver, _) => out.push((number, Batch::LearningIsOver)),
            (Step::Signal(signal), _) => out.push((number, Batch::Signal(*signal))),
        }
    }
    out
}

/// Arrivals at different ends have no order among each other; those at one end have.
fn compare(when: &str, expected: &[&Arrival], arrived: &[Arrival], findings: &mut Vec<String>) {
    let mut by_end: BTreeMap<End, [Vec<&Arrival>; 2]> = BTreeMap::new();
    expected.iter().for_each(|arrival| by_end.entry(arrival.at).or_default()[0].push(arrival));
    arrived.iter().for_each(|arrival| by_end.entry(arrival.at).or_default()[1].push(arrival));
    for [wanted, got] in by_end.values() {
        for at in 0..wanted.len().max(got.len()) {
            match (wanted.get(at), got.get(at)) {
                (Some(wanted), Some(got)) if wanted == got => {}
                (Some(wanted), Some(got)) => {
                    let place = first_difference(&wanted.bytes, &got.bytes);
                    findings.push(format!("{when}: expected {wanted:?}\n    but got {got:?}{place}"));
                }
                (Some(wanted), None) => findings.push(format!("{when}: missing {wanted:?}")),
                (None, Some(got)) => findings.push(format!("{when}: not expected {got:?}")),
                (None, None) => {}
            }
        }
    }
}

fn first_difference(wanted: &[u8], got: &[u8]) -> String {
    match wanted.iter().zip(got).position(|(wanted, got)| wanted != got) {
        Some(at) => format!(", first different byte {at}"),
        None => String::new(),
    }
}

fn compare_counts(scenario: &Scenario, session: &mut dyn Session, findings: &mut Vec<String>) -> Result<()> {
    let (wanted, errors) = expected_counts(scenario);
    let counted = session.counts()?;
    for (port, counts) in &counted {
        let got = Counts { errors: 0, ..*counts };
        let wanted = wanted.get(port).copied().unwrap_or_default();
        if got != wanted {
            findings.push(format!("{port:?} should have counted {wanted:?}\n    but has {got:?}"));
        }
    }
    for port in wanted.keys().filter(|port| !counted.contains_key(port)) {
        findings.push(format!("{port:?} has no counters"));
    }
    let got: u64 = counted.values().map(|counts| counts.errors).sum();
    if got != errors {
        findings.push(format!("{errors} errors should have been counted in the call, but {got} were"));
    }
    Ok(())
}

/// What the ports must have counted at the end, errors apart, and all errors.
fn expected_counts(scenario: &Scenario) -> (BTreeMap<Port, Counts>, u64) {
    let mut counts: BTreeMap<Port, Counts> = BTreeMap::new();
    let mut errors = 0;
    for step in &scenario.steps {
        let Step::Packet(packet) = step else { continue };
        errors += packet.errors;
        if let (Target::Port(port), true) = (packet.to, packet.counted) {
            let here = counts.entry(port).or_default();
            here.received_packets += 1;
            here.received_bytes += scenario.call.wire_len(port.facing, &packet.bytes) as u64;
        }
        for arrival in &packet.arrivals {
            let Some(port) = arrival.from else { continue };
            let here = counts.entry(port).or_default();
            here.sent_packets += 1;
            here.sent_bytes += scenario.call.wire_len(port.facing, &arrival.bytes) as u64;
        }
    }
    (counts, errors)
}
