//! All sections but the interfaces.

use std::collections::BTreeMap;

use super::interface::Interface;
use super::outside::{Graphite, Homer, Http};
use super::recording::Recording;
use super::schema::define_section;

/// A whole configuration file.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Media addresses.
    pub interface: Vec<Interface>,
    /// Other names for interfaces.
    pub aliases: BTreeMap<String, String>,
    /// Control listeners.
    pub control: Control,
    /// HTTP.
    pub http: Http,
    /// What is done with packets.
    pub media: Media,
    /// When things end.
    pub timeouts: Timeouts,
    /// When new calls are refused.
    pub limits: Limits,
    /// DTLS.
    pub dtls: Dtls,
    /// Threads.
    pub threads: Threads,
    /// Interfaces of mode appliance.
    pub appliance: Appliance,
    /// The kernel module.
    pub kernel: Kernel,
    /// A HEP collector.
    pub homer: Homer,
    /// A Graphite server.
    pub graphite: Graphite,
    /// Recording.
    pub recording: Recording,
    /// Logging.
    pub log: Log,
    /// The process.
    pub process: Process,
    /// Named sets of ng flags.
    pub templates: BTreeMap<String, String>,
}

define_section! {
    /// Where control messages come in. Each listener is `ADDRESS:PORT` (IPv6: `[ADDRESS]:PORT`), `NAME:PORT` with a
    /// host name, or `PORT` or `*:PORT` for every address of the host. Whoever reaches a control port owns the calls:
    /// keep it on a trusted network. At least one ng listener is needed.
    pub struct Control {
        /// ng messages over UDP, as Kamailio and OpenSIPS send them.
        listen_ng: Vec<String> = Vec::new(), "[\"127.0.0.1:2223\"]";
        /// ng messages over TCP.
        listen_tcp_ng: Vec<String> = Vec::new(), "[\"127.0.0.1:2223\"]";
        /// The command line interface that `rtpengine-ctl` talks to.
        listen_cli: Vec<String> = Vec::new(), "[\"127.0.0.1:2224\"]";
        /// HTTP and WebSocket: ng messages (`/ng`, `/ng-plain`), the command line interface (`/cli`), metrics for
        /// Prometheus (`/metrics`), `/ping`, and gRPC. Who is served is said under `http`; as long as nothing is, it is
        /// everybody.
        listen_http: Vec<String> = Vec::new(), "[\"127.0.0.1:2225\"]";
        /// The same over TLS; `http.certificate` and `http.key` are needed.
        listen_https: Vec<String> = Vec::new(), "[\"[::]:2226\"]";
        /// TOS byte (0 to 255) of control packets. Without it: what the system does.
        tos: Option<u8> = None, "184";
        /// Path MTU discovery on UDP control sockets: `want` or `dont`. Without it: what the system does.
        path_mtu: Option<String> = None, "\"dont\"";
        /// Where the tree of /proc/rtpengine is shown (FUSE) for flows that the kernel module does not forward, in the
        /// table of their interface or 0. Needs root and /dev/fuse. Without it: nowhere.
        proc_view: Option<String> = None, "\"/run/rtpengine/proc\"";
        /// What the daemon calls itself towards clients. Without it: `rtpengine-` and the version.
        software_id: Option<String> = None, "\"media-1\"";
    }
}

