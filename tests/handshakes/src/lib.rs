//! Phones that speak DTLS-SRTP, for tests against the running daemon.
//!
//! A phone is made of the rooms `dtls` and `srtp`; strangers to both are OpenSSL's own client here, and libsrtp and
//! browsers in other packages. What is not here: expectations about the relay.

mod call;
mod error;
mod load;
mod phone;

pub use call::{SecureCall, counted, dropped};
pub use error::{Error, Result};
pub use load::{Load, Lost, Outcome, measure};
pub use phone::{Phone, SAVP};
