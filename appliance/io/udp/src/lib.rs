//! Bursts of packets over ordinary UDP sockets.
