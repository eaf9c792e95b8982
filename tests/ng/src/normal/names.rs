//! Names for values the daemon made up, in order of first appearance.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

/// Ports a daemon under test gives to media. Everything outside is somebody else's and stays.
const MEDIA_PORTS: std::ops::RangeInclusive<u16> = 30000..=39999;

/// Addresses daemons under test have, whatever they advertise.
const OWN_ADDRESSES: &[&str] =
    &["198.51.100.1", "198.51.100.2", "203.0.113.1", "203.0.113.2", "2001:db8:4321::1", "2001:db8:8765::1"];

/// What daemons under test advertise, and for which of their addresses.
const ADVERTISED: &[(&str, &str)] = &[("192.0.2.77", "203.0.113.2")];

/// What a port is for, as far as the place it stands at tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The first of a pair, or alone.
    Rtp,
    /// The second of a pair, if the one before it is known.
    Rtcp,
}

/// The names given so far in one play of one script.
#[derive(Debug, Clone)]
pub struct Names {
    /// The script's text, for "does it stand in the script".
    pub(super) script: String,
    call: String,
    numbers: HashSet<u64>,
    given: HashMap<(&'static str, String), String>,
    counts: HashMap<&'static str, u32>,
    ports: Vec<Port>,
    port_count: u32,
}

#[derive(Debug, Clone)]
struct Port {
    /// Not known yet if it was seen only in an SDP that advertises another address.
    address: Option<IpAddr>,
    port: u16,
    name: String,
}

impl Names {
    /// No names yet. `script` is the script's file, `call` what `${call}` stands for in this play.
    pub fn new(script: &str, call: &str) -> Names {
        let mut numbers: HashSet<u64> = words(script).filter_map(number).collect();
        numbers.insert(u64::from(crate::phones::SSRC));
        Names {
            script: script.to_lowercase(),
            call: call.to_owned(),
            numbers,
            given: HashMap::new(),
            counts: HashMap::new(),
            ports: Vec::new(),
            port_count: 0,
        }
    }

    /// The text with the play's own call-id as `CALL`.
    pub fn plain(&self, text: &str) -> String {
        text.replace(&self.call, "CALL")
    }

    /// A name like `UFRAG1` for a value, unless the value stands in the script.
    pub fn made_up(&mut self, kind: &'static str, value: &str) -> String {
        match self.in_script(value) {
            true => value.to_owned(),
            false => self.name(kind, value),
        }
    }

    /// A name for a value in any case.
    pub(super) fn name(&mut self, kind: &'static str, value: &str) -> String {
        let counts = &mut self.counts;
        let new = || {
            let count = counts.entry(kind).or_default();
            *count += 1;
            format!("{kind}{count}")
        };
        self.given.entry((kind, value.to_owned())).or_insert_with(new).clone()
    }

    /// Whether a value stands in the script. Case does not count.
    pub(super) fn in_script(&self, value: &str) -> bool {
        self.script.contains(&value.to_lowercase())
    }

    /// A port of the daemon as `port3`, or `port3+1` for the RTCP port right after it. Other ports stay numbers.
    ///
    /// The same number on two addresses is two ports, as far as the address is one of the daemon's own: in an SDP there
    /// may be another one that it advertises.
    pub fn port(&mut self, address: Option<IpAddr>, port: u16, role: Role) -> String {
        if !MEDIA_PORTS.contains(&port) {
            return port.to_string();
        }
        let behind = |shown: IpAddr| {
            let own = ADVERTISED.iter().find(|(advertised, _)| advertised.parse() == Ok(shown));
            own.and_then(|(_, own)| own.parse().ok()).unwrap_or(shown)
        };
        let address =
            address.map(behind).filter(|address| OWN_ADDRESSES.iter().any(|own| own.parse() == Ok(*address)));
        if let Some(name) = self.known_port(address, port) {
            return name;
        }
        // Two lonely ports side by side are chance: only a port that is known for RTCP belongs to the one before it.
        let before = match role {
            Role::Rtcp => self.known_port(address, port - 1).filter(|name| !name.ends_with("+1")),
            Role::Rtp => None,
        };
        let name = match before {
            Some(before) => format!("{before}+1"),
            None => {
                self.port_count += 1;
                format!("port{}", self.port_count)
            }
        };
        self.ports.push(Port { address, port, name: name.clone() });
        name
    }

