use super::*;
use crate::Error;
use proptest::prelude::*;

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_be_bytes()).collect()
}

/// SR with one block, SDES with one chunk, BYE of two.
fn compound() -> Vec<u8> {
    let mut bytes = words(&[
        0x81c8_000c,
        0x1111_1111,
        0xe000_0001,
        0x8000_0000,
        160,
        10,
        1600, // SR
        0x2222_2222,
        0x40ff_fffe,
        0x0001_0005,
        7,
        0x0001_8000,
        65536,
    ]);
    bytes.extend(words(&[0x81ca_0003, 0x1111_1111, 0x0104_6162, 0x6364_0000]));
    bytes.extend(words(&[0x82cb_0002, 0x1111_1111, 0x3333_3333]));
    bytes
}

#[test]
fn compound_is_walked_and_read() {
    let packets: Vec<_> = walk(&compound()).map(|p| p.unwrap().header().kind).collect();
    assert_eq!(packets, [Type::SenderReport, Type::SourceDescription, Type::Goodbye]);
    let bytes = compound();
    let sr = walk(&bytes).next().unwrap().unwrap();
    assert_eq!(sr.ssrc(), Some(0x1111_1111));
    let info = sr.sender_info().unwrap();
    assert_eq!((info.timestamp, info.packets, info.octets), (160, 10, 1600));
    assert_eq!(info.ntp_middle(), 0x0001_8000);
    let blocks: Vec<_> = sr.reports().collect();
    let block = ReportBlock {
        ssrc: 0x2222_2222,
        fraction_lost: 0x40,
        lost: -2,
        last_seq: 0x0001_0005,
        jitter: 7,
        last_sr: 0x0001_8000,
        delay: 65536,
    };
    assert_eq!(blocks, [block]);
}

#[test]
fn receiver_report_has_blocks_but_no_sender_info() {
    let bytes = words(&[0x81c9_0007, 1, 2, 0, 3, 4, 5, 6]);
    let rr = walk(&bytes).next().unwrap().unwrap();
    assert_eq!(rr.sender_info(), None);
    assert_eq!(rr.reports().map(|b| b.ssrc).collect::<Vec<_>>(), [2]);
}

#[test]
fn more_reports_than_bytes_are_refused() {
    let bytes = words(&[0x82c9_0007, 1, 2, 0, 3, 4, 5, 6]);
    assert_eq!(walk(&bytes).next(), Some(Err(Error::TooShort { len: 32, needed: 56 })));
}

#[test]
fn empty_goodbye_has_no_ssrc_and_feedback_must_have_one() {
    assert_eq!(Packet::parse(&words(&[0x80cb_0000])).unwrap().ssrc(), None);
    assert!(matches!(Packet::parse(&words(&[0x81ce_0000])), Err(Error::TooShort { .. })));
}

#[test]
fn padding_is_taken_off_or_refused() {
    let good = words(&[0xa0cb_0001, 0x0000_0004]);
    assert_eq!(Packet::parse(&good).unwrap().body(), b"");
    for count in [0u32, 5, 255] {
        let got = Packet::parse(&words(&[0xa0cb_0001, count])).map(|p| p.body().len());
        assert_eq!(got, Err(Error::Padding { padding: count as u8, room: 4 }));
    }
}

#[test]
fn walk_is_bounded_and_ends_at_the_first_error() {
    let many = words(&[0x80cb_0000; MAX_PACKETS + 5]);
    assert_eq!(walk(&many).count(), MAX_PACKETS);
    let mut broken = words(&[0x80cb_0000]);
    broken.extend([0x80, 0xcb]);
    assert_eq!(walk(&broken).map(|p| p.is_ok()).collect::<Vec<_>>(), [true, false]);
}

proptest! {
    #[test]
    fn truncation_never_yields_more(cut in 0usize..72) {
        let bytes = compound();
        let cut = cut.min(bytes.len());
        let whole: Vec<_> = walk(&bytes).flatten().map(|p| p.header()).collect();
        let part: Vec<_> = walk(&bytes[..cut]).flatten().map(|p| p.header()).collect();
        prop_assert_eq!(&whole[..part.len()], &part[..]);
        prop_assert_eq!(part.len() == whole.len(), cut == bytes.len());
    }
}
