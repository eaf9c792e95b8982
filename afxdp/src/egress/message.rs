//! Generic netlink (linux/genetlink.h) and its family `netdev` (linux/netdev.h), as far as needed here.

use netlink_packet_core::{
    NetlinkDeserializable, NetlinkHeader, NetlinkSerializable, NlaBuffer, NlasIterator,
};
use std::convert::Infallible;

/// `GENL_ID_CTRL`: the family that knows the others.
const CONTROLLER: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
const CTRL_ATTR_MCAST_GROUPS: u16 = 7;
const CTRL_ATTR_MCAST_GRP_NAME: u16 = 1;
const CTRL_ATTR_MCAST_GRP_ID: u16 = 2;

const FAMILY: &[u8] = b"netdev\0";
const GROUP: &[u8] = b"mgmt\0";
const NETDEV_CMD_DEV_GET: u8 = 1;
const NETDEV_CMD_DEV_ADD_NTF: u8 = 2;
const NETDEV_CMD_DEV_DEL_NTF: u8 = 3;
const NETDEV_CMD_DEV_CHANGE_NTF: u8 = 4;
const NETDEV_A_DEV_IFINDEX: u16 = 1;
const NETDEV_A_DEV_XDP_FEATURES: u16 = 3;

/// `struct genlmsghdr`: command, version, two spare bytes.
const HEADER: usize = 4;
/// `struct nlattr`: length, kind.
const ATTRIBUTE_HEADER: usize = 4;

/// A message of any family of generic netlink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    family: u16,
    command: u8,
    version: u8,
    attributes: Vec<u8>,
}

/// Where the family `netdev` is found on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Family {
    /// Its number.
    pub(super) id: u16,
    /// Its group of events.
    pub(super) group: u32,
}

/// What the kernel says of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Device {
    /// What it can do, as bits of `enum netdev_xdp_act`.
    Has { ifindex: u32, bits: u64 },
    /// It is gone.
    Gone { ifindex: u32 },
}

/// One attribute, which fits: its value is a few bytes.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = ((ATTRIBUTE_HEADER + value.len()) as u16).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// The attributes that can be read.
fn attributes(bytes: &[u8]) -> impl Iterator<Item = NlaBuffer<&[u8]>> {
    NlasIterator::new(bytes).map_while(Result::ok)
}

fn find(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    let found = attributes(bytes).find(|attribute| attribute.kind() == kind)?;
    let length = found.value_length();
    found.into_inner().get(ATTRIBUTE_HEADER..ATTRIBUTE_HEADER + length)
}

fn find_u16(bytes: &[u8], kind: u16) -> Option<u16> {
    find(bytes, kind)?.try_into().ok().map(u16::from_ne_bytes)
}

fn find_u32(bytes: &[u8], kind: u16) -> Option<u32> {
    find(bytes, kind)?.try_into().ok().map(u32::from_ne_bytes)
}

impl Message {
    /// Asks where the family `netdev` is. The kernel answers `ENOENT` when it has none (before 6.3).
    pub(super) fn which_family() -> Message {
        let attributes = attribute(CTRL_ATTR_FAMILY_NAME, FAMILY);
        Message { family: CONTROLLER, command: CTRL_CMD_GETFAMILY, version: 1, attributes }
    }

    /// Asks what a device can do. The kernel answers `ENODEV` when there is none.
    pub(super) fn which_features(family: u16, ifindex: u32) -> Message {
        let attributes = attribute(NETDEV_A_DEV_IFINDEX, &ifindex.to_ne_bytes());
        Message { family, command: NETDEV_CMD_DEV_GET, version: 1, attributes }
    }

    /// The answer to [`Message::which_family`].
    pub(super) fn family(&self) -> Option<Family> {
        if self.family != CONTROLLER {
            return None;
        }
        let id = find_u16(&self.attributes, CTRL_ATTR_FAMILY_ID)?;
        let groups = find(&self.attributes, CTRL_ATTR_MCAST_GROUPS)?;
        let group = attributes(groups).find_map(|group| {
            let group = group.value();
            let ours = find(group, CTRL_ATTR_MCAST_GRP_NAME)? == GROUP;
            find_u32(group, CTRL_ATTR_MCAST_GRP_ID).filter(|_| ours)
        })?;
        Some(Family { id, group })
    }

    /// The answer to [`Message::which_features`], or an event.
    pub(super) fn device(&self, family: u16) -> Option<Device> {
        if self.family != family {
            return None;
        }
        let ifindex = find_u32(&self.attributes, NETDEV_A_DEV_IFINDEX)?;
        match self.command {
            NETDEV_CMD_DEV_DEL_NTF => Some(Device::Gone { ifindex }),
            NETDEV_CMD_DEV_GET | NETDEV_CMD_DEV_ADD_NTF | NETDEV_CMD_DEV_CHANGE_NTF => {
                let bits = find(&self.attributes, NETDEV_A_DEV_XDP_FEATURES)?.try_into().ok()?;
                Some(Device::Has { ifindex, bits: u64::from_ne_bytes(bits) })
            }
            _ => None,
        }
    }
}

impl NetlinkSerializable for Message {
    fn message_type(&self) -> u16 {
        self.family
    }

    fn buffer_len(&self) -> usize {
        HEADER + self.attributes.len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        let (header, attributes) = buffer.split_at_mut(HEADER);
        header.copy_from_slice(&[self.command, self.version, 0, 0]);
        attributes.copy_from_slice(&self.attributes);
    }
}

impl NetlinkDeserializable for Message {
    type Error = Infallible;

    /// One without a header is of no command and has no attributes.
    fn deserialize(header: &NetlinkHeader, payload: &[u8]) -> Result<Message, Infallible> {
        let (command, version) = match payload {
            [command, version, _, _, ..] => (*command, *version),
            _ => (0, 0),
        };
        let attributes = payload.get(HEADER..).unwrap_or_default().to_vec();
        Ok(Message { family: header.message_type, command, version, attributes })
    }
}

#[cfg(test)]
mod tests;
