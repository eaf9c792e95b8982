//! Two endpoints of ours on a network of which everything is known: what is lost, what comes twice or late, and what
//! time it is. Seconds cost nothing here.
#![allow(clippy::unwrap_used, reason = "a test")]

mod hostile;
mod loss;
mod network;
mod restart;
mod roles;
mod wall;
