//! What the kernel is.

use super::{Code, Finding, Need, State, Subject, System};
use crate::config::checked::Mode;

/// The XDP program needs it, and copy mode with busy polling lost packets before.
const OLDEST: (u32, u32) = (5, 18);
/// From here on the kernel says what drivers can do for XDP.
const TELLING: (u32, u32) = (6, 3);

/// `6.1.0-37-amd64` is (6, 1).
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

pub(super) fn kernel_version(subject: &Subject<'_>, system: &System) -> Finding {
    let code = Code::KernelVersion;
    let need = subject.needs(Mode::Appliance);
    let Some(text) = system.line("proc/sys/kernel/osrelease") else {
        return Finding::skip(code, "the kernel does not tell its version");
    };
    if need == Need::None {
        return Finding::ok(code, format!("{text}; modes userspace and kernel have no demands"));
    }
    match version(&text) {
        None => Finding::skip(code, format!("`{text}` is no version that is understood")),
        Some(version) if version < OLDEST => Finding::bad(
            code,
            need.lacking(),
            format!("{text} is too old for mode appliance"),
            format!("use a kernel of at least {}.{}, or mode userspace", OLDEST.0, OLDEST.1),
        ),
        Some(version) if version < TELLING => Finding::ok(
            code,
            format!("{text}; from 6.3 on the kernel would tell what NIC drivers can do for XDP"),
        ),
        Some(_) => Finding::ok(code, text),
    }
}

pub(super) fn bpf_jit(subject: &Subject<'_>, system: &System) -> Finding {
    let code = Code::BpfJit;
    if subject.needs(Mode::Appliance) == Need::None {
        return Finding::skip(code, "only mode appliance runs BPF programs");
    }
    match system.number("proc/sys/net/core/bpf_jit_enable") {
        Some(0) => Finding::bad(
            code,
            State::Warn,
            "BPF programs are interpreted, which costs several times as much per packet",
            "sysctl -w net.core.bpf_jit_enable=1",
        ),
        Some(_) => Finding::ok(code, "BPF programs are translated to machine code"),
        None => Finding::skip(
            code,
            "net.core.bpf_jit_enable cannot be read here; a kernel without it translates always",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::examine::tests::{appliance, userspace};
    use super::super::system::tests::painted;
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("6.1.0-37-amd64"), Some((6, 1)));
        assert_eq!(version("5.10"), Some((5, 10)));
        assert_eq!(version("linux"), None);
        let (config, other) = (appliance(), userspace());
        let subject = Subject { config: &config, written: true, attach: false };
        let state = |subject: &Subject<'_>, text: &str| {
            let (_folder, system) = painted(&[("proc/sys/kernel/osrelease", text)]);
            kernel_version(subject, &system).state
        };
        assert_eq!(state(&subject, "5.9.1"), State::Fail);
        assert_eq!(state(&subject, "5.18.0"), State::Ok);
        assert_eq!(state(&subject, "10.0.0"), State::Ok);
        assert_eq!(state(&Subject { config: &other, ..subject }, "4.19.0"), State::Ok);
    }

    #[test]
    fn an_interpreter_is_slow() {
        let config = appliance();
        let subject = Subject { config: &config, written: true, attach: false };
        let state = |files: &[(&str, &str)]| {
            let (_folder, system) = painted(files);
            bpf_jit(&subject, &system).state
        };
        assert_eq!(state(&[("proc/sys/net/core/bpf_jit_enable", "0\n")]), State::Warn);
        assert_eq!(state(&[("proc/sys/net/core/bpf_jit_enable", "1\n")]), State::Ok);
        assert_eq!(state(&[]), State::Skip);
    }
}
