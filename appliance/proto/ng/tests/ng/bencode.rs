//! bencode against serde_bencode and against itself.

use std::borrow::Cow;

use ng::{Dict, Malformed, Value, bencode};
use proptest::prelude::*;
use serde_bencode::value::Value as Theirs;

/// Trees with unique, unsorted keys.
fn tree() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::Int),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        let key = proptest::collection::vec(any::<u8>(), 0..12);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::List),
            proptest::collection::hash_map(key, inner, 0..8).prop_map(|pairs| {
                let pairs = pairs.into_iter().map(|(key, value)| (Cow::Owned(key), value));
                Value::Dict(pairs.collect::<Dict<'static>>())
            }),
        ]
    })
}

fn same(ours: &Value<'_>, theirs: &Theirs) -> bool {
    match (ours, theirs) {
        (Value::Int(a), Theirs::Int(b)) => a == b,
        (Value::Bytes(a), Theirs::Bytes(b)) => a.as_ref() == b.as_slice(),
        (Value::List(a), Theirs::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Dict(a), Theirs::Dict(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|b| same(value, b)))
        }
        _ => false,
    }
}

fn written(value: &Value<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    bencode::write(value, &mut out);
    out
}

proptest! {
    #[test]
    fn what_we_write_both_read_alike(tree in tree()) {
        let bytes = written(&tree);
        let (ours, used) = bencode::parse(&bytes).unwrap();
        prop_assert_eq!(used, bytes.len());
        prop_assert_eq!(&ours, &tree);
        let theirs: Theirs = serde_bencode::from_bytes(&bytes).unwrap();
        prop_assert!(same(&tree, &theirs));
    }

    #[test]
    fn what_they_write_we_read_alike(tree in tree()) {
        let theirs: Theirs = serde_bencode::from_bytes(&written(&tree)).unwrap();
        let bytes = serde_bencode::to_bytes(&theirs).unwrap();
        prop_assert!(same(&bencode::parse(&bytes).unwrap().0, &theirs));
    }

    #[test]
    fn damaged_messages_neither_panic_nor_surprise(tree in tree(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = written(&tree);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        ng::fuzz::bencode(&bytes);
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        ng::fuzz::bencode(&bytes);
    }
}

#[test]
fn nothing_is_copied() {
    let input = b"d3:key5:valuee".to_vec();
    let (value, _) = bencode::parse(&input).unwrap();
    let Some(Value::Bytes(Cow::Borrowed(text))) = value.as_dict().unwrap().get("key") else {
        panic!("not borrowed: {value:?}")
    };
    assert!(input.as_ptr_range().contains(&text.as_ptr()));
}

#[test]
fn numbers_are_read_as_rtpengine_reads_them() {
    let number = |text: &'static str| bencode::parse(text.as_bytes()).map(|(value, _)| value);
    assert_eq!(number("i5e"), Ok(Value::Int(5)));
    assert_eq!(number("i+5e"), Ok(Value::Int(5)));
    assert_eq!(number("i-9223372036854775808e"), Ok(Value::Int(i64::MIN)));
    assert_eq!(number("i9223372036854775807e"), Ok(Value::Int(i64::MAX)));
    for bad in [
        "ie",
        "i-e",
        "i-0e",
        "i05e",
        "i5",
        "i5 e",
        "i9223372036854775808e",
        "i99999999999999999999e",
        "i--1e",
    ] {
        assert!(number(bad).is_err(), "{bad}");
    }
}

#[test]
fn string_lengths_are_strict() {
    for bad in
        ["04:ping", "-1:a", "+4:ping", "4:pin", "99999999999999999999:", "4 :ping", "18446744073709551616:a"]
    {
        assert!(bencode::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    assert_eq!(bencode::parse(b"0:").unwrap(), (Value::from(""), 2));
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |depth: usize| [vec![b'l'; depth], vec![b'e'; depth]].concat();
    assert!(bencode::parse(&nested(bencode::MAX_DEPTH)).is_ok());
    assert_eq!(bencode::parse(&nested(bencode::MAX_DEPTH + 1)), Err(Malformed::TooDeep));
    let endless = vec![b'l'; 1_000_000];
    assert_eq!(bencode::parse(&endless), Err(Malformed::TooDeep));
    assert_eq!(bencode::Scanner::default().scan(&endless), Err(Malformed::TooDeep));
}

#[test]
fn end_of_input_closes_containers_but_not_tokens() {
    assert!(bencode::parse(b"d7:command4:ping").is_ok());
    assert!(bencode::parse(b"d7:command4:ping1:xl1:a").is_ok());
    assert!(bencode::parse(b"d7:command4:pin").is_err());
    assert!(bencode::parse(b"d7:command").is_err());
}

#[test]
fn scanner_finds_the_end_in_any_pieces() {
    let message = b"d4:listl1:ai-7ed0:0:ee3:sdp10:v=0\r\no=e ee4:last";
    let end = message.len() - 6;
    for first in 0..message.len() {
        let mut scanner = bencode::Scanner::default();
        let early = scanner.scan(&message[..first]).unwrap();
        assert_eq!(early, (first >= end).then_some(end), "cut at {first}");
        if early.is_none() {
            assert_eq!(scanner.scan(message), Ok(Some(end)), "cut at {first}");
        }
    }
}
