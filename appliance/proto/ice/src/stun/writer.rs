use super::{COOKIE, Class, HEADER, attribute};
use crate::Role;
use crate::integrity::{fingerprint, hmac};
use std::net::{IpAddr, SocketAddr};

/// Writes one Binding message, attribute by attribute, and seals it.
#[derive(Debug)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(class: Class, transaction: &[u8; 12]) -> Writer {
        let kind: u16 = match class {
            Class::Request => 0x0001,
            Class::Indication => 0x0011,
            Class::Success => 0x0101,
            Class::Error => 0x0111,
        };
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(COOKIE.to_be_bytes());
        bytes.extend(transaction);
        Writer { bytes }
    }

    pub(crate) fn attribute(&mut self, kind: u16, value: &[u8]) {
        self.bytes.extend(kind.to_be_bytes());
        self.bytes.extend((value.len() as u16).to_be_bytes());
        self.bytes.extend(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    pub(crate) fn username(&mut self, theirs: &str, ours: &str) {
        self.attribute(attribute::USERNAME, format!("{theirs}:{ours}").as_bytes());
    }

    pub(crate) fn priority(&mut self, priority: u32) {
        self.attribute(attribute::PRIORITY, &priority.to_be_bytes());
    }

    pub(crate) fn use_candidate(&mut self) {
        self.attribute(attribute::USE_CANDIDATE, &[]);
    }

    pub(crate) fn role(&mut self, role: Role, tie_breaker: u64) {
        let kind = match role {
            Role::Controlled => attribute::CONTROLLED,
            Role::Controlling => attribute::CONTROLLING,
        };
        self.attribute(kind, &tie_breaker.to_be_bytes());
    }

    /// XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
    pub(crate) fn mapped(&mut self, address: SocketAddr) {
        let port = (address.port() ^ (COOKIE >> 16) as u16).to_be_bytes();
        match address.ip() {
            IpAddr::V4(ip) => {
                let masked = (ip.to_bits() ^ COOKIE).to_be_bytes();
                self.attribute(attribute::XOR_MAPPED, &[&[0, 1], &port[..], &masked].concat());
            }
            IpAddr::V6(ip) => {
                let mut mask = [0; 16];
                mask.copy_from_slice(&self.bytes[4..20]);
                let masked = (ip.to_bits() ^ u128::from_be_bytes(mask)).to_be_bytes();
                self.attribute(attribute::XOR_MAPPED, &[&[0, 2], &port[..], &masked].concat());
            }
        }
    }

    /// ERROR-CODE; the phrase is for people who read captures.
    pub(crate) fn error(&mut self, code: u16, phrase: &str) {
        let head = [0, 0, (code / 100) as u8, (code % 100) as u8];
        self.attribute(attribute::ERROR, &[&head, phrase.as_bytes()].concat());
    }

    pub(crate) fn unknown(&mut self, kinds: &[u16]) {
        let value: Vec<u8> = kinds.iter().flat_map(|kind| kind.to_be_bytes()).collect();
        self.attribute(attribute::UNKNOWN, &value);
    }

    /// Adds MESSAGE-INTEGRITY and FINGERPRINT.
    pub(crate) fn seal(mut self, password: &str) -> Vec<u8> {
        self.set_length(24);
        let seal = hmac(password.as_bytes(), &[&self.bytes]);
        self.attribute(attribute::INTEGRITY, &seal);
        self.set_length(8);
        let crc = fingerprint(&[&self.bytes]);
        self.attribute(attribute::FINGERPRINT, &crc.to_be_bytes());
        self.bytes
    }

    /// Bytes of attributes there will be once `more` were added.
    fn set_length(&mut self, more: usize) {
        let length = (self.bytes.len() - HEADER + more) as u16;
        self.bytes[2..4].copy_from_slice(&length.to_be_bytes());
    }
}
