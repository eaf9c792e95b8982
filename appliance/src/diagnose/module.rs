//! Mode kernel: is the module there, and do packets get to it?

use super::rules::Rules;
use super::{Code, Finding, Need, State, Subject, System};
use crate::config::checked::Mode;

/// What the module is called under /sys/module.
const NAME: &str = "xt_RTPENGINE";
/// Where modules that do not come with the kernel lie, below /lib/modules/RELEASE.
const FOLDERS: &[&str] = &["updates/dkms", "extra", "updates", "extra/rtpengine"];

/// How bad it is that the module cannot be used: not at all if the daemon may do without.
fn lacking(subject: &Subject<'_>) -> State {
    match (subject.needs(Mode::Kernel), subject.config.kernel.fallback) {
        (Need::Required, false) => State::Fail,
        (Need::Required, true) => State::Warn,
        _ => State::Skip,
    }
}

pub(super) fn module(subject: &Subject<'_>, system: &System) -> Finding {
    let code = Code::Module;
    let loaded = system.exists("proc/rtpengine");
    let version = system.line(&format!("sys/module/{NAME}/version"));
    if loaded {
        return match version {
            Some(version) => Finding::ok(code, format!("{NAME} {version} is loaded")),
            None => Finding::ok(code, "loaded; it does not tell its version"),
        };
    }
    let state = lacking(subject);
    if state == State::Skip {
        return Finding::skip(code, "not loaded, and no interface is in mode kernel");
    }
    let (what, fix) = missing(system);
    Finding::bad(code, state, what, fix)
}

/// Why it is not loaded, as far as that can be seen.
fn missing(system: &System) -> (String, String) {
    let release = system.line("proc/sys/kernel/osrelease").unwrap_or_default();
    let modules = format!("lib/modules/{release}");
    let built = FOLDERS.iter().find_map(|folder| {
        let names = system.names(&format!("{modules}/{folder}"));
        names
            .iter()
            .any(|name| name.starts_with(&format!("{NAME}.ko")))
            .then(|| format!("/{modules}/{folder}"))
    });
    if system.number("proc/sys/kernel/modules_disabled") == Some(1) {
        let what = "this kernel loads no more modules (kernel.modules_disabled is 1)".to_owned();
        return (
            what,
            "load the module early in the boot: a line xt_RTPENGINE in /etc/modules-load.d".to_owned(),
        );
    }
    if let Some(folder) = built {
        let fix = if secure_boot(system) {
            "modprobe xt_RTPENGINE; Secure Boot is on, so it must be signed with an enrolled key: see `mokutil --import` and `dmesg`"
        } else {
            "modprobe xt_RTPENGINE; if that fails, `dmesg` tells why"
        };
        return (format!("built for this kernel (in {folder}), but not loaded"), fix.to_owned());
    }
    if !system.exists(&format!("{modules}/build")) {
        let what = format!("not built for kernel {release}, whose headers are not installed either");
        return (
            what,
            format!("install linux-headers-{release} (Debian) or kernel-devel (RPM), then the DKMS package"),
        );
    }
    (format!("not built for kernel {release}"), format!("dkms autoinstall -k {release}, or `make` in kmod/"))
}

fn secure_boot(system: &System) -> bool {
    let folder = "sys/firmware/efi/efivars";
    system.names(folder).iter().filter(|name| name.starts_with("SecureBoot-")).any(|name| {
        // four bytes of attributes, then the value
        std::fs::read(system.path(&format!("{folder}/{name}"))).is_ok_and(|bytes| bytes.get(4) == Some(&1))
    })
}

