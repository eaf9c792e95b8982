//! A wall clock for OpenSSL that stands still unless it is set: its retransmission timer asks `gettimeofday`, and a
//! program's own function of that name comes before the C library's.
#![allow(unsafe_code, reason = "a C function that C code calls")]

use std::cell::Cell;
use std::ffi::{c_int, c_long, c_void};

thread_local! {
    static NOW_US: Cell<u64> = const { Cell::new(0) };
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// Seconds after 1970 at which these tests begin.
const BEGIN_S: u64 = 1_700_000_000;

#[repr(C)]
pub(crate) struct Timeval {
    seconds: c_long,
    micros: c_long,
}

/// Sets the clock of this thread.
pub(crate) fn set(now_us: u64) {
    NOW_US.set(now_us);
}

/// How often the clock was asked.
pub(crate) fn asked() -> u64 {
    ASKED.get()
}

// SAFETY: the signature is the C library's, and so is what it does.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn gettimeofday(out: *mut Timeval, _zone: *mut c_void) -> c_int {
    let now_us = BEGIN_S * 1_000_000 + NOW_US.get();
    ASKED.set(ASKED.get() + 1);
    let time = Timeval { seconds: (now_us / 1_000_000) as c_long, micros: (now_us % 1_000_000) as c_long };
    if !out.is_null() {
        // SAFETY: POSIX wants a place for one timeval there.
        unsafe { out.write(time) };
    }
    0
}
