//! The control tool: sends lines to the daemon's command line interface, and does what takes more than a line.

use rtpengine::config::cli::{self, Invocation};
use rtpengine::config::host::Host;
use rtpengine::ctl::{self, Request, USAGE};
use rtpengine::diagnose::{System, examine};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let request = match ctl::parse(&arguments) {
        Ok(request) => request,
        Err(wrong) => {
            let _ = write!(io::stderr(), "rtpengine-ctl: {wrong}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = match request {
        Request::Help => print(USAGE),
        Request::Version => print(&format!("Version: {}\n", env!("CARGO_PKG_VERSION"))),
        Request::Line(place, line) => ctl::say(&place, &line, false).map(drop),
        Request::Drain(place, line) => ctl::say(&place, &line, true).map(drop),
        Request::Top { place, interval, once } => ctl::top(&place, interval, once),
        Request::Trace { place, call_id, file, length } => {
            ctl::trace(&place, &call_id, file.as_deref(), length)
        }
        Request::Plan { calls, measure } => ctl::plan(calls, measure)
            .map_err(|wrong| format!("cannot measure: {wrong}"))
            .and_then(|plan| print(&plan.to_string())),
        Request::Doctor(words) => return doctor(words),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            let _ = writeln!(io::stderr(), "rtpengine-ctl: {wrong}");
            ExitCode::FAILURE
        }
    }
}

/// As `rtpengine doctor`.
fn doctor(words: Vec<String>) -> ExitCode {
    let fatal = |wrong: &dyn std::fmt::Display| {
        let _ = writeln!(io::stderr(), "rtpengine-ctl: {wrong}");
        ExitCode::from(2)
    };
    let arguments = ["rtpengine", "doctor"].map(str::to_owned).into_iter().chain(words);
    match cli::parse(arguments.map(OsString::from)) {
        Ok(Invocation::Doctor { sources, json, attach }) => {
            let host = match Host::now() {
                Ok(host) => host,
                Err(wrong) => return fatal(&format!("cannot list the addresses of this host: {wrong}")),
            };
            let report = examine(&sources, &host, &System::real(), attach);
            match print(&if json { report.json() } else { report.to_string() }) {
                Ok(()) => ExitCode::from(report.status()),
                Err(wrong) => fatal(&wrong),
            }
        }
        Ok(Invocation::Help(text)) => print(&text).map_or_else(|wrong| fatal(&wrong), |()| ExitCode::SUCCESS),
        Ok(_) => fatal(&"these are not options of doctor"),
        Err(findings) => match findings.first() {
            Some(finding) => fatal(finding),
            None => fatal(&"these are not options of doctor"),
        },
    }
}

fn print(text: &str) -> Result<(), String> {
    match io::stdout().write_all(text.as_bytes()) {
        // A closed pipe is the reader's choice.
        Err(wrong) if wrong.kind() != io::ErrorKind::BrokenPipe => Err(wrong.to_string()),
        _ => Ok(()),
    }
}
