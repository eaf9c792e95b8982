use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use std::io;
use std::os::fd::{AsRawFd, RawFd};

/// Groups of events we hear (enum rtnetlink_groups): links, neighbours, addresses, routes and rules of both families.
const GROUPS: [u32; 8] = [1, 3, 5, 7, 8, 9, 11, 19];
/// Bytes of events the kernel may keep for us.
const EVENT_ROOM: usize = 4 << 20;

/// Two routing netlink sockets: one to ask, one to hear events.
pub(super) struct Netlink {
    requests: Socket,
    events: Socket,
}

impl Netlink {
    pub(super) fn open() -> io::Result<Netlink> {
        let mut requests = Socket::new(NETLINK_ROUTE)?;
        requests.bind_auto()?;
        requests.connect(&SocketAddr::new(0, 0))?;
        let mut events = Socket::new(NETLINK_ROUTE)?;
        events.bind_auto()?;
        events.set_non_blocking(true)?;
        // As much as is allowed: too little only means that everything is read anew more often.
        let _ = events.set_rx_buf_sz(EVENT_ROOM);
        for group in GROUPS {
            events.add_membership(group)?;
        }
        Ok(Netlink { requests, events })
    }

    pub(super) fn events_fd(&self) -> RawFd {
        self.events.as_raw_fd()
    }

    /// Asks for all objects of a kind.
    pub(super) fn dump(&self, what: RouteNetlinkMessage) -> io::Result<Vec<RouteNetlinkMessage>> {
        self.send(what, NLM_F_REQUEST | NLM_F_DUMP)?;
        self.answers()
    }

    /// Asks one question.
    pub(super) fn ask(&self, what: RouteNetlinkMessage) -> io::Result<Vec<RouteNetlinkMessage>> {
        self.send(what, NLM_F_REQUEST | NLM_F_ACK)?;
        self.answers()
    }

    /// Orders a change, which may make what is not there.
    pub(super) fn order(&self, what: RouteNetlinkMessage) -> io::Result<()> {
        self.send(what, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE)?;
        self.answers().map(|_| ())
    }

    /// What has happened since the last call. An error of `ENOBUFS` says that events were lost.
    pub(super) fn happened(&self, each: &mut dyn FnMut(&RouteNetlinkMessage)) -> io::Result<()> {
        loop {
            match self.events.recv_from_full() {
                Ok((bytes, from)) if from.port_number() == 0 => {
                    for payload in messages(&bytes) {
                        if let NetlinkPayload::InnerMessage(message) = payload? {
                            each(&message);
                        }
                    }
                }
                // Only the kernel is believed.
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn send(&self, what: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        let mut message = NetlinkMessage::from(what);
        message.header.flags = flags;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.requests.send(&bytes, 0).map(|_| ())
    }

    /// Reads until the kernel says that it is done.
    fn answers(&self) -> io::Result<Vec<RouteNetlinkMessage>> {
        let mut all = Vec::new();
        loop {
            let (bytes, _) = match self.requests.recv_from_full() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                received => received?,
            };
            for payload in messages(&bytes) {
                match payload? {
                    NetlinkPayload::Done(_) => return Ok(all),
                    // Error 0 is the acknowledgement.
                    NetlinkPayload::Error(error) if error.code.is_none() => return Ok(all),
                    NetlinkPayload::Error(error) => return Err(error.to_io()),
                    NetlinkPayload::InnerMessage(message) => all.push(message),
                    _ => {}
                }
            }
        }
    }
}

impl std::fmt::Debug for Netlink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Netlink").field("events", &self.events_fd()).finish_non_exhaustive()
    }
}

/// The messages of one datagram. One that cannot be read is left out: it is of a kind or a kernel we do not know.
fn messages(bytes: &[u8]) -> impl Iterator<Item = io::Result<NetlinkPayload<RouteNetlinkMessage>>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        loop {
            let len = usize::try_from(u32::from_ne_bytes(*rest.first_chunk()?)).ok()?;
            if len < 16 || len > rest.len() {
                return None;
            }
            let (message, after) = rest.split_at(len);
            rest = after.get(len.next_multiple_of(4) - len..).unwrap_or_default();
            if let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(message) {
                return Some(Ok(message.payload));
            }
        }
    })
}
