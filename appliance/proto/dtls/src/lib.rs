//! DTLS-SRTP (RFC 5764, RFC 6347, RFC 8122, RFC 8842) on OpenSSL, without sockets and clocks.
//!
//! Who calls what, and when:
//!
//! * At the start of the process: [`Rollover::new`] makes the certificate, [`Gate::new`] the secret of the cookies, and
//!   [`Context::new`] makes of identity and [`Settings`] what handshakes are made of. [`Rollover::renew`] now and then;
//!   when it says that there is a new identity, a new [`Context`] for calls that begin from then on.
//! * Who reads and writes SDP asks [`setup`] for the roles, [`Fingerprint::parse`] for the peer's fingerprints, and
//!   [`Context::fingerprint`] for ours.
//! * Once per local port with DTLS: [`Endpoint::new`]. A client is told where the peer is with [`Endpoint::connect`], as
//!   soon as that is known and whenever it changes; a server waits. With every further SDP: [`Endpoint::update`].
//! * Per datagram that RFC 7983 says is DTLS: [`Endpoint::handle`]. At [`Endpoint::next_timeout`]:
//!   [`Endpoint::on_timeout`]. After each of these and of the former: [`Endpoint::poll_transmit`] and
//!   [`Endpoint::poll_event`] until both are empty.
//! * [`Event::Connected`] has the keys, for `srtp`: `MasterKey::new(Suite::of_dtls(keys.profile.number()), secret.expose())`.
//!
//! What is promised: an address that does not answer costs one MAC and a reply that is shorter than its ClientHello,
//! and is not remembered. An endpoint has at most [`MAX_HANDSHAKES`] handshakes, [`MAX_TRANSMITS`] datagrams waiting, and
//! messages of at most 16 KiB to put together, whatever arrives. Nothing that arrives panics.
//!
//! What is not here: sockets, threads, logs, DTLS 1.3, resumption, data over DTLS. Time is an argument; but OpenSSL has
//! a retransmission timer of its own, which counts by the wall clock, and only after it is a flight sent again. We ask
//! for that at our own time; if the wall clock was turned back meanwhile, it comes late or not at all, and the
//! handshake is given up in time.
//!
//! ```
//! use dtls::*;
//! use std::sync::Arc;
//!
//! # fn main() -> Result<(), Error> {
//! let gate = Arc::new(Gate::new()?);
//! let context = |_| -> Result<Context, Error> {
//!     let rollover = Rollover::new(IdentityOptions::default(), 1_700_000_000)?;
//!     Context::new(rollover.current().clone(), &Settings::default())
//! };
//! let [phone, relay] = [context(0)?, context(1)?];
//! let peer = |of: &Context| -> Result<Peer, Error> {
//!     Ok(Peer { fingerprints: vec![of.fingerprint(Hash::Sha256)?], tls_id: None })
//! };
//! let [a, b] = ["192.0.2.1:4000", "192.0.2.2:4000"].map(|address| address.parse().unwrap());
//! let mut client = Endpoint::new(phone.clone(), gate.clone(), Role::Client, peer(&relay)?);
//! let mut server = Endpoint::new(relay, gate, Role::Server, peer(&phone)?);
//!
//! client.connect(b, 0)?;
//! let mut now_us = 0;
//! while !client.is_connected() || !server.is_connected() {
//!     now_us += 1_000;
//!     while let Some(transmit) = client.poll_transmit() {
//!         server.handle(a, &transmit.payload, now_us).expect("is welcome");
//!     }
//!     while let Some(transmit) = server.poll_transmit() {
//!         client.handle(b, &transmit.payload, now_us).expect("is welcome");
//!     }
//! }
//! let (Some(Event::Connected { keys: ours, .. }), Some(Event::Connected { keys: theirs, .. })) =
//!     (client.poll_event(), server.poll_event()) else { panic!("no keys") };
//! assert_eq!(ours.profile, Profile::AeadAes256Gcm);
//! assert_eq!(ours.local.expose(), theirs.remote.expose());
//! # Ok(()) }
//! ```
#![forbid(unsafe_code)]

mod context;
mod endpoint;
mod error;
mod fingerprint;
pub mod fuzz;
mod gate;
mod handshake;
mod identity;
mod keys;
mod pipe;
mod profile;
mod record;
mod restart;
pub mod setup;
mod timer;

pub use context::{Context, DEFAULT_CIPHERS, Settings};
pub use endpoint::{Endpoint, Event, MAX_HANDSHAKES, MAX_TRANSMITS, Transmit};
pub use error::{Error, Ignored, Reason};
pub use fingerprint::{Fingerprint, Hash};
pub use gate::Gate;
pub use identity::{Identity, IdentityOptions, KeyKind, Rollover};
pub use keys::{Keys, Secret};
pub use profile::Profile;
pub use restart::{Peer, Restart};
pub use setup::Role;
