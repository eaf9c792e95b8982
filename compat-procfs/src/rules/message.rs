//! Requests to nf_tables as bytes. Numbers are those of `linux/netfilter/nf_tables.h` and `nfnetlink.h`.

use std::net::IpAddr;

pub(super) const NEW_TABLE: u16 = 0;
pub(super) const NEW_CHAIN: u16 = 3;
pub(super) const GET_CHAIN: u16 = 4;
pub(super) const DEL_CHAIN: u16 = 5;
pub(super) const NEW_RULE: u16 = 6;
pub(super) const GET_RULE: u16 = 7;
pub(super) const DEL_RULE: u16 = 8;
pub(super) const GET_GENERATION: u16 = 16;

const REQUEST: u16 = 0x1;
pub(super) const ACK: u16 = 0x4;
pub(super) const DUMP: u16 = 0x300;
pub(super) const CREATE: u16 = 0x400;
pub(super) const APPEND: u16 = 0x800;

const SUBSYSTEM: u16 = 10;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NESTED: u16 = 0x8000;

/// What a rule of ours carries as its comment; `nft list` shows it.
pub(super) fn mark(table: u32) -> Vec<u8> {
    let text = format!("rtpengine table {table}\0");
    [&[0, text.len() as u8], text.as_bytes()].concat()
}

/// Messages that are carried out together or not at all.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    first: u32,
    count: u32,
}

impl Batch {
    /// An empty batch whose messages are numbered from `first`.
    pub(super) fn new(first: u32) -> Batch {
        let mut batch = Batch { bytes: Vec::new(), first, count: 0 };
        batch.bytes = frame(BATCH_BEGIN, REQUEST, first, 0, SUBSYSTEM, &[]);
        batch
    }

    /// Adds a message.
    pub(super) fn push(&mut self, kind: u16, flags: u16, family: u8, attributes: &Attributes) {
        self.count += 1;
        let number = self.first + self.count;
        self.bytes.extend(frame(
            SUBSYSTEM << 8 | kind,
            REQUEST | ACK | flags,
            number,
            family,
            0,
            &attributes.0,
        ));
    }

    /// The bytes to send, and how many messages will be answered.
    pub(super) fn finish(mut self) -> (Vec<u8>, u32) {
        let end = frame(BATCH_END, REQUEST, self.first + self.count + 1, 0, SUBSYSTEM, &[]);
        self.bytes.extend(end);
        (self.bytes, self.count)
    }
}

/// A single request.
pub(super) fn single(kind: u16, flags: u16, number: u32, family: u8, attributes: &Attributes) -> Vec<u8> {
    frame(SUBSYSTEM << 8 | kind, REQUEST | flags, number, family, 0, &attributes.0)
}

