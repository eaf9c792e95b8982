//! `b=`: one figure per modifier we pass on.

use crate::Text;

/// A bandwidth modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BandwidthKind {
    /// Application-specific maximum, kbit/s (RFC 8866 §5.8).
    As,
    /// RTCP of receivers, bit/s (RFC 3556).
    Rr,
    /// RTCP of senders, bit/s (RFC 3556).
    Rs,
    /// Conference total, kbit/s.
    Ct,
    /// Without transport overhead, bit/s (RFC 3890).
    Tias,
}

impl BandwidthKind {
    /// All, in the order they are written.
    pub const ALL: [BandwidthKind; 5] =
        [BandwidthKind::As, BandwidthKind::Rr, BandwidthKind::Rs, BandwidthKind::Ct, BandwidthKind::Tias];

    /// The modifier's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            BandwidthKind::As => "AS",
            BandwidthKind::Rr => "RR",
            BandwidthKind::Rs => "RS",
            BandwidthKind::Ct => "CT",
            BandwidthKind::Tias => "TIAS",
        }
    }
}

/// The bandwidth figures of a session or a media section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bandwidth([Option<u64>; 5]);

impl Bandwidth {
    /// The figure for a modifier, in that modifier's unit.
    pub fn get(&self, kind: BandwidthKind) -> Option<u64> {
        self.0[kind as usize]
    }

    /// Sets or removes a figure.
    pub fn set(&mut self, kind: BandwidthKind, value: Option<u64>) {
        self.0[kind as usize] = value;
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// The figures that are there, in the order they are written.
    pub fn iter(&self) -> impl Iterator<Item = (BandwidthKind, u64)> + '_ {
        BandwidthKind::ALL.into_iter().filter_map(|kind| Some((kind, self.get(kind)?)))
    }

    /// Takes the value of a `b=` line in; of several with one modifier the last counts. Modifiers we do not know,
    /// empty and negative figures are left out; of other rubbish the leading digits count, so `x` is 0.
    pub(crate) fn read(&mut self, value: Text<'_>) {
        let Some((modifier, figure)) = value.split_once(b':') else { return };
        let Some(kind) = BandwidthKind::ALL.into_iter().find(|k| modifier == k.as_str()) else { return };
        let figure = figure.as_bytes().trim_ascii_start();
        if figure.is_empty() || figure[0] == b'-' {
            return;
        }
        let digits = figure.iter().take_while(|b| b.is_ascii_digit());
        let number = digits.fold(0u64, |n, b| n.saturating_mul(10).saturating_add(u64::from(b - b'0')));
        self.set(kind, Some(number.min(i64::MAX as u64)));
    }
}
