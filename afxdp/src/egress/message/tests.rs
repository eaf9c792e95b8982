//! Stored bytes are what a kernel 6.18 sent on a little-endian host.
#![cfg(target_endian = "little")]

use super::*;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use proptest::prelude::*;

/// Where that kernel had the family, and its group.
const HERE: Family = Family { id: 20, group: 4 };
const FAMILY_ANSWER: &str = "1c01000010000000070000002a180000010200000b0002006e65746465760000060001001400000008000300\
     0100000008000400000000000800050000000000a4000600140001000800010001000000080002000e00000014000200080001000500000008\
     0002000e00000014000300080001000a000000080002000e00000014000400080001000b000000080002000c00000014000500080001000c00\
     0000080002000c00000014000600080001000d000000080002000b00000014000700080001000e000000080002000b00000014000800080001\
     000f000000080002000a00000038000700180001000800020004000000090001006d676d74000000001c00020008000200050000000e000100\
     706167652d706f6f6c000000";
const FEATURES_ANSWER: &str = "4000000014000000070000002a1800000101000008000100020000000c00030023000000000000000c0005\
     0007000000000000000c0006000000000000000000";
const CHANGED: &str = "400000001400000000000000000000000401000008000100020000000c00030067000000000000000c000500070000\
     00000000000c0006000000000000000000";
const DELETED: &str = "400000001400000000000000000000000301000008000100020000000c00030067000000000000000c000500070000\
     00000000000c0006000000000000000000";
const NO_DEVICE: &str = "3000000002000000070000002a180000edffffff1c000000140001000700000000000000010100000800\
     01009f860100";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn message(stored: &[u8]) -> Message {
    match NetlinkMessage::<Message>::deserialize(stored).unwrap().payload {
        NetlinkPayload::InnerMessage(message) => message,
        other => panic!("{other:?}"),
    }
}

fn written(message: Message) -> Vec<u8> {
    let mut message = NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::InnerMessage(message));
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

#[test]
fn questions_are_as_the_kernel_wants_them() {
    let question = written(Message::which_family());
    assert_eq!(question[..8], [16 + 4 + 12, 0, 0, 0, 0x10, 0, 0, 0]);
    assert_eq!(question[16..], *b"\x03\x01\0\0\x0b\0\x02\0netdev\0\0");
    let question = written(Message::which_features(20, 0x0102));
    assert_eq!(question[..8], [16 + 4 + 8, 0, 0, 0, 20, 0, 0, 0]);
    assert_eq!(question[16..], *b"\x01\x01\0\0\x08\0\x01\0\x02\x01\0\0");
}

#[test]
fn the_family_and_its_events_are_found() {
    let answer = message(&bytes(FAMILY_ANSWER));
    assert_eq!(answer.family(), Some(HERE));
    assert_eq!(answer.device(HERE.id), None);
    // A kernel that had no such group could not tell of changes.
    let mut silent = answer.clone();
    let at = silent.attributes.windows(5).position(|window| window == GROUP).unwrap();
    silent.attributes[at] = b'x';
    assert_eq!(silent.family(), None);
}

#[test]
fn features_are_read_from_answers_and_events() {
    let answer = message(&bytes(FEATURES_ANSWER));
    assert_eq!(answer.device(HERE.id), Some(Device::Has { ifindex: 2, bits: 0x23 }));
    assert_eq!(answer.device(21), None, "another family");
    assert_eq!(answer.family(), None);
    let changed = message(&bytes(CHANGED));
    assert_eq!(changed.device(HERE.id), Some(Device::Has { ifindex: 2, bits: 0x67 }));
    let deleted = message(&bytes(DELETED));
    assert_eq!(deleted.device(HERE.id), Some(Device::Gone { ifindex: 2 }));
    let pools = Message { command: 5, ..changed };
    assert_eq!(pools.device(HERE.id), None, "an event of another kind");
}

#[test]
fn a_missing_device_is_an_error() {
    let NetlinkPayload::Error(error) =
        NetlinkMessage::<Message>::deserialize(&bytes(NO_DEVICE)).unwrap().payload
    else {
        panic!("no error")
    };
    assert_eq!(error.to_io().raw_os_error(), Some(libc::ENODEV));
}

#[test]
fn answers_cut_short_say_nothing() {
    // Up to where the last attribute that is needed ends.
    for (stored, needed) in [(FAMILY_ANSWER, 0x108), (FEATURES_ANSWER, 0x14)] {
        let whole = message(&bytes(stored));
        let cut = |length| Message { attributes: whole.attributes[..length].to_vec(), ..whole.clone() };
        for length in 0..needed {
            assert_eq!((cut(length).family(), cut(length).device(HERE.id)), (None, None), "{length} bytes");
        }
        let enough = cut(whole.attributes.len());
        assert!(enough.family().is_some() || enough.device(HERE.id).is_some());
    }
}

proptest! {
    /// Whatever comes is read without a panic, and features only from an attribute of eight bytes.
    #[test]
    fn damage_does_no_harm(
        pick in 0usize..3, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut payload = bytes([FAMILY_ANSWER, FEATURES_ANSWER, CHANGED][pick])[16..].to_vec();
        for (at, value) in changes {
            let at = at.index(payload.len());
            payload[at] = value;
        }
        for family in [CONTROLLER, HERE.id] {
            let mut header = NetlinkHeader::default();
            header.message_type = family;
            let Ok(message) = Message::deserialize(&header, &payload);
            prop_assert!(family == CONTROLLER || message.family().is_none());
            if let Some(Device::Has { .. }) = message.device(HERE.id) {
                prop_assert_eq!(find(&message.attributes, NETDEV_A_DEV_XDP_FEATURES).map(<[u8]>::len), Some(8));
            }
        }
    }
}
