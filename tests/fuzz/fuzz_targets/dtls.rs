//! Datagrams at a DTLS server and client.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| dtls::fuzz::datagrams(data));
