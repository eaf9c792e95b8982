//! `bench`: measures ways to relay packets side by side. tests/bench/README.md tells how.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is for people")]

use bench::campaign::{self, Plan};
use bench::report::Verdict;
use bench::suite::{self, Asked};
use bench::{
    BenchError, Profile, Sample, bare, control, l2fwd, paths, plot, program, report, udpfwd, xdpfwd,
};
use clap::{Parser, Subcommand};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Measures ways to relay packets side by side.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measures the subjects of a profile in turns.
    Run {
        /// The profile.
        #[arg(long)]
        profile: PathBuf,
        /// Only these subjects, separated by commas, in this order.
        #[arg(long, value_delimiter = ',')]
        subjects: Vec<String>,
        /// Turns.
        #[arg(long, default_value_t = 3)]
        rounds: u32,
        /// Rates to measure cost and delay at, packets per second, separated by commas.
        #[arg(long, value_delimiter = ',', default_value = "50000,100000")]
        rates: Vec<u64>,
        /// Length of a measurement in seconds; a step of the search takes a third of it.
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
        /// Calls; a call is two flows. Several numbers, separated by commas, are measured one after the other.
        #[arg(long, value_delimiter = ',', default_value = "50")]
        calls: Vec<u32>,
        /// Search the highest rate, too.
        #[arg(long)]
        highest: bool,
        /// Share of packets that may be lost at the highest rate.
        #[arg(long, default_value_t = 0.001)]
        loss: f64,
        /// Where the results are written, as JSON.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Measures everything and prints one table: what `make bench` does.
    All {
        /// The folder of the profiles.
        #[arg(long, default_value = "tests/bench/profiles")]
        profiles: PathBuf,
        /// Only these subjects, separated by commas.
        #[arg(long, value_delimiter = ',')]
        subjects: Vec<String>,
        /// Turns.
        #[arg(long, default_value_t = 3)]
        rounds: u32,
        /// Rates to measure cost and delay at, packets per second, separated by commas, the lowest first.
        #[arg(long, value_delimiter = ',', default_value = "25000,50000,100000,150000")]
        rates: Vec<u64>,
        /// The rate at which flows are compared.
        #[arg(long, default_value_t = 100_000)]
        flows_rate: u64,
        /// Length of a measurement in seconds.
        #[arg(long, default_value_t = 1.5)]
        seconds: f64,
        /// Calls set up and ended to see how long that takes.
        #[arg(long, default_value_t = 5_000)]
        exchanges: u32,
        /// Where the results are written, as JSON; pictures go beside it.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Measures the control side of the subjects of a profile in turns: calls set up and ended, and their memory.
    Control {
        /// The profile.
        #[arg(long, default_value = "tests/bench/profiles/datapaths.toml")]
        profile: PathBuf,
        /// Only these subjects, separated by commas, in this order.
        #[arg(long, value_delimiter = ',', default_value = "shared,debian")]
        subjects: Vec<String>,
        /// Turns.
        #[arg(long, default_value_t = 3)]
        rounds: u32,
        /// Requests on their way at a time; several numbers, separated by commas, are measured one after the other.
        #[arg(long, value_delimiter = ',', default_value = "1,16,32")]
        windows: Vec<usize>,
        /// Calls set up and ended.
        #[arg(long, default_value_t = 20_000)]
        exchanges: u32,
        /// Numbers of calls at which memory is looked at, separated by commas, the smallest first.
        #[arg(long, value_delimiter = ',')]
        memory: Vec<u32>,
        /// Where the results are written, as JSON.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Draws results as SVG: delay against rate, cost against flows.
    Plot {
        /// Results of `all` or `run`.
        json: PathBuf,
        /// Where to; without it beside the results.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Measures the XDP program alone, run by the kernel on stored packets of few and of many flows. Needs root only.
    Program {
        /// Flows installed, separated by commas; costs are compared with those of the first number.
        #[arg(long, value_delimiter = ',', default_value = "10,1000,10000")]
        flows: Vec<u32>,
        /// Turns.
        #[arg(long, default_value_t = 15)]
        rounds: u32,
    },
    /// Counts instructions of the subjects of profiles by turns, in a guest whose clock does (tests/vm/paths).
    Paths {
        /// The profiles, separated by commas.
        #[arg(long, value_delimiter = ',')]
        profiles: Vec<PathBuf>,
        /// Four NICs: caller's wire at the relay, its far end, callee's wire at the relay, its far end.
        #[arg(long, value_delimiter = ',')]
        nics: Vec<String>,
        /// Only these subjects, separated by commas, of each profile those that it has, in this order.
        #[arg(long, value_delimiter = ',')]
        subjects: Vec<String>,
        /// Turns.
        #[arg(long, default_value_t = 3)]
        turns: u32,
        /// Rounds of a turn.
        #[arg(long, default_value_t = 60)]
        rounds: u32,
        /// Calls; a call is two flows.
        #[arg(long, default_value_t = 30)]
        calls: u32,
        /// Packets under way at a time, separated by commas.
        #[arg(long, value_delimiter = ',', default_value = "30")]
        at_a_time: Vec<usize>,
        /// Where the results are written, as JSON.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Forwards between two NICs (this is one of the subjects, and runs in a namespace of its own).
    L2fwd {
        /// NAME,MAC,PEER'S MAC.
        near: bare::Port,
        /// NAME,MAC,PEER'S MAC.
        far: bare::Port,
        /// Never sleep.
        #[arg(long)]
        busy: bool,
    },
    /// The same in an XDP program.
    Xdpfwd {
        /// NAME,MAC,PEER'S MAC.
        near: bare::Port,
        /// NAME,MAC,PEER'S MAC.
        far: bare::Port,
    },
    /// Forwards over shared sockets (this, too, is one of the subjects).
    Udpfwd {
        /// OWN,PEER'S address.
        near: udpfwd::Side,
        /// OWN,PEER'S address.
        far: udpfwd::Side,
        /// The first port, on either side.
        #[arg(long)]
        first: u16,
        /// How many there are, every second one.
        #[arg(long)]
        ports: u16,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), BenchError> {
    match command {
        Command::L2fwd { near, far, busy } => l2fwd::forward(&near, &far, busy),
        Command::Xdpfwd { near, far } => xdpfwd::forward(&near, &far),
        Command::Udpfwd { near, far, first, ports } => udpfwd::forward([near, far], first, ports),
        Command::Program { flows, rounds } => {
            let all = program::measure(&flows, rounds)?;
            print!("{}", report::by_flows(&flows, &all));
            Ok(())
        }
        Command::Paths { profiles, nics, subjects, turns, rounds, calls, at_a_time, json } => {
            lab::on_interrupt(|| {});
            let nics: Vec<&str> = nics.iter().map(String::as_str).collect();
            let nics = <[&str; 4]>::try_from(nics)
                .map_err(|nics| BenchError::Profile(format!("four NICs were expected, not {nics:?}")))?;
            let read = |path: &PathBuf| {
                let profile = Profile::read(path)?;
                let has = |name: &&String| profile.subjects.iter().any(|subject| subject.name == **name);
                let those: Vec<String> = subjects.iter().filter(has).cloned().collect();
                profile.only(&those)
            };
            let profiles = profiles.iter().map(read).collect::<Result<Vec<_>, BenchError>>()?;
            let asked = paths::Asked { turns, rounds, calls, at_a_time };
            let found = paths::measure(&profiles, nics, &asked, |cost| println!("{cost:?}"))?;
            println!("\n{}", found.table());
            for failed in &found.failed {
                println!("! {failed}");
            }
            json.map_or(Ok(()), |path| keep(&found, &path))
        }
        Command::Run { profile, subjects, rounds, rates, seconds, calls, highest, loss, json } => {
            // Namespaces and daemons go even if it is interrupted.
            lab::on_interrupt(|| {});
            let profile = Profile::read(&profile)?.only(&subjects)?;
            let plan = Plan { rounds, rates_pps: rates, seconds, calls, highest, loss };
            let results = campaign::run(&profile, &plan, tell)?;
            println!("\n{}", report::table(&results));
            judge(&report::verdicts(&results));
            json.map_or(Ok(()), |path| keep(&results, &path))
        }
        Command::All { profiles, subjects, rounds, rates, flows_rate, seconds, exchanges, json } => {
            lab::on_interrupt(|| {});
            if rates.is_empty() {
                return Err(BenchError::Profile("no rate is given".to_owned()));
            }
            let asked =
                Asked { rounds, seconds, rates_pps: rates, flows_pps: flows_rate, exchanges, subjects };
            let whole = suite::run(&profiles, &asked, tell)?;
            println!("\n{}", whole.table());
            for complaint in whole.complaints() {
                println!("! {complaint}");
            }
            judge(&whole.verdicts());
            if let Some(path) = json {
                keep(&whole, &path)?;
                plot::draw(&path, None)?;
            }
            Ok(())
        }
        Command::Control { profile, subjects, rounds, windows, exchanges, memory, json } => {
            lab::on_interrupt(|| {});
            let profile = Profile::read(&profile)?.only(&subjects)?;
            let results = control::campaign(&profile, rounds, exchanges, &windows, &memory, |one| {
                println!("{one}");
            })?;
            json.map_or(Ok(()), |path| keep(&results, &path))
        }
        Command::Plot { json, folder } => {
            for path in plot::draw(&json, folder.as_deref())? {
                println!("{}", path.display());
            }
            Ok(())
        }
    }
}

fn judge(verdicts: &[Verdict]) {
    for verdict in verdicts {
        let word = if verdict.kept { "kept  " } else { "BROKEN" };
        println!("{word} {} {:.2}", verdict.promise, verdict.found);
    }
}

fn keep(results: &impl Serialize, path: &Path) -> Result<(), BenchError> {
    let text = serde_json::to_string_pretty(results)
        .map_err(|error| BenchError::Profile(format!("writing JSON: {error}")))?;
    std::fs::write(path, text + "\n")
        .map_err(|source| BenchError::System { what: path.display().to_string(), source })
}

fn tell(what: &str, sample: &Sample) {
    eprintln!(
        "{what:<8} {:<12} {:>6} flows {:>8} pps: {:>8.0} delivered, loss {:.3} %, {:>6.0} ns ({:.0} own, {:.0} kernel), p50 {:.0} p99 {:.0} p99.9 {:.0} us, core {:.0} %, foreign {:.1} %{}",
        sample.subject,
        sample.flows,
        sample.target_pps,
        sample.delivered_pps,
        100.0 * sample.loss,
        sample.ns_per_packet,
        sample.ns_process,
        sample.ns_kernel,
        sample.delay_p50_us,
        sample.delay_p99_us,
        sample.delay_p999_us,
        100.0 * sample.core_busy,
        100.0 * sample.foreign,
        if sample.generator_limited { ", generator limited" } else { "" },
    );
}
