//! The layer as a whole, without the process-wide default.

use std::os::unix::net::UnixDatagram;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

use super::sink::{Sink, SystemLog};
use super::{Levels, Output, levels};
use crate::config::checked::{Facility, Log, Subsystem};

fn settings(level: i8, of: &[(Subsystem, i8)]) -> Log {
    Log {
        level,
        levels: of.iter().copied().collect(),
        stderr: false,
        facility: Facility(3),
        name: "relay".to_owned(),
        timestamps: false,
        split_lines: false,
        max_line: None,
    }
}

/// What comes out when `body` runs at these settings.
fn logged(settings: &Log, body: impl FnOnce(&Levels)) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let receiver = UnixDatagram::bind(&path).unwrap();
    receiver.set_nonblocking(true).unwrap();
    let log = SystemLog::open(&path, settings.facility, &settings.name).unwrap();
    let levels = Levels::new(settings);
    let output = Output {
        levels: levels.clone(),
        sink: Sink::SystemLog(log),
        split_lines: false,
        max_line: usize::MAX,
    };
    tracing::subscriber::with_default(Registry::default().with(output), || body(&levels));
    let mut lines = Vec::new();
    let mut buffer = [0; 500];
    while let Ok(length) = receiver.recv(&mut buffer) {
        let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
        lines.push(text.split_once("]: ").unwrap().1.to_owned());
    }
    lines
}

#[test]
fn levels_follow_the_scale_of_the_system_log() {
    let speak = |_: &Levels| {
        tracing::error!("e");
        tracing::warn!("w");
        tracing::info!("i");
        tracing::debug!("d");
        tracing::trace!("t");
    };
    let all = ["ERR: [core] e", "WARNING: [core] w", "INFO: [core] i", "DEBUG: [core] d", "DEBUG: [core] t"];
    for (level, count) in [(-1, 0), (0, 0), (2, 0), (3, 1), (4, 2), (5, 2), (6, 3), (7, 4), (8, 5)] {
        assert_eq!(logged(&settings(level, &[]), speak), all[..count], "level {level}");
    }
}

#[test]
fn a_subsystem_has_its_own_level() {
    let lines = logged(&settings(4, &[(Subsystem::Control, 7)]), |_| {
        tracing::debug!("core");
        tracing::debug!(target: "control", "control");
        tracing::debug!(target: "rtpengine::verbs::offer", "verbs");
        tracing::debug!(target: "rtpengine::worker", "worker");
    });
    assert_eq!(lines, ["DEBUG: [control] control", "DEBUG: [control] verbs"]);
}

#[test]
fn levels_change_while_running() {
    let lines = logged(&settings(6, &[]), |levels| {
        tracing::debug!("hidden");
        levels.shift(1);
        tracing::debug!("shown");
        levels.shift(-2);
        tracing::info!("hidden again");
        levels.set(Subsystem::Core, 120);
        assert_eq!(levels.get(Subsystem::Core), 9);
    });
    assert_eq!(lines, ["DEBUG: [core] shown"]);
}

#[test]
fn fields_follow_the_message_and_the_call_leads() {
    let lines = logged(&settings(6, &[]), |_| {
        tracing::info!(call = "abc", port = 30_000, reason = ?Some("x"), "opened");
    });
    assert_eq!(lines, ["INFO: [abc]: [core] opened port=30000 reason=Some(\"x\")"]);
}

#[test]
fn every_subsystem_answers_to_its_name() {
    for subsystem in Subsystem::ALL {
        assert_eq!(levels::subsystem(subsystem.name()), subsystem);
    }
    assert_eq!(levels::subsystem(""), Subsystem::Core);
}
