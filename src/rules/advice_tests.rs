//! No rule asks for what another one then complains about: each gap, and what is left of it once its own advice was followed.

use super::testing::{Sketch, policy, settings};
use super::{Rules, explain};
use crate::domain::finding::{Reading, SubjectKey};
use crate::domain::snapshot::Snapshot;

/// A board, who does what it is advised to do, the rule that advises, and the lines that come in the place of those about it.
struct Advice {
    rule: &'static str,
    about: &'static str,
    given: &'static [&'static str],
    followed: &'static [&'static str],
}

const NOW: &str = "now 2025-03-10 12:00";

const ALL: &[Advice] = &[
    Advice {
        rule: "due.none",
        about: "A",
        given: &["task A active owner ana", "comment A by ana at 2025-03-10 10:00"],
        followed: &["task A active owner ana due 2025-03-28", "date A to 2025-03-28 by ana at 2025-03-10 11:00"],
    },
    Advice {
        rule: "overdue",
        about: "A",
        given: &["task A active owner ana due 2025-03-07", "comment A by ana at 2025-03-07 10:00"],
        followed: &[
            "task A active owner ana due 2025-03-28",
            "date A from 2025-03-07 to 2025-03-28 by ana at 2025-03-10 11:00",
        ],
    },
    Advice {
        rule: "owner.none",
        about: "A",
        given: &["task A active due 2025-03-28"],
        followed: &["task A active owner ana due 2025-03-28", "assign A to ana by mo at 2025-03-10 11:00"],
    },
    Advice {
        rule: "stalled",
        about: "A",
        given: &["task A active owner ana due 2025-03-28 created 2025-02-03 10:00"],
        followed: &[
            "task A active owner ana due 2025-03-28 created 2025-02-03 10:00",
            "comment A by ana at 2025-03-10 11:00",
        ],
    },
    Advice {
        rule: "start.never",
        about: "A",
        given: &["task A todo owner ana start 2025-02-24 due 2025-03-14"],
        followed: &[
            "task A active owner ana start 2025-02-24 due 2025-03-14",
            "state A from todo/Open to active/Doing by ana at 2025-03-10 11:00",
        ],
    },
    Advice {
        rule: "start.late",
        about: "A",
        given: &["task A todo owner ana start 2025-03-06 due 2025-03-28"],
        followed: &[
            "task A active owner ana start 2025-03-06 due 2025-03-28",
            "state A from todo/Open to active/Doing by ana at 2025-03-10 11:00",
        ],
    },
    Advice {
        rule: "pace.behind",
        about: "A",
        given: &[
            "task A active owner ana start 2025-03-03 due 2025-03-14 progress 10%",
            "comment A by ana at 2025-03-10 10:00",
        ],
        followed: &[
            "task A active owner ana start 2025-03-03 due 2025-03-14 progress 60%",
            "tick A by ana at 2025-03-10 11:00",
        ],
    },
    Advice {
        rule: "due.child_after_parent",
        about: "A",
        given: &[
            "task P active owner mo due 2025-03-28",
            "comment P by mo at 2025-03-10 10:00",
            "task A todo owner ana due 2025-04-02 parent P",
        ],
        followed: &[
            "task P active owner mo due 2025-03-28",
            "comment P by mo at 2025-03-10 10:00",
            "task A todo owner ana due 2025-03-28 parent P",
        ],
    },
    Advice {
        rule: "dep.date_conflict",
        about: "D",
        given: &[
            "task B active owner ana due 2025-03-20",
            "comment B by ana at 2025-03-10 10:00",
            "task D todo owner lee due 2025-03-18 blocked-by B",
        ],
        followed: &[
            "task B active owner ana due 2025-03-20",
            "comment B by ana at 2025-03-10 10:00",
            "task D todo owner lee due 2025-04-02 blocked-by B",
        ],
    },
    Advice {
        rule: "blocker.cascade",
        about: "B",
        given: &[
            "task B active owner ana due 2025-03-20",
            "comment B by ana at 2025-03-10 10:00",
            "task D todo owner lee due 2025-03-21 blocked-by B",
        ],
        followed: &[
            "task B active owner ana due 2025-03-14 progress 80%",
            "tick B by ana at 2025-03-10 11:00",
            "task D todo owner lee due 2025-03-21 blocked-by B",
        ],
    },
    Advice {
        rule: "blocker.resolved",
        about: "D",
        given: &[
            "task B done owner mo closed 2025-03-07 10:00",
            "task D waiting owner ana due 2025-03-28 blocked-by B",
        ],
        followed: &[
            "task B done owner mo closed 2025-03-07 10:00",
            "task D active owner ana due 2025-03-28 blocked-by B",
            "state D from waiting/Blocked to active/Doing by ana at 2025-03-10 11:00",
        ],
    },
    Advice {
        rule: "blocker.unnamed",
        about: "D",
        given: &["task D waiting owner ana due 2025-03-28"],
        followed: &[
            "task B active owner mo due 2025-03-14",
            "comment B by mo at 2025-03-10 10:00",
            "task D waiting owner ana due 2025-03-28 blocked-by B",
        ],
    },
    Advice {
        rule: "blocker.stale",
        about: "B",
        given: &[
            "task B active owner ana due 2025-03-28 created 2025-02-03 10:00",
            "task D todo owner lee blocked-by B",
        ],
        followed: &[
            "task B active owner ana due 2025-03-28 created 2025-02-03 10:00",
            "comment B by ana at 2025-03-10 11:00",
            "task D todo owner lee blocked-by B",
        ],
    },
    Advice {
        rule: "state.parent_child",
        about: "P",
        given: &["task P active owner mo due 2025-03-28", "task C done owner ana parent P closed 2025-03-05 10:00"],
        followed: &[
            "task P active owner mo due 2025-03-28",
            "task C done owner ana parent P closed 2025-03-05 10:00",
            "comment P by mo at 2025-03-10 11:00",
        ],
    },
    Advice {
        rule: "sys.cross_mismatch",
        about: "A",
        given: &[
            "task A active owner ana due 2025-03-21 linked X",
            "comment A by ana at 2025-03-10 10:00",
            "task X active owner ana due 2025-03-28 elsewhere",
        ],
        followed: &[
            "task A active owner ana due 2025-03-28 linked X",
            "comment A by ana at 2025-03-10 10:00",
            "task X active owner ana due 2025-03-28 elsewhere",
        ],
    },
];

/// The rules that have a gap about a task.
fn gaps(lines: &[&str], about: &str) -> Vec<&'static str> {
    let mut sketch = Sketch::new();
    for line in [NOW].iter().chain(lines) {
        sketch.line(line);
    }
    let now = sketch.now;
    let (board, keys) = sketch.board(false);
    let policy = policy();
    let subject = keys.iter().find(|(key, _)| key == about).map(|(_, id)| SubjectKey::Task(*id));
    let snapshot = Snapshot { board: &board, policy: &policy, now };
    let said = subject.map(|subject| explain(&Rules::new(&settings()), subject, &snapshot)).unwrap_or_default();
    said.into_iter().filter(|said| matches!(said.reading, Reading::Gap(_))).map(|said| said.rule.0).collect()
}

#[test]
fn d19_who_follows_the_advice_of_one_rule_hears_of_no_other() {
    for Advice { rule, about, given, followed } in ALL {
        let (before, after) = (gaps(given, about), gaps(followed, about));
        assert!(before.contains(rule), "{rule} says nothing about {given:?}, but {before:?}");
        let new: Vec<&&str> = after.iter().filter(|other| !before.contains(other) || *other == rule).collect();
        assert!(new.is_empty(), "following {rule} leads to {new:?}");
    }
}
