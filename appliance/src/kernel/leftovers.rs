use call::{Call, CallNumber};
use flow::{FlowKey, FlowTable, Generation, Micros, Moment, Snapshot};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// How many calls are looked at in one turn, so that a full table does not hold the desk up.
const PER_TURN: usize = 500;

/// Calls of a daemon before us that the module still forwards. We know nothing of them but their flows, so they stay as
/// long as anybody speaks, and their ports are kept from new calls by holding them open.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    calls: HashMap<CallNumber, OldCall, RandomState>,
    turn: VecDeque<CallNumber>,
    silence: Micros,
}

/// Flows that end together.
#[derive(Debug)]
struct OldCall {
    flows: Vec<OldFlow>,
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
    /// Takes note of flows found in tables, given by the tables' positions. A call ends after `silence`.
    pub(super) fn new(found: Vec<(usize, Snapshot)>, silence: Micros, now: Moment) -> Leftovers {
        let mut calls: BTreeMap<CallNumber, OldCall> = BTreeMap::new();
        for (table, snapshot) in found {
            let call = calls
                .entry(Call::of_stream(snapshot.stream).0)
                .or_insert(OldCall { flows: Vec::new(), heard: now });
            call.flows.push(OldFlow {
                table,
                key: snapshot.key,
                generation: snapshot.generation,
                _port: hold(snapshot.key),
            });
        }
        let turn = calls.keys().copied().collect();
        Leftovers { calls: calls.into_iter().collect(), turn, silence }
    }

    /// How many calls are left.
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Ends calls in which nobody speaks any more. Returns how many it ended.
    pub(super) fn sweep(&mut self, tables: &mut [impl FlowTable], now: Moment) -> usize {
        let mut ended = 0;
        for _ in 0..self.turn.len().min(PER_TURN) {
            let Some(number) = self.turn.pop_front() else { break };
            let Some(call) = self.calls.get_mut(&number) else { continue };
            let last = |flow: &OldFlow| tables.get(flow.table)?.snapshot(flow.key)?.counters.last_packet;
            call.heard = call.flows.iter().filter_map(last).fold(call.heard, Ord::max);
            if now.since(call.heard) < self.silence {
                self.turn.push_back(number);
                continue;
            }
            for flow in &call.flows {
                if let Some(table) = tables.get_mut(flow.table) {
                    table.withdraw(flow.key, flow.generation);
                }
            }
            self.calls.remove(&number);
            ended += 1;
        }
        ended
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
