//! A script for an ICE agent: candidates, packets, time.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| ice::fuzz::agent(data));
