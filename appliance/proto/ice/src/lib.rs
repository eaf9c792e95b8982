//! An ICE agent for a media relay (RFC 8445): full and lite, trickle (RFC 8838), consent (RFC 7675), restart.
//!
//! One [`Agent`] serves one media section of one party: its RTP and, unless multiplexed, its RTCP. What is not here:
//! sockets, a clock, randomness of its own, SDP text, TURN, TCP candidates, host names.
//!
//! # Who calls what, when
//!
//! The **call side** makes what the SDP says, before any agent lives: [`Credentials::generate`] and
//! [`local_candidates`]. When the other party's SDP comes, it hands a [`Remote`] down.
//!
//! The **packet side** owns the agent. After [`Agent::new`]:
//!
//! 1. A packet arrives that looks like STUN: [`Agent::handle`]. Agents that share a port (forked calls) are told apart by
//!    [`usernames`].
//! 2. The other party's SDP or a trickled candidate arrives: [`Agent::set_remote`], [`Agent::add_remote_candidate`],
//!    [`Agent::end_of_candidates`].
//! 3. [`Agent::next_timeout`] has passed: [`Agent::on_timeout`].
//!
//! After each of these, drain: [`Agent::poll_transmit`] until `None`, [`Agent::poll_event`] until `None`, then ask
//! [`Agent::next_timeout`] anew. Time is a [`Duration`](std::time::Duration) since any fixed moment and must not run
//! backwards. If the other party's `ufrag` or `pwd` change, or our sockets do, both sides begin anew:
//! [`Agent::restart`], then `set_remote`.
//!
//! # What it costs
//!
//! A packet that is not sealed with our password changes nothing and is not answered: a length check, a CRC, one
//! comparison, and only then an HMAC. No allocation happens before the HMAC was right. A sealed request yields at most
//! one packet at once; checks it triggers leave at the pace of all checks, one per 50 ms. Candidates, pairs, packets
//! and events kept are bounded ([`MAX_REMOTE`], [`MAX_PAIRS`]).
//!
//! # Latching: where media may go, and from where it may come
//!
//! [`Agent::route`] says where to send, by the first line that applies:
//!
//! | state | route |
//! |---|---|
//! | a nominated pair, with consent | that pair; during a restart the old one until the new one is nominated |
//! | consent lost, or every check failed | nowhere |
//! | some pair worked both ways | the first that did, kept until nomination so that media does not hop |
//! | nothing yet | as without ICE: the address in the SDP, or the learned one |
//!
//! The last line is a relay's liberty: the RFC has an agent wait. A relay cannot know whether the party at the far end
//! waits as well, and the address in `c=` is the default candidate, chosen to be the likeliest to work.
//! [`Agent::expects`] says whether an incoming packet's source is an address the other party listed or proved; others
//! are not to be learned from.
//!
//! # Example
//!
//! ```
//! use ice::{Agent, Config, Credentials, Event, LocalAddress, Remote, Role, Standing, Timing, local_candidates};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), ice::Error> {
//! let agent = |port: u16, role, seed: u8| {
//!     let rtp = std::net::SocketAddr::from(([192, 0, 2, 1], port));
//!     Agent::new(Config {
//!         role,
//!         lite: false,
//!         credentials: Credentials::generate(|bytes| bytes.fill(seed)), // the system's randomness, in earnest
//!         candidates: local_candidates(&[LocalAddress { rtp, rtcp: None, advertised: None }], Standing::First),
//!         seed: [seed; 32],
//!         timing: Timing::default(),
//!     })
//! };
//! let (mut ours, mut theirs) = (agent(4000, Role::Controlling, 1)?, agent(5000, Role::Controlled, 2)?);
//! let said = |agent: &Agent| Remote {
//!     credentials: agent.credentials().clone(),
//!     candidates: agent.local_candidates().iter().map(|local| local.candidate).collect(),
//!     end_of_candidates: true,
//!     lite: false,
//! };
//! let (offer, answer) = (said(&ours), said(&theirs));
//! ours.set_remote(answer, Duration::ZERO);
//! theirs.set_remote(offer, Duration::ZERO);
//! let mut nominated = 0;
//! for millis in 0..1000 {
//!     let now = Duration::from_millis(millis);
//!     for agent in [&mut ours, &mut theirs] {
//!         if agent.next_timeout().is_some_and(|due| due <= now) {
//!             agent.on_timeout(now);
//!         }
//!     }
//!     while let Some(packet) = ours.poll_transmit() {
//!         theirs.handle(&packet.bytes, packet.remote, packet.local, now);
//!     }
//!     while let Some(packet) = theirs.poll_transmit() {
//!         ours.handle(&packet.bytes, packet.remote, packet.local, now);
//!     }
//!     while let Some(event) = ours.poll_event() {
//!         nominated += usize::from(matches!(event, Event::NominatedPair { .. }));
//!     }
//! }
//! assert_eq!(nominated, 1);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod agent;
mod candidate;
mod checklist;
mod component;
mod config;
mod consent;
mod credentials;
mod error;
pub mod fuzz;
mod integrity;
mod output;
mod pair;
mod stun;

pub use agent::Agent;
pub use candidate::{
    Candidate, Foundation, Kind, LocalAddress, LocalCandidate, Standing, local_candidates, priority,
};
pub use component::Component;
pub use config::{Config, MAX_LOCAL, MAX_PAIRS, MAX_REMOTE, Remote, Role, Timing};
pub use credentials::Credentials;
pub use error::Error;
pub use output::{Event, Handled, Reason, Route, Transmit};
pub use stun::usernames;