pub(super) fn module_rule(subject: &Subject<'_>, system: &System, rules: &Rules) -> Finding {
    let code = Code::ModuleRule;
    if subject.needs(Mode::Kernel) != Need::Required {
        return Finding::skip(code, "no interface is in mode kernel");
    }
    if !system.exists("proc/rtpengine") {
        return Finding::skip(code, "the module is not loaded");
    }
    if !rules.known() {
        return Finding::skip(code, "neither `nft list ruleset` nor `iptables-save` can be asked");
    }
    if rules.to_the_module() {
        return Finding::ok(code, "a firewall rule brings packets to the module");
    }
    if let Some(written) = &subject.config.kernel.rules {
        let what =
            format!("none is there; the daemon writes one at its start, in the chain {}", written.chain);
        return Finding::ok(code, what);
    }
    let table = subject.config.interfaces.addresses().find_map(|(_, local)| local.table).unwrap_or(0);
    Finding::bad(
        code,
        State::Warn,
        "no firewall rule brings packets to the module, so it forwards nothing",
        format!(
            "kernel.nftables-chain = \"rtpengine\", or iptables -I INPUT -p udp -j RTPENGINE --id {table}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::examine::tests::{kernel, userspace, with};
    use super::super::rules::tests::nft;
    use super::super::system::tests::painted;
    use super::*;

    const RELEASE: (&str, &str) = ("proc/sys/kernel/osrelease", "6.1.0-9\n");

    fn look(files: &[(&str, &str)]) -> Finding {
        let config = kernel();
        let (_folder, system) = painted(files);
        module(&Subject { config: &config, written: true, attach: false }, &system)
    }

    #[test]
    fn the_reason_why_it_is_not_loaded_is_told() {
        let version = ("sys/module/xt_RTPENGINE/version", "1.2\n");
        let loaded = look(&[("proc/rtpengine/control", ""), version]);
        assert_eq!((loaded.state, loaded.what.as_str()), (State::Ok, "xt_RTPENGINE 1.2 is loaded"));
        let ko = ("lib/modules/6.1.0-9/updates/dkms/xt_RTPENGINE.ko.xz", "");
        let efi = ("sys/firmware/efi/efivars/SecureBoot-8be4", "\x06\0\0\0\x01");
        for (files, what, fix) in [
            (vec![RELEASE], "not built for kernel 6.1.0-9, whose headers", "linux-headers-6.1.0-9"),
            (
                vec![RELEASE, ("lib/modules/6.1.0-9/build/Makefile", "")],
                "not built for kernel 6.1.0-9",
                "dkms autoinstall",
            ),
            (vec![RELEASE, ko], "built for this kernel", "modprobe xt_RTPENGINE; if"),
            (vec![RELEASE, ko, efi], "built for this kernel", "Secure Boot is on"),
            (
                vec![RELEASE, ko, ("proc/sys/kernel/modules_disabled", "1")],
                "this kernel loads no more",
                "modules-load.d",
            ),
        ] {
            let finding = look(&files);
            assert_eq!(finding.state, State::Warn, "userspace does it meanwhile");
            assert!(finding.what.starts_with(what), "{finding:?}");
            assert!(finding.fix.as_ref().unwrap().contains(fix), "{finding:?}");
        }
    }

    #[test]
    fn how_bad_it_is_depends_on_the_configuration() {
        let (_folder, system) = painted(&[RELEASE]);
        let state =
            |config| module(&Subject { config: &config, written: true, attach: false }, &system).state;
        assert_eq!(state(userspace()), State::Skip);
        assert_eq!(state(with("[kernel]\ntable = 1\nfallback = false\n")), State::Fail);
    }

    #[test]
    fn without_a_rule_the_module_forwards_nothing() {
        let config = kernel();
        let (_folder, system) = painted(&[("proc/rtpengine/control", "")]);
        let subject = Subject { config: &config, written: true, attach: false };
        assert_eq!(module_rule(&subject, &system, &nft("rtpengine id 0")).state, State::Ok);
        assert_eq!(module_rule(&subject, &system, &Rules::default()).state, State::Skip);
        let finding = module_rule(&subject, &system, &nft("udp dport 1 accept"));
        assert_eq!(finding.state, State::Warn);
        assert!(finding.fix.unwrap().contains("--id 3"));
        let config = with("[kernel]\ntable = 1\nnftables-chain = \"media\"\n");
        let finding = module_rule(&Subject { config: &config, ..subject }, &system, &nft(""));
        assert_eq!(finding.state, State::Ok, "{finding:?}");
    }
}