fn frame(kind: u16, flags: u16, number: u32, family: u8, resource: u16, attributes: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(20 + attributes.len());
    bytes.extend((20 + attributes.len() as u32).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(number.to_ne_bytes());
    bytes.extend(0u32.to_ne_bytes());
    bytes.extend([family, 0]);
    bytes.extend(resource.to_be_bytes());
    bytes.extend(attributes);
    bytes
}

/// Attributes of a message, or of a nest.
#[derive(Debug, Default)]
pub(super) struct Attributes(Vec<u8>);

impl Attributes {
    pub(super) fn bytes(mut self, kind: u16, value: &[u8]) -> Attributes {
        self.0.extend((4 + value.len() as u16).to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    pub(super) fn text(self, kind: u16, value: &str) -> Attributes {
        self.bytes(kind, &[value.as_bytes(), &[0]].concat())
    }

    pub(super) fn number(self, kind: u16, value: u32) -> Attributes {
        self.bytes(kind, &value.to_be_bytes())
    }

    pub(super) fn nest(self, kind: u16, inner: Attributes) -> Attributes {
        self.bytes(NESTED | kind, &inner.0)
    }

    /// One expression of a rule.
    fn expression(self, name: &str, data: Attributes) -> Attributes {
        self.nest(1, Attributes::default().text(1, name).nest(2, data))
    }

    /// Matches UDP: the fourth layer's protocol into a register, and a comparison.
    pub(super) fn udp(self) -> Attributes {
        let load = Attributes::default().number(1, 1).number(2, 16);
        let compare =
            Attributes::default().number(1, 1).number(2, 0).nest(3, Attributes::default().bytes(1, &[17]));
        self.expression("meta", load).expression("cmp", compare)
    }

    /// Loads bytes of a header (1: of the network, 2: of the transport) into the register.
    fn load(self, header: u32, offset: u32, len: u32) -> Attributes {
        let place = Attributes::default().number(1, 1).number(2, header).number(3, offset).number(4, len);
        self.expression("payload", place)
    }

    /// Compares the register with bytes: 0 equal, 3 not above, 5 not below.
    fn compare(self, how: u32, with: &[u8]) -> Attributes {
        let data = Attributes::default().bytes(1, with);
        self.expression("cmp", Attributes::default().number(1, 1).number(2, how).nest(3, data))
    }

    /// Matches packets to an address, or from it.
    pub(super) fn address(self, addr: IpAddr, to: bool) -> Attributes {
        let family = |number: u8| {
            let load = Attributes::default().number(1, 1).number(2, 15);
            self.expression("meta", load).compare(0, &[number])
        };
        match addr {
            IpAddr::V4(v4) => family(2).load(1, if to { 16 } else { 12 }, 4).compare(0, &v4.octets()),
            IpAddr::V6(v6) => family(10).load(1, if to { 24 } else { 8 }, 16).compare(0, &v6.octets()),
        }
    }

    /// Matches packets to ports of a range, or from them.
    pub(super) fn ports(self, low: u16, high: u16, to: bool) -> Attributes {
        let port = self.load(2, if to { 2 } else { 0 }, 2);
        port.compare(5, &low.to_be_bytes()).compare(3, &high.to_be_bytes())
    }

    pub(super) fn untracked(self) -> Attributes {
        self.expression("notrack", Attributes::default())
    }

    pub(super) fn counter(self) -> Attributes {
        self.expression("counter", Attributes::default())
    }

    pub(super) fn rtpengine(self, table: u32) -> Attributes {
        self.expression("rtpengine", Attributes::default().number(1, table))
    }

    pub(super) fn jump(self, chain: &str) -> Attributes {
        let verdict = Attributes::default().number(1, -3i32 as u32).text(2, chain);
        let data = Attributes::default().nest(2, verdict);
        self.expression("immediate", Attributes::default().number(1, 0).nest(2, data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_nested() {
        let attributes = Attributes::default().text(1, "ip").nest(4, Attributes::default().number(2, 7));
        let wanted = [
            &7u16.to_ne_bytes()[..],
            &1u16.to_ne_bytes(),
            b"ip\0\0",
            &12u16.to_ne_bytes(),
            &0x8004u16.to_ne_bytes(),
            &8u16.to_ne_bytes(),
            &2u16.to_ne_bytes(),
            &[0, 0, 0, 7],
        ]
        .concat();
        assert_eq!(attributes.0, wanted);
    }

    #[test]
    fn a_batch_is_framed_and_counted() {
        let mut batch = Batch::new(5);
        batch.push(NEW_TABLE, CREATE, 2, &Attributes::default().text(1, "filter"));
        let (bytes, count) = batch.finish();
        assert_eq!(count, 1);
        assert_eq!(bytes.len(), 20 + 32 + 20);
        assert_eq!(bytes[4..6], 0x10u16.to_ne_bytes());
        assert_eq!(bytes[24..26], 0xa00u16.to_ne_bytes());
        assert_eq!((bytes[28], bytes[36]), (6, 2), "number and family");
        assert_eq!(bytes[56..58], 0x11u16.to_ne_bytes());
    }
}
