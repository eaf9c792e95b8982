//! Per-packet work on a burst: classify, look up, rewrite, fan out.
#![forbid(unsafe_code)]
