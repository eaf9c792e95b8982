use afxdp::XskIo;
use afxdp::io::XskQueue;
use flow::{Buffers, Burst, Departure, DropReason, FlowKey, PacketIo, Verdict};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use std::collections::HashMap;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a worker does with a flow, in place of the engine.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) departure: Departure,
    pub(crate) ssrc: u32,
}

/// A worker thread: receives bursts, sets the SSRC, sends.
pub(crate) struct Worker {
    stop: Arc<AtomicBool>,
    pub(crate) forwarded: Arc<AtomicU64>,
    thread: JoinHandle<XskIo<XskQueue>>,
}

impl Worker {
    pub(crate) fn start(mut io: XskIo<XskQueue>, rules: HashMap<FlowKey, Rule>) -> Worker {
        let stop = Arc::new(AtomicBool::new(false));
        let forwarded = Arc::new(AtomicU64::new(0));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&forwarded));
        let thread = std::thread::spawn(move || {
            let mut poll = Poll::new().unwrap();
            let mut events = Events::with_capacity(4);
            for queue in io.queues() {
                let fd = queue.socket().as_raw_fd();
                poll.registry().register(&mut SourceFd(&fd), Token(0), Interest::READABLE).unwrap();
            }
            let mut burst = Burst::new(128);
            while !stopped.load(Ordering::Relaxed) {
                if io.receive(&mut burst) == 0 {
                    io.tidy();
                    poll.poll(&mut events, Some(Duration::from_millis(5))).unwrap();
                    continue;
                }
                for place in 0..burst.frames().len() {
                    let frame = burst.frames()[place];
                    burst.frames_mut()[place].verdict = match rules.get(&frame.local) {
                        Some(rule) => {
                            io.payload_mut(&frame)[8..12].copy_from_slice(&rule.ssrc.to_be_bytes());
                            Verdict::Forward(rule.departure)
                        }
                        None => Verdict::Drop(DropReason::NoFlow),
                    };
                }
                io.finish(&mut burst);
                let sent = burst.frames().iter().filter(|f| matches!(f.verdict, Verdict::Forward(_))).count();
                count.fetch_add(sent as u64, Ordering::Relaxed);
                burst.clear();
            }
            io
        });
        Worker { stop, forwarded, thread }
    }

    /// Ends the worker and hands its queues back.
    pub(crate) fn stop(self) -> XskIo<XskQueue> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
