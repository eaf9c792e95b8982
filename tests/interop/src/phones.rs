//! sipp as many telephones: callers that speak, callees that echo.

use crate::fill;
use lab::{LabError, Leg, Process, Result};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The port everybody speaks SIP on.
pub const SIP_PORT: u16 = 5060;
/// Where callees receive RTP, all calls on one port.
const ECHO_PORT: u16 = 6000;

/// The callees: sipp answering and echoing media.
#[derive(Debug)]
pub struct Callee {
    process: Process,
}

impl Callee {
    /// Starts the callees and waits until they listen.
    pub fn start(leg: &Leg, folder: &Path) -> Result<Callee> {
        let scenario = fill("sipp/callee.xml", &[], folder)?;
        let mut command = sipp(leg, &scenario, folder);
        command.args(["-rtp_echo", "-mp", &ECHO_PORT.to_string()]);
        let mut process = Process::start("sipp (callee)", command)?;
        let here = SocketAddr::new(leg.peer_v4.into(), SIP_PORT);
        process.wait_until("the callees listening", Duration::from_secs(10), |_| leg.ns.has_udp(here))?;
        Ok(Callee { process })
    }

    /// Where media of all calls arrives.
    pub fn media(leg: &Leg) -> SocketAddr {
        SocketAddr::new(leg.peer_v4.into(), ECHO_PORT)
    }

    /// The end of what it printed.
    pub fn log_end(&self) -> String {
        self.process.log_end(40)
    }
}

/// How callers call.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// Calls altogether.
    pub calls: u32,
    /// New calls per second.
    pub per_second: u32,
    /// How long each speaks.
    pub talk: Duration,
    /// Raw µ-law speech to play.
    pub speech: &'a Path,
}

/// sipp's own statistics at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Calls that went as the scenario says.
    pub successful: u32,
    /// All others.
    pub failed: u32,
}

impl Caller<'_> {
    /// Makes the calls, through the proxy at `proxy`, and waits for the last to end.
    pub fn call(&self, leg: &Leg, proxy: SocketAddr, folder: &Path) -> Result<Figures> {
        let talk = self.talk.as_millis().to_string();
        let speech = self.speech.display().to_string();
        let scenario = fill("sipp/caller.xml", &[("SPEECH", &speech), ("TALK_MS", &talk)], folder)?;
        let table = folder.join("caller.csv");
        let mut command = sipp(leg, &scenario, folder);
        command.args(["-m", &self.calls.to_string(), "-r", &self.per_second.to_string()]);
        command.args(["-trace_stat", "-fd", "1", "-stf"]).arg(&table).arg(proxy.to_string());
        let mut process = Process::start("sipp (caller)", command)?;
        let ringing = Duration::from_secs((self.calls / self.per_second).into());
        process.wait(ringing + self.talk + Duration::from_secs(40))?;
        let text = std::fs::read_to_string(&table).map_err(LabError::io(format!(
            "{}\n{}",
            table.display(),
            process.log_end(40)
        )))?;
        read_figures(&text)
    }
}

fn sipp(leg: &Leg, scenario: &Path, folder: &Path) -> Command {
    let name: PathBuf = scenario.with_extension("errors");
    let mut command = leg.ns.command("sipp");
    let ip = leg.peer_v4.to_string();
    command.current_dir(folder).arg("-sf").arg(scenario);
    command.args([
        "-i",
        &ip,
        "-mi",
        &ip,
        "-p",
        &SIP_PORT.to_string(),
        "-nostdin",
        "-trace_err",
        "-error_file",
    ]);
    command.arg(name);
    command
}

/// Reads the last line of sipp's statistics; columns ending in `(C)` count from the beginning.
fn read_figures(table: &str) -> Result<Figures> {
    let malformed = |what: &str| LabError::Malformed { encoding: "sipp CSV", at: 0, what: what.to_owned() };
    let mut lines = table.lines().filter(|line| !line.is_empty());
    let names: Vec<&str> = lines.next().ok_or_else(|| malformed("no heading"))?.split(';').collect();
    let values: Vec<&str> = lines.next_back().ok_or_else(|| malformed("no figures"))?.split(';').collect();
    let figure = |name: &str| {
        let column = names.iter().position(|known| *known == name);
        let value = column.and_then(|column| values.get(column)?.parse().ok());
        value.ok_or_else(|| malformed(&format!("no {name}")))
    };
    Ok(Figures { successful: figure("SuccessfulCall(C)")?, failed: figure("FailedCall(C)")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts() {
        let table = "StartTime;SuccessfulCall(C);FailedCall(P);FailedCall(C);\nx;1;0;0;\ny;48;1;2;\n";
        assert_eq!(read_figures(table).unwrap(), Figures { successful: 48, failed: 2 });
        read_figures("StartTime;FailedCall(C);\nx;1;\n").expect_err("a column is missing");
        read_figures("").expect_err("nothing there");
    }
}
