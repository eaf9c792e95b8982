//! What the XDP program itself costs for each packet, with few and with many flows: the kernel runs it over and over on
//! one packet that a small program before it makes one of the next flow. No wires, no threads, no sockets.

use crate::BenchError;
use afxdp::hops::FixedHops;
use afxdp::steer::{Clock, Maps, Program, Sizes, SteerReason};
use afxdp::{DriverTable, Hop};
use flow::{Carries, FlowKey, FlowTable, Gate, Generation, Moment, Recipe, RecipeOutput, Rewrite, StreamId};
use libbpf_rs::skel::{OpenSkel, SkelBuilder};
use libbpf_rs::{MapCore, MapFlags, ProgramInput};
use skeleton::{VisitSkel, VisitSkelBuilder};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};
use wire::{Headers, Link, Mac};

#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::unwrap_used,
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    reason = "generated"
)]
mod skeleton {
    include!(concat!(env!("OUT_DIR"), "/visit.skel.rs"));
}

/// As in `bpf/visit.bpf.c`.
const FIRST_PORT: u16 = 20_000;
/// Flows whose ports are below 65536.
const MOST: u32 = 22_000;
/// Packets of a measurement.
const PACKETS: u32 = 400_000;
/// UDP payload of G.711, 20 ms.
const PAYLOAD: usize = 172;
/// Stored packets seem to come from here, and go back there.
const LOOPBACK: u32 = 1;
const RELAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const CALLER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const CALLEE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 20);

/// The program with so many flows installed, and one packet that is each of theirs in turn.
struct Bench<'a> {
    flows: u32,
    table: DriverTable<FixedHops>,
    visit: VisitSkel<'a>,
    frame: Vec<u8>,
    program: Program,
}

/// Nanoseconds for each packet with each number of flows, of each round; flows take turns in every round, so that what
/// changes on the machine changes for all. What the program before costs is subtracted.
///
/// # Errors
/// When the kernel refuses, or a packet ends otherwise than it should.
pub fn measure(flows: &[u32], rounds: u32) -> Result<Vec<Vec<f64>>, BenchError> {
    let mut places: Vec<_> = flows.iter().map(|_| MaybeUninit::uninit()).collect();
    let mut benches = Vec::new();
    for (flows, place) in flows.iter().zip(&mut places) {
        benches.push(Bench::new((*flows).clamp(1, MOST), place)?);
    }
    let mut all = vec![Vec::new(); benches.len()];
    for _ in 0..rounds {
        for (bench, costs) in benches.iter_mut().zip(&mut all) {
            costs.push(bench.run()?);
        }
    }
    Ok(all)
}

