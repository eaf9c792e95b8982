//! The whole checked configuration, by room.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::interface::Interfaces;
use super::outside::{Graphite, Homer, Http};
use super::recording::Recording;

/// Everything the daemon is told at start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Logical interfaces with their addresses and ports.
    pub interfaces: Interfaces,
    /// Control listeners.
    pub control: Control,
    /// How HTTP is served, and to whom.
    pub http: Http,
    /// What is done with packets.
    pub media: Media,
    /// When things end.
    pub timeouts: Timeouts,
    /// When new calls are refused.
    pub limits: Limits,
    /// DTLS-SRTP.
    pub dtls: Dtls,
    /// Packet threads.
    pub threads: Threads,
    /// Interfaces of mode appliance, all together.
    pub appliance: Appliance,
    /// The kernel module.
    pub kernel: Kernel,
    /// A HEP collector.
    pub homer: Option<Homer>,
    /// A Graphite server.
    pub graphite: Option<Graphite>,
    /// How calls are recorded; None if they are not.
    pub recording: Option<Recording>,
    /// Logging.
    pub log: Log,
    /// The process.
    pub process: Process,
    /// Named sets of ng flags (`template=NAME` in a request), as the text a client would send.
    pub templates: BTreeMap<String, String>,
}

/// Where control messages come in. At least one listener exists over all lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// ng over UDP.
    pub ng_udp: Vec<SocketAddr>,
    /// ng over TCP.
    pub ng_tcp: Vec<SocketAddr>,
    /// Listeners for HTTP and WebSocket.
    pub http: Vec<SocketAddr>,
    /// The same over TLS.
    pub https: Vec<SocketAddr>,
    /// The command line interface (TCP), which `rtpengine-ctl` talks to.
    pub cli: Vec<SocketAddr>,
    /// TOS byte of control packets; None leaves the system's default.
    pub tos: Option<u8>,
    /// Path MTU discovery on control sockets; None leaves the system's default.
    pub path_mtu: Option<PathMtu>,
    /// Where the tree of `/proc/rtpengine` is mounted for flows that the module does not forward; None for nowhere.
    pub proc_view: Option<PathBuf>,
    /// What the daemon calls itself towards clients.
    pub software_id: String,
}

/// Path MTU discovery on a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathMtu {
    /// Set the don't-fragment bit as the route asks for.
    Want,
    /// Never set it.
    Dont,
}

/// What is done with packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// TOS byte of media packets.
    pub tos: u8,
    /// When a stream takes the observed source for its peer's address.
    pub endpoint_learning: EndpointLearning,
    /// Believe the SIP source address rather than the SDP one, unless a request says `trust-address`.
    pub sip_source: bool,
    /// Refuse SDP that breaks the rules instead of passing it on untouched.
    pub reject_invalid_sdp: bool,
    /// Receive buffer of a media socket in bytes; None leaves the system's default.
    pub receive_buffer: Option<usize>,
    /// How media ports are open.
    pub sockets: Sockets,
    /// Exempt media from connection tracking.
    pub notrack: bool,
}

/// How media ports are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sockets {
    /// One socket for all ports of a packet thread, where the machine has what it needs.
    Shared,
    /// A socket for every port.
    PerPort,
}

/// When a stream takes the observed source of packets for its peer's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EndpointLearning {
    /// Like `Delayed`, and prefers the source that matches the SDP best.
    #[default]
    Heuristic,
    /// The last source seen in the first three seconds.
    Delayed,
    /// The source of the first packet.
    Immediate,
    /// Never: only the SDP address counts.
    Off,
}

/// When things end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// A call ends when none of its streams saw a packet for so long.
    pub media: Duration,
    /// The same for streams that are on hold or muted.
    pub silent: Duration,
    /// A call whose offer was never answered ends after this.
    pub offer: Duration,
    /// A call ends after this, whatever happens; None for never.
    pub call: Option<Duration>,
    /// A deleted call still forwards packets for so long.
    pub delete_delay: Duration,
    /// `one-way`: who is not heard for so long is told; zero: nobody is.
    pub one_way: Duration,
}

/// When new calls are refused; None is no limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Calls at a time.
    pub sessions: Option<u64>,
    /// One-minute load average.
    pub load: Option<f64>,
    /// CPU use in percent.
    pub cpu: Option<f64>,
    /// Media traffic in bytes per second.
    pub bandwidth: Option<u64>,
}

/// How we speak DTLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dtls {
    /// We wait for the handshake where the other side leaves the role to us, unless the request says otherwise.
    pub passive: bool,
    /// Kind of our certificate.
    pub certificate: Certificate,
    /// It is signed with SHA-1 instead of SHA-256.
    pub sha1_signature: bool,
    /// Largest DTLS packet that is sent, in bytes of UDP payload.
    pub mtu: u16,
    /// Ciphers that are accepted, in OpenSSL's form; None for its good ones.
    pub ciphers: Option<String>,
}

