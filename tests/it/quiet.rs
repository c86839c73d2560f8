//! When nothing is said: while a task is being edited, out of hours, while only observing, to whoever is at it.

use gapwatch::domain::alert::Wish;
use jiff::SignedDuration;

use crate::pipeline::{lives, plant, redesign};
use crate::world::{PEOPLE, REPO, World, at, checklist, github_day};

/// When [`redesign`] with 2 of 10 done and four weeks of time begins to widen: half a working day past the tenth.
const CROSSES: &str = "2026-03-16T10:36:00Z";

#[tokio::test]
async fn a_threshold_that_time_crosses_on_a_quiet_task_is_told_at_once() {
    let mut world = redesign(2, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    world.at("2026-03-16T10:35:00Z").run().await;
    assert!(world.open().await.is_empty());
    // Nothing is read in between: time alone does it.
    world.at("2026-03-16T10:36:20Z").decide_and_deliver().await;
    assert_eq!(world.sent().len(), 2);
}

#[tokio::test]
async fn while_a_task_is_being_edited_nothing_is_said() {
    let mut world = redesign(2, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    let github = world.github();
    for minute in [30, 40, 50] {
        github.comment_as(REPO, 1, "tom-b", "and another thing", at(&format!("2026-03-16T10:{minute}:00Z")));
        world.at(&format!("2026-03-16T10:{minute}:30Z")).run().await;
        assert!(world.sent().is_empty(), "{minute}");
    }
    assert_eq!(world.open().await, ["pace.behind acme/web#1 widens pending (settling)"], "shown at once");
    world.at("2026-03-16T11:04:00Z").run().await;
    assert!(world.sent().is_empty());
    world.at("2026-03-16T11:05:30Z").run().await;
    assert_eq!(world.sent().len(), 2, "a quarter of an hour after the last word");
}

#[tokio::test]
async fn a_gap_that_goes_before_it_settles_is_never_spoken_of() {
    let mut world = redesign(2, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    world.github().comment_as(REPO, 1, "tom-b", "one moment", at("2026-03-16T10:35:00Z"));
    world.at("2026-03-16T10:40:00Z").run().await;
    assert_eq!(world.open().await, ["pace.behind acme/web#1 widens pending (settling)"]);
    world.github().tick(REPO, 1, 7, at("2026-03-16T10:41:00Z"));
    world.run_until("2026-03-16T16:00:00Z", 10).await;
    assert!(world.sent().is_empty());
    assert!(world.open().await.is_empty());
}

#[tokio::test]
async fn whoever_worked_on_the_task_a_moment_ago_is_left_alone() {
    let mut world = redesign(2, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    world.github().comment_as(REPO, 1, "ana-k", "half way through the header", at("2026-03-16T10:00:00Z"));
    world.at("2026-03-16T13:59:00Z").run().await;
    assert_eq!(world.open().await, ["pace.behind acme/web#1 widens firing (recent_action)"]);
    assert!(world.sent().is_empty());
    world.at("2026-03-16T14:00:30Z").run().await;
    assert_eq!(world.sent().len(), 2, "four working hours later");
}

#[tokio::test]
async fn everybody_is_told_in_their_own_working_hours() {
    let people = PEOPLE.replacen("Etc/UTC", "America/New_York", 1);
    let mut world = World::plan().people(&people).begin("2026-03-02T14:00:00Z").await;
    plant(&mut world, 9, "2026-03-27").await;
    world.github().comment_as(REPO, 1, "ana-k", "nearly there", at("2026-03-27T14:00:00Z"));
    world.at("2026-03-27T20:59:00Z").run().await;
    assert!(world.open().await.iter().all(|gap| !gap.starts_with("overdue")), "her Friday is not over");
    world.at("2026-03-27T21:01:00Z").run().await;
    assert!(world.open().await.contains(&"overdue acme/web#1 failure firing (quiet_hours)".to_owned()));
    world.at("2026-03-30T12:59:00Z").run().await;
    assert!(world.sent().is_empty(), "it is Monday, and not yet nine where she lives");
    world.at("2026-03-30T13:00:30Z").run().await;
    assert_eq!(world.sent().len(), 2);
    // Max lives elsewhere, where it is five when a working day of hers is over.
    world.at("2026-03-31T13:01:00Z").run().await;
    assert!(world.sent().iter().any(|sent| sent.starts_with("slack @max: ⬣ acme/web#1 is past its date")));
}

#[tokio::test]
async fn observing_shows_everything_and_sends_nothing_and_turning_live_begins_with_what_is_new() {
    let mut world = World::with("2026-03-02T09:00:00Z", "mode = \"observe\"", "backlog = \"hold\"").await;
    plant(&mut world, 0, "2026-03-27").await;
    world.github().comment_as(REPO, 1, "ana-k", "on it", at("2026-03-10T10:00:00Z"));
    world.at("2026-03-11T14:00:00Z").run().await;
    assert_eq!(world.open().await, ["pace.behind acme/web#1 opens firing (observing)"]);
    world.reconfigured(|plan| plan.top("mode = \"live\"")).await;
    world.at("2026-03-12T09:00:00Z").run().await;
    assert_eq!(world.open().await, ["pace.behind acme/web#1 opens firing backlog (backlog)"]);
    assert!(world.sent().is_empty(), "what was there before is no news");
    world.at("2026-03-12T16:00:00Z").run().await;
    assert_eq!(world.open().await, ["pace.behind acme/web#1 widens firing"]);
    assert_eq!(world.sent().len(), 2, "but that it widens is");
}

#[tokio::test]
async fn turning_back_to_observe_says_nothing_more() {
    let mut world = redesign(2, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    world.at("2026-03-16T15:00:00Z").run().await;
    assert_eq!(world.sent().len(), 2);
    world.reconfigured(|plan| plan.top("mode = \"observe\"")).await;
    world.github().tick(REPO, 1, 8, at("2026-03-16T15:30:00Z"));
    world.run_until("2026-03-16T16:30:00Z", 10).await;
    assert!(world.open().await.is_empty());
    assert_eq!(world.sent(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_there_when_a_repository_is_first_read_is_backlog_unless_it_is_to_be_told() {
    for (backlog, messages) in [("hold", 0), ("tell", 2)] {
        let plan = World::plan().messages(&format!("backlog = \"{backlog}\""));
        let mut world = plan.begin("2026-03-18T09:00:00Z").await;
        let github = world.github();
        let issue = github.issue(REPO, "Redesign homepage").by("max-w").assignee("ana-k").body(&checklist(2, 10));
        issue.created(at("2026-03-02T09:00:00Z")).milestone("Spring", github_day("2026-03-27")).open();
        github.comment_as(REPO, 1, "ana-k", "begun", at("2026-03-17T10:00:00Z"));
        world.run().await;
        world.at("2026-03-18T12:00:00Z").run().await;
        assert_eq!(world.sent().len(), messages, "{backlog}");
        assert_eq!(world.open().await.len(), 1);
        assert_eq!(world.gap("pace.behind").await.alert.backlog, backlog == "hold");
    }
}

#[tokio::test]
async fn what_comes_after_the_first_reading_is_no_backlog() {
    let mut world = World::plan().messages("backlog = \"hold\"").begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    world.at(CROSSES).run().await;
    world.at("2026-03-16T10:37:00Z").run().await;
    assert_eq!(world.sent().len(), 2);
}

#[tokio::test]
async fn findings_of_a_changed_rule_are_backlog() {
    let mut world = World::plan().messages("backlog = \"hold\"").begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 4, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    world.at("2026-03-16T12:00:00Z").run().await;
    assert!(world.open().await.is_empty());
    world.reconfigured(|plan| plan.more("[rules.pace.behind]\nallowed_first = 0.1\nallowed_last = 0.05\n")).await;
    world.at("2026-03-16T12:05:00Z").run().await;
    assert_eq!(world.open().await, ["pace.behind acme/web#1 widens firing backlog (backlog)"]);
    assert!(world.sent().is_empty());
}

#[tokio::test]
async fn a_connection_and_a_rule_may_be_held_back_alone() {
    let held = World::plan().github("mode = \"observe\"");
    let ruled = World::plan().more("[rules.pace.behind]\nmode = \"observe\"\n");
    for plan in [held, ruled] {
        let mut world = plan.begin("2026-03-02T09:00:00Z").await;
        plant(&mut world, 2, "2026-03-27").await;
        lives(&world, "2026-03-13T10:00:00Z");
        world.at("2026-03-16T12:00:00Z").run().await;
        assert_eq!(world.open().await, ["pace.behind acme/web#1 widens firing (observing)"]);
        assert!(world.sent().is_empty());
    }
}

#[tokio::test]
async fn a_rule_that_is_held_back_holds_back_no_other() {
    let plan = World::plan().more("[rules.pace.behind]\nmode = \"observe\"\n");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-13").await;
    world.github().comment_as(REPO, 1, "ana-k", "on it", at("2026-03-13T10:00:00Z"));
    world.at("2026-03-16T09:30:00Z").run().await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana: ⬣ acme/web#1 is past its date")), "{sent:?}");
}

#[tokio::test]
async fn a_snoozed_gap_is_silent_until_its_time_and_the_manager_waits_as_well() {
    let mut world = redesign(9, "2026-03-27").await;
    world.github().comment_as(REPO, 1, "ana-k", "nearly there", at("2026-03-27T11:00:00Z"));
    world.at("2026-03-30T09:30:00Z").run().await;
    assert_eq!(world.sent().len(), 2);
    let gap = world.gap("overdue").await.alert.gap;
    let until = at("2026-04-02T09:00:00Z");
    let wish = Wish::Snooze { gap: gap.clone(), until, reason: Some("waiting for the vendor".to_owned()) };
    world.engine().core.answer("cli".into(), "k1".into(), wish, world.now()).await.unwrap();
    world.decide_and_deliver().await;
    assert!(world.open().await.contains(&"overdue acme/web#1 failure firing (snoozed)".to_owned()));
    world.sent();
    world.run_until("2026-04-02T08:50:00Z", 60 * 8).await;
    assert!(world.sent().iter().all(|sent| !sent.contains("@max")), "the manager would have heard on Tuesday");
    world.github().comment_as(REPO, 1, "tom-b", "any news?", at("2026-04-02T08:51:00Z"));
    // The owner was asked when the silence ended, and has a working day for an answer.
    world.at("2026-04-03T09:45:00Z").run().await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @max: ⬣ acme/web#1 is past its date")), "{sent:?}");
}

#[tokio::test]
async fn ending_a_silence_lets_the_gap_speak_again() {
    let mut world = redesign(2, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    world.github().comment_as(REPO, 1, "tom-b", "hello", at("2026-03-16T10:30:00Z"));
    world.at("2026-03-16T10:40:00Z").run().await;
    let gap = world.gap("pace.behind").await.alert.gap;
    let wish = Wish::Snooze { gap: gap.clone(), until: at("2026-03-26T09:00:00Z"), reason: None };
    world.engine().core.answer("cli".into(), "k1".into(), wish, world.now()).await.unwrap();
    world.at("2026-03-16T12:00:00Z").run().await;
    assert!(world.sent().is_empty(), "snoozed before anything was said");
    world.engine().core.answer("cli".into(), "k2".into(), Wish::Unsnooze { gap }, world.now()).await.unwrap();
    world.run().await;
    assert_eq!(world.sent().len(), 2);
}

#[tokio::test]
async fn a_value_on_the_edge_is_at_most_one_message() {
    let mut world = redesign(2, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    let github = world.github();
    world.at("2026-03-16T10:00:00Z").run().await;
    let mut done = 2;
    while world.now() < at("2026-03-17T16:00:00Z") {
        done = if done == 2 { 6 } else { 2 };
        github.edit_body(REPO, 1, &checklist(done, 10), world.now());
        world.later(SignedDuration::from_mins(4)).run().await;
        world.later(SignedDuration::from_mins(4)).run().await;
    }
    let new: Vec<String> = world.sent().into_iter().filter(|sent| sent.starts_with("slack @ana:")).collect();
    assert!(new.len() <= 1, "{new:?}");
}

#[tokio::test]
async fn a_value_that_swings_slowly_is_one_message_and_one_answer_a_day() {
    let mut world = redesign(2, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    let github = world.github();
    world.at("2026-03-16T11:00:00Z").run().await;
    let mut done = 2;
    while world.now() < at("2026-03-17T16:00:00Z") {
        done = if done == 2 { 6 } else { 2 };
        github.edit_body(REPO, 1, &checklist(done, 10), world.now());
        for _ in 0..4 {
            world.later(SignedDuration::from_mins(10)).run().await;
        }
    }
    let sent = world.sent();
    let posts = sent.iter().filter(|sent| sent.starts_with("slack @ana:")).count();
    let answers = sent.iter().filter(|sent| sent.starts_with("slack @ana (thread):")).count();
    assert!(posts <= 2 && answers <= 2, "one a day: {sent:#?}");
    let open = !world.open().await.is_empty();
    let last = world.last_words("@ana");
    assert_eq!(last.contains("Resolved"), !open, "and it says how it is: {last}");
}
