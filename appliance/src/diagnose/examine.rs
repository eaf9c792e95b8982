//! The examination as a whole.

use super::rules::Rules;
use super::{Code, Finding, Need, Report, State, Subject, System};
use super::{conntrack, kernel, limits, module, ports, privilege, sockets};
use crate::config::checked::{self, Config, Mode};
use crate::config::finding::{Places, Severity};
use crate::config::host::Host;
use crate::config::load::{DEFAULT_FILES, FileChoice, Sources, load_checked};
use crate::config::raw;
use nix::sys::resource::{Resource, getrlimit};

/// Examines this host for a configuration. Without one (none was named and the usual places are empty) it examines what
/// the host could be. `attach`: see [`Subject::attach`].
#[must_use]
pub fn examine(sources: &Sources, host: &Host, system: &System, attach: bool) -> Report {
    let (config, written, first) = configuration(sources, host, system);
    let Some(config) = config else { return Report { findings: vec![first] } };
    let subject = Subject { config: &config, written, attach };
    let mut findings = vec![first];
    findings.extend(look(&subject, system));
    findings.sort_by_key(|finding| finding.code);
    Report { findings }
}

fn configuration(sources: &Sources, host: &Host, system: &System) -> (Option<Config>, bool, Finding) {
    let code = Code::Configuration;
    let absent = sources.file == FileChoice::Default
        && DEFAULT_FILES.iter().all(|file| !system.exists(file.trim_start_matches('/')));
    if absent {
        let what = "none; every address of this host is examined as if it were in mode appliance";
        return (possible(host), false, Finding::skip(code, what));
    }
    match load_checked(sources, host) {
        Ok(built) if built.warnings.is_empty() => (Some(built.config), true, Finding::ok(code, "usable")),
        Ok(built) => {
            let what = format!("usable, with {} warnings", built.warnings.len());
            let finding = Finding::bad(code, State::Warn, what, "see `rtpengine check`");
            (Some(built.config), true, finding)
        }
        Err(findings) => {
            let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
            let first = errors.next().map_or_else(String::new, ToString::to_string);
            let more = errors.count();
            let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
            let what = format!("{first}{more}; the rest is examined as if there were none");
            (possible(host), false, Finding::bad(code, State::Fail, what, "see `rtpengine check`"))
        }
    }
}

/// What could be: every address of the host in mode appliance. A host without addresses still has a loopback device.
fn possible(host: &Host) -> Option<Config> {
    let with = |address: &str, mode| {
        let interface = raw::Interface {
            address: raw::Strings(vec![address.to_owned()]),
            mode: Some(mode),
            ..raw::Interface::default()
        };
        let control =
            raw::Control { listen_ng: vec!["127.0.0.1:2223".to_owned()], ..raw::Control::default() };
        let raw = raw::Config { interface: vec![interface], control, ..raw::Config::default() };
        checked::build(&raw, &Places::default(), host).ok().map(|built| built.config)
    };
    with("any", raw::Mode::Appliance).or_else(|| with("127.0.0.1", raw::Mode::Userspace))
}

fn look(subject: &Subject<'_>, system: &System) -> Vec<Finding> {
    let limit = |which| getrlimit(which).map_or(0, |(_, hard)| hard);
    let rules = if system.is_real() { Rules::of_this_host() } else { Rules::default() };
    let mut findings = vec![
        build(subject),
        privilege::capabilities(subject, system),
        privilege::memlock(subject, system, limit(Resource::RLIMIT_MEMLOCK)),
        kernel::kernel_version(subject, system),
        kernel::bpf_jit(subject, system),
        conntrack::conntrack(subject, system, &rules),
        module::module(subject, system),
        module::module_rule(subject, system, &rules),
        sockets::media_sockets(subject),
        ports::local_ports(subject, system),
        ports::foreign_sockets(subject, system),
        limits::descriptors(subject, limit(Resource::RLIMIT_NOFILE)),
        limits::receive_buffer(subject, system),
        limits::cores(subject, system),
        limits::clock_source(system),
        limits::huge_pages(subject, system),
    ];
    #[cfg(feature = "appliance")]
    findings.extend(super::nic::look(subject, system));
    findings.shrink_to_fit();
    findings
}

fn build(subject: &Subject<'_>) -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    let need = subject.needs(Mode::Appliance);
    if cfg!(feature = "appliance") {
        Finding::ok(Code::Build, format!("{version}, with AF_XDP"))
    } else if need == Need::None {
        Finding::ok(Code::Build, format!("{version}, without AF_XDP"))
    } else {
        let what = format!("{version}, without AF_XDP: mode appliance is not in this build");
        Finding::bad(Code::Build, need.lacking(), what, "build with the cargo feature `appliance`")
    }
}

#[cfg(test)]
pub(super) mod tests;
