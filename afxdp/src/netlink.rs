//! Questions to the kernel and events from it, over netlink of any kind.

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage,
    NetlinkPayload, NetlinkSerializable,
};
use netlink_sys::{Socket, SocketAddr};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, RawFd};

/// Bytes of events the kernel may keep for us.
const EVENT_ROOM: usize = 4 << 20;

/// Two netlink sockets of one protocol: one to ask, one to hear events. `M` is the protocol's message.
pub(crate) struct Netlink<M> {
    requests: Socket,
    events: Socket,
    messages: PhantomData<fn() -> M>,
}

impl<M: NetlinkSerializable + NetlinkDeserializable> Netlink<M> {
    pub(crate) fn open(protocol: isize) -> io::Result<Netlink<M>> {
        let mut requests = Socket::new(protocol)?;
        requests.bind_auto()?;
        requests.connect(&SocketAddr::new(0, 0))?;
        let mut events = Socket::new(protocol)?;
        events.bind_auto()?;
        events.set_non_blocking(true)?;
        // As much as is allowed: too little only means that everything is read anew more often.
        let _ = events.set_rx_buf_sz(EVENT_ROOM);
        Ok(Netlink { requests, events, messages: PhantomData })
    }

    /// Hears a group of events from now on.
    pub(crate) fn join(&mut self, group: u32) -> io::Result<()> {
        self.events.add_membership(group)
    }

    /// Asks for all objects of a kind.
    pub(crate) fn dump(&self, what: M) -> io::Result<Vec<M>> {
        self.send(what, NLM_F_REQUEST | NLM_F_DUMP)?;
        self.answers()
    }

    /// Asks one question.
    pub(crate) fn ask(&self, what: M) -> io::Result<Vec<M>> {
        self.send(what, NLM_F_REQUEST | NLM_F_ACK)?;
        self.answers()
    }

    /// Orders a change, which may make what is not there.
    pub(crate) fn order(&self, what: M) -> io::Result<()> {
        self.send(what, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE)?;
        self.answers().map(|_| ())
    }

    /// What has happened since the last call. An error of `ENOBUFS` says that events were lost.
    pub(crate) fn happened(&self, each: &mut dyn FnMut(&M)) -> io::Result<()> {
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

    fn send(&self, what: M, flags: u16) -> io::Result<()> {
        let mut message = NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::InnerMessage(what));
        message.header.flags = flags;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.requests.send(&bytes, 0).map(|_| ())
    }

    /// Reads until the kernel says that it is done.
    fn answers(&self) -> io::Result<Vec<M>> {
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

impl<M> Netlink<M> {
    /// Readable when something has happened.
    pub(crate) fn events_fd(&self) -> RawFd {
        self.events.as_raw_fd()
    }
}

impl<M> std::fmt::Debug for Netlink<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Netlink").field("events", &self.events_fd()).finish_non_exhaustive()
    }
}

/// The messages of one datagram. One that cannot be read is left out: it is of a kind or a kernel we do not know.
fn messages<M: NetlinkDeserializable>(bytes: &[u8]) -> impl Iterator<Item = io::Result<NetlinkPayload<M>>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        loop {
            let len = usize::try_from(u32::from_ne_bytes(*rest.first_chunk()?)).ok()?;
            if len < 16 || len > rest.len() {
                return None;
            }
            let (message, after) = rest.split_at(len);
            rest = after.get(len.next_multiple_of(4) - len..).unwrap_or_default();
            if let Ok(message) = NetlinkMessage::<M>::deserialize(message) {
                return Some(Ok(message.payload));
            }
        }
    })
}
