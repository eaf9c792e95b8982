use crate::index::{self, Outside};
use crate::session::Session;
use crate::table::{Slot, Table};
use crate::transform::{RTCP_HEADER, RtpAt, Transform};
use crate::window::Stale;
use crate::{Covered, Error, OpenError, Progress, Setup, SsrcState, Suite, Tag};

/// The largest packet under AEAD that is tried with a second rollover counter, in bytes.
const SCRATCH: usize = 2048;

/// Opens the SRTP and SRTCP packets of one direction. Allocates when it is made and when its keys change, and never for
/// a packet.
#[derive(Debug)]
pub struct Opener {
    session: Session,
    /// Where a packet is kept that AEAD may spoil and that has a second chance; empty while there can be none.
    scratch: Vec<u8>,
}

impl Opener {
    /// Derives the session keys and makes room for the SSRCs.
    ///
    /// # Errors
    /// [`Error::Ssrcs`], [`Error::MustAuthenticate`].
    pub fn new(setup: &Setup) -> Result<Opener, Error> {
        Ok(Opener { session: Session::new(setup)?, scratch: Vec::new() })
    }

    /// Authenticates and decrypts an RTP packet in place; returns its length without tag and identifier. Sources and
    /// header extension are authenticated and never encrypted.
    ///
    /// # Errors
    /// See [`OpenError`]. After [`OpenError::Unauthentic`] from an AEAD suite the packet's bytes are lost; otherwise
    /// they are as they were. Nothing else is remembered of it.
    pub fn open_rtp(&mut self, packet: &mut [u8]) -> Result<usize, OpenError> {
        self.open_rtp_with(packet, None)
    }

    /// As [`Opener::open_rtp`]. `made` is what was guessed of this packet and the tag made of it, since when neither its
    /// bytes nor the keys have changed. It serves if the packet still is what was guessed; else another is made.
    ///
    /// # Errors
    /// As [`Opener::open_rtp`].
    pub fn open_rtp_with(
        &mut self,
        packet: &mut [u8],
        made: Option<&(Guess, Tag)>,
    ) -> Result<usize, OpenError> {
        let Session { transform, table, .. } = &mut self.session;
        let (at, known) = locate(transform, table, packet)?;
        if known.is_some_and(|slot| !slot.settled) && transform.authenticates_rtp() {
            return self.open_unsettled(packet, at, made);
        }
        known.map_or(Ok(()), |slot| slot.state.rtp.check(at.index))?;
        let tag = fitting(made, packet, at);
        let len = transform.open_rtp(packet, at, tag).ok_or(OpenError::Unauthentic)?;
        let slot = table.entry(at.ssrc).ok_or(OpenError::TooManySsrcs)?;
        slot.state.rtp.commit(at.index);
        slot.settled = true;
        Ok(len)
    }

    /// What an RTP packet seems to be, for a tag made ahead. `None` if it would be refused without looking at its tag,
    /// carries none, or is under AEAD. Changes nothing.
    pub fn guess(&self, packet: &[u8]) -> Option<Guess> {
        let Session { transform, table, .. } = &self.session;
        if transform.suite().is_aead() || !transform.authenticates_rtp() {
            return None;
        }
        let (at, known) = locate(transform, table, packet).ok()?;
        known.map_or(Ok(()), |slot| slot.state.rtp.check(at.index)).ok()?;
        Some(Guess { ssrc: at.ssrc, index: at.index, len: packet.len() })
    }

    /// What the tag of a packet depends on if it is what was guessed of it. `None` under AEAD.
    pub fn covered<'a>(&'a self, packet: &'a [u8], guess: &Guess) -> Option<Covered<'a>> {
        let transform = &self.session.transform;
        let body = packet.get(..packet.len().checked_sub(transform.rtp_overhead())?)?;
        transform.rtp_message(body, guess.roc()).map(Covered)
    }

    /// Authenticates and decrypts an RTCP packet (a whole compound) in place; returns its length without index, tag
    /// and identifier. Whether it is encrypted the packet itself says.
    ///
    /// # Errors
    /// As [`Opener::open_rtp`].
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, OpenError> {
        let Session { transform, table, .. } = &mut self.session;
        before(packet, transform.rtcp_overhead(), RTCP_HEADER)?;
        rtp::rtcp::Header::parse(packet)?;
        let ssrc = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);

