//! Descriptors, buffers, cores, clock and memory pages.

use super::subject::list;
use super::{Code, Finding, Need, State, Subject, System};
use crate::config::budget::needed_descriptors;
use crate::config::checked::{Mode, Sockets};
use std::collections::BTreeSet;

/// Clocks that are read without leaving the processor, or with one exit at most.
const FAST_CLOCKS: &[&str] =
    &["tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page", "timebase", "tod"];

/// `limit` is the hard RLIMIT_NOFILE.
pub(super) fn descriptors(subject: &Subject<'_>, limit: u64) -> Finding {
    let code = Code::Descriptors;
    if subject.config.media.sockets == Sockets::Shared {
        return Finding::ok(code, "media ports take none: media.sockets is shared");
    }
    let needed = needed_descriptors(subject.config);
    if needed <= limit {
        return Finding::ok(code, format!("{needed} with all calls up; the limit is {limit}"));
    }
    let what = format!("{needed} are needed with all calls up, but the limit is {limit}");
    let fix = format!("LimitNOFILE={needed} in the unit, `ulimit -n {needed}`, or smaller port ranges");
    Finding::bad(code, State::Warn, what, fix)
}

pub(super) fn receive_buffer(subject: &Subject<'_>, system: &System) -> Finding {
    let code = Code::ReceiveBuffer;
    let Some(wanted) = subject.config.media.receive_buffer.map(|bytes| bytes as u64) else {
        return Finding::skip(code, "media.receive-buffer is not set");
    };
    match system.number("proc/sys/net/core/rmem_max") {
        None => Finding::skip(code, "net.core.rmem_max cannot be read here"),
        Some(most) if most >= wanted => Finding::ok(code, format!("{wanted} bytes of at most {most}")),
        Some(most) => Finding::bad(
            code,
            State::Warn,
            format!("media.receive-buffer asks for {wanted} bytes, but sockets get at most {most}"),
            format!("sysctl -w net.core.rmem_max={wanted}"),
        ),
    }
}

/// `0-3,8` as sets of numbers, as the kernel writes lists of CPUs.
fn cpus(text: &str) -> BTreeSet<usize> {
    let number = |text: &str| text.trim().parse::<usize>().ok();
    let ranges = text.split(',').filter_map(|part| match part.split_once('-') {
        Some((low, high)) => Some(number(low)?..=number(high)?.min(65_535)),
        None => number(part).map(|one| one..=one),
    });
    ranges.flatten().collect()
}

pub(super) fn cores(subject: &Subject<'_>, system: &System) -> Finding {
    let code = Code::Cores;
    let config = subject.config;
    let mut wanted: BTreeSet<usize> = config.threads.cores.iter().copied().collect();
    wanted.extend(config.interfaces.addresses().flat_map(|(_, local)| local.cores.iter().copied()));
    let Some(online) = system.line("sys/devices/system/cpu/online").map(|text| cpus(&text)) else {
        return Finding::skip(code, "the system does not tell its CPU cores");
    };
    let missing: Vec<String> = wanted.difference(&online).map(ToString::to_string).collect();
    if !missing.is_empty() {
        return Finding::bad(
            code,
            State::Fail,
            format!("there is no CPU core {} for packet threads", list(&missing)),
            "set threads.cores to cores that are online: see `lscpu`",
        );
    }
    let appliance = subject.needs(Mode::Appliance) != Need::None;
    if wanted.is_empty() && appliance {
        return Finding::bad(
            code,
            State::Warn,
            "packet threads are not pinned, so they move away from the queues they poll",
            "set threads.cores, with the interrupts of the queues on the same cores",
        );
    }
    if config.threads.media > online.len() {
        let (threads, cores) = (config.threads.media, online.len());
        let what = format!("{threads} packet threads share {cores} CPU cores");
        return Finding::bad(code, State::Warn, what, format!("set threads.media = {cores}"));
    }
    Finding::ok(code, format!("{} packet threads, {} CPU cores", config.threads.media, online.len()))
}

pub(super) fn clock_source(system: &System) -> Finding {
    let code = Code::ClockSource;
    let folder = "sys/devices/system/clocksource/clocksource0";
    match system.line(&format!("{folder}/current_clocksource")) {
        None => Finding::skip(code, "the system does not tell its clock source"),
        Some(name) if FAST_CLOCKS.contains(&name.as_str()) => Finding::ok(code, name),
        Some(name) => {
            let others = system.line(&format!("{folder}/available_clocksource")).unwrap_or_default();
            let better = others.split_whitespace().find(|other| FAST_CLOCKS.contains(other));
            let fix = match better {
                Some(better) => format!("echo {better} > /{folder}/current_clocksource"),
                None => "the kernel offers no better one; ask the hypervisor's operator".to_owned(),
            };
            Finding::bad(code, State::Warn, format!("{name} is slow to read"), fix)
        }
    }
}

