//! Log levels per subsystem, changeable while running.

use std::sync::Arc;
use std::sync::atomic::{AtomicI8, Ordering};

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};

use crate::config::checked::{self, Subsystem};

/// Least and greatest level.
const RANGE: (i8, i8) = (-1, 9);

/// The log levels of all subsystems: 0 (emergencies only) to 7 (debug), 8 and up for traces, below 0 for silence.
/// Clones share them.
#[derive(Debug, Clone)]
pub struct Levels {
    levels: Arc<[AtomicI8; Subsystem::ALL.len()]>,
}

impl Levels {
    pub(super) fn new(settings: &checked::Log) -> Self {
        let level = |subsystem: &Subsystem| settings.levels.get(subsystem).copied().unwrap_or(settings.level);
        let levels = Subsystem::ALL.map(|subsystem| AtomicI8::new(level(&subsystem)));
        Self { levels: Arc::new(levels) }
    }

    /// The level of one subsystem.
    #[must_use]
    pub fn get(&self, subsystem: Subsystem) -> i8 {
        self.levels[subsystem as usize].load(Ordering::Relaxed)
    }

    /// Sets the level of one subsystem; levels beyond -1 to 9 count as the nearest of these.
    pub fn set(&self, subsystem: Subsystem, level: i8) {
        self.levels[subsystem as usize].store(level.clamp(RANGE.0, RANGE.1), Ordering::Relaxed);
        // the macros compare with a maximum of their own, worked out from `most_verbose`
        tracing::callsite::rebuild_interest_cache();
    }

    /// Sets all levels as the configuration has them.
    pub fn follow(&self, settings: &checked::Log) {
        for subsystem in Subsystem::ALL {
            self.set(subsystem, settings.levels.get(&subsystem).copied().unwrap_or(settings.level));
        }
    }

    /// Raises (or lowers, below 0) the level of every subsystem.
    pub fn shift(&self, by: i8) {
        for subsystem in Subsystem::ALL {
            self.set(subsystem, self.get(subsystem).saturating_add(by));
        }
    }

    pub(super) fn allows(&self, metadata: &Metadata<'_>) -> bool {
        number(*metadata.level()) <= self.get(subsystem(metadata.target()))
    }

    pub(super) fn most_verbose(&self) -> LevelFilter {
        match Subsystem::ALL.into_iter().map(|subsystem| self.get(subsystem)).max().unwrap_or(0) {
            ..3 => LevelFilter::OFF,
            3 => LevelFilter::ERROR,
            4 | 5 => LevelFilter::WARN,
            6 => LevelFilter::INFO,
            7 => LevelFilter::DEBUG,
            8.. => LevelFilter::TRACE,
        }
    }
}

/// The number of a level in the scale of the system log, with traces behind it.
pub(super) fn number(level: Level) -> i8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG => 7,
        Level::TRACE => 8,
    }
}

/// The subsystem an event belongs to: its target is a subsystem's name or the path of a module.
pub(super) fn subsystem(target: &str) -> Subsystem {
    let mut steps = target.split("::");
    let room = match steps.next() {
        Some("rtpengine") => steps.next().unwrap_or_default(),
        other => other.unwrap_or_default(),
    };
    match room {
        "control" | "verbs" | "ng" => Subsystem::Control,
        "codec" | "sdp" => Subsystem::Codec,
        "rtcp" => Subsystem::Rtcp,
        "ice" => Subsystem::Ice,
        "crypto" | "dtls" | "handshake" => Subsystem::Crypto,
        "srtp" => Subsystem::Srtp,
        "internals" | "worker" | "engine" | "udp" => Subsystem::Internals,
        _ => Subsystem::Core,
    }
}
