//! The table of streams as lines of text.

use crate::call::{Call, PACKETS};
use lab::{Histogram, Report};
use std::time::Duration;

/// Names of the two directions.
pub(crate) const ARROWS: [&str; 2] = ["caller → callee", "caller ← callee"];

/// At most `height` lines: headings, one line per stream as far as they fit, and the sum of all.
pub(crate) fn lines(calls: &[Call], elapsed: Duration, height: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut sum = Sum::default();
    for call in calls {
        for (direction, arrow) in call.directions.iter().zip(ARROWS) {
            let report = direction.report();
            sum.add(&report);
            rows.push(row(&call.id, arrow, &direction.path(), &report));
        }
    }
    let mut out = vec![format!(
        "{:<8} {:<15} {:<12} {:>9} {:>5} {:>9} {:>9}",
        "call", "direction", "path", "packets", "lost", "p50", "p99"
    )];
    let fits = height.saturating_sub(3);
    let left = rows.len().saturating_sub(fits);
    out.extend(rows.into_iter().take(fits));
    if left > 0 {
        out.push(format!("… and {left} more streams, counted below"));
    }
    out.push(sum.line(elapsed));
    out
}

fn row(call: &str, arrow: &str, path: &str, report: &Report) -> String {
    let packets = format!("{}/{PACKETS}", report.intact);
    let (p50, p99) = (time(report.delay.p50()), time(report.delay.p99()));
    format!("{call:<8} {arrow:<15} {path:<12} {packets:>9} {:>5} {p50:>9} {p99:>9}", report.overtaken())
}

/// A duration for people: `85 µs`, `1.2 ms`.
pub(crate) fn time(duration: Duration) -> String {
    match duration.as_micros() {
        0 => "-".into(),
        us @ 1..=999 => format!("{us} µs"),
        us => format!("{:.1} ms", us as f64 / 1000.0),
    }
}

#[derive(Default)]
struct Sum {
    intact: u32,
    expected: u32,
    gone: u32,
    damaged: u32,
    delay: Histogram,
}

impl Sum {
    fn add(&mut self, report: &Report) {
        self.intact += report.intact;
        self.expected += report.expected;
        self.gone += report.overtaken();
        self.damaged += report.damaged;
        self.delay.merge(&report.delay);
    }

    fn line(&self, elapsed: Duration) -> String {
        format!(
            "{:>4.1} s: {} of {} packets arrived, {} lost, {} damaged; added delay p50 {}, p99 {}",
            elapsed.as_secs_f32(),
            self.intact,
            self.expected,
            self.gone,
            self.damaged,
            time(self.delay.p50()),
            time(self.delay.p99()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_readable() {
        let texts = [0, 85, 999, 1200].map(|us| time(Duration::from_micros(us)));
        assert_eq!(texts, ["-", "85 µs", "999 µs", "1.2 ms"]);
    }

    #[test]
    fn little_room_still_shows_the_sum() {
        let shown = lines(&[], Duration::from_secs(1), 2);
        assert!(shown.last().unwrap().contains("0 of 0 packets"));
    }
}
