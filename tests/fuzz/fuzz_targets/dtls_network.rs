//! A DTLS handshake on a network that loses, doubles, cuts and turns bits.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| dtls::fuzz::network(data));
