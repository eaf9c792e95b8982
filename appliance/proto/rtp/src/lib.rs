//! RTP and RTCP header views, and the first-byte demultiplexing of RFC 7983.
#![forbid(unsafe_code)]
