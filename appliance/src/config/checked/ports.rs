//! Port ranges: inclusive bounds, a text form, and a range with holes.

use std::fmt;
use std::str::FromStr;

/// An inclusive range of UDP ports, never empty and never containing port 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PortRange {
    low: u16,
    high: u16,
}

/// Why a text is not a port range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortRangeError {
    /// Not of the form `LOW-HIGH`.
    #[error("`{0}` is not a port range")]
    Shape(String),
    /// The first port is above the last.
    #[error("the port range {0}-{1} runs backwards")]
    Backwards(u16, u16),
    /// Port 0 cannot be bound on purpose.
    #[error("port 0 cannot be part of a port range")]
    Zero,
    /// A call leg needs an even port and the odd one above it.
    #[error("the port range {0}-{1} holds no even port with the odd one above it, so no stream fits in")]
    NoPair(u16, u16),
}

impl PortRange {
    /// The range from `low` to `high`, both included. It must hold at least one even port followed by an odd one,
    /// which is what one RTP stream with its RTCP takes.
    ///
    /// # Errors
    /// When the range is backwards, starts at 0 or has no room for a stream.
    pub fn new(low: u16, high: u16) -> Result<Self, PortRangeError> {
        let range = Self::any(low, high)?;
        if range.pairs() == 0 {
            return Err(PortRangeError::NoPair(low, high));
        }
        Ok(range)
    }

    fn any(low: u16, high: u16) -> Result<Self, PortRangeError> {
        match (low, high) {
            (0, _) => Err(PortRangeError::Zero),
            _ if low > high => Err(PortRangeError::Backwards(low, high)),
            _ => Ok(Self { low, high }),
        }
    }

    /// The lowest port.
    #[must_use]
    pub fn low(self) -> u16 {
        self.low
    }

    /// The highest port.
    #[must_use]
    pub fn high(self) -> u16 {
        self.high
    }

    /// Number of ports.
    #[must_use]
    pub fn len(self) -> u32 {
        u32::from(self.high) - u32::from(self.low) + 1
    }

    /// Always false; a range is never empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        false
    }

    /// Number of even ports whose odd neighbour above is in the range too: the streams that fit.
    #[must_use]
    pub fn pairs(self) -> u32 {
        let first = u32::from(self.low).next_multiple_of(2);
        (u32::from(self.high) + 1).saturating_sub(first) / 2
    }

    /// Whether `port` lies in the range.
    #[must_use]
    pub fn contains(self, port: u16) -> bool {
        (self.low..=self.high).contains(&port)
    }

    /// Whether the two ranges share a port.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.low, self.high)
    }
}

impl FromStr for PortRange {
    type Err = PortRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = || PortRangeError::Shape(text.to_owned());
        let (low, high) = text.split_once('-').ok_or_else(shape)?;
        let port = |part: &str| part.trim().parse::<u16>().map_err(|_| shape());
        Self::new(port(low)?, port(high)?)
    }
}

/// The ports one interface address may hand out: a range with holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports {
    range: PortRange,
    /// Sorted, each inside the range, no doubles.
    excluded: Vec<u16>,
}

impl Ports {
    /// `range` without `excluded`; excluded ports outside the range are of no effect.
    #[must_use]
    pub fn new(range: PortRange, excluded: &[u16]) -> Self {
        let mut excluded: Vec<u16> = excluded.iter().copied().filter(|port| range.contains(*port)).collect();
        excluded.sort_unstable();
        excluded.dedup();
        Self { range, excluded }
    }

    /// The range, holes included.
    #[must_use]
    pub fn range(&self) -> PortRange {
        self.range
    }

    /// The ports of the range that must not be used, in rising order.
    #[must_use]
    pub fn excluded(&self) -> &[u16] {
        &self.excluded
    }

    /// Whether `port` may be handed out.
    #[must_use]
    pub fn contains(&self, port: u16) -> bool {
        self.range.contains(port) && self.excluded.binary_search(&port).is_err()
    }

    /// The even ports that are free for use together with the odd port above them, in rising order.
    pub fn pairs(&self) -> impl Iterator<Item = u16> + '_ {
        let first = u32::from(self.range.low).next_multiple_of(2);
        (first..u32::from(self.range.high))
            .step_by(2)
            .filter_map(|port| u16::try_from(port).ok())
            .filter(|port| self.contains(*port) && self.contains(port + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_range_holds_five_thousand_streams() {
        let range: PortRange = "30000-39999".parse().unwrap();
        assert_eq!((range.len(), range.pairs()), (10_000, 5_000));
    }

    #[test]
    fn an_odd_start_loses_its_first_port() {
        let range = PortRange::new(30001, 30006).unwrap();
        assert_eq!(range.pairs(), 2);
        assert_eq!(Ports::new(range, &[]).pairs().collect::<Vec<_>>(), [30002, 30004]);
    }

    #[test]
    fn the_top_of_the_port_space_does_not_wrap() {
        let range = PortRange::new(65534, 65535).unwrap();
        assert_eq!(Ports::new(range, &[]).pairs().collect::<Vec<_>>(), [65534]);
        assert_eq!(PortRange::new(65535, 65535), Err(PortRangeError::NoPair(65535, 65535)));
    }

    #[test]
    fn a_hole_takes_its_pair_with_it() {
        let ports = Ports::new(PortRange::new(100, 107).unwrap(), &[103, 9, 103]);
        assert_eq!(ports.excluded(), [103]);
        assert_eq!(ports.pairs().collect::<Vec<_>>(), [100, 104, 106]);
    }

    #[test]
    fn wrong_texts_say_what_is_wrong() {
        assert_eq!("5-4".parse::<PortRange>(), Err(PortRangeError::Backwards(5, 4)));
        assert_eq!("0-4".parse::<PortRange>(), Err(PortRangeError::Zero));
        assert_eq!("1-2".parse::<PortRange>(), Err(PortRangeError::NoPair(1, 2)));
        for text in ["", "-", "30000", "30000-", "30000-70000", "a-b"] {
            assert_eq!(text.parse::<PortRange>(), Err(PortRangeError::Shape(text.to_owned())));
        }
    }
}
