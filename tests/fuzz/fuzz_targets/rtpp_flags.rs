//! The flag text of a proxy.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| ng::fuzz::rtpp_flags(data));
