use std::net::IpAddr;

/// Which ports of one address are free. A port is a bit; a search is a scan of at most 1024 words.
#[derive(Debug)]
pub struct PortMap {
    addr: IpAddr,
    taken: Box<[u64; WORDS]>,
    count: u32,
}

const WORDS: usize = 1024;
/// The even ports of a word.
const EVEN: u64 = 0x5555_5555_5555_5555;

/// Which ports of an address an interface may use.
#[derive(Clone, Debug)]
pub struct PortMask {
    bits: Box<[u64; WORDS]>,
    size: u32,
}

impl PortMask {
    /// The ports of an iterator.
    pub fn of(ports: impl Iterator<Item = u16>) -> PortMask {
        let mut bits = Box::new([0u64; WORDS]);
        for port in ports {
            bits[usize::from(port) / 64] |= 1 << (port % 64);
        }
        let size = bits.iter().map(|w| w.count_ones()).sum();
        PortMask { bits, size }
    }

    /// How many ports it holds.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Lowest port; 0 when there is none.
    pub fn low(&self) -> u16 {
        let word = self.bits.iter().position(|w| *w != 0);
        word.map_or(0, |at| at as u16 * 64 + self.bits[at].trailing_zeros() as u16)
    }

    /// Highest port; 0 when there is none.
    pub fn high(&self) -> u16 {
        let word = self.bits.iter().rposition(|w| *w != 0);
        word.map_or(0, |at| at as u16 * 64 + 63 - self.bits[at].leading_zeros() as u16)
    }

    fn has(&self, port: u16) -> bool {
        self.bits[usize::from(port) / 64] >> (port % 64) & 1 == 1
    }
}

impl PortMap {
    /// All ports of `addr` free.
    pub fn new(addr: IpAddr) -> PortMap {
        PortMap { addr, taken: Box::new([0; WORDS]), count: 0 }
    }

    /// The address.
    pub fn addr(&self) -> IpAddr {
        self.addr
    }

    /// How many ports of `mask` are taken.
    pub fn used(&self, mask: &PortMask) -> u32 {
        if self.count == 0 {
            return 0;
        }
        self.taken.iter().zip(mask.bits.iter()).map(|(t, m)| (t & m).count_ones()).sum()
    }

    /// Takes a free even port whose odd neighbour is free too, and the neighbour with it, searching from a place
    /// chosen by `seed` so that ports cannot be guessed from those before.
    pub fn take_pair(&mut self, mask: &PortMask, seed: u64) -> Option<u16> {
        let pairs = |word: u64| word & (word >> 1) & EVEN;
        self.take(mask, seed, pairs, 0b11)
    }

    /// Takes one free port, even or odd.
    pub fn take_one(&mut self, mask: &PortMask, seed: u64) -> Option<u16> {
        self.take(mask, seed, |word| word, 0b1)
    }

    fn take(&mut self, mask: &PortMask, seed: u64, fit: impl Fn(u64) -> u64, bits: u64) -> Option<u16> {
        let first = usize::from(mask.low()) / 64;
        let words = usize::from(mask.high()) / 64 + 1 - first;
        let start = (seed % words as u64) as usize;
        let turn = ((seed >> 32) as u32 % 64) & !1;
        for step in 0..words {
            let at = first + (start + step) % words;
            let free = fit(mask.bits[at] & !self.taken[at]);
            if free != 0 {
                // Rotating by an even number keeps pairs together and makes the place in the word a free choice.
                let bit = (free.rotate_right(turn).trailing_zeros() + turn) % 64;
                self.taken[at] |= bits << bit;
                self.count += bits.count_ones();
                return Some((at * 64) as u16 + bit as u16);
            }
        }
        None
    }

    /// Gives a port back.
    pub fn release(&mut self, port: u16) {
        let (word, bit) = (&mut self.taken[usize::from(port) / 64], 1u64 << (port % 64));
        if *word & bit != 0 {
            *word &= !bit;
            self.count -= 1;
        }
    }

    /// True when the port is taken.
    pub fn is_taken(&self, port: u16) -> bool {
        self.taken[usize::from(port) / 64] >> (port % 64) & 1 == 1
    }

    /// Keeps a port from ever being handed out, as when a control socket has it.
    pub fn reserve(&mut self, port: u16, mask: &PortMask) {
        if mask.has(port) && !self.is_taken(port) {
            self.taken[usize::from(port) / 64] |= 1 << (port % 64);
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;
    use std::net::Ipv4Addr;

    fn map() -> PortMap {
        PortMap::new(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    #[test]
    fn a_range_gives_each_pair_once_and_then_none() {
        let mask = PortMask::of(30001..=30011);
        let mut map = map();
        let mut seen: Vec<u16> = (0..5).map(|i| map.take_pair(&mask, i * 0x1_0000_0777).unwrap()).collect();
        seen.sort_unstable();
        assert_eq!(seen, [30002, 30004, 30006, 30008, 30010]);
        assert_eq!(map.take_pair(&mask, 9), None);
        assert_eq!(map.take_one(&mask, 9), Some(30001), "the odd one out serves a leg without RTCP");
        map.release(30004);
        map.release(30005);
        assert_eq!(map.take_pair(&mask, 1), Some(30004));
        assert_eq!(map.used(&mask), 11);
    }

    proptest! {
        #[test]
        fn nothing_is_handed_out_twice(seeds in prop::collection::vec((any::<u64>(), any::<bool>(), any::<bool>()), 1..400)) {
            let mask = PortMask::of(50000..=50199);
            let mut map = map();
            let mut held: Vec<u16> = Vec::new();
            for (seed, pair, give) in seeds {
                if give && !held.is_empty() {
                    let port = held.swap_remove(seed as usize % held.len());
                    map.release(port);
                    continue;
                }
                let got = if pair { map.take_pair(&mask, seed) } else { map.take_one(&mask, seed) };
                let Some(port) = got else { continue };
                prop_assert!((50000..=50199).contains(&port));
                held.push(port);
                if pair {
                    prop_assert_eq!(port % 2, 0);
                    held.push(port + 1);
                }
                let distinct: HashSet<u16> = held.iter().copied().collect();
                prop_assert_eq!(distinct.len(), held.len());
                prop_assert_eq!(map.used(&mask) as usize, held.len());
            }
        }
    }
}
