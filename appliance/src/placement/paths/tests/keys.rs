//! Flows under keys: how far their sources have come is with the path that gets them first.

use super::*;
use crate::placement::Learner;
use flow::srtp::{MasterKey, Progress as Index, Setup, SsrcState, Suite};
use flow::{Progress, Protection, Security, SessionId};
use std::sync::Arc;

/// Packet threads that say what the test wants, and remember what they were told and what was on the fast path then.
#[derive(Debug, Default)]
struct Threads {
    hang: bool,
    known: BTreeMap<FlowKey, Progress>,
    told: Vec<(Change, Vec<u16>)>,
}

#[derive(Debug, Clone)]
struct FakeLearner(Rc<RefCell<Threads>>, Fake);

impl Learner for FakeLearner {
    fn ask(&mut self, worker: u16, keys: &[FlowKey]) -> Option<Vec<Snapshot>> {
        assert_eq!(worker, WORKER);
        let threads = self.0.borrow();
        let copy = |key: &FlowKey| Snapshot {
            heard: Default::default(),
            left: Default::default(),
            key: *key,
            generation: Generation(1),
            stream: StreamId(0),
            peer: None,
            confirmed: true,
            counters: Counters::default(),
            ssrcs: SmallVec::new(),
            sent_ssrcs: SmallVec::new(),
            progress: threads.known.get(key).cloned().unwrap_or_default(),
        };
        (!threads.hang).then(|| keys.iter().map(copy).collect())
    }

    fn tell(&mut self, worker: u16, changes: Vec<Change>) {
        assert_eq!(worker, WORKER);
        let there: Vec<u16> = self.1.0.borrow().flows.keys().map(|key| key.port).collect();
        let told = changes.into_iter().map(|change| (change, there.clone()));
        self.0.borrow_mut().told.extend(told);
    }
}

fn state(ssrc: u32, index: u64) -> SsrcState {
    SsrcState { rtp: Index { index, window: 1 }, ..SsrcState::new(ssrc) }
}

fn opened(ssrc: u32, index: u64) -> Progress {
    Progress { opened: vec![state(ssrc, index)], sealed: Vec::new() }
}

fn sealed(ssrc: u32, index: u64) -> Progress {
    Progress { opened: Vec::new(), sealed: vec![state(ssrc, index)] }
}

/// Port 100 faces a phone under keys, port 200 one without.
fn secured(generation: u64) -> FlowSpec {
    let key = |byte| {
        let key = MasterKey::new(Suite::AesCm128HmacSha1_80, &[byte; 30]).unwrap();
        Protection::Srtp(Arc::new(Setup::new(key)))
    };
    let security = Security { session: SessionId::new(1, 0, 0), arriving: key(1), leaving: key(2) };
    FlowSpec { security: Some(security), ..spec(100, 200, generation) }
}

fn bench() -> (Bench, Rc<RefCell<Threads>>) {
    let mut bench = Bench::new();
    let threads: Rc<RefCell<Threads>> = Rc::default();
    bench.paths.learn_by(Box::new(FakeLearner(Rc::clone(&threads), bench.fake.clone())));
    threads.borrow_mut().known = BTreeMap::from([
        (key(100), Progress { sealed: vec![state(8, 70_000)], ..opened(7, 131_072) }),
        (key(200), Progress::default()),
    ]);
    bench.install(&[secured(1), spec(200, 100, 1)]);
    (bench, threads)
}

fn stable() -> (Bench, Rc<RefCell<Threads>>) {
    let (mut bench, threads) = bench();
    bench.learn(100);
    bench.learn(200);
    assert_eq!((bench.standing(100), bench.standing(200)), (FAST, FAST));
    (bench, threads)
}

/// What the fast path was told of a flow.
fn recipe(bench: &Bench, port: u16) -> Recipe {
    bench.fake.0.borrow().flows[&key(port)].0.clone()
}

fn comes_to(bench: &Bench, port: u16, progress: Progress) {
    bench.fake.0.borrow_mut().progress.insert(key(port), progress);
}

#[test]
fn the_fast_path_is_told_how_far_the_sources_have_come() {
    let (mut bench, _threads) = stable();
    let to_phone = recipe(&bench, 200);
    assert_eq!((&to_phone.outputs[0].sealed, &to_phone.opened), (&vec![state(8, 70_000)], &Vec::new()));
    let from_phone = recipe(&bench, 100);
    assert_eq!(from_phone.opened, [state(7, 131_072)]);
    assert!(from_phone.open.is_some() && from_phone.outputs[0].seal.is_none());
    assert_eq!(from_phone.outputs[0].sealed, []);
    // That they go on is no reason to tell it again.
    let installs = bench.fake.0.borrow().installs;
    bench.sweep(Micros::from_secs(1));
    bench.learn(100);
    assert_eq!(bench.fake.0.borrow().installs, installs);
}

