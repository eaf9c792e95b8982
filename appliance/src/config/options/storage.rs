//! Redis, recording, crypto.

use super::spec::{Group, Opt};

const REDIS_STORE: &str = "keeping calls in Redis";
const RECORDING_BY_DIGITS: &str = "recording steered by DTMF digits";

pub(super) const REDIS: Group = Group {
    title: "Redis",
    options: &[
        Opt::text("redis", "Server to keep calls in: [PASSWORD@]HOST:PORT/DB").short('r').later(REDIS_STORE),
        Opt::text("redis-write", "Server to write calls to").short('w').later(REDIS_STORE),
        Opt::text("redis-subscribe", "Server to take notices from").later(REDIS_STORE),
        Opt::ints("subscribe-keyspace", "Databases to take notices from").short('k').later(REDIS_STORE),
        Opt::count("redis-num-threads", "Threads that restore calls").later(REDIS_STORE),
        Opt::count("redis-expires", "Seconds until a stored call expires").later(REDIS_STORE),
        Opt::flag("no-redis-required", "Start without a reachable server").short('q').later(REDIS_STORE),
        Opt::flag("active-switchover", "Own calls that were taken over").later(REDIS_STORE),
        Opt::int("redis-allowed-errors", -1, i32::MAX as i64, "Errors until the server is given up")
            .later(REDIS_STORE),
        Opt::count("redis-disable-time", "Seconds a given-up server rests").later(REDIS_STORE),
        Opt::count("redis-cmd-timeout", "Milliseconds a command may take").later(REDIS_STORE),
        Opt::count("redis-connect-timeout", "Milliseconds a connection may take").later(REDIS_STORE),
        Opt::flag("redis-resolve-on-reconnect", "Resolve the server's name again").later(REDIS_STORE),
        Opt::word("redis-format", &["native", "bencode", "JSON"], "Form of stored calls").later(REDIS_STORE),
        Opt::int("redis-tcp-keepalive-time", -1, i32::MAX as i64, "Seconds until the first probe")
            .later(REDIS_STORE),
        Opt::int("redis-tcp-keepalive-intvl", -1, i32::MAX as i64, "Seconds between probes")
            .later(REDIS_STORE),
        Opt::int("redis-tcp-keepalive-probes", -1, i32::MAX as i64, "Unanswered probes").later(REDIS_STORE),
    ],
};

pub(super) const RECORDING: Group = Group {
    title: "Recording",
    options: &[
        Opt::text("recording-dir", "Folder for recordings").to("recording.folder"),
        Opt::word("recording-method", &["pcap", "proc", "all"], "How calls are recorded [pcap]")
            .to("recording.method"),
        Opt::word("recording-format", &["raw", "eth"], "Packet form in recordings [raw]")
            .to("recording.format"),
        Opt::flag("record-egress", "Record what leaves instead of what comes in").to("recording.egress"),
        Opt::flag("record-both", "Record both directions").to("recording.both"),
        Opt::text("vsc-start-rec", "Digits that start a recording").later(RECORDING_BY_DIGITS),
        Opt::text("vsc-stop-rec", "Digits that stop a recording").later(RECORDING_BY_DIGITS),
        Opt::text("vsc-start-stop-rec", "Digits that start or stop a recording").later(RECORDING_BY_DIGITS),
        Opt::text("vsc-pause-rec", "Digits that pause a recording").later(RECORDING_BY_DIGITS),
        Opt::text("vsc-pause-resume-rec", "Digits that pause or resume a recording")
            .later(RECORDING_BY_DIGITS),
        Opt::text("vsc-start-pause-resume-rec", "Digits that start, pause or resume a recording")
            .later(RECORDING_BY_DIGITS),
    ],
};

pub(super) const CRYPTO: Group = Group {
    title: "Crypto",
    options: &[
        Opt::word("dtls-cert-cipher", &["prime256v1", "RSA"], "Kind of our certificate [prime256v1]")
            .to("dtls.certificate"),
        Opt::word("dtls-signature", &["SHA-256", "SHA-1"], "Signature of our certificate [SHA-256]")
            .to("dtls.signature"),
        Opt::count("dtls-rsa-key-size", "Bits of an RSA key [2048]").to("dtls.rsa-key-size"),
        Opt::int("dtls-mtu", 576, 65_535, "Largest DTLS packet in bytes [1200]").to("dtls.mtu"),
        Opt::text("dtls-ciphers", "Cipher list in OpenSSL form").to("dtls.ciphers"),
    ],
};
