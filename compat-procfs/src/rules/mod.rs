//! The firewall rules that lead packets into the module, written by the daemon itself over nfnetlink (no program is
//! run): in table `filter` a chain of our own with the expression `rtpengine`, and a jump to it for UDP.

mod exempt;
mod message;
mod reply;
mod socket;
mod steps;

pub use exempt::Exemption;
pub use socket::RulesError;
pub use steps::{Entrance, Family, Rules, Standing, generation};
