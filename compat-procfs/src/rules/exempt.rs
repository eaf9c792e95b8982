use super::message::{APPEND, Attributes, Batch, CREATE, NEW_CHAIN, NEW_RULE, NEW_TABLE};
use super::socket::{RulesError, Socket};
use std::net::IpAddr;

/// Both IPv4 and IPv6.
const INET: u8 = 1;
/// The table ends with the socket that made it (Linux 5.12).
const OWNED: u32 = 2;
/// Before connections are tracked.
const RAW: i32 = -300;

/// Where packets of ours pass before connections are tracked: chain, number of its hook, and whether our address is the
/// destination there.
const CHAINS: [(&str, u32, bool); 2] = [("arriving", 0, true), ("leaving", 3, false)];

/// UDP ports of addresses that the kernel does not track as connections for as long as this lives: a table of nf_tables
/// of our own, which the kernel removes when we end, however that is.
#[derive(Debug)]
pub struct Exemption {
    socket: Socket,
    name: String,
}

impl Exemption {
    /// Exempts these ranges (address, lowest and highest port), in the network namespace of the calling thread. `name` is
    /// what the table is called; it must not be there.
    ///
    /// # Errors
    /// Why the kernel refused.
    pub fn new(name: &str, ranges: &[(IpAddr, u16, u16)]) -> Result<Exemption, RulesError> {
        let mut socket = Socket::open()?;
        let table = || Attributes::default().text(1, name);
        let mut batch = socket.batch();
        batch.push(NEW_TABLE, CREATE, INET, &table().number(2, OWNED));
        for (chain, hook, _) in CHAINS {
            let at = Attributes::default().number(1, hook).number(2, RAW as u32);
            let hooked = table().text(3, chain).nest(4, at).number(5, 1).text(7, "filter");
            batch.push(NEW_CHAIN, CREATE, INET, &hooked);
        }
        push_rules(&mut batch, name, ranges);
        socket.commit(batch, "a table that exempts media from connection tracking")?;
        Ok(Exemption { socket, name: name.to_owned() })
    }

    /// Exempts more.
    ///
    /// # Errors
    /// Why the kernel refused; what was exempt stays so.
    pub fn extend(&mut self, ranges: &[(IpAddr, u16, u16)]) -> Result<(), RulesError> {
        let mut batch = self.socket.batch();
        push_rules(&mut batch, &self.name, ranges);
        self.socket.commit(batch, "rules that exempt media from connection tracking")
    }
}

fn push_rules(batch: &mut Batch, name: &str, ranges: &[(IpAddr, u16, u16)]) {
    for (chain, _, arriving) in CHAINS {
        for &(addr, low, high) in ranges {
            let matches = Attributes::default().udp().address(addr, arriving).ports(low, high, arriving);
            let rule = Attributes::default().text(1, name).text(2, chain).nest(4, matches.untracked());
            batch.push(NEW_RULE, CREATE | APPEND, INET, &rule);
        }
    }
}
