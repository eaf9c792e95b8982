//! Secure media with strangers: a browser, aiortc, str0m and libsrtp call a plain telephone through the relay.
//!
//! On one wire of a [`lab::Topology`] lives the stranger, on the other a [`Phone`] that speaks G.711 in plain RTP.
//! Both say a tone of their own, and a call is good when each hears the other's. Between them the daemon bridges,
//! asked as Kamailio asks it ([`recipe`]).
//!
//! What is not here: a WebRTC or SRTP stack of our own. The strangers are other people's programs, and the product's
//! own rooms are not used.

mod aiortc;
mod bridge;
mod browser;
mod door;
mod ear;
mod mirror;
mod phone;
pub mod recipe;
mod stranger;
mod tone;

pub use aiortc::Aiortc;
pub use bridge::{Bridge, Way};
pub use browser::{browser, browser_with_picture, missing_browser};
pub use door::{Door, Knock};
pub use ear::Ear;
pub use mirror::Mirror;
pub use phone::Phone;
pub use stranger::{Sound, Stranger};
pub use tone::{Law, Tone, frequency_of, share, wav};

use std::time::Duration;

/// How long a step of a call may take: starting a browser, a handshake, hearing a tone.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// The telephone's tone.
pub const PHONE_TONE: Tone = Tone { hertz: 1000.0 };
/// The tone of everybody else.
pub const STRANGER_TONE: Tone = Tone { hertz: 440.0 };
