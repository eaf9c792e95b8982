use crate::Error;
use crate::window::WINDOW;

/// How far one SSRC has come. What a path gives to the one that takes its flow over, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SsrcState {
    /// The synchronisation source.
    pub ssrc: u32,
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

    /// Rollover counter, of SRTP.
    pub fn roc(&self) -> u32 {
        (self.index >> 16) as u32
    }
}

impl SsrcState {
    /// An SSRC of which nothing was seen.
    pub fn new(ssrc: u32) -> SsrcState {
        SsrcState { ssrc, rtp: Progress::default(), rtcp: Progress::default() }
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
