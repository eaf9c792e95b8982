//! The list. What an observed rtpengine does decides, unless a comment says why we do better.

mod gates;
mod learning;
mod odd;
mod plain;
mod rtcp;
mod secure;
mod shaping;

use crate::Scenario;

/// Every scenario, in the order in which a reader meets the features.
pub fn all() -> Vec<Scenario> {
    let lists = [
        plain::list(),
        rtcp::list(),
        learning::list(),
        gates::list(),
        odd::list(),
        shaping::list(),
        secure::list(),
    ];
    lists.into_iter().flatten().collect()
}