        let known = table.find(ssrc).is_some();
        if !known && !table.has_room() {
            return Err(OpenError::TooManySsrcs);
        }
        let index = u64::from(transform.rtcp_index(packet));
        let stale = table.get(ssrc).rtcp.check(index);
        if table.is_settled_rtcp(ssrc) {
            stale?;
        }
        let len = transform.open_rtcp(packet, ssrc).ok_or(OpenError::Unauthentic)?;
        let slot = table.entry(ssrc).ok_or(OpenError::TooManySsrcs)?;
        match stale {
            Ok(()) => slot.state.rtcp.commit(index),
            // Authentic under a key it was never seen with: the peer counts anew.
            Err(_) => slot.state.rtcp = Progress { index, window: 1 },
        }
        slot.settled_rtcp = true;
        Ok(len)
    }

    /// The first packets under a new key. Its rollover counter should have gone on (RFC 3711 §3.3.1); a peer that made
    /// a new session of its re-INVITE begins with zero, and is followed when the tag says so.
    fn open_unsettled(
        &mut self,
        packet: &mut [u8],
        at: RtpAt,
        made: Option<&(Guess, Tag)>,
    ) -> Result<usize, OpenError> {
        let Session { transform, table, .. } = &mut self.session;
        let slot = table.entry(at.ssrc).ok_or(OpenError::TooManySsrcs)?;
        let kept = match self.scratch.get_mut(..packet.len()) {
            Some(kept) if transform.suite().is_aead() => {
                kept.copy_from_slice(packet);
                Some(&*kept)
            }
            _ => None,
        };
        let stale = slot.state.rtp.check(at.index);
        let tag = fitting(made, packet, at);
        if stale.is_ok()
            && let Some(len) = transform.open_rtp(packet, at, tag)
        {
            slot.state.rtp.commit(at.index);
            slot.settled = true;
            return Ok(len);
        }
        let anew = RtpAt { index: at.index & 0xffff, ..at };
        if stale.is_ok() && anew.index == at.index {
            return Err(OpenError::Unauthentic);
        }
        if let Some(kept) = kept {
            packet.copy_from_slice(kept);
        }
        let tag = fitting(made, packet, anew);
        let len = transform.open_rtp(packet, anew, tag);
        let len = len.ok_or(stale.map_or_else(OpenError::from, |()| OpenError::Unauthentic))?;
        slot.state.rtp = Progress { index: anew.index, window: 1 };
        slot.settled = true;
        Ok(len)
    }

    /// Takes new keys, suite, identifier and session parameters. Rollover counters and windows stay, unless the
    /// context is a later one; so does the room for SSRCs, whatever `setup` says. A peer whose counters begin anew under
    /// the new key is followed.
    ///
    /// # Errors
    /// As [`Opener::new`]; then nothing has changed.
    pub fn rekey(&mut self, setup: &Setup) -> Result<(), Error> {
        self.session.rekey(setup)?;
        self.scratch.resize(if setup.key.suite().is_aead() { SCRATCH } else { 0 }, 0);
        Ok(())
    }

    /// Sets the rollover counter of an SSRC, known or not: of a stream that is joined late, say.
    ///
    /// # Errors
    /// [`Error::TooManySsrcs`].
    pub fn set_roc(&mut self, ssrc: u32, roc: u32) -> Result<(), Error> {
        let state = self.session.with_roc(ssrc, roc);
        self.session.table.set(&state)
    }

    /// How far each SSRC has come.
    pub fn states(&self) -> impl ExactSizeIterator<Item = SsrcState> + '_ {
        self.session.table.states()
    }

    /// Goes on where another path left off; replaces what was known of this SSRC.
    ///
    /// # Errors
    /// [`Error::Index`] for a state that cannot be, [`Error::Context`] for one of another context;
    /// [`Error::TooManySsrcs`].
    pub fn restore(&mut self, state: &SsrcState) -> Result<(), Error> {
        self.session.table.set(state)
    }

    /// Makes room by forgetting an SSRC; whether it was known. Its packets can be replayed from now on.
    pub fn forget(&mut self, ssrc: u32) -> bool {
        self.session.table.forget(ssrc)
    }

    /// The suite in use.
    pub fn suite(&self) -> Suite {
        self.session.transform.suite()
    }
}

/// What an RTP packet seems to be before it is opened. Its tag depends on that and on its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guess {
    ssrc: u32,
    /// 48 bits.
    index: u64,
    /// Of the whole packet.
    len: usize,
}

impl Guess {
    /// Both have the same sender and number: at most one of them can be authentic and new.
    pub fn is_same_packet(&self, other: &Guess) -> bool {
        (self.ssrc, self.index) == (other.ssrc, other.index)
    }

    fn roc(&self) -> u32 {
        (self.index >> 16) as u32
    }
}

/// The tag made ahead, if it is of the packet at this place.
fn fitting<'a>(made: Option<&'a (Guess, Tag)>, packet: &[u8], at: RtpAt) -> Option<&'a Tag> {
    let now = Guess { ssrc: at.ssrc, index: at.index, len: packet.len() };
    made.filter(|(guess, _)| *guess == now).map(|(_, tag)| tag)
}

/// Which packet this seems to be, and what is known of its SSRC.
fn locate<'a>(
    transform: &Transform,
    table: &'a Table,
    packet: &[u8],
) -> Result<(RtpAt, Option<&'a Slot>), OpenError> {
    let end = before(packet, transform.rtp_overhead(), 12)?;
    let header = rtp::Header::parse(&packet[..end])?;
    let (ssrc, seq) = (header.ssrc(), header.seq());
    let header = end - header.payload().len();

    let known = table.peek(ssrc);
    if known.is_none() && !table.has_room() {
        return Err(OpenError::TooManySsrcs);
    }
    let progress = known.map(|slot| slot.state.rtp).unwrap_or_default();
    let index = match index::estimate(&progress, seq) {
        Ok(index) => index,
        // More than half of the numbers may have been skipped; the tag tells.
        Err(Outside::Before) if transform.authenticates_rtp() => u64::from(seq),
        Err(Outside::Before) => return Err(OpenError::TooOld),
        Err(Outside::Past) => return Err(OpenError::KeyExpired),
    };
    Ok((RtpAt { header, ssrc, index }, known))
}

/// Where what sealing added begins, if the packet has at least `header` bytes before it.
fn before(packet: &[u8], overhead: usize, header: usize) -> Result<usize, OpenError> {
    let (len, needed) = (packet.len(), header + overhead);
    if len < needed { Err(OpenError::TooShort { len, needed }) } else { Ok(len - overhead) }
}

impl From<Stale> for OpenError {
    fn from(stale: Stale) -> OpenError {
        match stale {
            Stale::Seen => OpenError::Replayed,
            Stale::TooOld => OpenError::TooOld,
        }
    }
}