impl<'a> Bench<'a> {
    fn new(flows: u32, place: &'a mut MaybeUninit<libbpf_rs::OpenObject>) -> Result<Bench<'a>, BenchError> {
        let sizes = Sizes { flows, addresses: 1, sockets: 1, ports: 1 };
        let (program, maps) = Program::load_first(sizes, 1)?;
        let clock = Clock::tie(Moment(0)).map_err(BenchError::system("reading the clock"))?;
        let mut table = DriverTable::new(maps, sizes, FixedHops::default(), clock);
        table.add_port(LOOPBACK)?;
        let link = Link { src_mac: Mac([2, 0, 0, 0, 0, 1]), dst_mac: Mac([2, 0, 0, 0, 0, 2]), tag: None };
        table.hops_mut().set(RELAY.into(), CALLEE.into(), Some(Hop { ifindex: LOOPBACK, link }));
        for number in 0..flows {
            let port = FIRST_PORT + 2 * number as u16;
            table.install(&recipe(port)).map_err(|error| unfit(format!("flow {number}: {error}")))?;
        }
        let frame = frame(link)?;
        let mut open = VisitSkelBuilder::default().open(place).map_err(BenchError::bpf("opening visit"))?;
        let constants = open.maps.rodata_data.as_deref_mut();
        let constants = constants.ok_or_else(|| unfit("the program before has no constants".to_owned()))?;
        constants.flows = flows;
        constants.step = step(flows);
        constants.head.copy_from_slice(&frame[..56]);
        let visit = open.load().map_err(BenchError::bpf("loading visit"))?;
        Ok(Bench { flows, table, visit, frame, program })
    }

    fn run(&mut self) -> Result<f64, BenchError> {
        let alone = self.visits()?;
        let program = self.program.as_fd().as_raw_fd() as u32;
        let next = &self.visit.maps.NEXT;
        next.update(&0u32.to_ne_bytes(), &program.to_ne_bytes(), MapFlags::ANY)
            .map_err(BenchError::bpf("naming the program"))?;
        let before = sent(self.table.maps())?;
        let received = self.table.received().packets;
        let with = self.visits()?;
        next.delete(&0u32.to_ne_bytes()).map_err(BenchError::bpf("forgetting the program"))?;
        let sent = sent(self.table.maps())? - before;
        if sent != u64::from(PACKETS) {
            return Err(unfit(format!("{sent} of {PACKETS} packets sent with {} flows", self.flows)));
        }
        let received = self.table.received().packets - received;
        if received != u64::from(PACKETS) {
            return Err(unfit(format!(
                "{received} of {PACKETS} packets in the meters of {} flows",
                self.flows
            )));
        }
        Ok(with - alone)
    }

    /// Nanoseconds for each run.
    fn visits(&self) -> Result<f64, BenchError> {
        let mut out = vec![0; self.frame.len() + 64];
        let input = ProgramInput {
            data_in: Some(&self.frame),
            data_out: Some(&mut out),
            repeat: PACKETS,
            ..Default::default()
        };
        let ran = self.visit.progs.visit.test_run(input).map_err(BenchError::bpf("running visit"))?;
        Ok(ran.duration.as_nanos() as f64)
    }
}

fn unfit(what: String) -> BenchError {
    BenchError::Unfit { subject: "the XDP program".to_owned(), what }
}

fn sent(maps: &Maps) -> Result<u64, BenchError> {
    let all = maps.reasons()?;
    Ok(all.iter().find(|(reason, _)| *reason == SteerReason::Driver).map_or(0, |(_, count)| *count))
}

/// Far from one, and without a common divisor, so that neighbours in memory are not neighbours in time.
fn step(flows: u32) -> u32 {
    let common = |mut a: u32, mut b: u32| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let far = flows as u64 * 618 / 1000;
    (far as u32..flows).find(|step| *step > 0 && common(*step, flows) == 1).unwrap_or(1)
}

fn recipe(port: u16) -> Recipe {
    Recipe {
        key: FlowKey { addr: RELAY.into(), port },
        generation: Generation(1),
        stream: StreamId(u64::from(port)),
        carries: Carries::Rtp,
        source: SocketAddr::from((CALLER, port)),
        gate: Gate::Strict,
        open: None,
        opened: Vec::new(),
        outputs: [RecipeOutput {
            from: FlowKey { addr: RELAY.into(), port: port + 1 },
            to: SocketAddr::from((CALLEE, port)),
            tos: 0xb8,
            rewrite: Rewrite::default(),
            seal: None,
            sealed: Vec::new(),
        }]
        .into_iter()
        .collect(),
    }
}

/// A packet of the first flow, whose checksum need not be right: it is updated, not looked at.
fn frame(link: Link) -> Result<Vec<u8>, BenchError> {
    let from = SocketAddr::from((CALLER, FIRST_PORT));
    let to = SocketAddr::from((RELAY, FIRST_PORT));
    let headers = Headers::new(link, from, to, 0).map_err(|error| unfit(format!("headers: {error:?}")))?;
    let mut frame = vec![0xd5; headers.len() + PAYLOAD];
    frame[headers.len()..][..2].copy_from_slice(&[0x80, 8]);
    headers.write(&mut frame).map_err(|error| unfit(format!("headers: {error:?}")))?;
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn steps_come_by_every_flow() {
        for flows in [1, 2, 3, 10, 1000, 10_000, 22_000] {
            let visited: HashSet<u32> = (0..flows)
                .scan(0, |at, _| {
                    *at = (*at + step(flows)) % flows;
                    Some(*at)
                })
                .collect();
            assert_eq!(visited.len() as u32, flows);
        }
    }
}
