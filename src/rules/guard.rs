//! A rule that fails takes nothing down with it: what it panics about reads `Unknown`, which neither opens nor resolves.
//!
//! The unit is one rule about one subject: for every other subject the rule goes on, and so does every other rule. The same
//! snapshot still gives the same readings, for the same rule fails about the same subject again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Rule, Subject};
use crate::domain::finding::{Reading, Why};
use crate::domain::look::Look;

/// The rule's answer; `Unknown` where it panics. When to look again is what it had asked for until then.
pub(super) fn ask<'a>(rule: &dyn Rule, subject: Subject<'a>, look: &Look<'a>) -> Reading {
    // Nothing is left half-changed: a rule changes nothing, and a look only gathers what was asked.
    catch_unwind(AssertUnwindSafe(|| rule.judge(subject, look))).unwrap_or(Reading::Unknown(Why::RuleFailed))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::testing::{Sketch, policy, settings};
    use super::super::{OTHER_KIND, Rules, judge};
    use super::*;
    use crate::domain::finding::RuleId;
    use crate::domain::look::Reads;
    use crate::domain::snapshot::Snapshot;

    const BROKEN: RuleId = RuleId("broken");

    /// Fails about whatever is due.
    struct Broken;

    impl Rule for Broken {
        fn id(&self) -> RuleId {
            BROKEN
        }

        fn reads(&self) -> Reads {
            Reads::SUBJECT
        }

        fn judge<'a>(&self, subject: Subject<'a>, _: &Look<'a>) -> Reading {
            let Subject::Task(task) = subject else { return OTHER_KIND };
            assert!(task.due().is_none(), "it fails about what is due");
            OTHER_KIND
        }
    }

    #[test]
    fn a_rule_that_fails_about_one_task_reads_unknown_there_and_all_else_goes_on() {
        let mut sketch = Sketch::new();
        sketch.line("now 2025-03-11 10:00");
        sketch.line("task A active owner ana due 2025-03-10");
        sketch.line("task B active owner ana");
        let now = sketch.now;
        let (board, keys) = sketch.board(false);
        let policy = policy();
        let snapshot = Snapshot { board: &board, policy: &policy, now };
        let subjects: Vec<_> = keys.iter().map(|(_, id)| crate::domain::finding::SubjectKey::Task(*id)).collect();
        let sound = judge(&Rules::new(&settings()), &subjects, &snapshot);
        let judged = judge(&Rules::new(&settings()).with(Box::new(Broken)), &subjects, &snapshot);
        for (sound, judged) in sound.iter().zip(&judged) {
            let (broken, others): (Vec<_>, Vec<_>) =
                judged.readings.iter().cloned().partition(|(rule, _)| *rule == BROKEN);
            assert_eq!(others, sound.readings, "every other rule says what it says without it");
            let fails = matches!(broken[..], [(_, Reading::Unknown(Why::RuleFailed))]);
            assert_eq!(fails, judged.subject == subjects[0], "{broken:?}");
        }
    }
}
