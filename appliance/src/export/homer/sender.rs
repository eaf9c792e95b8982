use super::hep::Capture;
use crate::config::checked as config;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use thiserror::Error;

/// Packets that may wait for the thread.
const WAITING: usize = 8192;
/// Longest wait for a connection, and for one that does not take what is sent.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long after a failure a connection is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// Why nothing is sent to the collector.
#[derive(Debug, Error)]
#[error("cannot send to the HEP collector {at}: {why}")]
pub struct HomerError {
    at: SocketAddr,
    why: io::Error,
}

/// What became of what was to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Packets that the system took.
    pub sent: u64,
    /// Packets that found the queue full, or nobody who took them.
    pub lost: u64,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    lost: AtomicU64,
}

/// The way to a HEP collector: a bounded queue and a thread, so that nobody waits for the collector. Ends when dropped.
#[derive(Debug)]
pub struct Homer {
    queue: Option<SyncSender<Vec<u8>>>,
    counts: Arc<Counts>,
    capture_id: u32,
    rtcp: bool,
    ng: Option<u8>,
    thread: Option<JoinHandle<()>>,
}

impl Homer {
    /// Starts the thread. A collector over TCP need not be there yet.
    ///
    /// # Errors
    /// [`HomerError`] when there is no socket or no thread for it.
    pub fn start(config: &config::Homer) -> Result<Homer, HomerError> {
        let config::Homer { address: at, tcp, capture_id, rtcp, ng } = *config;
        let error = |why| HomerError { at, why };
        let way = if tcp { Way::tcp(at) } else { Way::udp(at).map_err(error)? };
        let (queue, queued) = sync_channel(WAITING);
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        let body = move || send_all(&queued, way, &counted);
        let thread = std::thread::Builder::new().name("homer".to_owned()).spawn(body).map_err(error)?;
        Ok(Homer { queue: Some(queue), counts, capture_id, thread: Some(thread), rtcp, ng })
    }

    /// RTCP is wished for.
    pub fn wants_rtcp(&self) -> bool {
        self.rtcp
    }

    /// ng messages are wished for, under this protocol number.
    pub fn wants_ng(&self) -> Option<u8> {
        self.ng
    }

    /// Puts a packet into the queue; when that is full it is lost and counted.
    pub fn send(&self, capture: &Capture<'_>) {
        let mut packet = Vec::new();
        let fits = capture.write(self.capture_id, &mut packet);
        let queued = self.queue.as_ref().filter(|_| fits).map(|queue| queue.try_send(packet));
        if !matches!(queued, Some(Ok(()))) {
            debug_assert!(!matches!(queued, Some(Err(TrySendError::Disconnected(_)))), "the thread is gone");
            self.counts.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What has become of all packets so far.
    pub fn sent(&self) -> Sent {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Sent { sent: load(&self.counts.sent), lost: load(&self.counts.lost) }
    }
}

impl Drop for Homer {
    fn drop(&mut self) {
        // What waits is still sent, as far as the collector takes it.
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn send_all(queued: &Receiver<Vec<u8>>, mut way: Way, counts: &Counts) {
    for packet in queued {
        let count = if way.send(&packet) { &counts.sent } else { &counts.lost };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

enum Way {
    Udp(UdpSocket),
    Tcp { at: SocketAddr, stream: Option<TcpStream>, failed: Option<Instant> },
}

impl Way {
    fn udp(at: SocketAddr) -> io::Result<Way> {
        let any = if at.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
        socket.connect(at)?;
        Ok(Way::Udp(socket))
    }

    fn tcp(at: SocketAddr) -> Way {
        Way::Tcp { at, stream: None, failed: None }
    }

    /// False when it was not taken.
    fn send(&mut self, packet: &[u8]) -> bool {
        match self {
            // The first after an ICMP error fails with that error and was not sent; the collector may be back.
            Way::Udp(socket) => socket.send(packet).or_else(|_| socket.send(packet)).is_ok(),
            Way::Tcp { at, stream, failed } => {
                if stream.is_none() && failed.is_none_or(|when| when.elapsed() >= RETRY) {
                    *stream = connect(*at).ok();
                }
                let sent = stream.as_mut().is_some_and(|stream| stream.write_all(packet).is_ok());
                if sent {
                    *failed = None;
                } else {
                    // A packet that was half written spoils the stream.
                    if stream.take().is_some() || failed.is_none_or(|when| when.elapsed() >= RETRY) {
                        *failed = Some(Instant::now());
                    }
                }
                sent
            }
        }
    }
}

fn connect(at: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&at, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
