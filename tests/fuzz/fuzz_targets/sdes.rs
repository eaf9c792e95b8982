//! The parts of an SDES line.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| srtp::fuzz::sdes(data));
