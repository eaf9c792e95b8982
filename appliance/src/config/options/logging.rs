//! Logging and the process.

use super::spec::{Carry, Group, Opt};

const FACILITIES: &[&str] =
    &["daemon", "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"];
const OWN_FACILITY: &str = "a log of its own for this kind of record";
const MARKS: &str = "privacy marks in log lines";

const fn level(name: &'static str, path: &'static str) -> Opt {
    Opt::int(name, -1, 9, "Log level of this part alone").to(path)
}

const fn absent(name: &'static str) -> Opt {
    Opt::int(name, -1, 9, "Log level of this part alone").later("the part of the daemon with this name")
}

pub(super) const LOGGING: Group = Group {
    title: "Logging and process",
    options: &[
        Opt::int("log-level", -1, 9, "0 (emergencies) to 7 (debug) [6]").short('L').to("log.level"),
        level("log-level-core", "log.levels.core"),
        absent("log-level-spandsp"),
        absent("log-level-ffmpeg"),
        absent("log-level-transcoding"),
        level("log-level-codec", "log.levels.codec"),
        level("log-level-rtcp", "log.levels.rtcp"),
        level("log-level-ice", "log.levels.ice"),
        level("log-level-crypto", "log.levels.crypto"),
        level("log-level-srtp", "log.levels.srtp"),
        level("log-level-internals", "log.levels.internals"),
        absent("log-level-http"),
        level("log-level-control", "log.levels.control"),
        absent("log-level-dtx"),
        Opt::word("log-facility", FACILITIES, "Facility of the system log [daemon]").to("log.facility"),
        Opt::word("log-facility-cdr", FACILITIES, "Facility for call records").later(OWN_FACILITY),
        Opt::word("log-facility-rtcp", FACILITIES, "Facility for RTCP records").later(OWN_FACILITY),
        Opt::word("log-facility-dtmf", FACILITIES, "Facility for DTMF records").later(OWN_FACILITY),
        Opt::flag("log-stderr", "Log to standard error").short('E').to("log.stderr"),
        Opt::flag("split-logs", "Split log messages at line ends").to("log.split-lines"),
        Opt::int(
            "max-log-line-length",
            -1,
            i32::MAX as i64,
            "Cut log lines at so many bytes; 0 or -1 for no limit",
        )
        .carry(Carry::Unless(-1, "log.max-line")),
        Opt::flag("no-log-timestamps", "No time stamps on standard error")
            .carry(Carry::Negated("log.timestamps")),
        Opt::text("log-name", "Program name in the system log [rtpengine]").to("log.name"),
        Opt::text("log-mark-prefix", "Text before sensitive parts of a log line").later(MARKS),
        Opt::text("log-mark-suffix", "Text after sensitive parts of a log line").later(MARKS),
        Opt::word("log-format", &["default", "parsable"], "How the call is shown in a log line")
            .later("a choice of log line formats"),
        Opt::flag("log-srtp-keys", "Log SRTP keys").moot("keys are never logged"),
        Opt::flag("debug-srtp", "Log SRTP packets raw")
            .moot("packets are never logged; capture them instead"),
        Opt::flag("foreground", "Stay attached to the terminal").short('f').to("process.foreground"),
        Opt::text("pidfile", "File for the process id").short('p').to("process.pidfile"),
    ],
};
