//! Bursts over real sockets on the loopback.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod lab;

use flow::*;
use lab::{io, open, peer, receive, shared};
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::Duration;
use udp::{BindError, PortSocket, PortTable, SocketBuffers, UdpIo};

fn forward(burst: &mut Burst, at: usize, from: FlowKey, to: std::net::SocketAddr) {
    burst.frames_mut()[at].verdict = Verdict::Forward(Departure { from, to, tos: 0 });
}

/// Gives all buffers of the burst back.
fn discard(io: &mut UdpIo, burst: &mut Burst) {
    for frame in burst.frames_mut() {
        frame.verdict = Verdict::Consume;
    }
    io.finish(burst);
    burst.clear();
}

#[test]
fn a_packet_is_received_and_leaves_from_another_port() {
    for ip in ["127.0.0.1", "::1"] {
        let (mut io, mut burst) = io();
        let free = io.free_buffers();
        let (left, right) = (open(&mut io, ip), open(&mut io, ip));
        let ((a, a_at), (b, b_at)) = (peer(ip), peer(ip));
        a.send_to(b"hello", std::net::SocketAddr::from(left)).unwrap();
        assert_eq!(receive(&mut io, &mut burst), 1);
        let frame = burst.frames()[0];
        assert_eq!((frame.local, frame.remote, frame.verdict), (left, a_at, Verdict::Undecided));
        assert_eq!(io.payload(&frame), b"hello");
        forward(&mut burst, 0, right, b_at);
        io.finish(&mut burst);
        assert!(matches!(burst.frames()[0].verdict, Verdict::Forward(_)));
        let mut bytes = [0; 16];
        let (len, from) = b.recv_from(&mut bytes).unwrap();
        assert_eq!((&bytes[..len], FlowKey::from(from)), (&b"hello"[..], right));
        assert_eq!(io.free_buffers(), free);
    }
}

#[test]
fn everything_is_read_although_a_batch_takes_only_a_part() {
    let (mut io, mut burst) = io();
    let (quiet, loud) = (open(&mut io, "127.0.0.1"), open(&mut io, "127.0.0.1"));
    let (a, _) = peer("127.0.0.1");
    for n in 0..150u8 {
        a.send_to(&[n], std::net::SocketAddr::from(loud)).unwrap();
    }
    a.send_to(&[200], std::net::SocketAddr::from(quiet)).unwrap();
    let (mut seen, mut quiet_after) = (Vec::new(), None);
    while seen.len() < 151 {
        let got = receive(&mut io, &mut burst);
        assert!(got <= BURST);
        seen.extend(burst.frames().iter().map(|frame| io.payload(frame)[0]));
        quiet_after = quiet_after.or(seen.iter().position(|&n| n == 200));
        discard(&mut io, &mut burst);
    }
    assert!(quiet_after.is_some_and(|place| place < 64), "the loud port does not starve it: {quiet_after:?}");
    seen.retain(|&n| n != 200);
    assert!(seen.is_sorted() && seen.len() == 150);
    assert!(!io.wait(Some(Duration::ZERO)).unwrap());
    assert_eq!(io.receive(&mut burst), 0);
}

#[test]
fn a_packet_longer_than_a_buffer_is_dropped_with_its_reason() {
    let (mut io, mut burst) = io();
    let ours = open(&mut io, "127.0.0.1");
    let (a, _) = peer("127.0.0.1");
    // the first ones are read one by one, the later ones many at a time
    let lens = [4160, 4161, 9000, 0, 4160, 4161, 9000, 0, 1, 1, 1, 4160, 4161, 9000, 0];
    for len in lens {
        a.send_to(&vec![7; len], std::net::SocketAddr::from(ours)).unwrap();
    }
    while burst.frames().len() < lens.len() {
        receive(&mut io, &mut burst);
    }
    for (frame, len) in burst.frames().iter().zip(lens) {
        assert_eq!(usize::from(frame.len), len.min(4160));
        let long = Verdict::Drop(DropReason::TooLong);
        assert_eq!(frame.verdict, if len > 4160 { long } else { Verdict::Undecided }, "{len} bytes");
    }
    discard(&mut io, &mut burst);
}

