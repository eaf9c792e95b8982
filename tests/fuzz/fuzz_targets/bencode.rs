//! A bencode value, read, written, and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| ng::fuzz::bencode(data));
