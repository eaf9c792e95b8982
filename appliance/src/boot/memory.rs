//! Memory that the process has no use for.

/// Gives the system what the allocator keeps for the calling thread between things that are in use. It does most of that by itself,
/// but later.
pub fn give_memory_back() {
    // SAFETY: moves nothing that is in use, and may be called by any thread at any time.
    unsafe { libmimalloc_sys::mi_collect(true) };
}
