//! A secured packet, and a packet to secure.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| srtp::fuzz::open(data));
