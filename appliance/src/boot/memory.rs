//! Memory that the process has no use for.

/// Gives the system what the allocator keeps between things that are in use. Takes some 10 ms for 100 MB, in which other
/// threads that allocate wait.
#[cfg(target_env = "gnu")]
pub fn give_memory_back() {
    // SAFETY: it takes any number, and moves nothing that is in use.
    unsafe { libc::malloc_trim(0) };
}

/// Here the allocator does so by itself.
#[cfg(not(target_env = "gnu"))]
pub fn give_memory_back() {}
