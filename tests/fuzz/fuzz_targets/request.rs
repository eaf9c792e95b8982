//! A whole ng message, cookie and all.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| ng::fuzz::request(data));
