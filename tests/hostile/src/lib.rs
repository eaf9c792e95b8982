//! Bad input from every side while calls run: nothing crashes, leaks or stutters.
//!
//! Generators make bad datagrams from a seed ([`Dice`]): [`requests`] for the ng port, [`packets`] for media ports. A
//! [`Siege`] keeps calls talking while they are sent and demands that not one packet of theirs is late for good,
//! doubled or changed. [`Sparring`] sends a datagram to the ng port and knows, without waiting for a silence, whether it was
//! answered. A failure names the kind and the number of the datagram; the same number is the same datagram every time.

mod answers;
mod dice;
pub mod packets;
pub mod requests;
mod siege;
mod sparring;

pub use answers::Expect;
pub use dice::Dice;
pub use siege::{BESIEGED, Siege, delete_everything};
pub use sparring::Sparring;
