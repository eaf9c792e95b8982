//! A session description, read, written, and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| sdp::fuzz::body(data));