define_section! {
    /// What is done with packets.
    pub struct Media {
        /// Ports to use on all interfaces that name no range of their own. A stream takes an even port and the odd
        /// one above it; an ordinary audio call takes two such pairs.
        ports: String = "30000-39999".to_owned();
        /// TOS byte (0 to 255) of media packets. 184 is expedited forwarding, as is usual for voice.
        tos: u8 = 0;
        /// How the peer's real address is learned from its packets: `heuristic` (watch for three seconds, prefer
        /// what matches the SDP), `delayed` (watch for three seconds, take the last), `immediate` (take the first)
        /// or `off` (believe the SDP only).
        endpoint_learning: String = "heuristic".to_owned();
        /// Send to the address the SIP message came from, not to the one in the SDP, unless a request says
        /// `trust-address`.
        sip_source: bool = false;
        /// Refuse SDP that breaks the rules instead of passing it on.
        reject_invalid_sdp: bool = false;
        /// Receive buffer of every media socket in bytes. Without it: what the system gives. A shared socket has eight
        /// million at least.
        receive_buffer: Option<u32> = None, "262144";
        /// How media ports are open. `shared`: each packet thread has one socket for all of its ports, so that a port
        /// costs no descriptor and a burst of packets one system call. Needs Linux 5.9 and the capabilities NET_ADMIN,
        /// NET_RAW and BPF; where they are missing the log says so, and it is as with `per-port`: a socket for every
        /// port, which needs no privilege.
        sockets: Sockets = Sockets::Shared, "\"shared\"";
        /// Keep the kernel from tracking media as connections: an nftables table of our own exempts the port ranges for
        /// as long as the daemon runs. Rules that let media in must then do so by port, not by `ct state`. Needs
        /// CAP_NET_ADMIN and Linux 5.12; where it cannot be had, the log says so.
        notrack: bool = false;
    }
}

/// How media ports are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sockets {
    /// One socket for all ports of a packet thread.
    Shared,
    /// A socket for every port.
    PerPort,
}

define_section! {
    /// When calls end by themselves, in seconds.
    pub struct Timeouts {
        /// A call ends when none of its streams has seen a packet for so long.
        media: u32 = 60;
        /// The same for calls whose streams are all on hold or muted.
        silent: u32 = 3600;
        /// A call whose offer was never answered ends after this.
        offer: u32 = 3600;
        /// Any call ends after this, even an active one. Without it: never.
        call: Option<u32> = None, "36000";
        /// A deleted call forwards packets for so long, so that retransmitted signalling finds it.
        delete_delay: u32 = 30;
        /// Who talks in an answered call and is not heard for so long is told as one-way audio, with the cause: in the
        /// log, in metrics and by `rtpengine-ctl list oneway`. 0 tells nothing.
        one_way: u32 = 5;
    }
}

define_section! {
    /// When new calls are refused. Running calls are never touched. Keys that are not there set no limit.
    pub struct Limits {
        /// Calls at a time.
        sessions: Option<u32> = None, "5000";
        /// Load average of one minute.
        load: Option<f64> = None, "5.0";
        /// CPU use of the host in percent.
        cpu: Option<f64> = None, "90.0";
        /// Media traffic in bytes per second.
        bandwidth: Option<u64> = None, "100000000";
    }
}

define_section! {
    /// DTLS-SRTP. Our certificate is made at the start and again when half of its 30 days are over.
    pub struct Dtls {
        /// Wait for the handshake (`a=setup:passive`) where the other side leaves the role to us. Without it we begin it.
        /// `DTLS=` of a request comes first.
        passive: bool = false;
        /// Kind of the certificate: `prime256v1` (ECDSA) or `RSA`, which costs more in every handshake.
        certificate: String = "prime256v1".into();
        /// Bits of the key, for an RSA certificate: 1024 to 8192.
        rsa_key_size: u32 = 2048;
        /// What the certificate is signed with: `SHA-256`, or `SHA-1` for very old phones.
        signature: String = "SHA-256".into();
        /// Largest DTLS packet that is sent, in bytes of UDP payload: 576 or more.
        mtu: u16 = 1200;
        /// Ciphers that are accepted, in OpenSSL's form. Without it: what OpenSSL takes for good.
        ciphers: Option<String> = None, "\"ECDHE+AESGCM\"";
    }
}

define_section! {
    /// Threads.
    pub struct Threads {
        /// Number of threads of every kind that has no number of its own. Without it: the number of CPUs.
        workers: Option<u32> = None, "4";
        /// Number of packet threads. Without it: as `workers`.
        media: Option<u32> = None, "4";
        /// CPU cores to pin packet threads to, in turn, as a list or as text like "2-5". Without it: not pinned.
        cores: super::Numbers = super::Numbers(Vec::new()), "\"2-5\"";
        /// How packet threads wait for packets of network cards (mode appliance). `busy`: they do not, and take all of
        /// their core. `adaptive`: they look again for a moment after a packet, then sleep. `interrupt`: they sleep.
        idle: Idle = Idle::Adaptive, "\"adaptive\"";
    }
}

