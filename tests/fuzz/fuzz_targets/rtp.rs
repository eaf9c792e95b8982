//! An RTP packet, rewritten.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| rtp::fuzz::rtp(data));
