//! How media ports are had: as configured, or as the machine lets us.

use super::open::usable;
use crate::boot::raise_descriptors;
use crate::config::checked::{Config, LocalAddress, Sockets};
use crate::placement::{Claimed, Manner, Overlap, Plan};
use compat_procfs::rules::Exemption;
use udp::{SharedSockets, SocketBuffers};

/// Says how ports are to be opened, and gives the sockets that packet threads share, if they do.
pub(super) fn open(
    config: &Config,
    threads: usize,
    buffers: SocketBuffers,
) -> Result<(Manner, Vec<SharedSockets>), Overlap> {
    let locals = || config.interfaces.addresses().map(|(_, local)| local);
    let plan = Plan {
        ranges: locals().map(claimed).collect(),
        ports: locals().flat_map(|local| usable(&local.ports)).collect(),
        threads,
        buffers,
        folder: config.appliance.state_folder.clone(),
    };
    let (mut manner, sockets) = match config.media.sockets {
        Sockets::PerPort => (Manner::per_port(&plan)?, Vec::new()),
        Sockets::Shared => Manner::shared(&plan)?,
    };
    if config.media.sockets == Sockets::Shared && sockets.is_empty() {
        warn_of_descriptors(config);
    }
    if config.media.notrack {
        manner.exempt(exemption(&plan));
    }
    Ok((manner, sockets))
}

/// Address and range of ports.
pub(super) fn claimed(local: &LocalAddress) -> Claimed {
    let range = local.ports.range();
    Claimed { addr: local.addr, low: range.low(), high: range.high() }
}

/// Sockets for each port were not expected, so nobody has said yet that there are not enough descriptors for them.
fn warn_of_descriptors(config: &Config) {
    let mut per_port = config.clone();
    per_port.media.sockets = Sockets::PerPort;
    match raise_descriptors(&per_port) {
        Ok(None) => {}
        Ok(Some(lack)) => tracing::warn!("{lack}"),
        Err(wrong) => tracing::warn!("{wrong}"),
    }
}

fn exemption(plan: &Plan) -> Option<Exemption> {
    let ranges: Vec<_> = plan.ranges.iter().map(|range| (range.addr, range.low, range.high)).collect();
    let name = format!("rtpengine-{}", std::process::id());
    match Exemption::new(&name, &ranges) {
        Ok(exemption) => {
            tracing::info!("media is not tracked as connections: nftables table inet {name}");
            Some(exemption)
        }
        Err(error) => {
            tracing::error!("media.notrack cannot be had: {error}");
            None
        }
    }
}
