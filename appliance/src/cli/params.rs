//! The configuration as it was at the start and as it is now.

use super::answer::{MORE, unknown};
use super::tunable;
use crate::config::checked::{Config, EndpointLearning, Subsystem};
use crate::desk::Desk;
use flow::Micros;

/// Something that can be changed: its name in lists, its name in differences, how to read it, how to set it.
type Row = (&'static str, &'static str, fn(&Desk) -> String, fn(&mut Desk, &str));

const ROWS: [Row; 10] = [
    ("max_sessions", "max-sessions", tunable::sessions, |desk, value| {
        desk.book.settings_mut().max_sessions = value.parse().ok();
    }),
    (
        "control_tos",
        "control-tos",
        |desk| desk.console.control_tos.0.to_string(),
        |desk, value| {
            desk.console.control_tos = (value.parse().unwrap_or(0), true);
        },
    ),
    (
        "load_limit",
        "max-load",
        |desk| hundredths(desk.strain.limits().1),
        |desk, value| {
            let (cpu, _, bandwidth) = desk.strain.limits();
            desk.strain.limit(cpu, number(value) as f64 / 100.0, bandwidth);
        },
    ),
    (
        "cpu_limit",
        "max-cpu",
        |desk| hundredths(desk.strain.limits().0),
        |desk, value| {
            let (_, load, bandwidth) = desk.strain.limits();
            desk.strain.limit(number(value) as f64 / 100.0, load, bandwidth);
        },
    ),
    (
        "bw_limit",
        "max-bw",
        |desk| desk.strain.limits().2.to_string(),
        |desk, value| {
            let (cpu, load, _) = desk.strain.limits();
            desk.strain.limit(cpu, load, number(value));
        },
    ),
    (
        "silent_timeout_us",
        "silent-timeout",
        |desk| us(desk.book.settings().silent_timeout),
        |desk, value| {
            tunable::set_timeout(desk, "silenttimeout", number(value) / 1_000_000);
        },
    ),
    (
        "timeout_us",
        "timeout",
        |desk| us(desk.book.settings().timeout),
        |desk, value| {
            tunable::set_timeout(desk, "timeout", number(value) / 1_000_000);
        },
    ),
    (
        "final_timeout_us",
        "final-timeout",
        |desk| us(desk.book.settings().final_timeout),
        |desk, value| {
            tunable::set_timeout(desk, "finaltimeout", number(value) / 1_000_000);
        },
    ),
    (
        "offer_timeout_us",
        "offer-timeout",
        |desk| us(desk.book.settings().offer_timeout),
        |desk, value| {
            tunable::set_timeout(desk, "offertimeout", number(value) / 1_000_000);
        },
    ),
    (
        "delete_delay_us",
        "delete-delay",
        |desk| us(desk.book.settings().delete_delay),
        |desk, value| {
            desk.book.settings_mut().delete_delay = Micros(number(value));
        },
    ),
];

/// Notes the configuration that the daemon has started with.
pub(crate) fn remember(desk: &mut Desk, config: &Config) {
    desk.console.control_tos = (config.control.tos.unwrap_or(0), false);
    desk.console.fixed = fixed(config);
    desk.console.at_start = now(desk);
}

/// `params start|current|diff|revert`.
pub(super) fn answer(desk: &mut Desk, what: &str) -> String {
    match what {
        "" => MORE.to_owned(),
        "start" => list(&desk.console.at_start, &desk.console.fixed),
        "current" => list(&now(desk), &desk.console.fixed),
        "diff" => changed(desk).map(|(name, old, new)| format!("{name}: {old} => {new}\n")).collect(),
        "revert" => revert(desk),
        other => unknown(other),
    }
}

fn list(changing: &[(&'static str, String)], fixed: &[(&'static str, String)]) -> String {
    changing.iter().chain(fixed).map(|(name, value)| format!("{name} = {value}\n")).collect()
}

fn now(desk: &Desk) -> Vec<(&'static str, String)> {
    let level = |of: Subsystem| {
        let level = desk.console.levels.as_ref().map_or(0, |levels| levels.get(of));
        (level_name(of), level.to_string())
    };
    let rows = ROWS.iter().map(|(name, _, read, _)| (*name, read(desk)));
    Subsystem::ALL.into_iter().map(level).chain(rows).collect()
}

/// Names as differences have them, with both values.
fn changed(desk: &Desk) -> impl Iterator<Item = (&'static str, String, String)> + '_ {
    let both = desk.console.at_start.iter().zip(now(desk));
    both.filter(|(old, new)| old.1 != new.1).map(|(old, new)| {
        let row = ROWS.iter().find(|(name, ..)| *name == old.0);
        (row.map_or(old.0, |(_, shown, ..)| *shown), old.1.clone(), new.1)
    })
}

fn revert(desk: &mut Desk) -> String {
    let many = changed(desk).count();
    for (name, value) in desk.console.at_start.clone() {
        if let Some((.., set)) = ROWS.iter().find(|(known, ..)| *known == name) {
            set(desk, &value);
        } else if let (Some(levels), Some(of)) =
            (&desk.console.levels, Subsystem::ALL.into_iter().find(|of| level_name(*of) == name))
        {
            levels.set(of, value.parse().unwrap_or(0));
        }
    }
    tracing::info!("{many} parameters reverted by an operator");
    format!("{many} parameters reverted\n")
}

fn fixed(config: &Config) -> Vec<(&'static str, String)> {
    let learning = match config.media.endpoint_learning {
        EndpointLearning::Off => 2,
        EndpointLearning::Immediate => 1,
        EndpointLearning::Delayed => 0,
        EndpointLearning::Heuristic => 3,
    };
    let mut all = vec![
        ("kernel_table", config.kernel.table.map_or_else(|| "-1".to_owned(), |table| table.to_string())),
        ("default_tos", config.media.tos.to_string()),
        ("num_threads", config.threads.media.to_string()),
        ("dtls_mtu", config.dtls.mtu.to_string()),
        ("endpoint_learning", learning.to_string()),
    ];
    for (interface, local) in config.interfaces.addresses() {
        let mut shown = format!("{}\\{}", interface.name, local.addr);
        if local.advertised != local.addr {
            shown.push_str(&format!("!{}", local.advertised));
        }
        let range = local.ports.range();
        shown.push_str(&format!(" {}-{}", range.low(), range.high()));
        all.push(("interface", shown));
    }
    all.push(("software_id", config.control.software_id.clone()));
    let control = &config.control;
    let listeners = [
        ("ng_listen_ep", &control.ng_udp),
        ("ng_tcp_listen_ep", &control.ng_tcp),
        ("cli_listen_ep", &control.cli),
        ("http_listen_ep", &control.http),
    ];
    for (name, addresses) in listeners {
        all.extend(addresses.iter().map(|at| (name, at.to_string())));
    }
    all
}

fn level_name(of: Subsystem) -> &'static str {
    match of {
        Subsystem::Core => "log-level-core",
        Subsystem::Control => "log-level-control",
        Subsystem::Codec => "log-level-codec",
        Subsystem::Rtcp => "log-level-rtcp",
        Subsystem::Ice => "log-level-ice",
        Subsystem::Crypto => "log-level-crypto",
        Subsystem::Srtp => "log-level-srtp",
        Subsystem::Internals => "log-level-internals",
    }
}

fn hundredths(value: f64) -> String {
    format!("{:.0}", value * 100.0)
}

fn us(time: Micros) -> String {
    time.0.to_string()
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}
