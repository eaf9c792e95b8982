//! Ethernet, VLAN, IP and UDP headers.
#![forbid(unsafe_code)]
