//! Lays the NICs out, and puts them back.

use super::Error;
use super::device::{Wanted, wanted};
use super::layout::layout;
use super::record::{Before, Record, Records};
use crate::config::checked::{Config, Forward};
use afxdp::hops::{LinkFacts, NetlinkHops};
use afxdp::nic::{Nic, Restore};
use std::collections::HashMap;
use std::net::IpAddr;
use wire::Mac;

/// A NIC whose queues are laid out for us. Dropping it puts the NIC back as it was, so that must happen after the
/// sockets on its queues are closed: a driver does not change queues that are in use.
#[derive(Debug)]
pub struct PreparedNic {
    /// Its name.
    pub name: String,
    /// Its index.
    pub ifindex: u32,
    /// So many queues are ours: packet thread *i* takes queue *i*.
    pub queues: u32,
    /// The addresses whose packets arrive there, each once, and which tier their flows go to. The members of a bond all
    /// have the bond's addresses; the device below a VLAN has the VLAN's.
    pub addresses: Vec<(IpAddr, Forward)>,
    nic: Nic,
    before: Before,
    record: Record,
}

/// Prepares all NICs of mode appliance: first what a crash has left behind is put back, then queues, steering and
/// interrupts are set as the configuration asks for. No interface in mode appliance gives no NICs, and still puts back
/// what was left behind.
///
/// # Errors
/// The first NIC that cannot be used as configured; those before it are as they were.
pub fn prepare(config: &Config) -> Result<Vec<PreparedNic>, Error> {
    let links = links()?;
    let records = Records::of(&config.appliance.state_folder)?;
    clean_up(&records, &links)?;
    let mut prepared = Vec::new();
    for nic in wanted(config, &links)? {
        prepared.push(prepare_one(config, nic, &records)?);
    }
    Ok(prepared)
}

pub(super) fn links() -> Result<HashMap<u32, LinkFacts>, Error> {
    Ok(NetlinkHops::open()?.view().links().clone())
}

/// Puts back what processes of the past have not, unless another one uses the NIC now.
fn clean_up(records: &Records, links: &HashMap<u32, LinkFacts>) -> Result<(), Error> {
    for device in records.left_behind()? {
        let record = match records.lock(&device) {
            Ok(record) => record,
            Err(Error::InUse { .. }) => continue,
            Err(error) => return Err(error),
        };
        let link = links.values().find(|link| link.name == device);
        if let Some(link) = link
            && let Some(restore) = record.read(link.mac)
        {
            tracing::warn!("{device} was left as a process of the past had set it up; it is put back first");
            put_back(&Nic::open(&device)?, &restore);
        }
        record.clear();
    }
    Ok(())
}

fn prepare_one(config: &Config, wanted: Wanted, records: &Records) -> Result<PreparedNic, Error> {
    let record = records.lock(&wanted.name)?;
    let nic = Nic::open(&wanted.name)?;
    let layout = layout(config, &wanted, &nic.facts()?)?;
    let mac: Option<Mac> = wanted.mac;
    let written = nic.apply(&layout.plan, |so_far| {
        if so_far.undo.is_empty() { Ok(()) } else { record.write(&Before { mac, restore: so_far.clone() }) }
    });
    let restore = match written {
        Ok(restore) => restore,
        Err(error) => {
            record.clear();
            return Err(error.into());
        }
    };
    let Wanted { name, ifindex, addresses, .. } = wanted;
    let before = Before { mac, restore };
    Ok(PreparedNic { name, ifindex, queues: layout.queues, addresses, nic, before, record })
}

fn put_back(nic: &Nic, restore: &Restore) {
    for error in nic.restore(restore) {
        tracing::warn!("{error}");
    }
}

impl PreparedNic {
    /// Puts the NIC back as it was; what cannot be put back is logged. The same as dropping it.
    pub fn restore(self) {
        drop(self);
    }
}

impl Drop for PreparedNic {
    fn drop(&mut self) {
        put_back(&self.nic, &self.before.restore);
        self.record.clear();
    }
}
