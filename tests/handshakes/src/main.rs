//! `cargo run --release -p handshakes-lab -- [CALLS [RATE [SECONDS]]]`: so many calls flow while so many handshakes a
//! second are made. All threads of the relay share core 0.

use handshakes_lab::{Load, Result, measure};
use lab::{Daemon, Topology};
use std::io::Write;

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u32>().unwrap_or_default());
    let mut number = |default| numbers.next().filter(|number| *number > 0).unwrap_or(default);
    let (calls, rate, seconds) = (number(1000), number(200), number(10));
    let load = Load { calls: u16::try_from(calls).unwrap_or(u16::MAX), rate, seconds };
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg("--num-threads=1").arg("--log-level=4").start()?;
    // All of its threads share one core.
    net.relay.run(&["taskset", "-acp", "0", &daemon.pid().to_string()])?;
    let outcome = measure(&net, &daemon, load)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{load:?}")?;
    writeln!(out, "media: sent {}, arrived {}", outcome.sent, outcome.arrived)?;
    let lost = outcome.lost;
    writeln!(
        out,
        "lost, of everything: on the wires {}, at the relay's sockets {}, at the listener's {}",
        lost.wires, lost.relay, lost.listener
    )?;
    writeln!(
        out,
        "handshakes: begun {}, done {} (at the relay {})",
        outcome.begun, outcome.done, outcome.relay_done
    )?;
    writeln!(
        out,
        "relay: {:.2} of a core for media alone, {:.2} ms more per handshake",
        outcome.media_share, outcome.relay_ms
    )?;
    Ok(())
}
