//! What can be changed while running.

use super::Console;
use crate::config::checked::Subsystem;
use crate::desk::Desk;
use flow::Micros;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Fewer descriptors than this are not a limit but an accident.
const FEWEST_FILES: u64 = 65_536;
/// Explanations that `list loglevels` prints.
const SUBSYSTEMS: [(Subsystem, &str); 8] = [
    (Subsystem::Core, "Everything that isn't part of another subsystem"),
    (Subsystem::Control, "Control protocols including SDP exchanges, CLI"),
    (Subsystem::Codec, "Codec negotiation"),
    (Subsystem::Rtcp, "RTCP handling"),
    (Subsystem::Ice, "ICE negotiation"),
    (Subsystem::Crypto, "Negotiation of SRTP, crypto suites, DTLS, SDES"),
    (Subsystem::Srtp, "SRTP encryption and decryption"),
    (Subsystem::Internals, "Noisy low-level internals"),
];
const TUNABLES: [&str; 17] = [
    "maxopenfiles",
    "maxsessions",
    "maxcpu",
    "maxload",
    "maxbw",
    "timeout",
    "silenttimeout",
    "offertimeout",
    "finaltimeout",
    "loglevel",
    "controltos",
    "deletedelay",
    "redisallowederrors",
    "redisdisabletime",
    "redisdisable",
    "redisconnecttimeout",
    "rediscmdtimeout",
];

pub(super) fn is_known(name: &str) -> bool {
    TUNABLES.contains(&name)
}

/// What `list NAME` prints; `None` for a name that there is not.
pub(super) fn get(desk: &Desk, name: &str, rest: &str) -> Option<String> {
    let settings = desk.book.settings();
    let (cpu, load, bandwidth) = desk.strain.limits();
    let seconds = |time: Micros| time.0 / 1_000_000;
    Some(match name {
        "maxopenfiles" => format!(
            "Maximum open-files configured on rtpengine: {}; cat /proc/{}/limits\n",
            getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft),
            std::process::id()
        ),
        "maxsessions" => format!("Maximum sessions configured on rtpengine: {}\n", sessions(desk)),
        "maxcpu" => format!("Maximum CPU usage configured on rtpengine: {cpu:.1}\n"),
        "maxload" => format!("Maximum load average configured on rtpengine: {load:.2}\n"),
        "maxbw" => format!("Maximum bandwidth configured on rtpengine: {bandwidth}\n"),
        "timeout" => format!("TIMEOUT={}\n", seconds(settings.timeout)),
        "silenttimeout" => format!("SILENT_TIMEOUT={}\n", seconds(settings.silent_timeout)),
        "offertimeout" => format!("OFFER_TIMEOUT={}\n", seconds(settings.offer_timeout)),
        "finaltimeout" => format!("FINAL_TIMEOUT={}\n", seconds(settings.final_timeout)),
        "loglevels" => SUBSYSTEMS.iter().map(|(of, what)| format!("{} - {what}\n", of.name())).collect(),
        "loglevel" => loglevel(&desk.console, rest),
        "controltos" => format!("{}\n", desk.console.control_tos.0),
        "deletedelay" => format!("{}\n", seconds(settings.delete_delay)),
        // As upstream prints them when there is no Redis.
        "redisallowederrors" => "-1\n".to_owned(),
        "redisdisabletime" => "10\n".to_owned(),
        "redisconnecttimeout" => "1000\n".to_owned(),
        "rediscmdtimeout" => "0\n".to_owned(),
        _ => return None,
    })
}

/// Calls at most; -1 for no limit.
pub(super) fn sessions(desk: &Desk) -> String {
    desk.book.settings().max_sessions.map_or_else(|| "-1".to_owned(), |most| most.to_string())
}

fn loglevel(console: &Console, of: &str) -> String {
    let Some(levels) = &console.levels else { return String::new() };
    if of.is_empty() {
        let line = |of: &Subsystem| format!("{} = {}\n", of.name(), levels.get(*of));
        return Subsystem::ALL.iter().map(line).collect();
    }
    match Subsystem::named(of) {
        Some(of) => format!("{}\n", levels.get(of)),
        None => format!("Unknown log level subsystem: {}\n", of.escape_debug()),
    }
}