#[test]
fn one_failure_among_many_is_that_frame_s_alone() {
    let (mut io, mut burst) = io();
    let ours = open(&mut io, "127.0.0.1");
    let (a, a_at) = peer("127.0.0.1");
    for n in 0..5u8 {
        a.send_to(&[n], std::net::SocketAddr::from(ours)).unwrap();
    }
    while burst.frames().len() < 5 {
        receive(&mut io, &mut burst);
    }
    let nowhere = FlowKey::new("127.0.0.1".parse().unwrap(), 1);
    for (at, (from, to)) in [
        (ours, a_at),
        (ours, "[::1]:9".parse().unwrap()), // an IPv6 destination from an IPv4 socket
        (ours, a_at),
        (nowhere, a_at),
        (ours, a_at),
    ]
    .into_iter()
    .enumerate()
    {
        forward(&mut burst, at, from, to);
    }
    io.finish(&mut burst);
    let sent: Vec<_> =
        burst.frames().iter().map(|frame| matches!(frame.verdict, Verdict::Forward(_))).collect();
    assert_eq!(sent, [true, false, true, false, true]);
    assert_eq!(burst.frames()[1].verdict, Verdict::Drop(DropReason::SendFailed));
    let mut bytes = [0; 4];
    for n in [0, 2, 4] {
        assert_eq!(a.recv(&mut bytes).unwrap(), 1);
        assert_eq!(bytes[0], n);
    }
}

#[test]
fn a_peer_that_is_not_there_does_not_disturb_the_others() {
    let (mut io, mut burst) = io();
    let ours = open(&mut io, "127.0.0.1");
    let (a, a_at) = peer("127.0.0.1");
    let gone = peer("127.0.0.1").1;
    for round in 0..20u8 {
        a.send_to(&[round], std::net::SocketAddr::from(ours)).unwrap();
        assert_eq!(receive(&mut io, &mut burst), 1, "round {round}");
        // the system answers with ICMP port unreachable, which is not this socket's fault
        forward(&mut burst, 0, ours, gone);
        let copy = io.copy(&burst.frames()[0]).unwrap();
        burst.push(copy).unwrap();
        forward(&mut burst, 1, ours, a_at);
        io.finish(&mut burst);
        assert!(burst.frames().iter().all(|frame| matches!(frame.verdict, Verdict::Forward(_))));
        burst.clear();
        let mut bytes = [0; 4];
        a.recv(&mut bytes).unwrap();
        assert_eq!(bytes[0], round);
    }
}

#[test]
fn a_packet_that_came_before_the_socket_was_handed_over_is_read() {
    let (mut io, mut burst) = io();
    let port = PortSocket::bind(
        FlowKey::new("127.0.0.1".parse().unwrap(), 0),
        0,
        SocketBuffers { receive: Some(65536), send: Some(65536) },
    )
    .unwrap();
    io.door().unwrap().announce(&port).unwrap();
    let (a, _) = peer("127.0.0.1");
    a.send_to(b"early", std::net::SocketAddr::from(port.key())).unwrap();
    io.wait(Some(lab::PATIENCE)).unwrap();
    assert_eq!(io.receive(&mut burst), 0, "it is not ours yet");
    io.adopt(port);
    assert_eq!(receive(&mut io, &mut burst), 1);
}

#[test]
fn a_closed_port_is_free_and_sends_nothing() {
    let (mut io, mut burst) = io();
    let (ours, other) = (open(&mut io, "127.0.0.1"), open(&mut io, "127.0.0.1"));
    let (a, a_at) = peer("127.0.0.1");
    a.send_to(b"1", std::net::SocketAddr::from(ours)).unwrap();
    a.send_to(b"2", std::net::SocketAddr::from(other)).unwrap();
    io.wait(Some(lab::PATIENCE)).unwrap();
    assert!(io.close(ours));
    assert!(!io.close(ours));
    assert_eq!(io.sockets(), 1);
    assert_eq!(receive(&mut io, &mut burst), 1);
    assert_eq!(burst.frames()[0].local, other);
    forward(&mut burst, 0, ours, a_at);
    io.finish(&mut burst);
    assert_eq!(burst.frames()[0].verdict, Verdict::Drop(DropReason::SendFailed));
    PortSocket::bind(ours, 0, SocketBuffers::default()).unwrap();
}

#[test]
fn bind_says_what_would_help() {
    let bind = |ip: &str, port| {
        PortSocket::bind(FlowKey::new(ip.parse().unwrap(), port), 0, SocketBuffers::default())
    };
    let taken = bind("127.0.0.1", 0).unwrap();
    let again = bind("127.0.0.1", taken.key().port).unwrap_err();
    assert!(matches!(again, BindError::InUse(key) if key == taken.key()), "{again}");
    assert!(again.to_string().contains("in use"));
    for elsewhere in ["192.0.2.123", "2001:db8::123"] {
        let error = bind(elsewhere, 0).unwrap_err();
        assert!(matches!(error, BindError::NotHere(_)), "{error}");
        assert!(error.to_string().contains(elsewhere));
    }
    let (_, at) = peer("::1");
    bind("127.0.0.1", at.port()).unwrap();
}

