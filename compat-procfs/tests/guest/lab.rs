//! Two hosts and the relay between them: namespaces, sockets, packets.
//!
//!     left 10.0.1.2, 2001:db8:1::2 ── 10.0.1.1, 2001:db8:1::1 relay 10.0.2.1, 2001:db8:2::1 ── right 10.0.2.2, …:2::2

use blank::zeroed;
use compat_procfs::abi::{self, Addr, Flow, Output};
use compat_procfs::{Claim, Control, Tables};
use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::Once;
use std::time::Duration;

pub(crate) const TABLE: u32 = 42;

/// How long a packet that should come may take. Emulation is slow.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait for one that should not come, after others have come.
const SILENCE: Duration = Duration::from_millis(150);

pub(crate) mod blank {
    use compat_procfs::abi::{Addr, Flow, Keys, Output, Pt, Request, Srtp, Ssrc};

    const ADDR: Addr = Addr { family: 0, zero: 0, port: 0, addr: [0; 16] };
    const KEYS: Keys = Keys { cipher: [0; 32], auth: [0; 20], salt: [0; 14], zero: [0; 2] };
    pub(crate) const PLAIN: Srtp = Srtp {
        suite: 0,
        flags: 0,
        rtp_tag_len: 0,
        rtcp_tag_len: 0,
        mki_len: 0,
        zero: [0; 5],
        mki: [0; 16],
        rtp: KEYS,
        rtcp: KEYS,
    };
    const SSRC: Ssrc =
        Ssrc { ssrc: 0, flags: 0, index: 0, window: 0, rtcp_window: 0, rtcp_index: 0, zero: 0 };

    /// A flow and an output with nothing in them.
    pub(crate) const fn zeroed() -> (Flow, Output) {
        let flow = Flow {
            request: Request { op: 0, size: 0 },
            local: ADDR,
            source: ADDR,
            generation: 0,
            stream: 0,
            flags: 0,
            carries: 0,
            source_check: 0,
            pt_count: 0,
            output_count: 0,
            pts: [Pt { pt: 0, zero: [0; 3], clock_hz: 0 }; 32],
            ssrcs: [SSRC; 4],
            open: PLAIN,
        };
        let output = Output {
            from: ADDR,
            to: ADDR,
            flags: 0,
            tos: 0,
            pt_from: 0,
            pt_to: 0,
            zero: 0,
            ssrc: [0; 4],
            rtcp_index: 0,
            zero2: 0,
            index_offset: [0; 4],
            seal: PLAIN,
        };
        (flow, output)
    }
}

/// Runs a line of shell, which must succeed.
pub(crate) fn sh(line: &str) {
    let out = Command::new("sh").args(["-ec", line]).output().unwrap();
    assert!(out.status.success(), "{line}: {}", String::from_utf8_lossy(&out.stderr));
}

static BUILT: Once = Once::new();

/// Namespaces, addresses and rules; once for all tests.
fn build() {
    BUILT.call_once(|| {
        for (n, host, near) in [(1, "left", "l0"), (2, "right", "r0")] {
            sh(&format!(
                "ip netns add {host}
                 ip link add {near} mtu 9000 type veth peer name eth0 mtu 9000 netns {host}
                 ip addr add 10.0.{n}.1/24 dev {near}; ip addr add 2001:db8:{n}::1/64 dev {near} nodad
                 ip link set {near} up
                 ip -n {host} addr add 10.0.{n}.2/24 dev eth0; ip -n {host} addr add 2001:db8:{n}::2/64 dev eth0 nodad
                 ip -n {host} link set eth0 up; ip -n {host} link set lo up"
            ));
        }
        sh("iptables -I INPUT -p udp -j RTPENGINE --id 42; ip6tables -I INPUT -p udp -j RTPENGINE --id 42");
    });
}

