//! A TOML configuration file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| rtpengine::config::fuzz::toml(data));