    /// The name of a port; what was known without an address belongs to the first address it is seen at.
    fn known_port(&mut self, address: Option<IpAddr>, port: u16) -> Option<String> {
        let same = |known: &&mut Port| {
            known.port == port && (known.address == address || known.address.is_none() || address.is_none())
        };
        // An entry with exactly this address comes before one that could be it.
        let exact = self.ports.iter().any(|known| known.port == port && known.address == address);
        let known = self.ports.iter_mut().filter(|known| !exact || known.address == address).find(same)?;
        known.address = known.address.or(address);
        Some(known.name.clone())
    }

    /// The same for a port as text; what is no number stays.
    pub(super) fn port_text(&mut self, address: Option<IpAddr>, text: &str, role: Role) -> String {
        text.parse().map_or_else(|_| text.to_owned(), |port| self.port(address, port, role))
    }

    /// `198.51.100.1:port1` or `[2001:db8::1]:port1`.
    pub fn address(&mut self, address: SocketAddr, role: Role) -> String {
        let port = self.port(Some(address.ip()), address.port(), role);
        match address {
            SocketAddr::V4(v4) => format!("{}:{port}", v4.ip()),
            SocketAddr::V6(v6) => format!("[{}]:{port}", v6.ip()),
        }
    }

    /// Whether the script mentions this SSRC, as a number or inside a packet in hexadecimal.
    pub fn knows_ssrc(&self, ssrc: u32) -> bool {
        self.numbers.contains(&u64::from(ssrc)) || self.script.contains(&format!("{ssrc:08x}"))
    }

    /// An SSRC in decimal, or a name if the daemon made it up.
    pub fn ssrc(&mut self, ssrc: u32) -> String {
        let text = ssrc.to_string();
        if self.knows_ssrc(ssrc) { text } else { self.name("SSRC", &text) }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// A word as a number, decimal or `0x…`.
fn number(word: &str) -> Option<u64> {
    match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_named_by_first_appearance_and_role() {
        let mut names = Names::new("", "c");
        let one = "198.51.100.1".parse().ok();
        assert_eq!(names.port(one, 31000, Role::Rtp), "port1");
        assert_eq!(names.port(one, 31001, Role::Rtcp), "port1+1");
        assert_eq!(names.port(one, 31002, Role::Rtcp), "port2");
        assert_eq!(names.port(one, 31003, Role::Rtp), "port3");
        assert_eq!(names.port(one, 31001, Role::Rtp), "port1+1");
        assert_eq!(names.port(one, 4000, Role::Rtp), "4000");
    }

    #[test]
    fn a_port_belongs_to_an_address() {
        let mut names = Names::new("", "c");
        let [one, two, advertised] =
            ["198.51.100.1", "203.0.113.1", "192.0.2.78"].map(|address| address.parse().ok());
        assert_eq!(names.port(one, 31000, Role::Rtp), "port1");
        assert_eq!(names.port(two, 31000, Role::Rtp), "port2");
        assert_eq!(names.port(advertised, 31000, Role::Rtp), "port1");
        assert_eq!(names.port(two, 31001, Role::Rtcp), "port2+1");
        assert_eq!(names.port(advertised, 31010, Role::Rtp), "port3");
        assert_eq!(names.port(two, 31010, Role::Rtp), "port3");
        assert_eq!(names.port(one, 31010, Role::Rtp), "port4");
        let at = "[2001:db8:4321::1]:31003".parse().unwrap();
        assert_eq!(names.address(at, Role::Rtp), "[2001:db8:4321::1]:port5");
        let [known, stands_for] = ["192.0.2.77", "203.0.113.2"].map(|address| address.parse().ok());
        assert_eq!(names.port(known, 31000, Role::Rtp), "port6");
        assert_eq!(names.port(stands_for, 31000, Role::Rtp), "port6");
    }

    #[test]
    fn the_scripts_own_values_stay() {
        let mut names = Names::new("ssrc = 0x10 hex = \"80c800060abcdef0\" tag = \"Bob\"", "c-1");
        assert_eq!(names.ssrc(16), "16");
        assert_eq!(names.ssrc(0x0abc_def0), "180150000");
        assert_eq!(names.ssrc(17), "SSRC1");
        assert_eq!(names.made_up("TAG", "bob"), "bob");
        assert_eq!(names.made_up("TAG", "carol"), "TAG1");
        assert_eq!(names.made_up("TAG", "dave"), "TAG2");
        assert_eq!(names.made_up("TAG", "carol"), "TAG1");
        assert_eq!(names.plain("call c-1-2"), "call CALL-2");
    }
}
