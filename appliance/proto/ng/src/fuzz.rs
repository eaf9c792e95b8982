//! Fuzz bodies: each takes any bytes and panics only if a promise of this crate is broken.
