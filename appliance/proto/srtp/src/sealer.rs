use crate::index::{self, Outside};
use crate::session::Session;
use crate::transform::{RTCP_HEADER, RtpAt};
use crate::window::Stale;
use crate::{Covered, Error, SealError, Setup, SsrcState, Suite, Tag};

/// Seals the RTP and RTCP packets of one direction. Allocates when it is made and never after.
///
/// No index is used twice under one key, since the key stream would show. So a source whose sequence numbers jump far
/// back must be given others (or another SSRC) before it is sealed; its peer could not open the packets anyway.
#[derive(Debug)]
pub struct Sealer(Session);

impl Sealer {
    /// Derives the session keys and makes room for the SSRCs.
    ///
    /// # Errors
    /// [`Error::Ssrcs`], [`Error::MustAuthenticate`].
    pub fn new(setup: &Setup) -> Result<Sealer, Error> {
        Session::new(setup).map(Sealer)
    }

    /// Encrypts and authenticates the RTP packet in the first `len` bytes of `buffer`, in place; returns its new
    /// length, which is `len` and [`Sealer::rtp_overhead`].
    ///
    /// # Errors
    /// See [`SealError`]; then the buffer is as it was.
    pub fn seal_rtp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SealError> {
        let (sealed, due) = self.seal_rtp_without_tag(buffer, len)?;
        if let Some(due) = due
            && let Some(covered) = self.covered(&buffer[..sealed], &due)
        {
            let tag = Tag(covered.0.tag());
            due.write(&mut buffer[..sealed], &tag);
        }
        Ok(sealed)
    }

    /// As [`Sealer::seal_rtp`], but for the tag: it must be made of what is [covered](Sealer::covered) and
    /// [written](Due::write) before the packet leaves, and before the keys change. `None` if it is there already, as under
    /// AEAD, or none is wanted.
    ///
    /// # Errors
    /// As [`Sealer::seal_rtp`].
    pub fn seal_rtp_without_tag(
        &mut self,
        buffer: &mut [u8],
        len: usize,
    ) -> Result<(usize, Option<Due>), SealError> {
        let Session { transform, table, .. } = &mut self.0;
        let packet = room(buffer, len, transform.rtp_overhead())?;
        let header = rtp::Header::parse(packet)?;
        let (ssrc, seq) = (header.ssrc(), header.seq());
        let header = len - header.payload().len();

        let state = &mut table.entry(ssrc).ok_or(SealError::TooManySsrcs)?.state;
        let index = index::estimate(&state.rtp, seq).map_err(|outside| match outside {
            Outside::Before => SealError::TooOld,
            Outside::Past => SealError::KeyExpired,
        })?;
        state.rtp.check(index)?;
        state.rtp.commit(index);
        let at = RtpAt { header, ssrc, index };
        let sealed = transform.seal_rtp(buffer, len, at);
        let tagged = !transform.suite().is_aead() && transform.authenticates_rtp();
        let due = Due { covered: len, tag: transform.rtp_tag_len(), roc: at.roc() };
        Ok((sealed, tagged.then_some(due)))
    }

    /// What the tag of a packet that was sealed without one is made of.
    pub fn covered<'a>(&'a self, packet: &'a [u8], due: &Due) -> Option<Covered<'a>> {
        self.0.transform.rtp_message(packet.get(..due.covered)?, due.roc).map(Covered)
    }

    /// Encrypts and authenticates the RTCP packet (a whole compound) in the first `len` bytes of `buffer`, in place;
    /// returns its new length, which is `len` and [`Sealer::rtcp_overhead`].
    ///
    /// # Errors
    /// See [`SealError`]; then the buffer is as it was.
    pub fn seal_rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SealError> {
        let Session { transform, table, .. } = &mut self.0;
        let packet = room(buffer, len, transform.rtcp_overhead())?;
        rtp::rtcp::Header::parse(packet)?;
        let &[_, _, _, _, a, b, c, d, ..] = packet else {
            return Err(SealError::Header(rtp::Error::TooShort { len, needed: RTCP_HEADER }));
        };
        let ssrc = u32::from_be_bytes([a, b, c, d]);

        let state = &mut table.entry(ssrc).ok_or(SealError::TooManySsrcs)?.state;
        let index = if state.rtcp.is_fresh() { state.rtcp.index } else { state.rtcp.index + 1 };
        let short = u32::try_from(index).ok().filter(|index| *index < 1 << 31);
        let short = short.ok_or(SealError::KeyExpired)?;
        state.rtcp.commit(index);
        Ok(transform.seal_rtcp(buffer, len, ssrc, short))
    }

