//! The primitives, keyed: block cipher, counter mode, f8 mode, HMAC-SHA1, AEAD. They know no packets.

mod aead;
mod aes;
mod counter;
mod feedback;
#[cfg(target_arch = "x86_64")]
mod lanes;
#[cfg(not(target_arch = "x86_64"))]
#[path = "no_lanes.rs"]
mod lanes;
mod mac;

pub(crate) use aead::{AEAD_TAG, Aead, Gcm};
pub(crate) use aes::Aes;
pub(crate) use counter::Counter;
pub(crate) use feedback::Feedback;
pub(crate) use lanes::Lanes;
pub(crate) use mac::{Mac, Message};
