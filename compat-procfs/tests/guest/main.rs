//! Packets through the module. These run inside a guest that has it loaded (`tests/vm/run` does that): as root, one
//! after the other, `guest --ignored --test-threads=1`.

#![allow(clippy::unwrap_used)] // a test

mod control;
mod handed;
mod hostile;
mod lab;
mod plain;
mod rules;
mod secure;