    /// Takes new keys, suite, identifier and session parameters. Rollover counters and SRTCP indices go on (RFC 3711
    /// §3.3.1, §3.4), unless the context is a later one; so does the room for SSRCs, whatever `setup` says.
    ///
    /// # Errors
    /// As [`Sealer::new`]; then nothing has changed.
    pub fn rekey(&mut self, setup: &Setup) -> Result<(), Error> {
        self.0.rekey(setup)
    }

    /// Sets the rollover counter of an SSRC, known or not.
    ///
    /// # Errors
    /// [`Error::Index`] when packets of a later counter were sealed; [`Error::TooManySsrcs`].
    pub fn set_roc(&mut self, ssrc: u32, roc: u32) -> Result<(), Error> {
        let state = self.0.with_roc(ssrc, roc);
        self.restore(&state)
    }

    /// How far each SSRC has come.
    pub fn states(&self) -> impl ExactSizeIterator<Item = SsrcState> + '_ {
        self.0.table.states()
    }

    /// Goes on where another path left off; replaces what was known of this SSRC.
    ///
    /// # Errors
    /// [`Error::Index`] for a state that cannot be or that would use an index again, [`Error::Context`] for one of another
    /// context; [`Error::TooManySsrcs`].
    pub fn restore(&mut self, state: &SsrcState) -> Result<(), Error> {
        self.0.table.check(state)?;
        let known = self.0.table.get(state.ssrc);
        for (known, new) in [(known.rtp, state.rtp), (known.rtcp, state.rtcp)] {
            if !known.is_fresh() && (new.is_fresh() || new.index < known.index) {
                return Err(Error::Index);
            }
        }
        self.0.table.set(state)
    }

    /// Bytes that sealing adds to an RTP packet: at most [`crate::MAX_OVERHEAD`].
    pub fn rtp_overhead(&self) -> usize {
        self.0.transform.rtp_overhead()
    }

    /// Bytes that sealing adds to an RTCP packet: at most [`crate::MAX_OVERHEAD`].
    pub fn rtcp_overhead(&self) -> usize {
        self.0.transform.rtcp_overhead()
    }

    /// The suite in use.
    pub fn suite(&self) -> Suite {
        self.0.transform.suite()
    }
}

/// The tag that a packet still lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "without its tag a packet is worth nothing"]
pub struct Due {
    /// Bytes that it authenticates, besides the rollover counter.
    covered: usize,
    /// Bytes of it that are sent, the last of the packet.
    tag: usize,
    roc: u32,
}

impl Due {
    /// Writes it to the end of its packet.
    pub fn write(&self, packet: &mut [u8], tag: &Tag) {
        if let Some((_, room)) =
            packet.len().checked_sub(self.tag).and_then(|at| packet.split_at_mut_checked(at))
        {
            room.copy_from_slice(&tag.0[..self.tag]);
        }
    }
}

/// The packet, if the buffer has room for what sealing adds to it.
fn room(buffer: &[u8], len: usize, overhead: usize) -> Result<&[u8], SealError> {
    let needed = len.saturating_add(overhead);
    if buffer.len() < needed {
        Err(SealError::NoRoom { len: buffer.len(), needed })
    } else {
        Ok(&buffer[..len])
    }
}

impl From<Stale> for SealError {
    fn from(stale: Stale) -> SealError {
        match stale {
            Stale::Seen => SealError::Repeated,
            Stale::TooOld => SealError::TooOld,
        }
    }
}
