//! Whoever answers each of our comments, by machine or by hand: no loop, and no more comments than a task can bear.

use std::collections::BTreeMap;

use connector_simulator::WriteKind;

use super::figure;
use crate::lab::{Lab, REPO, at, github_day};
use jiff::SignedDuration;

/// Comments of ours on one issue in one day that nobody should have to bear more of.
const CAP: usize = 2;

/// Two weeks of a task that gets late, while `echo` answers whatever we write. Returns most comments of a day, and all of
/// them.
async fn two_weeks(echo: &str, reachable: bool) -> (usize, usize) {
    let lab = Lab::new("2026-03-02T09:00:00Z", "", "", "").await;
    if echo.ends_with("[bot]") {
        lab.github().bot(echo);
    }
    lab.github().echo_bot(Some(echo));
    if !reachable {
        // Then the comment mentions her, and a new one is made whenever she has to be notified anew.
        lab.sim.slack().refuse_messages("U0ANA", true);
    }
    let draft = lab.github().issue(REPO, "Redesign").by("max-w").assignee("ana-k");
    draft.milestone("Spring", github_day("2026-03-09")).body("- [ ] a\n- [ ] b\n- [ ] c\n").open();
    while lab.now() < at("2026-03-16T18:00:00Z") {
        lab.later(SignedDuration::from_mins(193));
        lab.engine().pull(false).await.unwrap();
        lab.settle().await;
    }
    let mut days: BTreeMap<String, usize> = BTreeMap::new();
    let writes = lab.github().writes();
    for write in writes.iter().filter(|write| write.kind == WriteKind::Created) {
        *days.entry(write.at.to_string()[..10].to_owned()).or_default() += 1;
    }
    (days.values().copied().max().unwrap_or(0), days.values().sum())
}

#[tokio::test]
async fn whoever_answers_each_of_our_comments_starts_no_loop() {
    let mut most = 0;
    for (echo, reachable) in [("helper[bot]", true), ("helper[bot]", false), ("tom-b", true), ("tom-b", false)] {
        let (of_a_day, all) = two_weeks(echo, reachable).await;
        most = most.max(of_a_day);
        assert!(all > 0, "{echo}, reachable: {reachable}: nothing was written");
        assert!(of_a_day <= CAP && all <= 6, "{echo}, reachable: {reachable}: {of_a_day} a day, {all} in two weeks");
    }
    figure("F21", format!("at most {most} comments on a task in a day, 0 loops, with an echo by machine and by hand"));
}
