use super::*;
use crate::{Headers, Link, Mac, Sum, Tag};
use proptest::prelude::*;

fn frame(src: SocketAddr, dst: SocketAddr, tag: Option<u16>, payload: &[u8]) -> Vec<u8> {
    let link = Link { src_mac: Mac([2; 6]), dst_mac: Mac([4; 6]), tag: tag.map(Tag::vlan) };
    let headers = Headers::new(link, src, dst, 0).unwrap();
    let mut frame = vec![0; headers.len()];
    frame.extend(payload);
    headers.write(&mut frame).unwrap();
    frame
}

fn address(v6: bool) -> BoxedStrategy<SocketAddr> {
    if v6 {
        any::<([u8; 16], u16)>()
            .prop_map(|(mut a, p)| {
                a[0] &= 0x7f;
                (a, p).into()
            })
            .boxed()
    } else {
        any::<([u8; 4], u16)>()
            .prop_map(|(mut a, p)| {
                a[0] &= 0x7f;
                (a, p).into()
            })
            .boxed()
    }
}

fn two_pairs() -> impl Strategy<Value = [SocketAddr; 4]> {
    any::<bool>().prop_flat_map(|v6| [address(v6), address(v6), address(v6), address(v6)])
}

proptest! {
    /// The frame after the edits is byte for byte the frame written with the new values.
    #[test]
    fn differences_equal_writing_anew(
        [src, dst, new_src, new_dst] in two_pairs(), tag in prop::option::of(0u16..4096), tos: u8,
        mut payload in prop::collection::vec(any::<u8>(), 2..300), word: u16, at: prop::sample::Index,
    ) {
        let mut edited = frame(src, dst, tag, &payload);
        let at = at.index(payload.len() / 2) * 2;
        let mut edit = Edit::new(&mut edited).unwrap();
        prop_assert!(edit.set_src(new_src) && edit.set_dst(new_dst) && edit.set_payload_word(at, word));
        edit.set_tos(tos);
        edit.set_ttl(1);
        edit.set_ttl(Headers::TTL);
        payload[at..at + 2].copy_from_slice(&word.to_be_bytes());
        let link = Link { src_mac: Mac([2; 6]), dst_mac: Mac([4; 6]), tag: tag.map(Tag::vlan) };
        let headers = Headers::new(link, new_src, new_dst, tos).unwrap();
        let mut anew = vec![0; headers.len()];
        anew.extend(&payload);
        headers.write(&mut anew).unwrap();
        prop_assert_eq!(edited, anew);
    }

    #[test]
    fn shortening_equals_writing_shorter([src, dst, ..] in two_pairs(), payload in prop::collection::vec(any::<u8>(), 0..300), keep: prop::sample::Index) {
        let keep = keep.index(payload.len() + 1);
        let mut edited = frame(src, dst, None, &payload);
        prop_assert!(Edit::new(&mut edited).unwrap().set_payload_len(keep));
        let len = edited.len() - payload.len() + keep;
        prop_assert_eq!(&edited[..len], &frame(src, dst, None, &payload[..keep])[..]);
        prop_assert!(!Edit::new(&mut edited).unwrap().set_payload_len(payload.len() + 1));
    }
}

#[test]
fn no_checksum_stays_none() {
    let ends = ["192.0.2.1:1", "192.0.2.2:2"].map(|text| text.parse().unwrap());
    let mut bytes = frame(ends[0], ends[1], None, b"abcd");
    bytes[40..42].fill(0);
    let mut edit = Edit::new(&mut bytes).unwrap();
    assert!(edit.set_src(ends[1]) && edit.set_payload_word(0, 7) && edit.set_payload_len(2));
    assert_eq!(bytes[40..42], [0, 0]);
    assert_eq!(Sum::default().bytes(&bytes[14..34]).fold(), 0xffff);
}

#[test]
fn the_other_family_is_refused() {
    let mut bytes = frame("192.0.2.1:1".parse().unwrap(), "192.0.2.2:2".parse().unwrap(), None, b"ab");
    let before = bytes.clone();
    let mut edit = Edit::new(&mut bytes).unwrap();
    assert!(!edit.set_src("[::1]:5".parse().unwrap()) && !edit.set_dst("[::1]:5".parse().unwrap()));
    assert!(!edit.set_payload_word(1, 0) && !edit.set_payload_word(2, 0));
    assert_eq!(bytes, before);
}
