use super::attributes::{find, put};
use crate::Error;
use netlink_sys::protocols::{NETLINK_GENERIC, NETLINK_ROUTE};
use netlink_sys::{Socket, SocketAddr};
use std::io;

const RTM_GETLINK: u16 = 18;
const IFLA_XDP: u16 = 43;
const IFLA_XDP_PROG_ID: u16 = 4;
const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
const NETDEV_CMD_DEV_GET: u8 = 1;
const NETDEV_A_DEV_IFINDEX: u16 = 1;
const NETDEV_A_DEV_XDP_FEATURES: u16 = 3;
const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 1;
/// `struct nlmsghdr`, `struct ifinfomsg`, `struct genlmsghdr`.
const HEADER: usize = 16;
const LINK_HEADER: usize = 16;
const GENERIC_HEADER: usize = 4;

/// What a NIC's driver can do for XDP (`enum netdev_xdp_act`), as the kernel says since Linux 6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XdpFeatures(pub u64);

impl XdpFeatures {
    /// It runs programs in its receive path.
    pub fn native(self) -> bool {
        self.0 & 1 != 0
    }

    /// Packets can be redirected from it, to sockets too.
    pub fn redirect(self) -> bool {
        self.0 & 2 != 0
    }

    /// Packets of other NICs can be redirected to it. A driver may say so only while a program is attached.
    pub fn transmit(self) -> bool {
        self.0 & 4 != 0
    }

    /// AF_XDP sockets can have zero-copy mode.
    pub fn zero_copy(self) -> bool {
        self.0 & 8 != 0
    }
}

/// XDP on one interface, asked of the kernel; nothing is changed by asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XdpFacts {
    /// What the driver can do; `None` when the kernel is too old to say.
    pub features: Option<XdpFeatures>,
    /// The id of the program that is attached now.
    pub attached: Option<u32>,
}

impl XdpFacts {
    /// Asks about the interface of this index.
    ///
    /// # Errors
    /// When there is no such interface.
    pub fn of(ifindex: u32) -> Result<XdpFacts, Error> {
        let attached = attached(ifindex)
            .map_err(Error::sys(format!("asking for the XDP program of interface {ifindex}")))?;
        Ok(XdpFacts { features: features(ifindex).ok(), attached })
    }
}

fn attached(ifindex: u32) -> io::Result<Option<u32>> {
    let mut body = vec![0; LINK_HEADER];
    body[4..8].copy_from_slice(&ifindex.to_ne_bytes());
    let answer = ask(NETLINK_ROUTE, RTM_GETLINK, &body)?;
    let attributes = answer.get(LINK_HEADER..).unwrap_or_default();
    let id = find(attributes, IFLA_XDP).and_then(|xdp| find(xdp, IFLA_XDP_PROG_ID));
    Ok(id.and_then(<[u8]>::first_chunk).map(|id| u32::from_ne_bytes(*id)).filter(|id| *id != 0))
}

fn features(ifindex: u32) -> io::Result<XdpFeatures> {
    let missing = || io::Error::from(io::ErrorKind::Unsupported);
    let mut body = vec![CTRL_CMD_GETFAMILY, 1, 0, 0];
    put(&mut body, CTRL_ATTR_FAMILY_NAME, b"netdev\0");
    let answer = ask(NETLINK_GENERIC, GENL_ID_CTRL, &body)?;
    let family = find(answer.get(GENERIC_HEADER..).unwrap_or_default(), CTRL_ATTR_FAMILY_ID);
    let family =
        family.and_then(<[u8]>::first_chunk).map(|id| u16::from_ne_bytes(*id)).ok_or_else(missing)?;
    let mut body = vec![NETDEV_CMD_DEV_GET, 1, 0, 0];
    put(&mut body, NETDEV_A_DEV_IFINDEX, &ifindex.to_ne_bytes());
    let answer = ask(NETLINK_GENERIC, family, &body)?;
    let bits = find(answer.get(GENERIC_HEADER..).unwrap_or_default(), NETDEV_A_DEV_XDP_FEATURES);
    bits.and_then(<[u8]>::first_chunk).map(|bits| XdpFeatures(u64::from_ne_bytes(*bits))).ok_or_else(missing)
}

/// One question with one answer: what follows the netlink header of the answer.
fn ask(protocol: isize, kind: u16, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut socket = Socket::new(protocol)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut request = Vec::with_capacity(HEADER + body.len());
    request.extend(((HEADER + body.len()) as u32).to_ne_bytes());
    request.extend(kind.to_ne_bytes());
    request.extend(NLM_F_REQUEST.to_ne_bytes());
    request.extend([0; 8]);
    request.extend(body);
    socket.send(&request, 0)?;
    let (answer, _) = loop {
        match socket.recv_from_full() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            received => break received?,
        }
    };
    let short = || io::Error::from(io::ErrorKind::InvalidData);
    let len = answer.first_chunk().map(|len| u32::from_ne_bytes(*len) as usize).ok_or_else(short)?;
    let kind = answer.get(4..).and_then(<[u8]>::first_chunk).map(|kind| u16::from_ne_bytes(*kind));
    let payload = answer.get(HEADER..len.min(answer.len())).ok_or_else(short)?;
    if kind == Some(NLMSG_ERROR) {
        let code = payload.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code));
        return Err(io::Error::from_raw_os_error(code.saturating_neg()));
    }
    Ok(payload.to_vec())
}
