//! The per-packet law over a whole worker: once its ports are open, relaying makes no call to the allocator.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use flow::*;
use mio::{Poll, Token, Waker};
use rtpengine::worker::Pool;
use std::alloc::{GlobalAlloc, Layout, System};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use udp::{PortSocket, SocketBuffers};

/// Calls by the packet thread. Others (the test itself, the harness that waits for it) may call as they like.
static CALLS: AtomicUsize = AtomicUsize::new(0);
/// The packet thread's number in the system; 0 until it is known.
static WATCHED: AtomicI32 = AtomicI32::new(0);

fn count() {
    if nix::unistd::gettid().as_raw() == WATCHED.load(Ordering::SeqCst) {
        CALLS.fetch_add(1, Ordering::SeqCst);
    }
}

/// The thread of that name.
fn thread(name: &str) -> i32 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let mut tasks = tasks.map(|task| task.unwrap().path());
    let is =
        |task: &std::path::PathBuf| std::fs::read_to_string(task.join("comm")).unwrap().trim_end() == name;
    tasks.find(is).unwrap().file_name().unwrap().to_str().unwrap().parse().unwrap()
}

/// The system's allocator, counting.
struct Counting;

// SAFETY: all calls go to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are those that System asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller's promises are those that System asks for.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PATIENCE: Duration = Duration::from_secs(10);

fn party() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let at = socket.local_addr().unwrap();
    (socket, at)
}

#[test]
fn a_worker_relays_without_calling_the_allocator() {
    let poll = Poll::new().unwrap();
    let desk = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
    let pool = Pool::start(&[None], Instant::now(), desk).unwrap();
    WATCHED.store(thread("poll-0"), Ordering::SeqCst);
    let (a, a_at) = party();
    let (b, b_at) = party();
    let keys = [0, 0].map(|port| {
        let key = FlowKey::new("127.0.0.1".parse().unwrap(), port);
        let port = PortSocket::bind(key, 184, SocketBuffers::default()).unwrap();
        let key = port.key();
        pool.open(0, port).unwrap();
        key
    });
    for (n, peer) in [a_at, b_at].into_iter().enumerate() {
        let spec = FlowSpec {
            key: keys[n],
            generation: Generation(1),
            stream: StreamId(n as u64),
            carries: Carries::RtpAndRtcp,
            peer: Some(peer),
            confirmed: false,
            learning: Learning::Heuristic,
            learn_until: Moment(0),
            gate: Gate::Open,
            rtp: [Output::plain(keys[1 - n])].into_iter().collect(),
            rtcp: [Output::plain(keys[1 - n])].into_iter().collect(),
            tos: 184,
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
        };
        pool.apply(0, Change::Install(spec.into())).unwrap();
    }
    // an answer shows that the worker has done what it was told
    assert_eq!(pool.snapshots(0, &keys, PATIENCE).unwrap().len(), 2);
    // The question is shared with the worker, and whoever lets go of it last frees it. A relayed packet shows that the
    // worker has: orders are obeyed before packets are taken.
    a.send_to(&[0x80, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4], SocketAddr::from(keys[0])).unwrap();
    assert_eq!(b.recv(&mut [0; 256]).unwrap(), 16);
    let before = CALLS.load(Ordering::SeqCst);
    assert!(before > 0, "opening ports takes memory, so the count can fail");
    let mut bytes = [0; 256];
    for n in 0..2000u16 {
        // new senders and new sequence numbers, RTCP, garbage: nothing of it may need memory
        let [high, low] = n.to_be_bytes();
        let first = if n % 10 == 9 { 0xff } else { 0x80 };
        let kind = if n % 7 == 6 { 200 } else { 8 };
        let packet = [first, kind, high, low, 0, 0, 0, 1, 0, 0, 0, low % 16, 1, 2, 3, 4];
        a.send_to(&packet, SocketAddr::from(keys[0])).unwrap();
        if first == 0x80 {
            assert_eq!(b.recv(&mut bytes).unwrap(), packet.len());
        }
    }
    assert_eq!(CALLS.load(Ordering::SeqCst) - before, 0, "calls to the allocator while packets were relayed");
    assert_eq!(pool.totals(0, PATIENCE).unwrap().sent.packets, 1801);
    pool.stop().unwrap();
}
