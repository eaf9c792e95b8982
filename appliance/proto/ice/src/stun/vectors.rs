//! The test vectors of RFC 5769 §2.1 to §2.3, and what a writer writes read again.

use super::message::Malformed;
use super::{Class, Message, Writer, usernames};
use crate::Role;
use std::net::SocketAddr;

const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";
const TRANSACTION: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

const REQUEST: &str = "000100582112a442b7e7a701bc34d686fa87dfae\
    802200105354554e207465737420636c69656e74\
    002400046e0001ff80290008932ff9b151263b36\
    000600096576746a3a68367659202020\
    000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2\
    80280004e57a3bcf";
const RESPONSE_V4: &str = "0101003c2112a442b7e7a701bc34d686fa87dfae\
    8022000b7465737420766563746f7220\
    002000080001a147e112a643\
    000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7\
    80280004c07d4c96";
const RESPONSE_V6: &str = "010100482112a442b7e7a701bc34d686fa87dfae\
    8022000b7465737420766563746f7220\
    002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9\
    00080014a382954e4be67bf11784c97c8292c275bfe3ed41\
    80280004c8fb0b4c";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[i * 2..i * 2 + 2], 16).unwrap()).collect()
}

fn read(bytes: &[u8]) -> Message<'_> {
    Message::parse(bytes).unwrap().unwrap()
}

#[test]
fn sample_request() {
    let packet = bytes(REQUEST);
    let message = read(&packet);
    assert_eq!((message.class, message.binding, message.transaction), (Class::Request, true, TRANSACTION));
    assert_eq!(message.username, Some(&b"evtj:h6vY"[..]));
    assert_eq!(message.priority, Some(0x6e00_01ff));
    assert_eq!(message.role, Some((Role::Controlled, 0x932f_f9b1_5126_3b36)));
    assert!(message.has_good_fingerprint());
    assert!(message.is_sealed_with(PASSWORD));
    assert!(!message.is_sealed_with("VOkJxbRl1RmTxUk/WvJxBT"));
    assert_eq!(usernames(&packet), Some(("evtj", "h6vY")));
}

#[test]
fn sample_responses() {
    for (hex, address) in
        [(RESPONSE_V4, "192.0.2.1:32853"), (RESPONSE_V6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853")]
    {
        let packet = bytes(hex);
        let message = read(&packet);
        assert_eq!(message.class, Class::Success);
        assert_eq!(message.mapped, Some(address.parse().unwrap()));
        assert!(message.has_good_fingerprint() && message.is_sealed_with(PASSWORD));
        assert_eq!(usernames(&packet), None);
    }
}

/// Every single flipped bit of a sealed request is noticed: by the reader, the CRC or the HMAC.
#[test]
fn any_flipped_bit_is_noticed() {
    let packet = bytes(REQUEST);
    for bit in 0..packet.len() * 8 {
        let mut changed = packet.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let believed = Message::parse(&changed)
            .and_then(Result::ok)
            .is_some_and(|m| m.has_good_fingerprint() && m.is_sealed_with(PASSWORD));
        assert!(!believed, "bit {bit}");
    }
}

#[test]
fn what_was_written_is_read() {
    for address in ["192.0.2.9:5", "[2001:db8::9]:65535"].map(|a| a.parse::<SocketAddr>().unwrap()) {
        let mut writer = Writer::new(Class::Request, &TRANSACTION);
        writer.username("abcde", "fghi");
        writer.priority(7);
        writer.role(Role::Controlling, u64::MAX);
        writer.use_candidate();
        writer.mapped(address);
        let packet = writer.seal("password");
        let message = read(&packet);
        assert_eq!((message.priority, message.use_candidate, message.mapped), (Some(7), true, Some(address)));
        assert_eq!(message.role, Some((Role::Controlling, u64::MAX)));
        assert_eq!(usernames(&packet), Some(("abcde", "fghi")));
        assert!(message.has_good_fingerprint() && message.is_sealed_with("password"));
    }
    let mut writer = Writer::new(Class::Error, &TRANSACTION);
    writer.error(487, "Role Conflict");
    writer.unknown(&[1, 2, 3]);
    let packet = writer.seal("p");
    assert_eq!((read(&packet).class, read(&packet).error), (Class::Error, Some(487)));
}

#[test]
fn lying_lengths_are_refused() {
    let packet = bytes(REQUEST);
    assert!(Message::parse(&packet[..19]).is_none());
    assert!(matches!(Message::parse(&packet[..20]), Some(Err(Malformed))));
    assert!(matches!(Message::parse(&packet[..packet.len() - 4]), Some(Err(Malformed))));
    let mut long = packet.clone();
    long[22..24].copy_from_slice(&0xfff0_u16.to_be_bytes());
    assert!(matches!(Message::parse(&long), Some(Err(Malformed))));
    let mut short_priority = packet.clone();
    short_priority[42..44].copy_from_slice(&3_u16.to_be_bytes());
    assert!(matches!(Message::parse(&short_priority), Some(Err(Malformed))));
}

#[test]
fn unknown_attributes_that_must_be_understood_are_listed() {
    let mut writer = Writer::new(Class::Request, &TRANSACTION);
    writer.attribute(0x7ffe, b"x");
    writer.attribute(0xc001, b"ignored");
    let packet = writer.seal("p");
    assert_eq!(read(&packet).unknown(), [0x7ffe]);
}

/// Attributes behind the seal are not covered by it.
#[test]
fn what_stands_behind_the_seal_is_not_read() {
    let sealed = Writer::new(Class::Request, &TRANSACTION).seal("p");
    let mut packet = sealed[..sealed.len() - 8].to_vec();
    packet.extend([0, 0x25, 0, 0]);
    let length = (packet.len() - 20) as u16;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    let message = read(&packet);
    assert!(message.is_sealed_with("p"));
    assert!(!message.use_candidate);
    assert!(!message.has_good_fingerprint());
}