pub(super) fn huge_pages(subject: &Subject<'_>, system: &System) -> Finding {
    let code = Code::HugePages;
    if subject.needs(Mode::Appliance) == Need::None {
        return Finding::skip(code, "only mode appliance uses them");
    }
    let memory = system.read("proc/meminfo").unwrap_or_default();
    let value = |key: &str| {
        let line = memory.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    match (value("HugePages_Free:"), value("Hugepagesize:")) {
        (Some(free), Some(size_kb)) if free > 0 => {
            Finding::ok(code, format!("{free} of {size_kb} kB are free; buffers of packet threads use them"))
        }
        (Some(_), Some(size_kb)) => Finding::bad(
            code,
            State::Warn,
            "none is free, so buffers of packet threads lie in small pages",
            format!("sysctl -w vm.nr_hugepages={} (each {size_kb} kB)", 16 * subject.config.threads.media),
        ),
        _ => Finding::skip(code, "this kernel has none"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::examine::tests::{appliance, with};
    use super::super::system::tests::painted;
    use super::*;

    fn of<T>(config: &crate::config::checked::Config, look: impl FnOnce(&Subject<'_>) -> T) -> T {
        look(&Subject { config, written: true, attach: false })
    }

    #[test]
    fn descriptors_and_buffers_are_compared_with_their_limits() {
        let shared = with("");
        assert_eq!(of(&shared, |subject| descriptors(subject, 1)).state, State::Ok);
        let config = with("[media]\nsockets = \"per-port\"\nreceive-buffer = 300000\n");
        let needed = needed_descriptors(&config);
        assert_eq!(of(&config, |subject| descriptors(subject, needed)).state, State::Ok);
        assert_eq!(of(&config, |subject| descriptors(subject, needed - 1)).state, State::Warn);
        let buffer = |most: &str| {
            let (_folder, system) = painted(&[("proc/sys/net/core/rmem_max", most)]);
            of(&config, |subject| receive_buffer(subject, &system)).state
        };
        assert_eq!((buffer("300000"), buffer("212992")), (State::Ok, State::Warn));
    }

    #[test]
    fn cores_must_be_online() {
        assert_eq!(cpus("0-2,5"), BTreeSet::from([0, 1, 2, 5]));
        assert_eq!(cpus("x,3-,4"), BTreeSet::from([4]));
        let state = |text: &str| {
            let (_folder, system) = painted(&[("sys/devices/system/cpu/online", "0-3")]);
            of(&with(text), |subject| cores(subject, &system)).state
        };
        assert_eq!(state("[threads]\nmedia = 2\ncores = [2, 3]\n"), State::Ok);
        assert_eq!(state("[threads]\nmedia = 2\ncores = [3, 4]\n"), State::Fail);
        assert_eq!(state("[threads]\nmedia = 5\n"), State::Warn);
        let (_folder, system) = painted(&[("sys/devices/system/cpu/online", "0-63")]);
        let finding = of(&appliance(), |subject| cores(subject, &system));
        assert!(finding.what.contains("not pinned"), "{finding:?}");
    }

    #[test]
    fn a_slow_clock_names_a_better_one() {
        let folder = "sys/devices/system/clocksource/clocksource0";
        let (now, all) = (format!("{folder}/current_clocksource"), format!("{folder}/available_clocksource"));
        let look = |name: &str, others: &str| {
            let (_folder, system) = painted(&[(&now, name), (&all, others)]);
            clock_source(&system)
        };
        assert_eq!(look("kvm-clock\n", "kvm-clock tsc\n").state, State::Ok);
        let finding = look("hpet\n", "hpet tsc acpi_pm\n");
        assert_eq!(finding.state, State::Warn);
        assert!(finding.fix.unwrap().starts_with("echo tsc > /sys/devices/"));
        assert!(look("acpi_pm\n", "acpi_pm\n").fix.unwrap().contains("no better one"));
    }

    #[test]
    fn huge_pages_are_counted() {
        let config = appliance();
        let look = |text: &str| {
            let (_folder, system) = painted(&[("proc/meminfo", text)]);
            of(&config, |subject| huge_pages(subject, &system)).state
        };
        let file = |free| format!("MemTotal: 1 kB\nHugePages_Free:   {free}\nHugepagesize:   2048 kB\n");
        assert_eq!(
            (look(&file(7)), look(&file(0)), look("MemTotal: 1 kB\n")),
            (State::Ok, State::Warn, State::Skip)
        );
    }
}
