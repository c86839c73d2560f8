//! Away for days, or back in time: one word to each person, nothing said again, nothing resolved by mistake.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::figure;
use crate::lab::{Lab, REPO, at, counted, freed, github_day};

/// New messages to each person, answers in threads apart. What cannot wait is a message of its own; all else is one a day.
fn heard(lab: &Lab) -> BTreeMap<String, usize> {
    let mut heard = BTreeMap::new();
    for message in lab.sim.slack().messages() {
        if message.ours && message.thread_ts.is_none() {
            *heard.entry(message.user.unwrap_or_else(|| message.channel.clone())).or_default() += 1;
        }
    }
    heard
}

/// Gaps that somebody was told of twice for the same reason.
fn told_twice(lab: &Lab) -> Vec<String> {
    lab.rows(
        "SELECT alert, episode, account, rung, reason, count(*) FROM notices
           WHERE state = 2 AND channel = 'slack' GROUP BY 1, 2, 3, 4, 5, round HAVING count(*) > 1",
    )
}

/// How many more messages each person got, the most of them.
fn most_new(before: &BTreeMap<String, usize>, after: &BTreeMap<String, usize>) -> usize {
    after.iter().map(|(who, count)| count - before.get(who).copied().unwrap_or(0)).max().unwrap_or(0)
}

/// Eight tasks of Ana's whose gaps come and go over some weeks.
async fn busy() -> Lab {
    let lab = Lab::new("2026-03-02T09:00:00Z", "", "", "").await;
    for nth in 0..8 {
        let due = format!("2026-03-{:02}", 10 + nth);
        let draft = lab.github().issue(REPO, &format!("Task {nth}")).by("max-w").assignee("ana-k");
        draft.milestone(&format!("M{nth}"), github_day(&due)).body("- [ ] a\n- [ ] b\n- [ ] c\n- [ ] d\n").open();
        lab.github().comment_as(REPO, nth + 1, "ana-k", "begun", at("2026-03-02T09:10:00Z"));
    }
    lab.later(SignedDuration::from_mins(30));
    lab.runs(3, 10).await;
    lab
}

async fn days(lab: &Lab, until: &str) {
    while lab.now() < at(until) {
        lab.later(SignedDuration::from_hours(2));
        lab.run().await;
    }
}

#[tokio::test]
async fn after_three_days_of_sleep_each_person_hears_once() {
    for restarts in [false, true] {
        let mut lab = busy().await;
        days(&lab, "2026-03-06T09:00:00Z").await;
        let before = heard(&lab);
        lab.later(SignedDuration::from_hours(72));
        if restarts {
            lab.restart().await;
        }
        lab.runs(6, 3).await;
        let most = most_new(&before, &heard(&lab));
        let urgent = lab.rows("SELECT id FROM alerts WHERE state < 2 AND stage >= 2").len();
        figure(
            "F23",
            format!(
                "at most {most} new messages for a person after three days away, {urgent} gaps cannot wait, restarts: {restarts}"
            ),
        );
        assert!(most <= 1 + urgent, "{before:?} {:?}", heard(&lab));
        assert_eq!(told_twice(&lab), Vec::<String>::new());
        assert_eq!(counted(&lab.sim).duplicates, 0);
        assert_eq!(counted(&lab.sim).crowded, Vec::<u64>::new());
    }
}

#[tokio::test]
async fn a_store_of_a_week_ago_repeats_nothing_and_resolves_nothing_by_mistake() {
    let mut lab = busy().await;
    days(&lab, "2026-03-09T09:00:00Z").await;
    lab.stop().await;
    let copy = lab.path("copy.db");
    let db = rusqlite::Connection::open(lab.store()).unwrap();
    db.execute("VACUUM INTO ?", [copy.to_string_lossy()]).unwrap();
    drop(db);
    lab.start();
    lab.run().await;
    days(&lab, "2026-03-16T09:00:00Z").await;
    let (before, comments) = (heard(&lab), counted(&lab.sim).comments);
    let open = lab.rows("SELECT t.key, a.rule FROM alerts a JOIN tasks t ON t.id = a.subject WHERE a.state < 2");

    // The disk died, and a copy of last Monday is all there is.
    lab.stop().await;
    freed(&lab.store()).await;
    for tail in ["", "-wal", "-shm"] {
        let mut path = lab.store().into_os_string();
        path.push(tail);
        let _ = std::fs::remove_file(path);
    }
    std::fs::copy(&copy, lab.store()).unwrap();
    let answers = counted(&lab.sim).answers;
    lab.start();
    lab.runs(8, 3).await;
    let most = most_new(&before, &heard(&lab));
    let resolved = counted(&lab.sim).answers - answers;
    figure(
        "F23",
        format!(
            "at most {most} new messages for a person, {} new comments and {resolved} answers after a week-old copy",
            counted(&lab.sim).comments - comments
        ),
    );
    // What was said in the lost week is not known any more: each gap that is still open may be said once again.
    assert!(most <= open.len(), "{before:?} {:?}", heard(&lab));
    assert_eq!(told_twice(&lab), Vec::<String>::new());
    assert_eq!(resolved, 0, "nothing has been resolved since");
    assert_eq!(counted(&lab.sim).crowded, Vec::<u64>::new(), "one living comment an issue");
    let again = lab.rows("SELECT t.key, a.rule FROM alerts a JOIN tasks t ON t.id = a.subject WHERE a.state < 2");
    assert_eq!(again, open, "and what is open is what was open");
}
