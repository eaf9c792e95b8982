//! The agent: what it knows in `state`, and one file per thing that can happen to it.

mod checks;
mod lane;
mod nominate;
mod remote;
mod request;
mod response;
mod restart;
mod route;
mod state;

#[cfg(test)]
mod tests;

pub use state::Agent;
