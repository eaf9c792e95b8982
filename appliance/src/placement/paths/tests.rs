mod keys;

use super::*;
use crate::placement::TablePath;
use flow::{
    Carries, Counters, Event, FlowSpec, FlowTable, Gate, Generation, InstallError, Learning, Micros, Moment,
    Output, Recipe, StreamId, Traffic,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

const WORKER: u16 = 3;

/// A fast path that writes down what it has; shared with the test.
#[derive(Debug, Default)]
struct Board {
    flows: BTreeMap<FlowKey, (Recipe, u64)>,
    refuses: Option<InstallError>,
    progress: BTreeMap<FlowKey, flow::Progress>,
    installs: usize,
}

#[derive(Debug, Clone, Default)]
struct Fake(Rc<RefCell<Board>>);

impl FlowTable for Fake {
    fn install(&mut self, recipe: &Recipe) -> Result<(), InstallError> {
        let mut board = self.0.borrow_mut();
        if let Some(error) = &board.refuses {
            return Err(error.clone());
        }
        board.installs += 1;
        let packets = board.flows.get(&recipe.key).map_or(0, |(_, packets)| *packets);
        board.flows.insert(recipe.key, (recipe.clone(), packets));
        Ok(())
    }

    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Option<Snapshot> {
        let snapshot = self.snapshot(key).filter(|snapshot| snapshot.generation <= generation)?;
        self.0.borrow_mut().flows.remove(&key);
        Some(snapshot)
    }

    fn snapshot(&self, key: FlowKey) -> Option<Snapshot> {
        let board = self.0.borrow();
        let (recipe, packets) = board.flows.get(&key)?;
        let received = Traffic { packets: *packets, bytes: packets * 172, errors: 0 };
        Some(Snapshot {
            heard: Default::default(),
            left: Default::default(),
            key,
            generation: recipe.generation,
            stream: recipe.stream,
            peer: Some(recipe.source),
            confirmed: true,
            counters: Counters { received, ..Counters::default() },
            ssrcs: SmallVec::new(),
            sent_ssrcs: SmallVec::new(),
            progress: board.progress.get(&key).cloned().unwrap_or_default(),
        })
    }
}

struct Bench {
    paths: Paths,
    fake: Fake,
    now: Moment,
    changes: Vec<(u16, Change)>,
}

fn key(port: u16) -> FlowKey {
    FlowKey::new("192.0.2.1".parse().unwrap(), port)
}

fn spec(port: u16, egress: u16, generation: u64) -> FlowSpec {
    FlowSpec {
        key: key(port),
        generation: Generation(generation),
        stream: StreamId(port.into()),
        carries: Carries::Rtp,
        peer: Some(format!("198.51.100.9:{port}").parse().unwrap()),
        confirmed: false,
        learning: Learning::Heuristic,
        learn_until: Moment(3_000_000),
        gate: Gate::Open,
        rtp: [Output::plain(key(egress))].into_iter().collect(),
        rtcp: SmallVec::new(),
        tos: 0,
        blocked: false,
        foreign: false,
        handshakes: false,
        security: None,
        one_way: false,
        reporting: Default::default(),
        parts: Vec::new(),
        via: None,
        traced: false,
        recorded: None,
    }
}

impl Bench {
    fn new() -> Bench {
        let (mut paths, fake) = (Paths::default(), Fake::default());
        let table = paths.add(Box::new(TablePath::new(fake.clone(), Path::Driver)));
        paths.serve(key(0).addr, Ok(table));
        Bench { paths, fake, now: Moment(1_000_000), changes: Vec::new() }
    }

    /// A call whose peers have both been heard.
    fn with_call() -> Bench {
        let mut bench = Bench::new();
        bench.install(&[spec(100, 200, 1), spec(200, 100, 1)]);
        bench.learn(100);
        bench.learn(200);
        bench
    }

    fn install(&mut self, specs: &[FlowSpec]) -> Vec<Change> {
        self.changes.extend(specs.iter().map(|spec| (WORKER, Change::Install(spec.clone().into()))));
        self.review()
    }

    fn withdraw(&mut self, port: u16) {
        let change = Change::Withdraw { key: key(port), generation: Generation(99) };
        self.changes.push((WORKER, change));
    }

    /// Looks at the changes; returns what goes to the worker.
    fn review(&mut self) -> Vec<Change> {
        self.paths.review(&mut self.changes, self.now);
        let told = std::mem::take(&mut self.changes);
        assert!(told.iter().all(|(worker, _)| *worker == WORKER));
        told.into_iter().map(|(_, change)| change).collect()
    }

    fn learn(&mut self, port: u16) -> Vec<Change> {
        let generation = self.paths.flows[&key(port)].spec.generation;
        let peer = format!("198.51.100.77:{port}").parse().unwrap();
        let event = Event::PeerLearned { stream: StreamId(port.into()), key: key(port), generation, peer };
        self.paths.hear(&event, self.now, &mut self.changes);
        self.review()
    }

    fn stray(&mut self, port: u16) -> Vec<Change> {
        self.paths.hear(&Event::Strayed { key: key(port) }, self.now, &mut self.changes);
        self.review()
    }

    fn sweep(&mut self, after: Micros) -> Vec<Change> {
        self.now = self.now + after;
        self.paths.retry(&mut self.changes, self.now);
        self.review()
    }

    fn moved(&mut self, port: u16, packets: u64) {
        self.fake.0.borrow_mut().flows.get_mut(&key(port)).unwrap().1 += packets;
    }

    fn standing(&self, port: u16) -> (Path, PathReason) {
        self.paths.standing(key(port))
    }

    fn reason(&self, port: u16) -> PathReason {
        assert_eq!(self.standing(port).0, Path::Userspace);
        self.standing(port).1
    }

    fn on_path(&self) -> Vec<u16> {
        self.fake.0.borrow().flows.keys().map(|key| key.port).collect()
    }
}

fn away(changes: &[Change]) -> Vec<(u16, bool)> {
    let said = changes.iter().filter_map(|change| match change {
        Change::Away { key, strays_from } => Some((key.port, strays_from.is_some())),
        _ => None,
    });
    said.collect()
}

/// What the worker is told to add: port, received, sent.
fn counted(changes: &[Change]) -> Vec<(u16, u64, u64)> {
    let said = changes.iter().filter_map(|change| match change {
        Change::Counted(copy) => {
            Some((copy.key.port, copy.counters.received.packets, copy.counters.sent.packets))
        }
        _ => None,
    });
    said.collect()
}

const FAST: (Path, PathReason) = (Path::Driver, PathReason::OnFastPath);

#[test]
fn a_flow_is_handed_over_when_both_peers_are_known_from_packets() {
    let mut bench = Bench::new();
    let mut silent = spec(100, 200, 1);
    silent.peer = None;
    bench.install(&[silent, spec(200, 100, 1)]);
    assert_eq!((bench.reason(100), bench.reason(200)), (PathReason::NoPeer, PathReason::NotStableYet));
    assert_eq!(away(&bench.learn(100)), []);
    assert_eq!((bench.reason(100), bench.on_path()), (PathReason::NotStableYet, vec![]));
    assert_eq!(away(&bench.learn(200)), [(100, true), (200, true)]);
    assert_eq!((bench.standing(100), bench.standing(200)), (FAST, FAST));
    let board = bench.fake.0.borrow();
    let recipe = &board.flows[&key(100)].0;
    assert_eq!(recipe.source, "198.51.100.77:100".parse().unwrap());
    assert_eq!(
        (recipe.outputs[0].from, recipe.outputs[0].to),
        (key(200), "198.51.100.77:200".parse().unwrap())
    );
    assert_eq!(bench.paths.moves().handed_over, 2);
}

#[test]
fn a_new_generation_takes_it_back_until_its_peers_are_heard_again() {
    let mut bench = Bench::with_call();
    bench.moved(100, 7);
    let told = bench.install(&[spec(100, 200, 2), spec(200, 100, 2)]);
    assert_eq!(counted(&told), [(100, 7, 0), (200, 0, 7)]);
    assert_eq!(away(&told), [(100, false), (200, false)]);
    assert_eq!(bench.reason(100), PathReason::NotStableYet);
    bench.learn(100);
    bench.learn(200);
    assert_eq!(bench.on_path(), [100, 200]);
}

#[test]
fn what_follows_from_a_change_of_one_leg_is_done_to_the_other() {
    let mut bench = Bench::with_call();
    let mut blocked = spec(200, 100, 2);
    blocked.blocked = true;
    bench.install(&[blocked]);
    assert_eq!((bench.reason(200), bench.reason(100)), (PathReason::Blocked, PathReason::NotStableYet));
    bench.learn(200);
    assert_eq!(bench.on_path(), [100], "blocked is who may not send; it still receives");
}

#[test]
fn every_obstacle_has_its_reason() {
    type Turn = fn(&mut FlowSpec);
    let cases: [(Turn, PathReason); 7] = [
        (|spec| spec.blocked = true, PathReason::Blocked),
        (|spec| spec.gate = Gate::Shut, PathReason::Blocked),
        (|spec| spec.rtp[0].silence = Some([].into()), PathReason::Silenced),
        (|spec| spec.carries = Carries::Rtcp, PathReason::Rtcp),
        (|spec| spec.rtp.clear(), PathReason::NoOutput),
        (|spec| spec.peer = None, PathReason::NoPeer),
        (|spec| spec.confirmed = false, PathReason::NotStableYet),
    ];
    for (turn, reason) in cases {
        let mut bench = Bench::new();
        let mut one = spec(100, 200, 1);
        one.confirmed = true;
        turn(&mut one);
        let mut other = spec(200, 100, 1);
        other.confirmed = true;
        bench.install(&[one, other]);
        assert_eq!(bench.reason(100), reason);
    }
}

#[test]
fn the_interface_decides_whether_there_is_a_fast_path() {
    for (offer, reason) in [
        (None, PathReason::UserspaceMode),
        (Some(Err(PathReason::PathUnavailable)), PathReason::PathUnavailable),
    ] {
        let mut bench = Bench::new();
        bench.paths.offers.clear();
        if let Some(offer) = offer {
            bench.paths.serve(key(0).addr, offer);
        }
        bench.install(&[spec(100, 200, 1), spec(200, 100, 1)]);
        bench.learn(100);
        bench.learn(200);
        assert_eq!((bench.reason(100), bench.on_path()), (reason, vec![]));
    }
}

#[test]
fn the_end_of_a_call_tells_all_that_was_counted_before_the_ports_close() {
    // whichever port is named first
    for order in [[100, 200], [200, 100]] {
        let mut bench = Bench::with_call();
        bench.moved(100, 5);
        bench.moved(200, 6);
        order.into_iter().for_each(|port| bench.withdraw(port));
        let told = bench.review();
        let mut sums = BTreeMap::new();
        for (at, change) in told.iter().enumerate() {
            if let Change::Counted(copy) = change {
                let closed = told[..at]
                    .iter()
                    .any(|earlier| matches!(earlier, Change::Withdraw { key, .. } if *key == copy.key));
                assert!(!closed, "counted after the port was closed");
                let sum: &mut (u64, u64) = sums.entry(copy.key.port).or_default();
                sum.0 += copy.counters.received.packets;
                sum.1 += copy.counters.sent.packets;
            }
        }
        assert_eq!(sums, BTreeMap::from([(100, (5, 6)), (200, (6, 5))]));
        let ends = told.iter().filter(|change| matches!(change, Change::Withdraw { .. })).count();
        assert_eq!((ends, bench.on_path()), (2, vec![]));
        assert!(
            bench.paths.flows.is_empty() && bench.paths.feeders.is_empty() && bench.paths.waiting.is_empty()
        );
    }
}

#[test]
fn packets_that_still_come_to_the_sockets_bring_a_flow_back_for_a_while() {
    let mut bench = Bench::with_call();
    let told = bench.stray(100);
    assert_eq!(away(&told), [(100, false)]);
    assert_eq!((bench.reason(100), bench.on_path()), (PathReason::NotVerified, vec![200]));
    assert!(away(&bench.sweep(Micros::from_secs(1))).is_empty(), "it waits");
    assert_eq!(away(&bench.sweep(Micros::from_secs(2))), [(100, true)], "and is tried again");
    bench.stray(100);
    assert!(away(&bench.sweep(Micros::from_secs(3))).is_empty(), "longer each time");
    assert_eq!(away(&bench.sweep(Micros::from_secs(2))), [(100, true)]);
    assert_eq!(bench.paths.moves().not_verified, 2);
}

#[test]
fn a_few_strays_of_a_flow_that_moves_do_no_harm() {
    let mut bench = Bench::with_call();
    for _ in 0..3 {
        bench.moved(100, 50);
        assert!(bench.stray(100).is_empty());
    }
    assert_eq!(bench.standing(100), FAST);
    assert_eq!(away(&bench.stray(100)), [(100, false)], "until it no longer moves");
}

#[test]
fn a_refusal_that_may_pass_is_tried_again_and_one_that_may_not_is_not() {
    let mut bench = Bench::new();
    bench.fake.0.borrow_mut().refuses = Some(InstallError::NoWay(PathReason::NoNeighbour));
    bench.install(&[spec(100, 200, 1), spec(200, 100, 1)]);
    bench.learn(100);
    bench.learn(200);
    assert_eq!(bench.reason(100), PathReason::NoNeighbour);
    bench.sweep(Micros::from_secs(1));
    assert_eq!(bench.reason(100), PathReason::NoNeighbour);
    bench.fake.0.borrow_mut().refuses = None;
    bench.sweep(Micros::from_secs(1));
    assert_eq!(bench.standing(100), FAST);

    let mut bench = Bench::new();
    bench.fake.0.borrow_mut().refuses = Some(InstallError::Unsupported("too much"));
    bench.install(&[spec(100, 200, 1), spec(200, 100, 1)]);
    bench.learn(100);
    bench.learn(200);
    bench.fake.0.borrow_mut().refuses = None;
    bench.sweep(Micros::from_secs(9));
    assert_eq!(bench.reason(100), PathReason::Refused);
}

/// A fast path that tells later what it has counted, and gives a flow up when told to.
#[derive(Debug, Clone, Default)]
struct Slow {
    table: Fake,
    findings: Rc<RefCell<Vec<Finding>>>,
}

impl FastPath for Slow {
    fn install(&mut self, flow: &Stable<'_>) -> Result<(Path, PathReason), InstallError> {
        self.table.install(flow.recipe)?;
        Ok((Path::Worker, PathReason::OnFastPath))
    }

    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Leaving {
        if let Some(last) = self.table.withdraw(key, generation) {
            self.findings.borrow_mut().push(Finding::Finished { key, counted: vec![last] });
        }
        Leaving { counted: Vec::new(), unfinished: true }
    }

    fn count(&mut self, keys: &[FlowKey]) -> Vec<Snapshot> {
        keys.iter().filter_map(|key| self.table.snapshot(*key)).collect()
    }

    fn received(&mut self) -> Traffic {
        Traffic::default()
    }

    fn look(&mut self) -> Vec<Finding> {
        self.findings.borrow_mut().drain(..).collect()
    }
}

fn slow_call() -> (Bench, Slow) {
    let mut bench = Bench::new();
    let slow = Slow { table: bench.fake.clone(), ..Slow::default() };
    bench.paths.tables[0] = Box::new(slow.clone());
    bench.install(&[spec(100, 200, 1), spec(200, 100, 1)]);
    bench.learn(100);
    bench.learn(200);
    (bench, slow)
}

#[test]
fn ports_stay_open_until_the_last_counters_have_come() {
    let (mut bench, _slow) = slow_call();
    bench.moved(100, 5);
    bench.withdraw(100);
    bench.withdraw(200);
    let told = bench.review();
    assert!(!told.iter().any(|change| matches!(change, Change::Withdraw { .. })), "{told:?}");
    bench.paths.look(&mut bench.changes, bench.now);
    let told = bench.review();
    let places: Vec<&str> = told
        .iter()
        .map(|change| match change {
            Change::Counted(_) => "counted",
            Change::Withdraw { .. } => "closed",
            _ => "other",
        })
        .collect();
    assert_eq!(places, ["counted", "closed", "closed"]);
}

#[test]
fn a_flow_is_not_handed_over_again_before_the_last_time_is_settled() {
    let (mut bench, _slow) = slow_call();
    bench.install(&[spec(100, 200, 2), spec(200, 100, 2)]);
    bench.learn(100);
    bench.learn(200);
    assert_eq!(bench.reason(100), PathReason::WorkerBusy);
    bench.paths.look(&mut bench.changes, bench.now);
    bench.review();
    assert_eq!(bench.standing(100), (Path::Worker, PathReason::OnFastPath));
}

#[test]
fn a_lost_flow_says_why_and_returns_by_itself() {
    let (mut bench, slow) = slow_call();
    let leaving = Leaving { counted: vec![bench.fake.snapshot(key(100)).unwrap()], unfinished: false };
    bench.fake.0.borrow_mut().flows.remove(&key(100));
    bench.fake.0.borrow_mut().refuses = Some(InstallError::NoWay(PathReason::LinkDown));
    slow.findings.borrow_mut().push(Finding::Lost { key: key(100), reason: PathReason::LinkDown, leaving });
    bench.paths.look(&mut bench.changes, bench.now);
    assert_eq!(away(&bench.review()), [(100, false)]);
    assert_eq!(bench.reason(100), PathReason::LinkDown);
    bench.fake.0.borrow_mut().refuses = None;
    slow.findings.borrow_mut().push(Finding::TryAgain);
    bench.paths.look(&mut bench.changes, bench.now);
    assert_eq!(away(&bench.review()), [(100, true)]);
    assert_eq!(bench.paths.moves().lost, 1);
}

#[test]
fn every_reason_stands_in_the_documentation() {
    let page = include_str!("../../../docs/fast-paths.md");
    for reason in PathReason::ALL {
        let code = format!("`{}`", reason.code());
        assert!(page.contains(&code), "fast-paths.md does not explain {code}");
    }
}

#[test]
fn a_flow_of_a_thread_that_hangs_says_so_until_the_thread_goes_on() {
    let (mut bench, slow) = slow_call();
    bench.fake.0.borrow_mut().flows.remove(&key(100));
    let leaving = Leaving { counted: Vec::new(), unfinished: true };
    slow.findings.borrow_mut().push(Finding::Lost {
        key: key(100),
        reason: PathReason::WorkerHangs,
        leaving,
    });
    bench.paths.look(&mut bench.changes, bench.now);
    bench.review();
    for _ in 0..2 {
        bench.sweep(Micros::from_secs(1));
        assert_eq!(bench.reason(100), PathReason::WorkerHangs);
    }
    slow.findings.borrow_mut().push(Finding::Finished { key: key(100), counted: Vec::new() });
    bench.sweep(Micros::from_secs(1));
    assert_eq!(bench.standing(100), (Path::Worker, PathReason::OnFastPath));
}
