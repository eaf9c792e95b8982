//! An RTP peer: a socket in a namespace that sends streams and judges what it receives.

use crate::ng::is_timeout;
use crate::{LabError, Namespace, Report, Result, Stream};
use std::net::{SocketAddr, UdpSocket};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How fast packets are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the socket takes them.
    Unpaced,
    /// One per interval, on a fixed grid; late packets are caught up.
    Every(Duration),
}

impl Pace {
    /// Speech: a packet every 20 ms.
    pub const SPEECH: Pace = Pace::Every(Duration::from_millis(20));
    /// A packet every millisecond: twenty times faster than speech, still gentle.
    pub const BRISK: Pace = Pace::Every(Duration::from_millis(1));

    /// Waits until packet `number` is due, counted from `start`.
    pub fn wait(self, start: Instant, number: u32) {
        if let Pace::Every(interval) = self {
            thread::sleep((start + interval * number).saturating_duration_since(Instant::now()));
        }
    }
}

/// A UDP socket that speaks RTP. All methods take `&self`, so one thread may send while another receives.
#[derive(Debug)]
pub struct RtpPeer {
    socket: UdpSocket,
    local: SocketAddr,
    remote: Mutex<Option<SocketAddr>>,
}

impl RtpPeer {
    /// Opens a socket in `namespace`; port 0 takes a free one.
    pub fn bind(namespace: &Namespace, local: SocketAddr) -> Result<RtpPeer> {
        let socket = namespace.udp(local)?;
        let local = socket.local_addr().map_err(LabError::io("reading a socket's address"))?;
        Ok(RtpPeer { socket, local, remote: Mutex::new(None) })
    }

    /// Two peers on neighbouring ports, even for RTP and odd for RTCP.
    pub fn bind_pair(namespace: &Namespace, rtp: SocketAddr) -> Result<(RtpPeer, RtpPeer)> {
        let rtcp = SocketAddr::new(rtp.ip(), rtp.port() + 1);
        Ok((RtpPeer::bind(namespace, rtp)?, RtpPeer::bind(namespace, rtcp)?))
    }

    /// Its own address.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Sets where to send to.
    pub fn aim(&self, remote: SocketAddr) {
        *self.remote.lock().unwrap_or_else(PoisonError::into_inner) = Some(remote);
    }

    /// Where it sends to.
    pub fn remote(&self) -> Option<SocketAddr> {
        *self.remote.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one datagram to where it is aimed at.
    pub fn send_bytes(&self, bytes: &[u8]) -> Result<()> {
        let remote = self.remote().ok_or_else(|| LabError::Io {
            what: format!("sending from {}", self.local),
            source: std::io::ErrorKind::NotConnected.into(),
        })?;
        self.socket
            .send_to(bytes, remote)
            .map(drop)
            .map_err(LabError::io(format!("sending from {} to {remote}", self.local)))
    }

    /// Sends one packet of a stream, noting the time.
    pub fn send_one(&self, stream: &Stream, index: u32) -> Result<()> {
        let packet = stream.packet(index);
        stream.note_sent(index);
        self.send_bytes(&packet)
    }

    /// Sends packets `range` of a stream.
    pub fn send(&self, stream: &Stream, range: Range<u32>, pace: Pace) -> Result<()> {
        let start = Instant::now();
        for (number, index) in range.enumerate() {
            pace.wait(start, number as u32);
            self.send_one(stream, index)?;
        }
        Ok(())
    }

    /// The next datagram and where it came from; `None` if none comes in time.
    pub fn receive_bytes(&self, within: Duration) -> Result<Option<(Vec<u8>, SocketAddr)>> {
        let mut buffer = vec![0; 65536];
        Ok(self.receive_into(&mut buffer, within)?.map(|(length, from)| {
            buffer.truncate(length);
            (buffer, from)
        }))
    }

    /// Throws away what is waiting; returns how many datagrams.
    pub fn discard(&self) -> Result<usize> {
        let mut buffer = [0; 2048];
        let mut count = 0;
        while self.receive_into(&mut buffer, Duration::from_millis(1))?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    /// Receives until `stream` is complete or `within` has passed, then takes what is still waiting (duplicates).
    pub fn receive(&self, stream: &Stream, within: Duration) -> Result<Report> {
        let mut report = Report::new(stream);
        self.receive_watched(stream, within, |change| change(&mut report))?;
        Ok(report)
    }

    /// Like [`RtpPeer::receive`], into a report that somebody else looks at meanwhile: every change is made
    /// through `update`, which may take a lock.
    pub fn receive_watched(
        &self,
        stream: &Stream,
        within: Duration,
        mut update: impl FnMut(&mut dyn FnMut(&mut Report)),
    ) -> Result<()> {
        let deadline = Instant::now() + within;
        let mut buffer = [0; 2048];
        let mut complete = stream.count() == 0;
        loop {
            let left = match complete {
                true => Duration::from_millis(1),
                false => deadline.saturating_duration_since(Instant::now()),
            };
            if left.is_zero() {
                return Ok(());
            }
            match self.receive_into(&mut buffer, left)? {
                Some((length, from)) => update(&mut |report| {
                    report.take(stream, &buffer[..length], from);
                    complete = report.complete();
                }),
                None if complete => return Ok(()),
                None => {}
            }
        }
    }

    /// The next datagram, as much of it as there is room for: its length and where it came from. `None` when none came
    /// in time. Costs little, for who measures.
    pub fn receive_into(&self, buffer: &mut [u8], within: Duration) -> Result<Option<(usize, SocketAddr)>> {
        self.socket
            .set_read_timeout(Some(within.max(Duration::from_micros(1))))
            .map_err(LabError::io("setting a time limit"))?;
        match self.socket.recv_from(buffer) {
            Ok(received) => Ok(Some(received)),
            // An ICMP error for something sent earlier; the peer goes on, as a telephone would.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Ok(None),
            Err(error) if is_timeout(&error) => Ok(None),
            Err(error) => Err(LabError::Io { what: format!("receiving on {}", self.local), source: error }),
        }
    }
}

/// Sends every flow's stream from its first peer to its second at the same time, and reports what arrived, in the
/// order of `flows`. Streams must be of equal length. Gives up `patience` after the last packet was due.
pub fn exchange(
    flows: &[(&RtpPeer, &RtpPeer, &Stream)],
    pace: Pace,
    patience: Duration,
) -> Result<Vec<Report>> {
    let count = flows.iter().map(|(_, _, stream)| stream.count()).max().unwrap_or(0);
    let sending = match pace {
        Pace::Unpaced => Duration::ZERO,
        Pace::Every(interval) => interval * count,
    };
    thread::scope(|scope| {
        let receivers: Vec<_> = flows
            .iter()
            .map(|&(_, to, stream)| scope.spawn(move || to.receive(stream, sending + patience)))
            .collect();
        let start = Instant::now();
        for index in 0..count {
            pace.wait(start, index);
            for (from, _, stream) in flows.iter().filter(|(_, _, stream)| index < stream.count()) {
                from.send_one(stream, index)?;
            }
        }
        let join = |receiver: thread::ScopedJoinHandle<'_, _>| {
            receiver.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        receivers.into_iter().map(join).collect()
    })
}
