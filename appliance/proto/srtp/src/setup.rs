use crate::{Error, MasterKey, Mki, Options};

/// SSRCs a session tracks unless told otherwise.
pub const DEFAULT_SSRCS: usize = 8;
/// The most SSRCs a session tracks.
pub const MAX_SSRCS: usize = 256;
/// The most a packet grows by when it is sealed, in bytes: the longest tag, SRTCP's index, the longest identifier.
pub const MAX_OVERHEAD: usize = 16 + 4 + Mki::MAX_LEN;

/// What an [`crate::Opener`] or a [`crate::Sealer`] is made of: one direction of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Keys and suite.
    pub key: MasterKey,
    /// Identifier of the key in packets, mostly [`Mki::NONE`].
    pub mki: Mki,
    /// Session parameters.
    pub options: Options,
    /// Number of the crypto context (RFC 3711 §3.2.3). Keys under the same number or a smaller one go on where those
    /// before them were; under a greater number rollover counters, windows and indices begin anew, as with each DTLS
    /// association (RFC 5764 §4.2).
    pub context: u32,
    /// How many SSRCs to keep room for, 1 to [`MAX_SSRCS`]. 80 bytes each, allocated at once.
    pub ssrcs: usize,
}

impl Setup {
    /// Everything else as usual: no identifier, everything protected, context 0, [`DEFAULT_SSRCS`].
    pub fn new(key: MasterKey) -> Setup {
        Setup { key, mki: Mki::NONE, options: Options::default(), context: 0, ssrcs: DEFAULT_SSRCS }
    }

    /// # Errors
    /// [`Error::Ssrcs`], [`Error::MustAuthenticate`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !(1..=MAX_SSRCS).contains(&self.ssrcs) {
            return Err(Error::Ssrcs(self.ssrcs));
        }
        self.options.check(self.key.suite())
    }
}
