use super::message::{ACK, Attributes, Batch, DUMP, single};
use super::reply::{Reply, replies};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt,
    socket, sockopt::ReceiveTimeout,
};
use nix::sys::time::TimeVal;
use std::os::fd::{AsRawFd, OwnedFd};
use thiserror::Error;

/// Why firewall rules could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RulesError {
    /// Not allowed to.
    #[error("firewall rules cannot be written without CAP_NET_ADMIN")]
    NotAllowed,
    /// nf_tables does not know our expression.
    #[error("nf_tables does not know the expression rtpengine: the kernel module is not loaded")]
    NoExpression,
    /// The kernel has no nf_tables.
    #[error("this kernel has no nf_tables: {0}")]
    NoTables(Errno),
    /// The kernel refused something.
    #[error("nf_tables refused {what}: {cause}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// Its answer.
        cause: Errno,
    },
}

impl RulesError {
    fn refused(what: &'static str, cause: Errno) -> RulesError {
        match cause {
            Errno::EPERM => RulesError::NotAllowed,
            cause => RulesError::Refused { what, cause },
        }
    }
}

/// A socket to nf_tables of the network namespace we are in.
#[derive(Debug)]
pub(super) struct Socket {
    fd: OwnedFd,
    number: u32,
}

impl Socket {
    pub(super) fn open() -> Result<Socket, RulesError> {
        let fd = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkNetFilter,
        )
        .map_err(RulesError::NoTables)?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, 0)).map_err(RulesError::NoTables)?;
        // The kernel answers at once; this is against waiting for ever for an answer that was lost.
        setsockopt(&fd, ReceiveTimeout, &TimeVal::new(5, 0)).map_err(RulesError::NoTables)?;
        Ok(Socket { fd, number: 1 })
    }

    /// An empty batch.
    pub(super) fn batch(&mut self) -> Batch {
        self.number += 1;
        Batch::new(self.number)
    }

    /// Carries a batch out.
    pub(super) fn commit(&mut self, batch: Batch, what: &'static str) -> Result<(), RulesError> {
        let (bytes, mut open) = batch.finish();
        self.number += open + 1;
        self.send(&bytes, what)?;
        let mut worst = 0;
        while open > 0 {
            let answer = self.receive(what)?;
            for reply in replies(&answer) {
                if let Reply::Ended { error, .. } = reply {
                    open = open.saturating_sub(1);
                    worst = if worst == 0 { error } else { worst };
                    if error == Errno::EPERM as i32 {
                        return Err(RulesError::NotAllowed); // for the batch as a whole
                    }
                }
            }
        }
        if worst == 0 { Ok(()) } else { Err(RulesError::refused(what, Errno::from_raw(worst))) }
    }

    /// Everything the request names, one after the other. Nothing when its table or chain does not exist.
    pub(super) fn dump(
        &mut self,
        kind: u16,
        family: u8,
        of: &Attributes,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), RulesError> {
        const WHAT: &str = "a list";
        self.number += 1;
        self.send(&single(kind, DUMP, self.number, family, of), WHAT)?;
        self.hear(WHAT, &mut each)
    }

    /// A question with one answer.
    pub(super) fn ask(&mut self, kind: u16, each: &mut dyn FnMut(&[u8])) -> Result<(), RulesError> {
        const WHAT: &str = "a question";
        self.number += 1;
        self.send(&single(kind, ACK, self.number, 0, &Attributes::default()), WHAT)?;
        self.hear(WHAT, each)
    }

    /// Takes answers until the last one.
    fn hear(&self, what: &'static str, each: &mut dyn FnMut(&[u8])) -> Result<(), RulesError> {
        loop {
            let answer = self.receive(what)?;
            for reply in replies(&answer) {
                match reply {
                    Reply::Item(item) => each(item),
                    Reply::Done => return Ok(()),
                    Reply::Ended { error, .. } => {
                        return match Errno::from_raw(error) {
                            _ if error == 0 => Ok(()),
                            Errno::ENOENT => Ok(()),
                            cause => Err(RulesError::refused(what, cause)),
                        };
                    }
                }
            }
        }
    }

    fn send(&self, bytes: &[u8], what: &'static str) -> Result<(), RulesError> {
        send(self.fd.as_raw_fd(), bytes, MsgFlags::empty())
            .map(drop)
            .map_err(|cause| RulesError::refused(what, cause))
    }

    fn receive(&self, what: &'static str) -> Result<Vec<u8>, RulesError> {
        let mut room = vec![0; 1 << 16];
        let got = recv(self.fd.as_raw_fd(), &mut room, MsgFlags::empty())
            .map_err(|cause| RulesError::refused(what, cause))?;
        room.truncate(got);
        Ok(room)
    }
}
