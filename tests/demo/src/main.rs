//! `make demo`: twenty calls through the relay for ten seconds, speech both ways, every byte compared.
//!
//! Usage: `demo CONFIG SPEECH` with the daemon's configuration file and the raw µ-law speech. `LAB_RELAY` may name another
//! daemon; it is then given the same settings on its command line.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to a person is what this program is for"
)]

mod call;
mod conversation;
mod screen;
mod summary;
mod table;

use call::Call;
use lab::{Daemon, Family, LabError, Topology, ng};
use screen::Screen;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// How many calls are set up.
const CALLS: usize = 20;

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [config, speech] = arguments.as_slice() else {
        eprintln!("usage: demo CONFIG.toml SPEECH.ulaw");
        return ExitCode::from(2);
    };
    match run(config, speech) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(config: &Path, speech: &Path) -> lab::Result<bool> {
    if let Some(why) = lab::missing_root() {
        return Err(LabError::NoDaemon(format!("the demo {why}; run it as root")));
    }
    let samples: Arc<[u8]> =
        std::fs::read(speech).map_err(LabError::io(speech.display().to_string()))?.into();
    let screen = Screen::new();
    let started = Instant::now();
    println!("Laying out caller — relay — callee in three network namespaces");
    let net = Topology::new()?;
    let mut relay = start(&net, config)?;
    println!("The relay answers ng on {} ({})", relay.control(), relay.namespace().name());

    let mut client = relay.ng()?;
    let calls: Vec<Call> = (0..CALLS)
        .map(|number| Call::set_up(&mut client, &net, number, families(number), &samples))
        .collect::<lab::Result<_>>()?;
    println!("{CALLS} calls set up over ng, {:.1} s after the start", started.elapsed().as_secs_f32());

    let outcome = conversation::hold(&calls, &mut client, &screen)?;
    let relayed = hang_up(&mut client, &calls)?;
    relay.ok(&ng::request("ping"))?;
    relay.stop()?;
    Ok(summary::tell(&outcome, relayed))
}

fn start(net: &Topology, config: &Path) -> lab::Result<Daemon> {
    if lab::foreign_daemon().is_some() {
        return Daemon::on(net).arg("--log-level=5").start();
    }
    Daemon::on(net).bare().arg(format!("--config={}", config.display())).start()
}

/// Most calls are IPv4; every fifth is IPv6, every fifth goes from IPv4 to IPv6.
fn families(number: usize) -> [Family; 2] {
    match number % 5 {
        3 => [Family::V4, Family::V6],
        4 => [Family::V6, Family::V6],
        _ => [Family::V4, Family::V4],
    }
}

/// Deletes the calls; returns how many RTP packets the relay said before that it has seen.
fn hang_up(client: &mut ng::Client, calls: &[Call]) -> lab::Result<i64> {
    let mut packets = 0;
    for call in calls {
        let reply = client.ok(&ng::request("query").set("call-id", &call.id))?;
        packets += reply.int("totals/RTP/packets").unwrap_or(0);
        client.ok(&ng::request("delete").set("call-id", &call.id).set("from-tag", call::TAGS[0]))?;
    }
    Ok(packets)
}
