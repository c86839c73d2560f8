//! Much judging at once, as at the first start, is shared out to the processors.
//!
//! No subject's reading hangs on another's, so the answers are the same as one after the other, and in the same order.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use crate::domain::finding::SubjectKey;
use crate::domain::snapshot::Snapshot;
use crate::rules::{self, Rules, SubjectJudged};

/// From how many subjects on that is worth the while.
const MANY: usize = 5_000;

/// What changes something about these subjects, in the order given; see [`rules::judge_briefly`].
pub(super) fn judge(rules: &Rules, subjects: &[SubjectKey], snapshot: &Snapshot<'_>) -> Vec<SubjectJudged> {
    let processors = if subjects.len() < MANY { 1 } else { thread::available_parallelism().map_or(1, NonZero::get) };
    if processors == 1 {
        return rules::judge_briefly(rules, subjects, snapshot);
    }
    thread::scope(|scope| {
        let parts = subjects.chunks(subjects.len().div_ceil(processors));
        let parts: Vec<_> =
            parts.map(|part| scope.spawn(move || rules::judge_briefly(rules, part, snapshot))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}
