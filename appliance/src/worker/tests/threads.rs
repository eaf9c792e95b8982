use super::*;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn workers_are_threads_of_their_own_with_names_and_flows_of_their_own() {
    let mut lab = Lab::new(2);
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names: Vec<_> =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok()).collect();
    for name in ["poll-0\n", "poll-1\n"] {
        assert!(names.iter().any(|found| found == name), "{name:?} in {names:?}");
    }
    let mut calls = Vec::new();
    for worker in [0, 1] {
        let (a, b) = (Party::new("127.0.0.1"), Party::new("127.0.0.1"));
        let keys = lab.pair(worker, a.at, b.at, |_| {});
        calls.push((a, b, keys));
    }
    for seq in 0..20 {
        for (a, b, [facing_a, facing_b]) in &calls {
            a.send(*facing_a, &rtp(seq));
            b.hears(&rtp(seq), *facing_b);
        }
    }
    for (worker, (_, _, [facing_a, _])) in calls.iter().enumerate() {
        assert_eq!(lab.snapshot(worker, *facing_a).counters.received.packets, 20);
        assert_eq!(lab.pool.snapshots(1 - worker, &[*facing_a], PATIENCE).unwrap(), []);
        assert_eq!(lab.pool.totals(worker, PATIENCE).unwrap().sent.packets, 20);
        let from = lab.event(|from, event| match event {
            Event::PeerLearned { key, .. } if key == facing_a => Some(from),
            _ => None,
        });
        assert_eq!(from, worker);
    }
    lab.pool.stop().unwrap();
}

#[test]
fn a_port_is_closed_under_traffic_and_free_when_the_desk_hears_of_it() {
    let mut lab = Lab::new(2);
    let (a, b) = (Party::new("127.0.0.1"), Party::new("127.0.0.1"));
    let over = AtomicBool::new(false);
    let [facing_a, facing_b] = lab.pair(1, a.at, b.at, |_| {});
    let deadline = Instant::now() + PATIENCE;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut seq = 0;
            while !over.load(Ordering::Relaxed) && Instant::now() < deadline {
                // refused once the port is closed, which is the point
                let _ = a.socket.send_to(&rtp(seq), SocketAddr::from(facing_a));
                seq = seq.wrapping_add(1);
            }
        });
        let mut bytes = [0; 2048];
        b.socket.recv_from(&mut bytes).unwrap();
        let withdraw = |key| Change::Withdraw { key, generation: Generation(1) };
        lab.pool.apply(1, withdraw(facing_a)).unwrap();
        let last = lab.withdrawn(facing_a);
        let again = PortSocket::bind(facing_a, 0, SocketBuffers::default());
        over.store(true, Ordering::Relaxed);
        again.unwrap();
        assert!(last.counters.received.packets > 0);
        assert_eq!(lab.pool.snapshots(1, &[facing_a], PATIENCE).unwrap(), []);
        lab.pool.apply(1, withdraw(facing_b)).unwrap();
        let sent = lab.withdrawn(facing_b).counters.sent;
        let refused = last.counters.drops[DropReason::SendFailed as usize];
        assert_eq!(sent.packets + refused, last.counters.received.packets);
    });
}

#[test]
fn a_port_that_never_had_a_flow_is_given_back_too() {
    let mut lab = Lab::new(1);
    let key = lab.open(0, "127.0.0.1");
    lab.pool.apply(0, Change::Withdraw { key, generation: Generation(7) }).unwrap();
    let last = lab.withdrawn(key);
    assert_eq!((last.generation, last.counters), (Generation(7), Counters::default()));
    PortSocket::bind(key, 0, SocketBuffers::default()).unwrap();
}

#[test]
fn a_stale_withdrawal_leaves_port_and_flow_alone() {
    let lab = Lab::new(1);
    let (a, b) = (Party::new("127.0.0.1"), Party::new("127.0.0.1"));
    let [facing_a, facing_b] = lab.pair(0, a.at, b.at, |spec| spec.generation = Generation(3));
    lab.pool.apply(0, Change::Withdraw { key: facing_a, generation: Generation(2) }).unwrap();
    a.send(facing_a, &rtp(1));
    b.hears(&rtp(1), facing_b);
}

#[test]
fn questions_to_nobody_are_answered_with_errors() {
    let lab = Lab::new(1);
    assert!(matches!(lab.pool.totals(1, PATIENCE), Err(PoolError::NoWorker(1))));
    assert_eq!(lab.pool.workers(), 1);
    let strange =
        Change::Withdraw { key: FlowKey::new(IpAddr::from([127, 0, 0, 1]), 9), generation: Generation(0) };
    assert!(matches!(lab.pool.apply(5, strange), Err(PoolError::NoWorker(5))));
}

#[test]
fn threads_are_pinned_or_the_start_fails_with_the_core_s_number() {
    let poll = Poll::new().unwrap();
    let desk = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
    let start = |cores: &[Option<usize>]| Pool::start(cores, Instant::now(), Arc::clone(&desk));
    let ours = nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0)).unwrap();
    let core = (0..nix::sched::CpuSet::count()).find(|&core| ours.is_set(core).unwrap()).unwrap();
    start(&[Some(core), None]).unwrap().stop().unwrap();
    for missing in [nix::sched::CpuSet::count() - 1, 1_000_000] {
        let error = start(&[None, Some(missing)]).unwrap_err();
        assert!(matches!(error, StartError::Pin { worker: 1, core, .. } if core == missing), "{error}");
        assert!(error.to_string().contains(&missing.to_string()));
    }
    assert!(matches!(start(&[]), Err(StartError::NoWorkers)));
}