#[test]
fn without_that_the_flow_stays_with_the_sockets_and_is_tried_again() {
    let (mut bench, threads) = bench();
    threads.borrow_mut().hang = true;
    bench.learn(100);
    assert_eq!(away(&bench.learn(200)), []);
    assert_eq!(bench.reason(100), PathReason::WorkerHangs);
    threads.borrow_mut().hang = false;
    assert_eq!(away(&bench.sweep(Micros::from_secs(1))), [(100, true), (200, true)]);

    let mut deaf = Bench::new();
    deaf.install(&[secured(1), spec(200, 100, 1)]);
    deaf.learn(100);
    deaf.learn(200);
    assert_eq!(deaf.on_path(), [0u16; 0]);
}

#[test]
fn nothing_is_handed_over_while_keys_are_awaited() {
    let (mut bench, _threads) = bench();
    let mut waiting = secured(2);
    waiting.security.as_mut().unwrap().arriving = Protection::Awaited;
    bench.install(&[waiting]);
    bench.learn(100);
    bench.learn(200);
    assert_eq!((bench.reason(100), bench.on_path()), (PathReason::NoKeys, vec![200]));
}

#[test]
fn the_packet_thread_hears_how_far_a_flow_has_come_before_it_gets_it_back() {
    let (mut bench, threads) = stable();
    comes_to(&bench, 100, opened(7, 200_000));
    comes_to(&bench, 200, sealed(8, 150_000));
    // A re-INVITE: the peer must be heard again.
    let told = bench.install(&[secured(2)]);
    assert_eq!(away(&told), [(100, false), (200, false)]);
    let restored: Vec<_> = std::mem::take(&mut threads.borrow_mut().told);
    let restore =
        |progress| Change::Restore { key: key(100), generation: Generation(1), progress: Box::new(progress) };
    // Both are of the phone's port, and each was told while its flow was still there. So was that packets of it may be
    // sealed, which come before the thread hears that it is back.
    let strays_from = Some(bench.now + Micros::from_secs(1));
    let may_stray = |port| Change::Away { key: key(port), strays_from };
    assert_eq!(restored.len(), 4);
    assert_eq!(restored[0], (restore(opened(7, 200_000)), vec![100, 200]));
    assert_eq!(restored[1], (may_stray(100), vec![100, 200]));
    assert_eq!(restored[2], (restore(sealed(8, 150_000)), vec![200]));
    assert_eq!(restored[3], (may_stray(200), vec![200]));
    // And once more at the end, with what came in between.
    let last = |change: &Change| match change {
        Change::Counted(copy) if !copy.progress.is_empty() => Some((copy.key.port, copy.progress.clone())),
        _ => None,
    };
    let last: Vec<_> = told.iter().filter_map(last).collect();
    assert_eq!(last, [(100, opened(7, 200_000)), (100, sealed(8, 150_000))]);
}

#[test]
fn a_flow_that_is_replaced_goes_on_from_where_either_path_has_come_to() {
    let (mut bench, _threads) = stable();
    comes_to(&bench, 100, opened(7, 131_080));
    let mut next = secured(2);
    (next.confirmed, next.tos, next.peer) = (true, 184, Some("198.51.100.77:100".parse().unwrap()));
    bench.install(&[next]);
    let opened = &recipe(&bench, 100).opened[0];
    assert_eq!((opened.rtp.index, opened.rtp.window), (131_080, 1 << 8 | 1));
}

#[test]
fn strays_can_be_sealed_once_the_packet_thread_knows_more() {
    let (mut bench, threads) = stable();
    comes_to(&bench, 100, opened(7, 200_000));
    bench.moved(100, 50);
    assert_eq!(bench.stray(100), []);
    let strays_from = Some(bench.now + Micros::from_secs(1));
    let told: Vec<Change> = threads.borrow_mut().told.drain(..).map(|(change, _)| change).collect();
    assert_eq!(told.len(), 2);
    assert!(matches!(&told[0], Change::Restore { key: of, .. } if *of == key(100)));
    assert_eq!(told[1], Change::Away { key: key(100), strays_from });
    // No packet came to the fast path since: it does not carry the flow.
    assert_eq!(away(&bench.stray(100)), [(100, false)]);
    assert_eq!(bench.reason(100), PathReason::NotVerified);
}
