use crate::Error;
use crate::window::WINDOW;

/// How far one SSRC has come. What a path gives to the one that takes its flow over, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SsrcState {
    /// The synchronisation source.
    pub ssrc: u32,
    /// The crypto context it belongs to ([`crate::Setup::context`]); another one knows nothing of it.
    pub context: u32,
    /// In SRTP: the index is `ROC * 65536 + sequence number`, 48 bits (RFC 3711 §3.3.1).
    pub rtp: Progress,
    /// In SRTCP: the index that stands in the packet, 31 bits (RFC 3711 §3.4).
    pub rtcp: Progress,
}

/// How far a stream of indices has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The highest index that was opened or sealed. With an empty window: where to begin, that is the rollover
    /// counter of the first RTP packet (its low 16 bits mean nothing), or the first index of SRTCP that is sealed.
    pub index: u64,
    /// Bit n is set when `index - n` was opened or sealed; zero when nothing was. In the SRTCP of a sealer only
    /// bit 0 means anything.
    pub window: u128,
}

impl Progress {
    /// Nothing yet, and the rollover counter is known: for who joins late.
    pub fn joining(roc: u32) -> Progress {
        Progress { index: u64::from(roc) << 16, window: 0 }
    }

    /// From a path whose replay window has 64 packets: older ones count as received.
    pub fn with_window_64(index: u64, window: u64) -> Progress {
        let older = if window == 0 { 0 } else { u128::MAX << 64 };
        Progress { index, window: older | u128::from(window) }
    }

    /// The window for a path that remembers 64 packets.
    pub fn window_64(&self) -> u64 {
        self.window as u64
    }

    /// Nothing was opened or sealed yet.
    pub fn is_fresh(&self) -> bool {
        self.window == 0
    }

    /// What two paths have seen between them that had the same stream at different times, under the same keys: the
    /// index of the one that has come further, and the packets of both.
    pub fn join(self, other: Progress) -> Progress {
        let (ahead, behind) = match (self.is_fresh(), other.is_fresh()) {
            (false, true) => return self,
            (true, false) => return other,
            _ if self.index >= other.index => (self, other),
            _ => (other, self),
        };
        let distance = u32::try_from(ahead.index - behind.index).unwrap_or(u32::MAX);
        let window = ahead.window | behind.window.checked_shl(distance).unwrap_or(0);
        Progress { index: ahead.index, window }
    }

    /// Rollover counter, of SRTP.
    pub fn roc(&self) -> u32 {
        (self.index >> 16) as u32
    }
}

impl SsrcState {
    /// An SSRC of which nothing was seen, in context 0.
    pub fn new(ssrc: u32) -> SsrcState {
        SsrcState { ssrc, context: 0, rtp: Progress::default(), rtcp: Progress::default() }
    }

    /// What two paths have seen of the same SSRC between them; see [`Progress::join`]. Of two contexts the greater, which
    /// is the newer, stands alone.
    pub fn join(self, other: SsrcState) -> SsrcState {
        if self.context != other.context {
            return if self.context > other.context { self } else { other };
        }
        SsrcState { rtp: self.rtp.join(other.rtp), rtcp: self.rtcp.join(other.rtcp), ..self }
    }

    /// # Errors
    /// [`Error::Index`] when an index has more bits than it can have.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let fits = self.rtp.index < 1 << 48 && self.rtcp.index < 1 << 31;
        // A window that is not empty holds at least its own highest index.
        let whole = |progress: &Progress| progress.is_fresh() || progress.window & 1 == 1;
        if fits && whole(&self.rtp) && whole(&self.rtcp) { Ok(()) } else { Err(Error::Index) }
    }
}

const _: () = assert!(WINDOW == u128::BITS as u64, "the window of a state is a whole u128");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_windows_are_laid_over_each_other() {
        let at = |index, window| Progress { index, window };
        assert_eq!(at(10, 0b101).join(at(12, 0b11)), at(12, 0b10111));
        assert_eq!(at(12, 0b11).join(at(10, 0b101)), at(12, 0b10111));
        assert_eq!(at(200, 1).join(at(73, 1)), at(200, 1 << 127 | 1));
        assert_eq!(at(200, 1).join(at(72, 1)), at(200, 1));
        assert_eq!(at(1 << 47, 1).join(at(5, u128::MAX)), at(1 << 47, 1));
        // Nothing seen says nothing, however far it would have begun.
        assert_eq!(Progress::joining(9).join(at(5, 1)), at(5, 1));
        assert_eq!(at(5, 1).join(Progress::joining(9)), at(5, 1));
        assert_eq!(Progress::joining(9).join(Progress::default()), Progress::joining(9));
        let state = |context, index| SsrcState { context, rtp: at(index, 1), ..SsrcState::new(1) };
        assert_eq!(state(1, 5).join(state(2, 3)), state(2, 3));
        assert_eq!(state(2, 3).join(state(1, 5)), state(2, 3));
    }
}
