use flow::{Micros, Moment};

/// How hard the machine works, against the limits past which new calls are refused. Read once a second.
#[derive(Debug, Default)]
pub struct Strain {
    max_cpu: f64,
    max_load: f64,
    max_bandwidth: u64,
    idle_before: Option<(u64, u64)>,
    bytes_before: Option<(Moment, u64)>,
    over: Option<&'static str>,
}

impl Strain {
    /// Refused for CPU usage.
    pub const CPU: &'static str = "cpu";
    /// Refused for the load average.
    pub const LOAD: &'static str = "load";
    /// Refused for bandwidth.
    pub const BANDWIDTH: &'static str = "bandwidth";

    /// Limits: CPU in percent, load average, bytes per second of relayed media; zero means no limit.
    pub fn new(max_cpu: f64, max_load: f64, max_bandwidth: u64) -> Strain {
        Strain { max_cpu, max_load, max_bandwidth, ..Strain::default() }
    }

    /// The limits as [`Strain::new`] has them.
    pub fn limits(&self) -> (f64, f64, u64) {
        (self.max_cpu, self.max_load, self.max_bandwidth)
    }

    /// Sets other limits; what was measured stays.
    pub fn limit(&mut self, max_cpu: f64, max_load: f64, max_bandwidth: u64) {
        (self.max_cpu, self.max_load, self.max_bandwidth) = (max_cpu, max_load, max_bandwidth);
    }

    /// The limit that is passed now.
    pub fn over(&self) -> Option<&'static str> {
        self.over
    }

    /// Takes the measure. `stat` is the text of `/proc/stat`, `loadavg` of `/proc/loadavg`, `bytes` all media bytes
    /// received so far.
    pub fn measure(&mut self, stat: &str, loadavg: &str, bytes: u64, now: Moment) {
        let cpu = self.cpu_percent(stat);
        let load = loadavg.split(' ').next().and_then(|l| l.parse::<f64>().ok()).unwrap_or(0.0);
        let rate = self.byte_rate(bytes, now);
        self.over = if self.max_cpu > 0.0 && cpu >= self.max_cpu {
            Some(Strain::CPU)
        } else if self.max_load > 0.0 && load >= self.max_load {
            Some(Strain::LOAD)
        } else if self.max_bandwidth > 0 && rate >= self.max_bandwidth {
            Some(Strain::BANDWIDTH)
        } else {
            None
        };
    }

    fn cpu_percent(&mut self, stat: &str) -> f64 {
        let first = stat.lines().next().unwrap_or_default();
        let ticks: Vec<u64> = first.split_ascii_whitespace().skip(1).filter_map(|t| t.parse().ok()).collect();
        // user nice system idle iowait …: idle and iowait are the fourth and fifth.
        let (all, idle) = (ticks.iter().sum::<u64>(), ticks.iter().skip(3).take(2).sum::<u64>());
        let Some((all_before, idle_before)) = self.idle_before.replace((all, idle)) else { return 0.0 };
        let (all, idle) = (all.saturating_sub(all_before), idle.saturating_sub(idle_before));
        if all == 0 { 0.0 } else { 100.0 * (1.0 - idle as f64 / all as f64) }
    }

    fn byte_rate(&mut self, bytes: u64, now: Moment) -> u64 {
        let Some((then, before)) = self.bytes_before.replace((now, bytes)) else { return 0 };
        let Micros(passed) = now.since(then);
        bytes.saturating_sub(before).saturating_mul(1_000_000).checked_div(passed).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_has_its_own_reason() {
        let mut strain = Strain::new(80.0, 3.0, 1000);
        strain.measure("cpu 100 0 0 100 0\n", "0.50 0 0", 0, Moment(0));
        assert_eq!(strain.over(), None, "one reading says nothing about usage");
        strain.measure("cpu 190 0 0 110 0\n", "0.50 0 0", 0, Moment(1_000_000));
        assert_eq!(strain.over(), Some(Strain::CPU));
        strain.measure("cpu 191 0 0 210 0\n", "3.00 0 0", 0, Moment(2_000_000));
        assert_eq!(strain.over(), Some(Strain::LOAD));
        strain.measure("cpu 192 0 0 310 0\n", "0.10 0 0", 1000, Moment(3_000_000));
        assert_eq!(strain.over(), Some(Strain::BANDWIDTH));
        strain.measure("cpu 193 0 0 410 0\n", "0.10 0 0", 1999, Moment(4_000_000));
        assert_eq!(strain.over(), None);
    }
}
