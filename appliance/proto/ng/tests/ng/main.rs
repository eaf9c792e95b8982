//! The ng protocol against what a running rtpengine 26.0 was seen to do, and against independent readers.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod bencode;
mod cookie_cache;
mod fuzz_smoke;
mod json;
mod message;
mod recognition;
mod requests;
mod rtpp_flags;
mod spellings;
