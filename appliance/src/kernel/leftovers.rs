use call::{Call, CallNumber, EndReason};
use flow::{FlowKey, FlowTable, Generation, Micros, Moment, Snapshot};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// How many calls are looked at in one turn, so that a full table does not hold the desk up.
const PER_TURN: usize = 500;

/// Calls of a daemon before us that the module still forwards. We know nothing of them but their flows, so they stay as
/// long as anybody speaks and they are not too old, and their ports are kept from new calls by holding them open.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    calls: HashMap<CallNumber, OldCall, RandomState>,
    turn: VecDeque<CallNumber>,
    ends: Ends,
}

/// When such calls end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    /// After nobody was heard for so long.
    pub(super) silence: Micros,
    /// At this age, whatever happens.
    pub(super) age: Option<Micros>,
}

/// A flow that was found in a table, given by the table's position.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) table: usize,
    pub(super) flow: Snapshot,
    /// How long it has been there.
    pub(super) age: Micros,
}

/// A call of a daemon before us that has ended.
#[derive(Debug)]
pub struct EndedCall {
    /// Why.
    pub reason: EndReason,
    /// How long its oldest flow was in the module.
    pub age: Micros,
    /// The last counters of its flows.
    pub flows: Vec<Snapshot>,
}

/// Flows that end together.
#[derive(Debug)]
struct OldCall {
    flows: Vec<OldFlow>,
    /// When we found it, and how long its oldest flow had been there by then.
    found: Moment,
    age: Micros,
    /// When somebody was last heard.
    heard: Moment,
}

#[derive(Debug)]
struct OldFlow {
    table: usize,
    key: FlowKey,
    generation: Generation,
    /// Never read. What the module passes up is for nobody, and should not be answered with "port unreachable".
    _port: Option<Socket>,
}

impl Leftovers {
    /// Takes note of what was found.
    pub(super) fn new(found: Vec<Found>, ends: Ends, now: Moment) -> Leftovers {
        let mut calls: BTreeMap<CallNumber, OldCall> = BTreeMap::new();
        for Found { table, flow, age } in found {
            let call = calls.entry(Call::of_stream(flow.stream).0).or_insert(OldCall {
                flows: Vec::new(),
                found: now,
                age,
                heard: now,
            });
            call.age = call.age.max(age);
            let (key, generation) = (flow.key, flow.generation);
            call.flows.push(OldFlow { table, key, generation, _port: hold(key) });
        }
        let turn = calls.keys().copied().collect();
        Leftovers { calls: calls.into_iter().collect(), turn, ends }
    }

    /// How many calls are left.
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Ends calls in which nobody speaks any more, and those that are too old.
    pub(super) fn sweep(&mut self, tables: &mut [impl FlowTable], now: Moment) -> Vec<EndedCall> {
        let mut ended = Vec::new();
        for _ in 0..self.turn.len().min(PER_TURN) {
            let Some(number) = self.turn.pop_front() else { break };
            let Some(call) = self.calls.get_mut(&number) else { continue };
            let last = |flow: &OldFlow| tables.get(flow.table)?.snapshot(flow.key)?.counters.last_packet;
            call.heard = call.flows.iter().filter_map(last).fold(call.heard, Ord::max);
            let reason = if self.ends.age.is_some_and(|limit| call.age_at(now) >= limit) {
                EndReason::FinalTimeout
            } else if now.since(call.heard) >= self.ends.silence {
                EndReason::Timeout
            } else {
                self.turn.push_back(number);
                continue;
            };
            ended.extend(self.end(number, reason, tables, now));
        }
        ended
    }

    /// Ends all of them.
    pub(super) fn end_all(&mut self, tables: &mut [impl FlowTable], now: Moment) -> Vec<EndedCall> {
        let all = std::mem::take(&mut self.turn);
        all.into_iter()
            .filter_map(|number| self.end(number, EndReason::ForceTerminated, tables, now))
            .collect()
    }

    fn end(
        &mut self,
        number: CallNumber,
        reason: EndReason,
        tables: &mut [impl FlowTable],
        now: Moment,
    ) -> Option<EndedCall> {
        let call = self.calls.remove(&number)?;
        let mut flows = Vec::with_capacity(call.flows.len());
        for flow in &call.flows {
            if let Some(table) = tables.get_mut(flow.table) {
                flows.extend(table.withdraw(flow.key, flow.generation));
            }
        }
        Some(EndedCall { reason, age: call.age_at(now), flows })
    }
}

impl OldCall {
    fn age_at(&self, now: Moment) -> Micros {
        Micros(self.age.0.saturating_add(now.since(self.found).0))
    }
}

/// Holds a port. If that cannot be done somebody else has it, which keeps it from new calls as well.
fn hold(key: FlowKey) -> Option<Socket> {
    let at = SocketAddr::from(key);
    let socket =
        Socket::new(Domain::for_address(at), Type::DGRAM.nonblocking().cloexec(), Some(Protocol::UDP))
            .ok()?;
    if at.is_ipv6() {
        socket.set_only_v6(true).ok()?;
    }
    // The smallest the system has: nothing is read.
    socket.set_recv_buffer_size(1).ok()?;
    socket.bind(&at.into()).ok()?;
    Some(socket)
}