/// Kind of our certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// ECDSA over P-256.
    EcdsaP256,
    /// RSA with a key of so many bits.
    Rsa(u32),
}

/// Packet threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threads {
    /// Number of packet threads, at least 1.
    pub media: usize,
    /// CPU cores to pin packet threads to, dealt in turn; empty means unpinned.
    pub cores: Vec<usize>,
    /// How they wait for packets of NIC queues.
    pub idle: Idle,
}

/// How packet threads wait for packets of NIC queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Idle {
    /// They do not.
    Busy,
    /// They look again for a moment, then sleep.
    #[default]
    Adaptive,
    /// They sleep.
    Interrupt,
}

/// What all interfaces of mode appliance have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appliance {
    /// Flows there is room for: what was asked for, else one for every port of these interfaces; at least 1.
    pub flows: u32,
    /// Try zero-copy before copy mode.
    pub zero_copy: bool,
    /// Fetch packets without interrupts.
    pub busy_poll: Option<BusyPoll>,
    /// Let packets gather in the NIC for so many microseconds.
    pub gather_us: Option<u32>,
    /// Where is written down how NICs were set up.
    pub state_folder: PathBuf,
}

/// How packets are fetched without interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusyPoll {
    /// How long to look at a time, in microseconds.
    pub microseconds: u32,
    /// How many packets to take at a time.
    pub packets: u32,
}

/// The kernel module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// The table to own, 0 to 63; None means the module is not used.
    pub table: Option<u8>,
    /// Whether to run without the module if it cannot be had.
    pub fallback: bool,
    /// The firewall rules of ours; None if the daemon writes none.
    pub rules: Option<FirewallRules>,
    /// Whether an orderly end leaves table, flows and rules in place.
    pub keep_flows: bool,
}

/// Where in nf_tables the rules stand that lead packets to the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirewallRules {
    /// The chain with the rule for the module.
    pub chain: String,
    /// How packets come to that chain.
    pub entrance: Entrance,
    /// Whether the jump is the last rule of its chain and not the first.
    pub append: bool,
    /// Families of nf_tables, none twice.
    pub families: Vec<RuleFamily>,
}

/// How packets come to our chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entrance {
    /// A jump from this chain on the hook input.
    JumpFrom(String),
    /// Our chain is on the hook itself.
    Hook,
    /// Somebody else's jump.
    Elsewhere,
}

/// A family of nf_tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleFamily {
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// Both in one table.
    Inet,
}

/// Parts of the daemon that have a log level of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subsystem {
    /// Everything that is not listed below.
    Core,
    /// ng, CLI and other control traffic.
    Control,
    /// Codec negotiation.
    Codec,
    /// RTCP.
    Rtcp,
    /// ICE and STUN.
    Ice,
    /// DTLS and key exchange.
    Crypto,
    /// SRTP.
    Srtp,
    /// The packet threads.
    Internals,
}

impl Subsystem {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Core,
        Self::Control,
        Self::Codec,
        Self::Rtcp,
        Self::Ice,
        Self::Crypto,
        Self::Srtp,
        Self::Internals,
    ];

    /// The name in configuration, log lines and the command line interface.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Control => "control",
            Self::Codec => "codec",
            Self::Rtcp => "rtcp",
            Self::Ice => "ice",
            Self::Crypto => "crypto",
            Self::Srtp => "srtp",
            Self::Internals => "internals",
        }
    }

    /// The subsystem of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// Logging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Level of everything that has none of its own: 0 (emergency) to 7 (debug), 8 traces, below 0 says nothing.
    pub level: i8,
    /// Levels of single subsystems.
    pub levels: BTreeMap<Subsystem, i8>,
    /// To standard error (true) or to the system log.
    pub stderr: bool,
    /// Facility of the system log.
    pub facility: Facility,
    /// Program name in the system log.
    pub name: String,
    /// Time stamps on standard error.
    pub timestamps: bool,
    /// Split messages at their line ends.
    pub split_lines: bool,
    /// Longest log line in bytes; None for no limit.
    pub max_line: Option<usize>,
}

/// A facility of the system log, by its number in RFC 5424 section 6.2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facility(pub u8);

impl Facility {
    /// The known names.
    pub const NAMES: &'static [&'static str] =
        &["daemon", "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"];

    /// The facility of this name, upper and lower case alike.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "user" => Some(Self(1)),
            "daemon" => Some(Self(3)),
            _ => {
                let number = name.strip_prefix("local")?.parse::<u8>().ok()?;
                (number <= 7 && name.len() == 6).then_some(Self(16 + number))
            }
        }
    }
}

/// The process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Stay attached to the terminal instead of forking away.
    pub foreground: bool,
    /// Where to write the process id once listening.
    pub pidfile: Option<PathBuf>,
}