/// How packet threads wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Idle {
    /// They do not.
    Busy,
    /// They look again for a moment, then sleep.
    Adaptive,
    /// They sleep.
    Interrupt,
}

define_section! {
    /// Interfaces of mode appliance, all together.
    pub struct Appliance {
        /// Flows (ports that media arrives at) that can be on the fast path at a time. Without it: one for every port of
        /// these interfaces. It fixes memory, about a kilobyte for each.
        flows: Option<u32> = None, "20000";
        /// Let the network card write packets straight into our memory, where its driver can. `false`: copy always.
        zero_copy: bool = true;
        /// Fetch packets from the network card in the packet threads themselves instead of by interrupts: for so many
        /// microseconds and so many packets at a time. Interrupts of the card are put off while the daemon runs. Useful
        /// with `threads.idle = "busy"` and cores of their own. Without it: by interrupts.
        busy_poll: Option<BusyPoll> = None, "{ microseconds = 20, packets = 64 }";
        /// Let packets gather in the network card for so many microseconds at most, so that they come in bursts: for cards that
        /// do not moderate interrupts themselves (virtual ones). It saves processor time and adds as much delay. Without it: as
        /// the card is set up.
        gather: Option<u32> = None, "200";
        /// Where is written down how the network cards were set up, so that it can be restored even after a crash.
        state_folder: String = "/run/rtpengine".to_owned();
    }
}

/// How packets are fetched without interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusyPoll {
    /// How long to look at a time.
    pub microseconds: u32,
    /// How many packets to take at a time.
    pub packets: u32,
}

define_section! {
    /// The kernel module.
    pub struct Kernel {
        /// The table of the module that this daemon owns, 0 to 63. Without it: the module is not used.
        table: Option<u8> = None, "0";
        /// Run without the module if it cannot be used. `false`: refuse to start then.
        fallback: bool = true;
        /// The chain of nf_tables (table `filter`) into which the daemon writes the rule that leads packets to the
        /// module; made at the start, restored when a firewall reload has taken it, removed at the end. Without it,
        /// or empty: no rule is written, and yours must do it (`iptables -I INPUT -p udp -j RTPENGINE --id N`).
        nftables_chain: Option<String> = None, "\"rtpengine\"";
        /// The chain on the hook input that jumps to `nftables-chain`; made if there is none. Empty:
        /// `nftables-chain` is on the hook itself. `none`: no jump is written.
        nftables_base_chain: String = "INPUT".to_owned();
        /// Write the jump as the last rule of `nftables-base-chain`. `false`: as the first.
        nftables_append: bool = false;
        /// Families to write rules for: `ip`, `ip6`, `ip,ip6`, or `inet` for both in one table.
        nftables_family: String = "ip,ip6".to_owned();
        /// Leave table, flows and rules in place when the daemon is stopped, so that calls which the module forwards
        /// go on until the next start. `false`: remove them. After a crash they always stay.
        keep_flows: bool = false;
    }
}

define_section! {
    /// Logging.
    pub struct Log {
        /// 0 emergency, 3 errors, 4 warnings, 5 notices, 6 information, 7 debug, 8 traces; -1 nothing.
        level: i8 = 6;
        /// Levels of single parts: core, control, codec, rtcp, ice, crypto, srtp, internals.
        levels: BTreeMap<String, i8> = BTreeMap::new(), "{ control = 7 }";
        /// Log to standard error. `false`: to the system log, unless the process stays in the foreground.
        stderr: bool = false;
        /// Facility of the system log: daemon, user, local0 to local7.
        facility: String = "daemon".to_owned();
        /// Program name in the system log.
        name: String = "rtpengine".to_owned();
        /// Put time stamps before lines on standard error.
        timestamps: bool = true;
        /// Give every line of a message that has several its own log entry.
        split_lines: bool = false;
        /// Cut messages at so many bytes. Without it: never.
        max_line: Option<u32> = None, "500";
    }
}

define_section! {
    /// The process.
    pub struct Process {
        /// Stay attached to the terminal. `false`: go to the background once everything listens.
        foreground: bool = false;
        /// File to write the process id to.
        pidfile: Option<String> = None, "\"/run/rtpengine/rtpengine.pid\"";
    }
}