#[test]
fn the_waker_ends_a_wait() {
    let (mut io, _) = io();
    let waker = io.waker().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| waker.wake().unwrap());
        assert!(io.wait(Some(lab::PATIENCE)).unwrap());
    });
}

#[test]
fn a_shared_socket_tells_the_port_and_sends_from_any() {
    for ip in ["127.0.0.1", "::1"] {
        let Some((mut io, mut burst, table, port)) = shared(ip) else { return };
        let ((a, a_at), (b, b_at)) = (peer(ip), peer(ip));
        a.send_to(b"hello", std::net::SocketAddr::from(port)).unwrap();
        assert_eq!(receive(&mut io, &mut burst), 1);
        let frame = burst.frames()[0];
        assert_eq!((frame.local, frame.remote, frame.verdict), (port, a_at, Verdict::Undecided));
        assert_eq!(io.payload(&frame), b"hello");
        let from = FlowKey::new(port.addr, 40_001);
        forward(&mut burst, 0, from, b_at);
        io.finish(&mut burst);
        assert!(matches!(burst.frames()[0].verdict, Verdict::Forward(_)));
        burst.clear();
        let mut bytes = [0; 16];
        // a checksum that is wrong would have it dropped on the way
        let (len, source) = b.recv_from(&mut bytes).unwrap();
        assert_eq!((&bytes[..len], FlowKey::from(source)), (&b"hello"[..], from));

        assert_eq!(table.thread(port), Some(0));
        assert!(io.close(port) && !io.close(port));
        assert_eq!(table.thread(port), None);
        assert!(!table.open(FlowKey::new("192.0.2.1".parse().unwrap(), 9), 0), "not in the table");
        assert!(!table.open(port, 255), "more threads than a byte can number");
    }
}

#[test]
fn what_a_shared_socket_cannot_send_fails_alone() {
    let Some((mut io, mut burst, _table, port)) = shared("127.0.0.1") else { return };
    let (a, a_at) = peer("127.0.0.1");
    for n in 0..3u8 {
        a.send_to(&[n; 4], std::net::SocketAddr::from(port)).unwrap();
    }
    while burst.frames().len() < 3 {
        receive(&mut io, &mut burst);
    }
    forward(&mut burst, 0, port, a_at);
    // not an address of this host, and of a family that has no socket here
    forward(&mut burst, 1, FlowKey::new("192.0.2.1".parse().unwrap(), 4000), a_at);
    forward(&mut burst, 2, FlowKey::new("::1".parse().unwrap(), 4000), "[::1]:9".parse().unwrap());
    io.finish(&mut burst);
    let verdicts: Vec<Verdict> = burst.frames().iter().map(|frame| frame.verdict).collect();
    assert!(matches!(verdicts[0], Verdict::Forward(_)));
    assert_eq!(verdicts[1..], [Verdict::Drop(DropReason::SendFailed); 2]);
    let mut bytes = [0; 16];
    assert_eq!(a.recv_from(&mut bytes).unwrap().0, 4);
}

#[test]
fn large_payloads_leave_a_shared_socket_whole() {
    let Some((mut io, mut burst, _table, port)) = shared("127.0.0.1") else { return };
    let (a, a_at) = peer("127.0.0.1");
    let long: Vec<u8> = (0..4096).map(|n| n as u8).collect();
    a.send_to(&long, std::net::SocketAddr::from(port)).unwrap();
    assert_eq!(receive(&mut io, &mut burst), 1);
    forward(&mut burst, 0, port, a_at);
    io.finish(&mut burst);
    let mut bytes = vec![0; 5000];
    let (len, _) = a.recv_from(&mut bytes).unwrap();
    assert_eq!(&bytes[..len], &long);
}

#[test]
fn addresses_that_come_get_the_spare_places_and_no_more() {
    let file = tempfile::tempfile().unwrap();
    file.set_len(3 << 16).unwrap();
    let [first, second, third, fourth] = [1, 2, 3, 4].map(|last| IpAddr::from([127, 0, 0, last]));
    let table = PortTable::map(file.as_fd(), &[first], 2).unwrap();
    assert!(!table.open(FlowKey::new(second, 5), 0), "it has no place yet");
    assert_eq!(
        [second, third, second, fourth].map(|addr| table.add(addr)),
        [Some(1), Some(2), Some(1), None]
    );
    assert!(table.serves(third) && !table.serves(fourth));
    for (thread, addr) in [first, second, third].into_iter().enumerate() {
        assert!(table.open(FlowKey::new(addr, 5), thread));
    }
    for (thread, addr) in [first, second, third].into_iter().enumerate() {
        assert_eq!(table.thread(FlowKey::new(addr, 5)), Some(thread));
        assert!(table.close(FlowKey::new(addr, 5)));
    }
}
