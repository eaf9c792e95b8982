//! What belongs to mode appliance: devices, their queues, and what all such interfaces have in common.

use std::path::PathBuf;

use super::Builder;
use crate::config::checked::{
    Appliance, BusyPoll, Forward, Interface, Interfaces, LocalAddress, Mode, Share,
};
use crate::config::nearest::nearest;
use crate::config::raw;

/// The XDP program's maps take about a kilobyte per flow; beyond this is a slip of the pen.
const MOST_FLOWS: u32 = 1 << 22;
/// Longer than this, nobody else on the core runs.
const LONGEST_POLL: u32 = 1_000_000;
/// Longer would be heard.
const LONGEST_GATHERING: u32 = 5_000;
/// What the kernel takes for a NIC's poll weight, at most.
const MOST_PACKETS: u32 = 32_767;

impl Builder<'_> {
    pub(super) fn appliance(&mut self, raw: &raw::Appliance, interfaces: Option<&Interfaces>) -> Appliance {
        if raw.flows.is_some_and(|flows| flows == 0 || flows > MOST_FLOWS) {
            let message = "this is no sensible number of flows";
            self.wrong("appliance.flows", message, format!("1 to {MOST_FLOWS}; a call with audio takes 4"));
        }
        if let Some(poll) = raw.busy_poll
            && (poll.microseconds == 0
                || poll.microseconds > LONGEST_POLL
                || poll.packets == 0
                || poll.packets > MOST_PACKETS)
        {
            self.wrong(
                "appliance.busy-poll",
                "this is no sensible way to poll",
                format!("1 to {LONGEST_POLL} microseconds, 1 to {MOST_PACKETS} packets"),
            );
        }
        if raw.gather.is_some_and(|gather| gather == 0 || gather > LONGEST_GATHERING) {
            let fix = format!("1 to {LONGEST_GATHERING} microseconds; 200 is a good start");
            self.wrong("appliance.gather", "packets cannot gather for so long", fix);
        }
        if !raw.state_folder.starts_with('/') {
            self.wrong("appliance.state-folder", "the folder has no absolute path", "begin it with /");
        }
        let ports: usize = interfaces
            .map(|all| all.addresses().filter(|(_, local)| local.mode == Mode::Appliance))
            .into_iter()
            .flatten()
            .map(|(_, local)| local.ports.pairs().count() * 2)
            .sum();
        let flows = raw.flows.unwrap_or_else(|| u32::try_from(ports).unwrap_or(MOST_FLOWS));
        Appliance {
            flows: flows.clamp(1, MOST_FLOWS),
            zero_copy: raw.zero_copy,
            busy_poll: raw
                .busy_poll
                .map(|poll| BusyPoll { microseconds: poll.microseconds, packets: poll.packets }),
            gather_us: raw.gather,
            state_folder: PathBuf::from(&raw.state_folder),
        }
    }

    /// How many queues are asked for: their numbers must be 0, 1, 2 … because packet thread *i* takes queue *i*.
    pub(super) fn queues(&mut self, path: &str, raw: &raw::Numbers) -> Option<u32> {
        if raw.0.is_empty() {
            return None;
        }
        let mut sorted = raw.0.clone();
        sorted.sort_unstable();
        if sorted.iter().zip(0..).any(|(queue, expected)| *queue != expected) {
            self.wrong(
                &format!("{path}.queues"),
                "the queues do not run from 0 on without a gap",
                format!("packet thread 0 takes queue 0, and so on: write \"0-{}\"", sorted.len() - 1),
            );
        }
        u32::try_from(sorted.len()).ok()
    }

    /// A device that was named must be there.
    pub(super) fn device_is_there(&mut self, path: &str, device: Option<&String>) {
        if let Some(device) = device
            && !self.host.links.iter().any(|known| known == device)
        {
            let known =
                nearest(device, self.host.links.iter().map(String::as_str)).unwrap_or_default().to_owned();
            self.wrong(
                &format!("{path}.device"),
                format!("there is no network device `{device}`"),
                format!("did you mean `{known}`?"),
            );
        }
    }

    /// Every address in mode appliance has a device, and addresses of one device agree about it.
    pub(super) fn devices(&mut self, blocks: &[raw::Interface], list: &[Interface]) {
        let all: Vec<(&Interface, &LocalAddress)> = list
            .iter()
            .flat_map(|interface| interface.addresses.iter().map(move |local| (interface, local)))
            .filter(|(_, local)| local.mode == Mode::Appliance)
            .collect();
        for (index, (interface, local)) in all.iter().enumerate() {
            let block = blocks.iter().rposition(|block| block.name == interface.name).unwrap_or_default();
            let path = format!("interface[{block}]");
            if local.device.is_none() {
                self.wrong(
                    &path,
                    format!(
                        "no network device has the address {}, so there is none to forward on",
                        local.addr
                    ),
                    "name it: device = \"...\"",
                );
            }
            let other = all[..index].iter().find(|(_, other)| {
                other.device.is_some()
                    && other.device == local.device
                    && (other.queues, other.share) != (local.queues, local.share)
            });
            if let (Some((before, _)), Some(device)) = (other, &local.device) {
                self.wrong(
                    &path,
                    format!(
                        "`{}` and `{}` use the device {device} with different queues or share",
                        before.name, interface.name
                    ),
                    "give both the same `queues` and `share`",
                );
                return;
            }
        }
    }
}

pub(super) fn forward(raw: raw::Forward) -> Forward {
    match raw {
        raw::Forward::Auto => Forward::Auto,
        raw::Forward::Driver => Forward::Driver,
        raw::Forward::Worker => Forward::Worker,
    }
}

pub(super) fn share(raw: raw::Share) -> Share {
    match raw {
        raw::Share::All => Share::All,
        raw::Share::Media => Share::Media,
    }
}
