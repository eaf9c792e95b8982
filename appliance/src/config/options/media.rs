//! Interfaces, media, timeouts, limits and threads.

use super::spec::{Carry, Group, Opt};

const JITTER: &str = "the jitter buffer";
const SCHEDULING: &str = "scheduling classes of threads";
const POLLER: &str = "packet threads have one poller each and size it themselves";

pub(super) const MEDIA: Group = Group {
    title: "Media",
    options: &[
        Opt::texts("interface", "Media address: [NAME/]ADDRESS|DEVICE|any[!ADVERTISED], or ALIAS=NAME")
            .short('i')
            .carry(Carry::Interface),
        Opt::int("port-min", 1, 65_535, "Lowest media port [30000]").short('m').carry(Carry::PortLow),
        Opt::int("port-max", 1, 65_535, "Highest media port [39999]").short('M').carry(Carry::PortHigh),
        Opt::flag("save-interface-ports", "Open ports on the one address that is used, not on all of a name")
            .short('S')
            .later("opening fewer ports per stream"),
        Opt::int("tos", 0, 255, "TOS byte of media packets [0]").short('T').to("media.tos"),
        Opt::count("timeout", "Seconds without packets after which a call ends [60]")
            .short('o')
            .to("timeouts.media"),
        Opt::count("silent-timeout", "The same for calls on hold [3600]").short('s').to("timeouts.silent"),
        Opt::count("offer-timeout", "Seconds after which an unanswered offer ends [3600]")
            .to("timeouts.offer"),
        Opt::count("final-timeout", "Seconds after which any call ends; 0 for never [0]")
            .short('a')
            .carry(Carry::Unless(0, "timeouts.call")),
        Opt::count("delete-delay", "Seconds a deleted call still forwards packets [30]")
            .short('d')
            .to("timeouts.delete-delay"),
        Opt::flag("sip-source", "Use the SIP source address instead of the SDP one").to("media.sip-source"),
        Opt::flag("dtls-passive", "Prefer to be the DTLS server").to("dtls.passive"),
        Opt::word(
            "endpoint-learning",
            &["heuristic", "delayed", "immediate", "off"],
            "How the peer's address is learned [heuristic]",
        )
        .to("media.endpoint-learning"),
        Opt::flag("reject-invalid-sdp", "Refuse SDP that breaks the rules").to("media.reject-invalid-sdp"),
        Opt::word(
            "media-sockets",
            &["shared", "per-port"],
            "One socket for all media ports of a packet thread, or one for each port [shared]",
        )
        .to("media.sockets"),
        Opt::int("max-sessions", -1, u32::MAX as i64, "Calls at a time; -1 for no limit [-1]")
            .carry(Carry::Unless(-1, "limits.sessions")),
        Opt::float("max-load", "Refuse new calls above this load average; 0 for no limit [0]")
            .carry(Carry::Unless(0, "limits.load")),
        Opt::float("max-cpu", "Refuse new calls above this CPU use in percent; 0 for no limit [0]")
            .carry(Carry::Unless(0, "limits.cpu")),
        Opt::int(
            "max-bandwidth",
            0,
            i64::MAX,
            "Refuse new calls above so many bytes per second; 0 for no limit [0]",
        )
        .carry(Carry::Unless(0, "limits.bandwidth")),
        Opt::count("jitter-buffer", "Packets the jitter buffer holds").later(JITTER),
        Opt::flag("jb-clock-drift", "Let the jitter buffer follow clock drift").later(JITTER),
        Opt::flag("jb-adaptive", "Let the jitter buffer adapt its size").later(JITTER),
        Opt::count("jb-adaptive-min", "Smallest adaptive jitter buffer in milliseconds").later(JITTER),
        Opt::count("jb-adaptive-max", "Largest adaptive jitter buffer in milliseconds").later(JITTER),
        Opt::count("rtcp-interval", "Milliseconds between RTCP reports of our own")
            .later("RTCP made by the daemon"),
    ],
};

pub(super) const THREADS: Group = Group {
    title: "Threads",
    options: &[
        Opt::count("num-threads", "Worker threads [number of CPUs]")
            .carry(Carry::Unless(0, "threads.workers")),
        Opt::int("media-num-threads", -1, 4096, "Packet threads [num-threads]")
            .carry(Carry::Unless(-1, "threads.media")),
        Opt::count("codec-num-threads", "Transcoding threads").later("transcoding"),
        Opt::flag("poller-per-thread", "Give each packet thread its own poller").moot(POLLER),
        Opt::count("poller-size", "Events a poller takes at a time").moot(POLLER),
        Opt::count("max-recv-iters", "Packets taken from a socket before the next one's turn").moot(POLLER),
        Opt::count("timer-accuracy", "Shortest timer step in microseconds").moot("timers run on a wheel"),
        Opt::count("thread-stack", "Stack of a thread in kB").moot("stacks have a fixed size that suffices"),
        Opt::word("scheduling", SCHEDULERS, "Scheduling class of threads").later(SCHEDULING),
        Opt::int("priority", -20, 99, "Priority of threads").later(SCHEDULING),
        Opt::word("idle-scheduling", SCHEDULERS, "Scheduling class of idle threads").later(SCHEDULING),
        Opt::int("idle-priority", -20, 99, "Priority of idle threads").later(SCHEDULING),
        Opt::int("socket-cpu-affinity", -1, 4096, "CPU to prefer for packets of a socket")
            .later("steering sockets to CPUs"),
        Opt::flag("io-uring", "Use io_uring").later("io_uring"),
        Opt::count("io-uring-buffers", "Buffers for io_uring").later("io_uring"),
    ],
};

const SCHEDULERS: &[&str] = &["default", "none", "fifo", "rr", "other", "batch", "idle"];
