use super::super::Mac;
use super::*;
use hmac::{Hmac, KeyInit, Mac as _};
use proptest::prelude::*;
use sha1::Sha1;

fn theirs(key: &[u8], data: &[u8], suffix: [u8; 4]) -> [u8; 20] {
    let mut theirs = Hmac::<Sha1>::new_from_slice(key).unwrap();
    theirs.update(data);
    theirs.update(&suffix);
    theirs.finalize().into_bytes().into()
}

/// Compares the tags of all, each made once.
fn compare(messages: &[([u8; 20], Vec<u8>, [u8; 4])]) {
    // Without AVX2 there is nothing to compare.
    let Some(lanes) = Lanes::of_any_speed() else { return };
    let macs: Vec<Mac> = messages.iter().map(|(key, ..)| Mac::new(key)).collect();
    let messages = messages.iter();
    let given = messages.clone().zip(&macs).enumerate();
    let given = given.map(|(n, ((_, data, suffix), mac))| (n, Message { mac, data, suffix: *suffix }));
    let mut made = vec![None; messages.len()];
    lanes.tags(given, |number, tag| {
        assert_eq!(made[number].replace(tag), None, "message {number} was done twice");
    });
    for (number, ((key, data, suffix), made)) in messages.zip(made).enumerate() {
        assert_eq!(made, Some(theirs(key, data, *suffix)), "message {number} of {} bytes", data.len());
    }
}

#[test]
fn every_length_beside_every_other() {
    for count in 0..=2 * LANES {
        let at = |n: usize| n * 37 + count * 101;
        let messages: Vec<_> =
            (0..count).map(|n| ([n as u8; 20], vec![n as u8 + 1; at(n) % 260], [n as u8; 4])).collect();
        compare(&messages);
    }
    let all: Vec<_> = (0..=260).map(|len| ([7; 20], vec![len as u8; len], [0, 0, 1, 2])).collect();
    compare(&all);
}

proptest! {
    #[test]
    fn is_the_hmac_of_others(
        messages in proptest::collection::vec(
            (any::<[u8; 20]>(), proptest::collection::vec(any::<u8>(), 0..1500), any::<[u8; 4]>()),
            0..20,
        ),
    ) {
        compare(&messages);
    }
}
