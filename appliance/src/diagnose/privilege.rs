//! Capabilities and locked memory.

use super::subject::list;
use super::{Code, Finding, Need, Subject, System};
use crate::config::checked::Mode;

/// Numbers of linux/capability.h.
const NET_ADMIN: (u32, &str) = (12, "CAP_NET_ADMIN");
const NET_RAW: (u32, &str) = (13, "CAP_NET_RAW");
const IPC_LOCK: u32 = 14;
const SYS_ADMIN: u32 = 21;
const BPF: (u32, &str) = (39, "CAP_BPF");

/// Memory that a packet thread shares with the kernel for each NIC queue, in bytes, rounded up: buffers for two rings
/// and as many unread packets.
const PER_QUEUE: u64 = 16 << 20;

/// The effective capabilities of this process.
fn effective(system: &System) -> Option<u64> {
    let status = system.read("proc/self/status")?;
    let bits = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(bits.trim(), 16).ok()
}

fn has(bits: u64, capability: u32) -> bool {
    bits >> capability & 1 != 0
}

pub(super) fn capabilities(subject: &Subject<'_>, system: &System) -> Finding {
    let code = Code::Capabilities;
    let (appliance, kernel) = (subject.needs(Mode::Appliance), subject.needs(Mode::Kernel));
    let (wanted, need): (&[(u32, &str)], Need) = match (appliance, kernel) {
        (Need::None, Need::None) => return Finding::skip(code, "mode userspace needs none"),
        (Need::None, need) => (&[NET_ADMIN], need),
        (need, _) => (&[NET_ADMIN, NET_RAW, BPF], need),
    };
    let Some(bits) = effective(system) else {
        return Finding::skip(code, "this process's own status cannot be read");
    };
    // CAP_SYS_ADMIN is what CAP_BPF was cut out of, and still does.
    let there = |(capability, _): &(u32, &str)| {
        has(bits, *capability) || (*capability == BPF.0 && has(bits, SYS_ADMIN))
    };
    let missing: Vec<&str> = wanted.iter().filter(|one| !there(one)).map(|(_, name)| *name).collect();
    let all: Vec<&str> = wanted.iter().map(|(_, name)| *name).collect();
    if missing.is_empty() {
        return Finding::ok(code, format!("this process has {}", list(&all)));
    }
    let what = format!("this process lacks {}", list(&missing));
    let fix = format!(
        "run this as the daemon's user does; in its unit: AmbientCapabilities={0} and CapabilityBoundingSet={0}",
        all.join(" ")
    );
    Finding::bad(code, need.lacking(), what, fix)
}

/// `limit` is the hard RLIMIT_MEMLOCK in bytes.
pub(super) fn memlock(subject: &Subject<'_>, system: &System, limit: u64) -> Finding {
    let code = Code::Memlock;
    let need = subject.needs(Mode::Appliance);
    if need == Need::None {
        return Finding::skip(code, "only mode appliance locks memory");
    }
    let devices: std::collections::BTreeSet<_> = subject
        .config
        .interfaces
        .addresses()
        .filter(|(_, local)| local.mode == Mode::Appliance)
        .filter_map(|(_, local)| local.device.as_ref())
        .collect();
    let wanted = PER_QUEUE * subject.config.threads.media as u64 * devices.len().max(1) as u64;
    if effective(system).is_some_and(|bits| has(bits, IPC_LOCK)) {
        return Finding::ok(code, "CAP_IPC_LOCK: memory may be locked without limit");
    }
    let (have, want) = (limit >> 20, wanted >> 20);
    if limit >= wanted {
        return Finding::ok(code, format!("{want} MB are needed, {have} MB may be locked"));
    }
    let what = format!("packet threads lock about {want} MB, but only {have} MB may be locked");
    Finding::bad(code, need.lacking(), what, "LimitMEMLOCK=infinity in the unit, or `ulimit -l unlimited`")
}

#[cfg(test)]
mod tests {
    use super::super::examine::tests::{appliance, kernel, possible, userspace};
    use super::super::system::tests::painted;
    use super::super::{State, Subject};
    use super::*;

    fn status(bits: u64) -> String {
        format!("Name:\tx\nCapInh:\t0000000000000000\nCapEff:\t{bits:016x}\n")
    }

    fn asked(subject: &Subject<'_>, bits: u64) -> Finding {
        let (_folder, system) = painted(&[("proc/self/status", &status(bits))]);
        capabilities(subject, &system)
    }

    #[test]
    fn each_mode_needs_its_own() {
        let (config, none) = (appliance(), 0);
        let subject = Subject { config: &config, written: true, attach: false };
        let all = 1 << 12 | 1 << 13 | 1 << 39;
        assert_eq!(asked(&subject, all).state, State::Ok);
        assert_eq!(
            asked(&subject, 1 << 12 | 1 << 13 | 1 << 21).state,
            State::Ok,
            "an older kernel's CAP_SYS_ADMIN"
        );
        let finding = asked(&subject, 1 << 13);
        assert_eq!(
            (finding.state, finding.what.as_str()),
            (State::Fail, "this process lacks CAP_NET_ADMIN, CAP_BPF")
        );
        assert!(finding.fix.unwrap().contains("AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW CAP_BPF"));
        let config = kernel();
        let subject = Subject { config: &config, ..subject };
        assert_eq!(asked(&subject, 1 << 12).state, State::Ok);
        assert_eq!(asked(&subject, none).what, "this process lacks CAP_NET_ADMIN");
        let config = userspace();
        assert_eq!(asked(&Subject { config: &config, ..subject }, none).state, State::Skip);
        let config = possible();
        assert_eq!(asked(&Subject { config: &config, written: false, ..subject }, none).state, State::Warn);
    }

    #[test]
    fn locked_memory_grows_with_threads_and_nics() {
        let config = appliance();
        let subject = Subject { config: &config, written: true, attach: false };
        let (_folder, system) = painted(&[("proc/self/status", &status(0))]);
        let want = PER_QUEUE * config.threads.media as u64;
        assert_eq!(memlock(&subject, &system, want).state, State::Ok);
        assert_eq!(memlock(&subject, &system, want - 1).state, State::Fail);
        let (_folder, system) = painted(&[("proc/self/status", &status(1 << 14))]);
        assert_eq!(memlock(&subject, &system, 0).state, State::Ok);
    }
}
