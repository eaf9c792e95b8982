//! Packets under keys: a script of what two phones say, what becomes of it on the way, and of their keys.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| engine::fuzz::keys(data));
