//! The book driven as the verbs drive it, with ports that are only numbers.

mod block;
mod bundle;
mod doubles;
mod dtls;
mod ice;
mod lifecycle;
mod mux;
mod ports;
mod random;
mod sdes;
mod world;
