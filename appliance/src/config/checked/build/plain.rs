//! Sections whose values need no look at the host.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::Builder;
use crate::config::checked::{
    EndpointLearning, Facility, Idle, Limits, Log, Media, Process, Sockets, Subsystem, Threads, Timeouts,
};
use crate::config::nearest::nearest;
use crate::config::raw;

/// Packet threads beyond this are a slip of the pen.
const MOST_THREADS: u32 = 1024;

impl Builder<'_> {
    pub(super) fn media(&mut self, raw: &raw::Media) -> Option<Media> {
        let learning = match raw.endpoint_learning.to_ascii_lowercase().as_str() {
            "heuristic" => EndpointLearning::Heuristic,
            "delayed" => EndpointLearning::Delayed,
            "immediate" => EndpointLearning::Immediate,
            "off" => EndpointLearning::Off,
            other => {
                let known = ["heuristic", "delayed", "immediate", "off"];
                self.wrong_word("media.endpoint-learning", "a way to learn endpoints", other, &known);
                return None;
            }
        };
        Some(Media {
            tos: raw.tos,
            endpoint_learning: learning,
            sip_source: raw.sip_source,
            reject_invalid_sdp: raw.reject_invalid_sdp,
            receive_buffer: raw.receive_buffer.and_then(|bytes| usize::try_from(bytes).ok()),
            sockets: match raw.sockets {
                raw::Sockets::Shared => Sockets::Shared,
                raw::Sockets::PerPort => Sockets::PerPort,
            },
            notrack: raw.notrack,
        })
    }

    pub(super) fn limits(&mut self, raw: &raw::Limits) -> Limits {
        for (path, value) in [("limits.load", raw.load), ("limits.cpu", raw.cpu)] {
            if value.is_some_and(|value| !value.is_finite() || value <= 0.0) {
                self.wrong(path, "the limit is not above 0", "remove the key to set no limit");
            }
        }
        if raw.cpu.is_some_and(|percent| percent > 100.0) {
            self.warn(
                "limits.cpu",
                "a limit above 100 percent is never reached",
                "it is the share of the whole host",
            );
        }
        Limits {
            sessions: raw.sessions.map(u64::from),
            load: raw.load,
            cpu: raw.cpu,
            bandwidth: raw.bandwidth,
        }
    }

    pub(super) fn threads(&mut self, raw: &raw::Threads) -> Threads {
        for (path, count) in [("threads.workers", raw.workers), ("threads.media", raw.media)] {
            if count.is_some_and(|count| count == 0 || count > MOST_THREADS) {
                self.wrong(path, "this is no sensible number of threads", format!("1 to {MOST_THREADS}"));
            }
        }
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let set = raw.media.or(raw.workers).and_then(|count| usize::try_from(count).ok());
        Threads {
            media: set.unwrap_or(cpus).max(1),
            cores: self.cores("threads.cores", &raw.cores),
            idle: match raw.idle {
                raw::Idle::Busy => Idle::Busy,
                raw::Idle::Adaptive => Idle::Adaptive,
                raw::Idle::Interrupt => Idle::Interrupt,
            },
        }
    }

    /// Core numbers that exist on any Linux.
    pub(super) fn cores(&mut self, path: &str, raw: &raw::Numbers) -> Vec<usize> {
        let most = nix::sched::CpuSet::count();
        let cores: Vec<usize> = raw.0.iter().filter_map(|core| usize::try_from(*core).ok()).collect();
        if let Some(core) = cores.iter().find(|core| **core >= most) {
            self.wrong(path, format!("there is no CPU core {core}"), "cores count from 0");
        }
        cores
    }

    pub(super) fn log(&mut self, raw: &raw::Log) -> Option<Log> {
        let mut levels = BTreeMap::new();
        for (name, level) in &raw.levels {
            let path = format!("log.levels.{name}");
            self.level(&path, *level);
            match Subsystem::named(name) {
                Some(subsystem) => {
                    levels.insert(subsystem, *level);
                }
                None => {
                    let known: Vec<&str> = Subsystem::ALL.iter().map(|known| known.name()).collect();
                    self.wrong_word(&path, "a part with a log level", name, &known);
                }
            }
        }
        self.level("log.level", raw.level);
        let Some(facility) = Facility::named(&raw.facility) else {
            self.wrong_word("log.facility", "a facility of the system log", &raw.facility, Facility::NAMES);
            return None;
        };
        Some(Log {
            level: raw.level,
            levels,
            stderr: raw.stderr,
            facility,
            name: raw.name.clone(),
            timestamps: raw.timestamps,
            split_lines: raw.split_lines,
            max_line: raw.max_line.filter(|bytes| *bytes > 0).and_then(|bytes| usize::try_from(bytes).ok()),
        })
    }

    fn level(&mut self, path: &str, level: i8) {
        if !(-1..=9).contains(&level) {
            self.wrong(
                path,
                format!("{level} is no log level"),
                "0 (emergencies) to 7 (debug), 8 and 9 for traces",
            );
        }
    }

    pub(super) fn wrong_word(&mut self, path: &str, what: &str, given: &str, known: &[&str]) {
        let near = nearest(given, known.iter().copied()).unwrap_or_default();
        let hint = format!("did you mean `{near}`? known: {}", known.join(", "));
        self.wrong(path, format!("`{given}` is not {what}"), hint);
    }
}

pub(super) fn timeouts(raw: &raw::Timeouts) -> Timeouts {
    let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
    Timeouts {
        media: seconds(raw.media),
        silent: seconds(raw.silent),
        offer: seconds(raw.offer),
        call: raw.call.filter(|call| *call > 0).map(seconds),
        delete_delay: seconds(raw.delete_delay),
        one_way: seconds(raw.one_way),
    }
}

pub(super) fn process(raw: &raw::Process) -> Process {
    Process {
        foreground: raw.foreground,
        pidfile: raw.pidfile.as_ref().filter(|path| !path.is_empty()).map(PathBuf::from),
    }
}
