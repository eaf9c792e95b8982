//! A look at the NICs without changing them: what the daemon would do, and what would keep it from that.

use super::Error;
use super::device::{Wanted, wanted};
use super::layout::layout;
use super::prepare::links;
use super::record::Records;
use crate::config::checked::{Config, Share};
use crate::config::finding::{Finding, Place};
use afxdp::nic::{Nic, NicFacts};

/// A NIC of mode appliance as it is now.
#[derive(Debug)]
pub struct Surveyed {
    /// Its name.
    pub name: String,
    /// Its index.
    pub ifindex: u32,
    /// Whether it is switched on and has a carrier.
    pub up: bool,
    /// The bond it is a member of.
    pub bond: Option<String>,
    /// Who else shall use it.
    pub share: Share,
    /// The rtpengine process that uses it now, if one does. What is read of the NIC then is what that process has set.
    pub user: Option<String>,
    /// What it is and can do.
    pub facts: Result<NicFacts, Error>,
    /// The queues packet threads would take, or why that cannot work.
    pub queues: Result<u32, Error>,
}

/// Looks at the NICs of all addresses in mode appliance.
///
/// # Errors
/// When a device is not one that can be received on.
pub fn survey(config: &Config) -> Result<Vec<Surveyed>, Error> {
    let links = links()?;
    let records = Records::of(&config.appliance.state_folder)?;
    let nics = wanted(config, &links)?;
    Ok(nics
        .into_iter()
        .map(|nic| {
            let link = links.get(&nic.ifindex);
            let controller = link.and_then(|link| link.controller).and_then(|index| links.get(&index));
            let facts = Nic::open(&nic.name).and_then(|open| open.facts()).map_err(Error::from);
            let queues = match &facts {
                Ok(facts) => layout(config, &nic, facts).map(|layout| layout.queues),
                Err(_) => Ok(0),
            };
            let Wanted { name, ifindex, share, .. } = nic;
            Surveyed {
                user: records.user_of(&name),
                up: link.is_some_and(|link| link.up),
                bond: controller.filter(|link| link.is_bond).map(|link| link.name.clone()),
                name,
                ifindex,
                share,
                facts,
                queues,
            }
        })
        .collect())
}

/// What would keep [`super::prepare()`] from working, as findings for `rtpengine check`.
#[must_use]
pub fn check(config: &Config) -> Vec<Finding> {
    let nics = match survey(config) {
        Ok(nics) => nics,
        Err(error) => return vec![finding(&error)],
    };
    nics.iter().filter_map(of_one).collect()
}

fn of_one(nic: &Surveyed) -> Option<Finding> {
    if let Some(pid) = &nic.user {
        let message = format!("{} is used by process {pid}, so its queues were not checked", nic.name);
        return Some(
            Finding::warning(Place::Nowhere, message).hint("if that is the running rtpengine, all is well"),
        );
    }
    nic.facts.as_ref().err().or(nic.queues.as_ref().err()).map(finding)
}

fn finding(error: &Error) -> Finding {
    let (message, hint) = error.halves();
    match hint {
        Some(hint) => Finding::error(Place::Nowhere, message).hint(hint),
        None => Finding::error(Place::Nowhere, message),
    }
}