/// What `set NAME VALUE` says; `None` for a name that there is not.
pub(super) fn set(desk: &mut Desk, name: &str, value: &str) -> Option<String> {
    let said = match name {
        "maxopenfiles" => set_open_files(value),
        "maxsessions" => set_sessions(desk, value),
        "maxcpu" => set_decimal(name, value, |value| {
            let (_, load, bandwidth) = desk.strain.limits();
            desk.strain.limit(value, load, bandwidth);
            format!("{value:.1}")
        }),
        "maxload" => set_decimal(name, value, |value| {
            let (cpu, _, bandwidth) = desk.strain.limits();
            desk.strain.limit(cpu, value, bandwidth);
            format!("{value:.2}")
        }),
        "maxbw" => whole(name, value).map(|value| {
            let (cpu, load, _) = desk.strain.limits();
            desk.strain.limit(cpu, load, value);
            format!("Success setting maxbw to {value}\n")
        }),
        "timeout" | "silenttimeout" | "offertimeout" | "finaltimeout" => {
            whole("timeout", value).map(|secs| {
                set_timeout(desk, name, secs);
                format!("Success setting timeout to {secs}\n")
            })
        }
        "deletedelay" => match value.parse::<u32>() {
            Ok(secs) => {
                desk.book.settings_mut().delete_delay = Micros::from_secs(secs.into());
                Ok(format!("Success setting delete-delay to {secs}\n"))
            }
            Err(_) => Err("Invalid delete-delay value\n".to_owned()),
        },
        "controltos" => match value.parse::<u8>() {
            Ok(tos) => {
                desk.console.control_tos = (tos, true);
                Ok(format!("Success setting control-tos to {tos}\n"))
            }
            Err(_) => Err({
                let shown = value.escape_debug();
                format!("Invalid control-tos value {shown}, must be between 0 and 255\n")
            }),
        },
        "loglevel" => set_loglevel(&desk.console, value),
        "redisdisable" => Err("No redis write to disable\n".to_owned()),
        "redisallowederrors" | "redisdisabletime" | "redisconnecttimeout" | "rediscmdtimeout" => {
            Err("Redis is not available in this build\n".to_owned())
        }
        _ => return None,
    };
    let said = said.unwrap_or_else(|wrong| wrong);
    tracing::info!("set {} {} by an operator: {}", name, value.escape_debug(), said.trim_end());
    Some(said)
}

pub(super) fn set_timeout(desk: &mut Desk, name: &str, secs: u64) {
    let settings = desk.book.settings_mut();
    let timeout = match name {
        "silenttimeout" => &mut settings.silent_timeout,
        "offertimeout" => &mut settings.offer_timeout,
        "finaltimeout" => &mut settings.final_timeout,
        _ => &mut settings.timeout,
    };
    *timeout = Micros::from_secs(secs);
    // Calls that are up end by the new ones.
    desk.book.look_at_all(desk.clock.now());
}

/// A whole number, or what is wrong with it in upstream's words.
fn whole(name: &str, value: &str) -> Result<u64, String> {
    let shown = value.escape_debug();
    match value.parse::<u64>() {
        Ok(number) => Ok(number),
        Err(_) if value.bytes().any(|byte| byte.is_ascii_digit()) => {
            Err(format!("Fail setting {name} to {shown}; errno=0\n"))
        }
        Err(_) => Err(format!("Fail setting {name} to {shown}; no digits found\n")),
    }
}

fn set_decimal(name: &str, value: &str, apply: impl FnOnce(f64) -> String) -> Result<String, String> {
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => {
            Ok(format!("Success setting {name} to {}\n", apply(number.max(0.0))))
        }
        _ => Err(format!("Fail setting {name} to {}; no digits found\n", value.escape_debug())),
    }
}

fn set_sessions(desk: &mut Desk, value: &str) -> Result<String, String> {
    let shown = value.escape_debug();
    let limit = match value.parse::<i64>() {
        Ok(-1) => None,
        Ok(number) => Some(u64::try_from(number).map_err(|_| {
            format!("Fail setting maxsessions to {shown}; either positive or -1 values allowed\n")
        })?),
        Err(_) => return Err(format!("Fail setting maxsessions to {shown}; no digits found\n")),
    };
    desk.book.settings_mut().max_sessions = limit;
    let more = if limit.is_none() { "; disable feature" } else { "" };
    Ok(format!("Success setting maxsessions to {shown}{more}\n"))
}

fn set_open_files(value: &str) -> Result<String, String> {
    let most = whole("open_files", value)?;
    if most < FEWEST_FILES {
        return Err(format!("Fail setting open_files to {most}; can't set it under {FEWEST_FILES}\n"));
    }
    let hard = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(_, hard)| hard);
    match setrlimit(Resource::RLIMIT_NOFILE, most, hard.max(most)) {
        Ok(()) => Ok(format!("Success setting open_files to {most}\n")),
        Err(errno) => Err(format!("Fail setting open_files to {most}; errno = {}\n", errno as i32)),
    }
}

/// Upstream's parts with a log level that have no part here.
const ELSEWHERE: [&str; 5] = ["spandsp", "ffmpeg", "transcoding", "http", "dtx"];

/// `N`, or `SUBSYSTEM N`.
fn set_loglevel(console: &Console, value: &str) -> Result<String, String> {
    let Some(levels) = &console.levels else { return Err("There is no log\n".to_owned()) };
    let (of, level) = value.split_once(' ').map_or((None, value), |(of, level)| (Some(of), level.trim()));
    let level: i8 = level
        .parse()
        .map_err(|_| format!("Fail setting loglevel to {}; no digits found\n", level.escape_debug()))?;
    match of.map(Subsystem::named) {
        None => Subsystem::ALL.into_iter().for_each(|of| levels.set(of, level)),
        Some(Some(of)) => levels.set(of, level),
        // Parts of upstream that are not here: scripts that go through all of them go on.
        Some(None) if ELSEWHERE.contains(&of.unwrap_or_default()) => {}
        Some(None) => {
            return Err(format!("Unknown log level subsystem: {}\n", of.unwrap_or_default().escape_debug()));
        }
    }
    Ok(format!("Success setting loglevel to {level}\n"))
}