/// A socket of host `left`, `right`, or of the relay (`relay`). Its address says which.
pub(crate) fn socket(address: &str) -> UdpSocket {
    build();
    let address: SocketAddr = address.parse().unwrap();
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.octets()[3] == 1 => None,
        IpAddr::V4(ip) => Some(ip.octets()[2]),
        IpAddr::V6(ip) if ip.segments()[7] == 1 => None,
        IpAddr::V6(ip) => Some(ip.segments()[2] as u8),
    };
    let open = move || {
        let socket = UdpSocket::bind(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    };
    match host {
        None => open(),
        Some(1) => at_host("left", open),
        Some(_) => at_host("right", open),
    }
}

/// Does something in the namespace of a host.
pub(crate) fn at_host<T: Send + 'static>(host: &str, what: impl FnOnce() -> T + Send + 'static) -> T {
    build();
    let namespace = File::open(format!("/run/netns/{host}")).unwrap();
    // The thread changes its namespace and ends; what it opened stays in it.
    std::thread::spawn(move || {
        setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
        what()
    })
    .join()
    .unwrap()
}

/// The control file of a new table, owned and empty.
pub(crate) fn table() -> Control {
    build();
    let tables = Tables::default();
    if tables.list().unwrap().contains(&TABLE) {
        tables.del(TABLE).unwrap();
    }
    tables.add(TABLE).unwrap();
    let mut control = Control::open(&tables, TABLE).unwrap();
    control.claim(Claim::Fresh).unwrap();
    control
}

pub(crate) fn addr(at: &str) -> Addr {
    let at: SocketAddr = at.parse().unwrap();
    let mut bytes = [0; 16];
    let family = match at.ip() {
        IpAddr::V4(ip) => {
            bytes[..4].copy_from_slice(&ip.octets());
            abi::INET4
        }
        IpAddr::V6(ip) => {
            bytes = ip.octets();
            abi::INET6
        }
    };
    Addr { family, zero: 0, port: at.port(), addr: bytes }
}

/// RTP from `source` to `local` goes from `from` to `to`; packets from elsewhere pass up.
pub(crate) fn flow(source: &str, local: &str, from: &str, to: &str) -> (Flow, Output) {
    let (mut flow, _) = zeroed();
    flow.local = addr(local);
    flow.source = addr(source);
    flow.generation = 1;
    flow.carries = abi::CARRIES_BOTH;
    flow.source_check = abi::SOURCE_PASS;
    (flow, output(from, to))
}

pub(crate) fn output(from: &str, to: &str) -> Output {
    let (_, mut output) = zeroed();
    output.from = addr(from);
    output.to = addr(to);
    output.flags = abi::OUT_RTP;
    output
}

/// An RTP packet with `body` bytes of payload that depend on the sequence number.
pub(crate) fn rtp(pt: u8, seq: u16, ssrc: u32, body: usize) -> Vec<u8> {
    let mut packet = vec![0x80, pt];
    packet.extend(seq.to_be_bytes());
    packet.extend((u32::from(seq) * 160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend((0..body).map(|at| (at as u8).wrapping_mul(31).wrapping_add(seq as u8)));
    packet
}

/// A sender report without blocks.
pub(crate) fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 200, 0, 6];
    packet.extend(ssrc.to_be_bytes());
    packet.extend([7; 20]);
    packet
}

/// The next packet, which must come.
pub(crate) fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut room = vec![0; 65536];
    let got = socket.recv(&mut room).unwrap_or_else(|error| {
        panic!("nothing arrived at {}: {error}\n{}", socket.local_addr().unwrap(), picture())
    });
    room.truncate(got);
    room
}

/// Nothing may be there, nor come soon.
pub(crate) fn silent(socket: &UdpSocket) {
    socket.set_read_timeout(Some(SILENCE)).unwrap();
    let got = socket.recv(&mut [0; 65536]);
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    if let Ok(len) = got {
        panic!("{len} bytes arrived at {}\n{}", socket.local_addr().unwrap(), picture());
    }
}

/// What the module shows, for failing tests.
pub(crate) fn picture() -> String {
    ["list", "status", "stats"].map(shown).join("\n")
}

/// A text file of the table.
pub(crate) fn shown(file: &str) -> String {
    std::fs::read_to_string(format!("/proc/rtpengine/{TABLE}/{file}")).unwrap()
}
