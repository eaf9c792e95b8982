//! Agents against phones in memory, and the thread between a desk, a packet thread and phones on the loopback.

mod dtls;
mod hostile;
mod ice;
mod threads;
mod world;
