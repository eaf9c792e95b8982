//! Whatever comes, in whatever order: no panic, bounded answers, and time moves on.

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_script_keeps_the_promises(script in proptest::collection::vec(any::<u8>(), 0..400)) {
        crate::fuzz::agent(&script);
    }

    #[test]
    fn any_bytes_are_read_without_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        crate::fuzz::stun(&data);
    }

    #[test]
    fn changed_messages_are_read_without_panic(at in 0_usize..108, value: u8, end in 0_usize..=108) {
        let mut data = crate::fuzz::sample();
        data[at] = value;
        crate::fuzz::stun(&data[..end]);
    }
}
