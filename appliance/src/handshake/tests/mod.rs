//! Agents against phones in memory.

mod dtls;
mod hostile;
mod ice;
mod world;
