//! The ng control protocol: bytes to requests, replies to bytes.
#![forbid(unsafe_code)]
