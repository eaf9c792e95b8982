//! The mirror against the type information that the compiler put into the program.

use super::*;
use libbpf_rs::btf::types::Struct;
use libbpf_rs::btf::{Btf, HasSize};
use std::mem::offset_of;

fn with_btf(check: impl FnOnce(&Btf<'_>)) {
    let object = concat!(env!("OUT_DIR"), "/steer.bpf.o");
    check(&Btf::from_path(object).expect("the object has type information"));
}

fn compare(name: &str, size: usize, fields: &[(&str, usize)]) {
    with_btf(|btf| {
        let theirs: Struct<'_> = btf.type_by_name(name).unwrap_or_else(|| panic!("no struct {name}"));
        assert_eq!(theirs.size(), size, "size of struct {name}");
        let found: Vec<(String, usize)> = theirs
            .iter()
            .map(|member| {
                let libbpf_rs::btf::types::MemberAttr::Normal { offset } = member.attr else {
                    panic!("bit field in struct {name}");
                };
                (member.name.unwrap().to_string_lossy().into_owned(), offset as usize / 8)
            })
            .collect();
        let ours: Vec<(String, usize)> = fields.iter().map(|&(name, at)| (name.to_owned(), at)).collect();
        assert_eq!(found, ours, "fields of struct {name}");
    });
}

macro_rules! compare {
    ($name:literal, $type:ty, $($field:ident),*) => {
        compare($name, size_of::<$type>(), &[$((stringify!($field), offset_of!($type, $field))),*])
    };
}

#[test]
fn structs_are_laid_out_as_the_program_has_them() {
    compare!("address", Address, addr, family);
    compare!("few", Few, of);
    compare!("place", Place, slot, meter);
    compare!("endpoint", Endpoint, addr, port, family);
    compare!(
        "recipe",
        Recipe,
        flow,
        meter,
        flags,
        action,
        headers_len,
        network_sum,
        transport_delta,
        partial_sum,
        seq_offset,
        pt_from,
        pt_to,
        port,
        ifindex,
        ssrc,
        source,
        reserved,
        headers,
        end
    );
    compare!(
        "sender",
        Sender,
        packets,
        bytes,
        window,
        ssrc,
        first_seq,
        last_seq,
        since_first,
        lost_before,
        last_timestamp,
        duplicates,
        reordered,
        transit,
        jitter,
        after_jump,
        jumped,
        last_pt,
        used,
        reserved
    );
    compare!("meter", Meter, packets, bytes, last_ns, strays, ifindex, queue, senders, reserved);
}

/// What a packet of a flow with one sender touches: two lines of the recipe and two of the meter, each pair one that
/// hardware fetches together.
#[test]
fn a_flow_s_lines_are_two_aligned_pairs() {
    const PAIR: usize = 128;
    assert_eq!(size_of::<Recipe>(), PAIR);
    assert_eq!(size_of::<Meter>() % PAIR, 0);
    assert!(offset_of!(Meter, senders) + size_of::<Sender>() <= PAIR);
    // Family and row are written at once.
    assert_eq!((offset_of!(Addressed, address) + offset_of!(Address, family)) % 8, 0);
    assert_eq!((offset_of!(Addressed, row), size_of::<Addressed>()), (20, 24));
    // 65536 ports of a row are whole lines, too.
    assert_eq!(size_of::<Place>(), 8);
}

/// The names and values of an enum of the header, as written there: the compiler keeps no type information of it.
fn enumerated(name: &str) -> Vec<(String, u32)> {
    let header = include_str!("../../../bpf/steer.h");
    let start = header.find(&format!("enum {name} {{")).expect("the enum stands in the header");
    let (body, _) = header[start..].split_once("};").expect("the enum ends");
    let lines = body.lines().skip(1).filter_map(|line| line.trim().split_once(','));
    lines
        .enumerate()
        .map(|(index, (value, _))| match value.split_once('=') {
            Some((name, shift)) => {
                let shift = shift.trim().strip_prefix("1 << ").expect("a flag").parse::<u32>().unwrap();
                (name.trim().to_owned(), 1 << shift)
            }
            None => (value.trim().to_owned(), index as u32),
        })
        .collect()
}

#[test]
fn reasons_have_the_numbers_of_the_program() {
    let ours = crate::steer::SteerReason::all().map(|reason| {
        let name = reason.code().replace("group-address", "group").replace('-', "_").to_uppercase();
        format!("REASON_{name}")
    });
    let ours: Vec<String> = ours.chain(["REASON_COUNT".to_owned()]).collect();
    let theirs: Vec<String> = enumerated("reason").into_iter().map(|(name, _)| name).collect();
    assert_eq!(theirs, ours);
    assert_eq!(crate::steer::SteerReason::COUNT + 1, theirs.len());
}

#[test]
fn actions_and_flags_have_the_numbers_of_the_program() {
    let actions =
        [("ACTION_NONE", ACTION_NONE), ("ACTION_WORKER", ACTION_WORKER), ("ACTION_DRIVER", ACTION_DRIVER)];
    assert_eq!(enumerated("action"), actions.map(|(name, value)| (name.to_owned(), u32::from(value))));
    let flags = [
        ("FLAG_STRICT", FLAG_STRICT),
        ("FLAG_OPAQUE", FLAG_OPAQUE),
        ("FLAG_RTCP", FLAG_RTCP),
        ("FLAG_SSRC", FLAG_SSRC),
        ("FLAG_PT", FLAG_PT),
    ];
    assert_eq!(enumerated("recipe_flags"), flags.map(|(name, value)| (name.to_owned(), u32::from(value))));
}
