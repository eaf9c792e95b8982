//! A classic configuration file, converted.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| rtpengine::config::fuzz::legacy(data));
