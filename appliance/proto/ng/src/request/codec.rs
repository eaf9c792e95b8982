//! `codec` and packet times.

use super::Text;
use super::member::{self, Table};

/// Codec lists as typed: `name[/rate[/channels[/bitrate[/ptime[/fmtp[/options]]]]]]`, or `all` or `full`.
#[derive(Clone, Debug, Default)]
pub struct Codecs<'a> {
    /// `strip`: remove from the SDP.
    pub strip: Vec<Text<'a>>,
    /// `except`: keep although `strip` or `mask` says all.
    pub except: Vec<Text<'a>>,
    /// `offer`: as `except`, and in this order.
    pub offer: Vec<Text<'a>>,
    /// `mask`: hide from the receiver, keep for the offerer.
    pub mask: Vec<Text<'a>>,
    /// `transcode`: offer although the offerer does not have it.
    pub transcode: Vec<Text<'a>>,
    /// `consume`: mask and always transcode.
    pub consume: Vec<Text<'a>>,
    /// `accept`: pretend the answerer accepted it.
    pub accept: Vec<Text<'a>>,
    /// `ignore`: as if it had not been offered.
    pub ignore: Vec<Text<'a>>,
    /// `set`: parameters for codecs that are implied.
    pub set: Vec<Text<'a>>,
    /// `ptime` towards the receiver, in milliseconds.
    pub ptime_ms: Option<i64>,
    /// `ptime-reverse` towards the sender, in milliseconds.
    pub ptime_reverse_ms: Option<i64>,
}

/// Finds the list an operation works on.
pub(crate) type Pick = for<'r, 'a> fn(&'r mut Codecs<'a>) -> &'r mut Vec<Text<'a>>;

/// The operations, as keys of `codec` and as the middle of `codec-strip-X`.
pub(crate) const OPERATIONS: &Table<Pick> = &member::table::<Pick, 9>([
    ("strip", |codecs| &mut codecs.strip),
    ("except", |codecs| &mut codecs.except),
    ("offer", |codecs| &mut codecs.offer),
    ("mask", |codecs| &mut codecs.mask),
    ("transcode", |codecs| &mut codecs.transcode),
    ("consume", |codecs| &mut codecs.consume),
    ("accept", |codecs| &mut codecs.accept),
    ("ignore", |codecs| &mut codecs.ignore),
    ("set", |codecs| &mut codecs.set),
]);

/// The operations that `rtpp-flags` also takes as `codec-strip=X`.
pub(crate) const IN_PAIRS: &[&[u8]] =
    &[b"strip", b"except", b"offer", b"mask", b"transcode", b"accept", b"set"];

impl Codecs<'_> {
    /// Forgets what only makes sense towards somebody who is yet to choose.
    pub(crate) fn keep_for_an_answer(&mut self) {
        for list in [&mut self.mask, &mut self.transcode, &mut self.consume] {
            list.clear();
        }
        (self.ptime_ms, self.ptime_reverse_ms) = (None, None);
    }
}
