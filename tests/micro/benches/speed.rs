//! How long the parts take: `cargo bench -p micro`, or `cargo bench -p micro -- flows` for some of them.

use criterion::{Criterion, Throughput};
use micro::cases;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for case in cases::ALL {
        let mut group = criterion.benchmark_group(case.name);
        group.throughput(Throughput::Elements(u64::from(case.units)));
        group.bench_function(case.unit, |bencher| {
            let mut work = (case.prepare)();
            bencher.iter(&mut work);
        });
        group.finish();
    }
    criterion.final_summary();
}
