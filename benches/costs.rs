//! Wall time of what gapwatch does all day, by the size of what it watches. `cargo bench --bench costs`
//!
//! The two figures that must not grow with the number of tasks are a round at rest and a page that brings nothing new.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

mod harness;

use harness::Mirror;

fn costs(criterion: &mut Criterion) {
    for issues in [1_000_u64, 10_000] {
        let mirror = Mirror::of(issues);
        let mut group = criterion.benchmark_group("costs");
        group.sample_size(20);
        group.bench_function(BenchmarkId::new("a round at rest", issues), |bench| {
            bench.iter(|| mirror.round_at_rest());
        });
        group.bench_function(BenchmarkId::new("a page of 100 that brings nothing new", issues), |bench| {
            bench.iter(|| mirror.same_page_again());
        });
        let mut titles = (0_u64..).map(|count| format!("Title {count}"));
        group.bench_function(BenchmarkId::new("a page of 100 changed issues, judged", issues), |bench| {
            bench.iter(|| mirror.changed_page(&titles.next().expect("titles have no end")));
        });
        group.throughput(Throughput::Elements(issues));
        group.bench_function(BenchmarkId::new("every task judged by every rule", issues), |bench| {
            bench.iter(|| mirror.judge_everything());
        });
        group.finish();
    }
}

criterion_group!(benches, costs);
criterion_main!(benches);
