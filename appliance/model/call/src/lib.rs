//! Calls, parties, media and streams as a pure state machine.
#![forbid(unsafe_code)]
