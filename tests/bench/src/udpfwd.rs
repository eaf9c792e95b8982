//! The bare forwarder over shared sockets: what has come to a port leaves from the port of the same number at the other
//! address, for the peer on that side. It has the program and the sockets of `udp`, so that what the relay adds to them can
//! be told apart: no flows, no learning, no counters, no events.

use crate::BenchError;
use afxdp::lookup::Lookup;
use flow::{BURST, Burst, Departure, FlowKey, PacketIo, Verdict};
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use udp::{PortTable, SharedSockets, SocketBuffers, UdpIo};

/// One of its two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// The address it receives at.
    pub own: Ipv4Addr,
    /// Who is there.
    pub peer: Ipv4Addr,
}

impl std::str::FromStr for Side {
    type Err = BenchError;

    fn from_str(text: &str) -> Result<Side, BenchError> {
        let read = |address: &str| {
            let address = address.parse();
            address.map_err(|_| BenchError::Profile(format!("{text}: OWN,PEER'S address was expected")))
        };
        let (own, peer) = text.split_once(',').unwrap_or((text, ""));
        Ok(Side { own: read(own)?, peer: read(peer)? })
    }
}

/// Forwards between two sides until it is killed: at each, every second port from `first` on, `ports` of them. Says `ready`
/// when it does.
///
/// # Errors
/// When the sockets cannot be had.
#[allow(clippy::print_stdout, reason = "who starts it waits for the word")]
pub fn forward(sides: [Side; 2], first: u16, ports: u16) -> Result<(), BenchError> {
    let addresses = sides.map(|side| IpAddr::V4(side.own));
    let attached = Lookup::attach(&addresses, 0, 1);
    let lookup = attached.map_err(|error| BenchError::Profile(format!("shared sockets: {error}")))?;
    let table = PortTable::map(lookup.owners(), &addresses, 0);
    let table = Arc::new(table.map_err(BenchError::system("mapping the table of ports"))?);
    for addr in addresses {
        for number in 0..ports {
            table.open(FlowKey { addr, port: first.wrapping_add(2 * number) }, 0);
        }
    }
    let sockets = SharedSockets::open(table, SocketBuffers::default());
    let sockets = sockets.map_err(BenchError::system("opening shared sockets"))?;
    if let Some(receiver) = sockets.receiver(false) {
        let served = lookup.serve(0, false, receiver);
        served.map_err(|error| BenchError::Profile(format!("shared sockets: {error}")))?;
    }
    let io = UdpIo::shared(0, sockets).map_err(BenchError::system("waiting for packets"))?;
    println!("ready");
    run(io, sides)
}

fn run(mut io: UdpIo, [near, far]: [Side; 2]) -> Result<(), BenchError> {
    let mut burst = Burst::new(BURST);
    loop {
        io.wait(None).map_err(BenchError::system("waiting for packets"))?;
        io.receive(&mut burst);
        for frame in burst.frames_mut() {
            let FlowKey { addr, port } = frame.local;
            let out = if addr == IpAddr::V4(near.own) { far } else { near };
            frame.verdict = Verdict::Forward(Departure {
                from: FlowKey { addr: out.own.into(), port },
                to: SocketAddrV4::new(out.peer, port).into(),
                tos: 0,
            });
        }
        io.finish(&mut burst);
        burst.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_two_addresses() {
        let side: Side = "192.0.2.1,192.0.2.2".parse().unwrap();
        assert_eq!(side, Side { own: Ipv4Addr::new(192, 0, 2, 1), peer: Ipv4Addr::new(192, 0, 2, 2) });
        assert!("192.0.2.1".parse::<Side>().is_err() && "a,b".parse::<Side>().is_err());
    }
}
