//! Instructions instead of seconds: the same on a busy machine. Needs valgrind and `gungraun-runner`; see `benches/run`.

#![allow(missing_docs, reason = "the macros below make public items of their own")]

mod harness;

use gungraun::{library_benchmark, library_benchmark_group, main};
use harness::Mirror;

#[library_benchmark]
#[bench::of_1_000(args = (1_000), setup = Mirror::of)]
#[bench::of_4_000(args = (4_000), setup = Mirror::of)]
fn round_at_rest(mirror: Mirror) -> Mirror {
    mirror.round_at_rest();
    mirror
}

#[library_benchmark]
#[bench::of_1_000(args = (1_000), setup = Mirror::of)]
#[bench::of_4_000(args = (4_000), setup = Mirror::of)]
fn page_that_brings_nothing_new(mirror: Mirror) -> Mirror {
    mirror.same_page_again();
    mirror
}

#[library_benchmark]
#[bench::of_1_000(args = (1_000), setup = Mirror::of)]
#[bench::of_4_000(args = (4_000), setup = Mirror::of)]
fn page_of_changed_issues_judged(mirror: Mirror) -> Mirror {
    mirror.changed_page("Another title");
    mirror
}

#[library_benchmark]
#[bench::of_1_000(args = (1_000), setup = Mirror::of)]
#[bench::of_4_000(args = (4_000), setup = Mirror::of)]
fn every_task_judged(mirror: Mirror) -> Mirror {
    mirror.judge_everything();
    mirror
}

library_benchmark_group!(
    name = watching,
    benchmarks = [round_at_rest, page_that_brings_nothing_new, page_of_changed_issues_judged, every_task_judged]
);

main!(library_benchmark_groups = watching);
