use crate::record;
use std::collections::VecDeque;
use std::io::{self, Read, Write};

/// Datagrams that may wait to be taken out of one handshake. A flight is at most a certificate chain and a few
/// messages.
const MAX_WAITING: usize = 32;

/// What OpenSSL takes for a socket: one datagram in, some datagrams out.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    inbox: Option<Vec<u8>>,
    outbox: VecDeque<Vec<u8>>,
    /// Added to the sequence numbers of records in clear.
    offset: u64,
    is_muted: bool,
    /// Datagrams written so far.
    written: u64,
}

impl Pipe {
    /// Gives OpenSSL a datagram to read.
    pub(crate) fn put(&mut self, datagram: &[u8]) {
        self.inbox = Some(datagram.to_vec());
    }

    /// Takes what OpenSSL wrote, oldest first.
    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop_front()
    }

    /// Throws away what OpenSSL writes from now on, or no longer does.
    pub(crate) fn mute(&mut self, is_muted: bool) {
        self.is_muted = is_muted;
    }

    /// Renumbers records in clear that are written from now on.
    pub(crate) fn renumber(&mut self, offset: u64) {
        self.offset = offset;
    }

    /// How many datagrams were written so far.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }
}

impl Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(datagram) = self.inbox.take() else { return Err(io::ErrorKind::WouldBlock.into()) };
        // As a socket does: what does not fit is lost.
        let len = datagram.len().min(out.len());
        out[..len].copy_from_slice(&datagram[..len]);
        Ok(len)
    }
}

impl Write for Pipe {
    fn write(&mut self, datagram: &[u8]) -> io::Result<usize> {
        self.written += 1;
        // Beyond the bound a datagram is lost, as on any network.
        if !self.is_muted && self.outbox.len() < MAX_WAITING {
            let mut datagram = datagram.to_vec();
            record::renumber(&mut datagram, self.offset);
            self.outbox.push_back(datagram);
        }
        Ok(datagram.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
