//! STUN messages as far as ICE needs them (RFC 8489, RFC 8445 §16): Binding, seven attributes, two seals.

mod message;
mod writer;

#[cfg(test)]
mod vectors;

pub use message::usernames;
pub(crate) use message::{Class, Message};
pub(crate) use writer::Writer;

/// The magic cookie, bytes 4 to 7 of every message.
pub(crate) const COOKIE: u32 = 0x2112_A442;

/// Bytes before the first attribute.
pub(crate) const HEADER: usize = 20;

/// Attribute types (RFC 8489 §18.3, RFC 8445 §16.1).
pub(crate) mod attribute {
    pub(crate) const USERNAME: u16 = 0x0006;
    pub(crate) const INTEGRITY: u16 = 0x0008;
    pub(crate) const ERROR: u16 = 0x0009;
    pub(crate) const UNKNOWN: u16 = 0x000A;
    pub(crate) const INTEGRITY_SHA256: u16 = 0x001C;
    pub(crate) const XOR_MAPPED: u16 = 0x0020;
    pub(crate) const PRIORITY: u16 = 0x0024;
    pub(crate) const USE_CANDIDATE: u16 = 0x0025;
    pub(crate) const FINGERPRINT: u16 = 0x8028;
    pub(crate) const CONTROLLED: u16 = 0x8029;
    pub(crate) const CONTROLLING: u16 = 0x802A;
}
