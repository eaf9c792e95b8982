use crate::{PATIENCE, status, targets};
use lab::{Call, Daemon, DaemonSpec, LabError, Pace, Result, Topology};
use std::time::{Duration, Instant};

/// How long packets that are not judged may take.
const GLANCE: Duration = Duration::from_millis(300);

/// A host between two sides, with firewall rules that lead to a table.
#[derive(Debug)]
pub struct Host {
    /// Its wires.
    pub net: Topology,
    /// The table.
    pub table: u32,
}

impl Host {
    /// A host whose operator has written no rule yet.
    pub fn bare(table: u32) -> Result<Host> {
        Ok(Host { net: Topology::new()?, table })
    }

    /// A host whose operator has typed the rules of the classic set-up.
    pub fn new(table: u32) -> Result<Host> {
        let host = Host::bare(table)?;
        host.rule()?;
        Ok(host)
    }

    /// Types the rules.
    pub fn rule(&self) -> Result<()> {
        let table = self.table.to_string();
        for program in ["iptables", "ip6tables"] {
            self.net.relay.run(&[program, "-I", "INPUT", "-p", "udp", "-j", "RTPENGINE", "--id", &table])?;
        }
        Ok(())
    }

    /// Takes every rule away.
    pub fn flush(&self) -> Result<()> {
        for program in ["iptables", "ip6tables"] {
            self.net.relay.run(&[program, "-F"])?;
        }
        Ok(())
    }

    /// A daemon that owns the table.
    pub fn daemon(&self) -> DaemonSpec {
        Daemon::on(&self.net).arg(format!("--table={}", self.table))
    }

    /// Waits until the table's owner has so many flows in it while `call` talks; the packets are not judged.
    pub fn talk_until(&self, targets: u32, calls: &[&Call]) -> Result<()> {
        placed(self.table, targets, calls)
    }
}

/// Waits until a table has so many flows while calls talk; the packets are not judged.
pub fn placed(table: u32, wanted: u32, calls: &[&Call]) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while targets(table) != wanted {
        if Instant::now() > deadline {
            return Err(LabError::Timeout {
                what: format!("{wanted} flows in kernel table {table}"),
                after_ms: PATIENCE.as_millis(),
                context: format!("\nthere are {:?}", status(table)),
            });
        }
        for call in calls {
            call.talk(5, Pace::SPEECH, GLANCE)?;
        }
    }
    Ok(())
}

/// How many datagrams the sockets of the relay's host have been given: none for a packet that the module forwards.
pub fn udp_delivered(host: &Host) -> Result<u64> {
    let mut sum = 0;
    let text = host.net.relay.run(&["cat", "/proc/net/snmp"])?;
    let mut lines = text.lines().filter(|line| line.starts_with("Udp:"));
    if let (Some(names), Some(values)) = (lines.next(), lines.next()) {
        for (name, value) in names.split(' ').zip(values.split(' ')) {
            if ["InDatagrams", "InErrors"].contains(&name) {
                sum += value.parse().unwrap_or(0);
            }
        }
    }
    let text = host.net.relay.run(&["cat", "/proc/net/snmp6"])?;
    for line in text.lines() {
        if line.starts_with("Udp6InDatagrams") || line.starts_with("Udp6InErrors") {
            sum += line.split_whitespace().nth(1).and_then(|value| value.parse().ok()).unwrap_or(0);
        }
    }
    Ok(sum)
}
