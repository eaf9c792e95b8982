//! `[[interface]]` blocks, and the two lenient list types they use.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::schema::define_section;

define_section! {
    /// One media address, or several of one name. The first interface is the one that calls use when they name
    /// none. Blocks of the same name add addresses to it.
    pub struct Interface {
        /// Name for `direction` in requests. `BASE:SUFFIX` makes the interface one of a group: calls that ask for
        /// BASE are dealt over the group in turn.
        name: String = "default".to_owned();
        /// Where sockets are bound: an IPv4 or IPv6 address, a network device (all its addresses), a host name, or
        /// `any` (every address of the host, except loopback and link-local IPv6). A list is allowed.
        address: Strings = Strings(Vec::new()), "\"any\"";
        /// Address to write into SDP in place of the bound one, for example behind NAT. A list is matched to
        /// `address` by its position.
        advertise: Strings = Strings(Vec::new()), "\"192.0.2.10\"";
        /// Ports to use on these addresses. Without it: `media.ports`.
        ports: Option<String> = None, "\"30000-39999\"";
        /// Ports within the range that must stay free for others.
        exclude_ports: Numbers = Numbers(Vec::new()), "[31111, 32222]";
        /// Who forwards stable flows: `userspace` (sockets of the daemon), `kernel` (the kernel module) or
        /// `appliance` (AF_XDP on queues of the network card). Without it: `kernel` if `kernel.table` is set, else
        /// `userspace`.
        mode: Option<Mode> = None, "\"userspace\"";
        /// Mode appliance: the network device. Without it: the one that has the address.
        device: Option<String> = None, "\"eth1\"";
        /// Mode appliance: queues of the network card to use, from 0 on without a gap, as a list or as text like
        /// "0-3": packet thread 0 takes queue 0, and so on. Without it: one for every packet thread, as far as the
        /// card has so many.
        queues: Numbers = Numbers(Vec::new()), "\"0-3\"";
        /// Mode appliance: which part of the fast path takes a flow. `driver`: the program in the network driver, which
        /// can only rewrite headers, but needs no thread. `worker`: the packet threads. `auto`: the program where it
        /// can, else the threads. What the chosen part cannot do goes through sockets.
        forward: Forward = Forward::Auto, "\"auto\"";
        /// Mode appliance: who else uses the network card. `all`: its queues are ours alone, and what is not media goes
        /// through them to the kernel. `media`: rules in the card bring only media ports to our queues; the card must
        /// have such rules (ntuple) and one queue more.
        share: Share = Share::All, "\"all\"";
        /// CPU cores for the packet threads of this interface, as a list or as text like "2-5". Without it:
        /// `threads.cores`.
        cores: Numbers = Numbers(Vec::new()), "[2, 3, 4, 5]";
        /// Mode kernel: the table of the kernel module, 0 to 63. Without it: `kernel.table`.
        table: Option<u8> = None, "0";
    }
}

/// Who forwards stable flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// AF_XDP.
    Appliance,
    /// The kernel module.
    Kernel,
    /// The daemon's sockets.
    Userspace,
}

/// Which part of the AF_XDP path takes flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forward {
    /// The XDP program where it can, else a packet thread.
    Auto,
    /// The XDP program only.
    Driver,
    /// A packet thread only.
    Worker,
}

/// Who uses the queues of a network card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Share {
    /// We alone.
    All,
    /// We have the media, others have the rest.
    Media,
}

/// One text or a list of texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Strings(pub Vec<String>);

impl Serialize for Strings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => serializer.serialize_str(one),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Strings;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Strings, E> {
                Ok(Strings(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Strings, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(Strings(texts))
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}

/// Small whole numbers: a list, or a text of numbers and ranges like `0-3,8`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Numbers(pub Vec<u32>);

/// Most numbers that a text may stand for: every port there is.
const MOST_NUMBERS: u32 = 65_536;

impl Numbers {
    /// Reads `0-3,8`.
    ///
    /// # Errors
    /// A sentence about what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = |part: &str| {
            part.trim()
                .parse::<u32>()
                .map_err(|_| format!("`{}` is not a number (write like \"0-3,8\")", part.trim()))
        };
        let mut numbers = Vec::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (low, high) = match part.split_once('-') {
                Some((low, high)) => (number(low)?, number(high)?),
                None => (number(part)?, number(part)?),
            };
            if low > high {
                return Err(format!("the range {low}-{high} runs backwards"));
            }
            if high - low >= MOST_NUMBERS || numbers.len() >= MOST_NUMBERS as usize {
                return Err(format!("`{text}` stands for more than {MOST_NUMBERS} numbers"));
            }
            numbers.extend(low..=high);
        }
        Ok(Self(numbers))
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrText;

        impl<'de> Visitor<'de> for ListOrText {
            type Value = Numbers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers or a text like \"0-3,8\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Numbers, E> {
                Numbers::parse(text).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Numbers, A::Error> {
                let mut numbers = Vec::new();
                while let Some(number) = list.next_element()? {
                    numbers.push(number);
                }
                Ok(Numbers(numbers))
            }
        }

        deserializer.deserialize_any(ListOrText)
    }
}
