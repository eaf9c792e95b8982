//! SDP: bytes to a typed view that loses nothing, and back.
#![forbid(unsafe_code)]
