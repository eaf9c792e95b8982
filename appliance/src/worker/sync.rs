//! What `doorbell` synchronises with. Its proof (`appliance/tests/doorbell.rs`) puts loom's in their place.

pub(super) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
pub(super) use std::sync::{Condvar, Mutex};
