use std::net::IpAddr;
use std::ops::RangeInclusive;

/// UDP packets to some ports of one address go to one receive queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PortRule {
    /// Destination address.
    pub address: IpAddr,
    /// Destination port; only the bits of `mask` are compared.
    pub port: u16,
    /// Which bits of the port are compared.
    pub mask: u16,
    /// The receive queue.
    pub queue: u32,
}

impl PortRule {
    /// True when packets to this address and port obey the rule.
    pub fn covers(&self, address: IpAddr, port: u16) -> bool {
        address == self.address && (port ^ self.port) & self.mask == 0
    }
}

/// Rules that spread a range of ports of an address over the first `workers` queues: each port is covered once, no
/// port outside is, and an even port goes with the odd one after it (RTP with its RTCP).
pub fn port_rules(address: IpAddr, ports: &RangeInclusive<u16>, workers: u32) -> Vec<PortRule> {
    let mut rules = Vec::new();
    if workers == 0 || workers > 1 << 15 {
        return rules;
    }
    // So many low bits (above the RTP/RTCP bit) tell the workers apart.
    let bits = workers.next_power_of_two().trailing_zeros();
    let (mut low, end) = (u32::from(*ports.start()), u32::from(*ports.end()) + 1);
    while low < end {
        // The largest block that starts here, is aligned to its size, and does not pass the end.
        let aligned = if low == 0 { 16 } else { low.trailing_zeros() };
        let size = aligned.min((end - low).ilog2());
        let block = !((1u32 << size) - 1) as u16;
        let varying = bits.min(size.saturating_sub(1));
        for class in 0..1u32 << varying {
            let port = (low | class << 1) as u16;
            let mask = block | ((((1u32 << varying) - 1) << 1) as u16);
            let queue = (u32::from(port) >> 1) % (1 << bits) % workers;
            rules.push(PortRule { address, port, mask, queue });
        }
        low += 1 << size;
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn each_port_has_one_queue_and_pairs_share_it(a: u16, b: u16, workers in 1u32..9) {
            let ports = a.min(b)..=a.max(b);
            let rules = port_rules(HERE, &ports, workers);
            let mut last_even = None;
            for port in 0..=u16::MAX {
                let mut covering = rules.iter().filter(|rule| rule.covers(HERE, port));
                let queue = covering.next().map(|rule| rule.queue);
                prop_assert!(covering.next().is_none(), "port {port} is covered twice");
                prop_assert_eq!(queue.is_some(), ports.contains(&port), "port {}", port);
                prop_assert!(queue.is_none_or(|queue| queue < workers));
                if port % 2 == 0 {
                    last_even = queue;
                } else if let (Some(even), Some(odd)) = (last_even, queue) {
                    prop_assert_eq!(even, odd, "port {}", port);
                }
            }
            prop_assert!(rules.len() <= 32 * workers.next_power_of_two() as usize);
        }
    }

    #[test]
    fn the_usual_range_needs_few_rules_and_loads_all_workers_alike() {
        let rules = port_rules(HERE, &(30_000..=39_999), 4);
        assert!(rules.len() <= 60, "{}", rules.len());
        let mut load = [0u32; 4];
        for port in 30_000..40_000 {
            let rule = rules.iter().find(|rule| rule.covers(HERE, port)).unwrap();
            load[rule.queue as usize] += 1;
        }
        assert_eq!(load, [2500; 4]);
        assert!(!rules[0].covers("192.0.2.2".parse().unwrap(), 30_000));
        assert!(port_rules(HERE, &(1..=2), 0).is_empty());
    }
}
