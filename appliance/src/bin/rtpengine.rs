//! The daemon's command.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use rtpengine::boot;
use rtpengine::config::checked::{Config, kernel_alone};
use rtpengine::config::cli::{self, Invocation};
use rtpengine::config::convert::convert;
use rtpengine::config::finding::{Finding, Place, Severity};
use rtpengine::config::host::Host;
use rtpengine::config::lint::lint;
use rtpengine::config::load::{FileChoice, Sources, load, load_checked};
use rtpengine::config::options::{Availability, Opt};
use rtpengine::config::{reference, render};
use rtpengine::desk::Reload;
use rtpengine::diagnose::{System, examine};
use rtpengine::kernel::{RulesAction, act_on_rules};

/// A third of the control side's time went into the C library's (`tests/bench/runs/README.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Status of a start that failed.
const FATAL: u8 = 255;
/// Status of a sub-command that could not do its work.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match cli::parse(arguments) {
        Ok(Invocation::Run(sources)) => start(sources),
        Ok(Invocation::Check(sources)) => check(&sources),
        Ok(Invocation::Doctor { sources, json, attach }) => doctor(&sources, json, attach),
        Ok(Invocation::Convert { file, section }) => match convert(&file, &section) {
            Ok(converted) => {
                complain("not carried over", &converted.lost);
                print(&converted.toml)
            }
            Err(finding) => {
                complain("rtpengine", &[finding]);
                ExitCode::from(UNUSABLE)
            }
        },
        Ok(Invocation::PrintDefault) => print(&render::default_file()),
        Ok(Invocation::PrintReference) => print(&reference::page()),
        Ok(Invocation::Version) => print(&format!("Version: {}\n", env!("CARGO_PKG_VERSION"))),
        Ok(Invocation::Help(text)) => print(&text),
        Ok(Invocation::Act(option, sources)) => act(option, &sources),
        Err(findings) => {
            complain("rtpengine", &findings);
            ExitCode::from(FATAL)
        }
    }
}

/// Starts the daemon and stays until it ends.
fn start(mut sources: Sources) -> ExitCode {
    // The file is read again later, from another folder.
    if let FileChoice::Named(path) = &mut sources.file
        && let Ok(whole) = std::path::absolute(&path)
    {
        *path = whole;
    }
    let host = match Host::now() {
        Ok(host) => host,
        Err(wrong) => return fatal(&format!("cannot list the addresses of this host: {wrong}")),
    };
    let built = match load_checked(&sources, &host) {
        Ok(built) => built,
        Err(findings) => {
            let errors: Vec<Finding> =
                findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
            complain("rtpengine: fatal error", &errors);
            return ExitCode::from(FATAL);
        }
    };
    let logs_to_stderr = built.config.log.stderr || built.config.process.foreground;
    let ended = match boot::boot(&built.config, &built.warnings) {
        Ok(boot) => rtpengine::run(Reload::new(sources, built), boot).map_err(|wrong| wrong.to_string()),
        Err(wrong) => return fatal(&wrong.to_string()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            tracing::error!("{wrong}");
            if logs_to_stderr { ExitCode::from(FATAL) } else { fatal(&wrong) }
        }
    }
}

fn check(sources: &Sources) -> ExitCode {
    let host = match Host::now() {
        Ok(host) => host,
        Err(wrong) => return fatal(&format!("cannot list the addresses of this host: {wrong}")),
    };
    let report = lint(sources, &host, boot::descriptor_limit(), nics);
    print(&report.to_string());
    ExitCode::from(report.status())
}

fn doctor(sources: &Sources, json: bool, attach: bool) -> ExitCode {
    let host = match Host::now() {
        Ok(host) => host,
        Err(wrong) => return fatal(&format!("cannot list the addresses of this host: {wrong}")),
    };
    let report = examine(sources, &host, &System::real(), attach);
    print(&if json { report.json() } else { report.to_string() });
    ExitCode::from(report.status())
}

/// What keeps NICs from being used as configured.
#[cfg(feature = "appliance")]
fn nics(config: &Config) -> Vec<Finding> {
    rtpengine::nic::check(config)
}

/// Mode appliance is not in this build, which the configuration has been told.
#[cfg(not(feature = "appliance"))]
fn nics(_: &Config) -> Vec<Finding> {
    Vec::new()
}

/// Classic options that act and exit.
fn act(option: &Opt, sources: &Sources) -> ExitCode {
    let Some(action) = RulesAction::named(option.name) else {
        if let Availability::Later(feature) = option.available {
            let place = Place::CommandLine(format!("--{}", option.name));
            let told = Finding::warning(place, format!("not available in this build: {feature}"));
            complain("rtpengine", &[told]);
        }
        return ExitCode::FAILURE;
    };
    let host = match Host::now() {
        Ok(host) => host,
        Err(wrong) => return fatal(&format!("cannot list the addresses of this host: {wrong}")),
    };
    let kernel = load(sources).and_then(|loaded| kernel_alone(&loaded.raw, &loaded.places, &host));
    let (kernel, tables) = match kernel {
        Ok(kernel) => kernel,
        Err(findings) => {
            complain("rtpengine: fatal error", &findings);
            return ExitCode::from(FATAL);
        }
    };
    let Some(rules) = kernel.rules else { return ExitCode::SUCCESS };
    match act_on_rules(action, &rules, &tables) {
        Ok((text, good)) => {
            print(&text);
            ExitCode::from(u8::from(!good))
        }
        Err(wrong) => fatal(&wrong.to_string()),
    }
}

fn print(text: &str) -> ExitCode {
    // a closed pipe is the reader's choice
    match io::stdout().write_all(text.as_bytes()) {
        Err(wrong) if wrong.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

fn complain(who: &str, findings: &[Finding]) {
    let mut stderr = io::stderr().lock();
    for finding in findings {
        // nowhere is left to complain to if this fails
        let _ = writeln!(stderr, "{who}: {finding}");
    }
}

fn fatal(message: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "rtpengine: fatal error: {message}");
    ExitCode::from(FATAL)
}
