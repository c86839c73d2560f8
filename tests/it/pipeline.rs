//! The whole way of a gap: found, told to its owner, told to the manager if it stays, told as resolved.

use insta::assert_snapshot;

use crate::world::{REPO, World, at, checklist, github_day};

/// Ana's task of four weeks, with a checklist. Begun by her on its third day.
pub async fn redesign(ticked: usize, due: &str) -> World {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    plant(&mut world, ticked, due).await;
    world
}

/// The same in a world that is there already.
pub async fn plant(world: &mut World, ticked: usize, due: &str) {
    let github = world.github();
    let issue = github.issue(REPO, "Redesign homepage").by("max-w").assignee("ana-k");
    issue.milestone("Spring", github_day(due)).body(&checklist(ticked, 10)).open();
    github.comment_as(REPO, 1, "ana-k", "I have begun", at("2026-03-04T10:00:00Z"));
    world.run().await;
}

/// A sign of life by Ana.
pub fn lives(world: &World, moment: &str) {
    world.github().comment_as(REPO, 1, "ana-k", "still on it", at(moment));
}

#[tokio::test]
async fn the_owner_hears_first_once_with_the_numbers_and_hears_when_it_is_over() {
    let mut world = redesign(2, "2026-03-27").await;
    assert!(world.sent().is_empty());
    lives(&world, "2026-03-17T10:00:00Z");
    world.at("2026-03-18T09:00:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @r"
    comment #1: **gapwatch** · ■ behind its pace since Wed 18 Mar
    slack @ana: ■ acme/web#1 is behind its pace: 20 % done (2 of 10 checklist items) after 60 % of the time (12 of 20 working days), due Fri 27 Mar (milestone)
    ");
    assert_snapshot!(world.last_words("@ana"), @r"
    ■ <https://github.example/acme/web/issues/1|acme/web#1> “Redesign homepage” is behind its pace
    20 % done (2 of 10 checklist items) after 60 % of the time (12 of 20 working days), due Fri 27 Mar (milestone). Next: bring its progress up to date, or agree on another date.
    ");
    assert_snapshot!(world.our_comment(1), @r"
    **gapwatch** · ■ behind its pace since Wed 18 Mar
    20 % done (2 of 10 checklist items) after 60 % of the time (12 of 20 working days), due Fri 27 Mar (milestone). Next: bring its progress up to date, or agree on another date.
    <sub>Answer with a comment: `/gapwatch on it`, `/gapwatch snooze 3d why`, `/gapwatch not mine` or `/gapwatch done`.</sub>
    <sub>About “Redesign homepage”. This comment is kept up to date by gapwatch, which changes nothing else here.</sub>
    ");
    for _ in 0..5 {
        world.later(jiff::SignedDuration::from_mins(2)).run().await;
    }
    assert!(world.sent().is_empty(), "further polls say nothing");

    world.github().tick(REPO, 1, 6, at("2026-03-18T10:00:00Z"));
    world.at("2026-03-18T10:00:30Z").run().await;
    assert!(world.sent().is_empty(), "it may be set back at once");
    world.at("2026-03-18T10:11:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @r"
    edited comment #1: **gapwatch** · ● resolved Wed 18 Mar 10:11: behind its pace
    edited slack @ana: ● acme/web#1 is resolved: behind its pace
    slack @ana (thread): ● acme/web#1 is resolved: behind its pace
    ");
    assert_snapshot!(world.our_comment(1), @r"
    **gapwatch** · ● resolved Wed 18 Mar 10:11: behind its pace
    Its progress was brought up to date. Open for 1 working hour.
    <sub>About “Redesign homepage”. This comment is kept up to date by gapwatch, which changes nothing else here.</sub>
    ");
    assert!(world.open().await.is_empty());
    world.at("2026-03-20T10:11:00Z").run().await;
    assert!(world.sent().is_empty(), "nobody else is told");
}

#[tokio::test]
async fn a_missed_date_goes_to_the_owner_at_once_and_to_the_manager_a_working_day_later() {
    let mut world = redesign(9, "2026-03-27").await;
    lives(&world, "2026-03-27T11:00:00Z");
    world.at("2026-03-27T16:59:00Z").run().await;
    assert!(world.sent().is_empty());
    // Friday evening, then the weekend.
    world.at("2026-03-27T17:01:00Z").run().await;
    assert!(world.sent().is_empty(), "the working day is over");
    world.at("2026-03-30T08:59:00Z").run().await;
    assert!(world.sent().is_empty(), "the next one has not begun");
    world.at("2026-03-30T09:00:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @r"
    comment #1: **gapwatch** · ⬣ past its date since Fri 27 Mar
    slack @ana: ⬣ acme/web#1 is past its date: due Fri 27 Mar (milestone), just passed
    ");
    assert_snapshot!(world.last_words("@ana"), @r"
    ⬣ <https://github.example/acme/web/issues/1|acme/web#1> “Redesign homepage” is past its date
    Due Fri 27 Mar (milestone), just passed. Also: behind its pace.
    Next: close it if it is done, or set a new date.
    If nothing changes within a working day, Max W. hears of it too.
    ");
    world.at("2026-03-31T08:58:00Z").run().await;
    assert!(world.sent().is_empty());
    world.at("2026-03-31T09:01:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @r"
    slack @max: ⬣ acme/web#1 is past its date: due Fri 27 Mar (milestone), 1 working day ago
    ");
    assert_snapshot!(world.last_words("@max"), @r"
    ⬣ <https://github.example/acme/web/issues/1|acme/web#1> “Redesign homepage” is past its date (Ana K.)
    Due Fri 27 Mar (milestone), 1 working day ago. Also: behind its pace, no movement.
    Ana K. was told Mon 30 Mar 09:00; no change by them since.
    ");
    assert_snapshot!(world.our_comment(1), @r"
    **gapwatch** · ⬣ past its date since Fri 27 Mar
    Due Fri 27 Mar (milestone). Also: behind its pace. Next: close it if it is done, or set a new date.
    <sub>Answer with a comment: `/gapwatch on it`, `/gapwatch snooze 3d why`, `/gapwatch not mine` or `/gapwatch done`.</sub>
    <sub>About “Redesign homepage”. This comment is kept up to date by gapwatch, which changes nothing else here.</sub>
    ");
    world.github().close(REPO, 1, "ana-k", at("2026-03-31T11:00:00Z"), "completed");
    world.at("2026-03-31T11:01:00Z").run().await;
    world.at("2026-03-31T11:12:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @r"
    edited comment #1: **gapwatch** · ● resolved Tue 31 Mar 11:12: past its date
    edited slack @ana: ● acme/web#1 is resolved: past its date
    edited slack @max: ● acme/web#1 is resolved: past its date
    slack @ana (thread): ● acme/web#1 is resolved: past its date
    slack @max (thread): ● acme/web#1 is resolved: past its date
    ");
    assert_snapshot!(world.our_comment(1), @r"
    **gapwatch** · ● resolved Tue 31 Mar 11:12: past its date
    Ana K. closed it 1 working day after its date. Open for 1 working day.
    <sub>About “Redesign homepage”. This comment is kept up to date by gapwatch, which changes nothing else here.</sub>
    ");
    assert!(world.open().await.is_empty());
}

#[tokio::test]
async fn a_widening_gap_near_its_date_reaches_the_manager_after_a_working_day() {
    let mut world = World::plan().more("[rules.stalled]\nenabled = false\n").begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-13").await;
    lives(&world, "2026-03-10T08:00:00Z");
    world.at("2026-03-10T14:00:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @r"
    comment #1: **gapwatch** · ■ behind its pace since Tue 10 Mar
    slack @ana: ■ acme/web#1 is behind its pace: 20 % done (2 of 10 checklist items) after 66 % of the time (7 of 10 working days), due Fri 13 Mar (milestone)
    ");
    assert_snapshot!(world.last_words("@ana"), @r"
    ■ <https://github.example/acme/web/issues/1|acme/web#1> “Redesign homepage” is behind its pace
    20 % done (2 of 10 checklist items) after 66 % of the time (7 of 10 working days), due Fri 13 Mar (milestone).
    Next: bring its progress up to date, or agree on another date.
    If nothing changes within a working day, Max W. hears of it too.
    ");
    world.at("2026-03-11T13:59:00Z").run().await;
    assert!(world.sent().is_empty());
    world.at("2026-03-11T14:01:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @"slack @max: ■ acme/web#1 is behind its pace: 20 % done (2 of 10 checklist items) after 76 % of the time (8 of 10 working days), due Fri 13 Mar (milestone)");
    assert_snapshot!(world.last_words("@max"), @r"
    ■ <https://github.example/acme/web/issues/1|acme/web#1> “Redesign homepage” is behind its pace (Ana K.)
    20 % done (2 of 10 checklist items) after 76 % of the time (8 of 10 working days), due Fri 13 Mar (milestone).
    Ana K. was told Tue 10 Mar 14:00; no change by them since.
    ");
}

#[tokio::test]
async fn with_more_days_left_the_manager_gets_a_line_of_the_digest_and_no_message() {
    let mut world = redesign(2, "2026-03-27").await;
    lives(&world, "2026-03-17T10:00:00Z");
    world.at("2026-03-18T09:00:00Z").run().await;
    assert_eq!(world.sent().len(), 2);
    world.at("2026-03-20T09:01:00Z").run().await;
    assert!(world.sent().is_empty());
    assert_snapshot!(world.words().join("\n"), @r"
    escalated by digest of max: Open
    opened by comment: Told
    opened by slack: Told
    ");
}

#[tokio::test]
async fn a_gap_of_the_first_stage_is_shown_and_waits_for_the_digest() {
    let mut world = World::plan().more("[rules.stalled]\nenabled = false\n").begin("2026-03-02T09:00:00Z").await;
    let github = world.github();
    github.issue(REPO, "No date").by("max-w").assignee("ana-k").open();
    github.comment_as(REPO, 1, "ana-k", "begun", at("2026-03-02T09:30:00Z"));
    github.issue(REPO, "Nobody").by("max-w").milestone("Spring", github_day("2026-04-24")).open();
    let parent = github.issue(REPO, "Whole").by("max-w").assignee("ana-k").milestone("Early", github_day("2026-04-17"));
    let parent = parent.open();
    let child = github.issue(REPO, "Part").by("max-w").assignee("ana-k").milestone("Spring", github_day("2026-04-24"));
    let child = child.open();
    github.add_sub_issue((REPO, parent), (REPO, child), "max-w", at("2026-03-02T09:00:00Z"));
    github.comment_as(REPO, parent, "ana-k", "begun", at("2026-03-02T09:30:00Z"));
    github.issue(REPO, "Not begun").by("max-w").assignee("ana-k").milestone("Spring", github_day("2026-04-24")).open();
    world.at("2026-03-02T09:30:00Z").run().await;
    world.at("2026-03-30T15:00:00Z").run().await;
    assert_snapshot!(world.open().await.join("\n"), @r"
    due.child_after_parent acme/web#4 opens firing (digest)
    due.none acme/web#1 opens firing (digest)
    owner.none acme/web#2 opens firing (digest)
    start.never acme/web#4 opens firing (digest)
    start.never acme/web#5 opens firing (digest)
    ");
    assert_eq!(world.sent(), Vec::<String>::new());
}

#[tokio::test]
async fn whoever_is_not_in_slack_is_mentioned_in_the_comment() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let github = world.github();
    let issue = github.issue(REPO, "Redesign homepage").by("max-w").assignee("tom-b");
    issue.milestone("Spring", github_day("2026-03-06")).open();
    github.comment_as(REPO, 1, "tom-b", "begun", at("2026-03-06T09:00:00Z"));
    world.run().await;
    world.at("2026-03-09T10:00:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @"comment #1: @tom-b **gapwatch** · ⬣ past its date since Fri 6 Mar");
    world.at("2026-03-10T10:05:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @"slack #delivery: ⬣ acme/web#1 is past its date: due Fri 6 Mar (milestone), 1 working day ago");
}

#[tokio::test]
async fn without_slack_everything_is_said_in_the_comment() {
    let mut world = World::plan().without_slack().begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-03-27").await;
    lives(&world, "2026-03-27T11:00:00Z");
    world.at("2026-03-30T09:00:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @"comment #1: @ana-k **gapwatch** · ⬣ past its date since Fri 27 Mar");
    world.github().close(REPO, 1, "ana-k", at("2026-03-30T11:00:00Z"), "completed");
    world.at("2026-03-30T11:01:00Z").run().await;
    world.at("2026-03-30T11:12:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @"edited comment #1: **gapwatch** · ● resolved Mon 30 Mar 11:12: past its date");
}

#[tokio::test]
async fn people_without_a_manager_have_the_default_one() {
    let people = "[people.tom]\nname = \"Tom\"\ntz = \"Etc/UTC\"\nalso = { github = \"tom-b\", slack = \"U0TOM\" }\n";
    let people = format!("{}{people}\n[directory]\ndefault_manager = \"max\"\n", crate::world::PEOPLE);
    let mut world = World::plan().people(&people).begin("2026-03-02T09:00:00Z").await;
    world.slack().user("U0TOM", "tom@example.org", "Tom", "Etc/UTC");
    let github = world.github();
    let issue = github.issue(REPO, "Redesign homepage").by("max-w").assignee("tom-b");
    issue.milestone("Spring", github_day("2026-03-06")).open();
    github.comment_as(REPO, 1, "tom-b", "begun", at("2026-03-06T09:00:00Z"));
    world.run().await;
    world.at("2026-03-09T10:00:00Z").run().await;
    world.at("2026-03-10T10:05:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @r"
    comment #1: **gapwatch** · ⬣ past its date since Fri 6 Mar
    slack @U0TOM: ⬣ acme/web#1 is past its date: due Fri 6 Mar (milestone), 1 working hour ago
    slack @max: ⬣ acme/web#1 is past its date: due Fri 6 Mar (milestone), 1 working day ago
    ");
}

#[tokio::test]
async fn without_any_manager_a_missed_date_goes_to_the_channel() {
    let people =
        "[people.ana]\nname = \"Ana K.\"\ntz = \"Etc/UTC\"\nalso = { github = \"ana-k\", slack = \"U0ANA\" }\n";
    let mut world = World::plan().people(people).begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-03-27").await;
    lives(&world, "2026-03-27T11:00:00Z");
    world.at("2026-03-30T10:00:00Z").run().await;
    world.sent();
    world.at("2026-03-31T10:05:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @"slack #delivery: ⬣ acme/web#1 is past its date: due Fri 27 Mar (milestone), 1 working day ago");
    assert_snapshot!(world.last_words("#delivery"), @r"
    ⬣ <https://github.example/acme/web/issues/1|acme/web#1> “Redesign homepage” is past its date (Ana K.)
    Due Fri 27 Mar (milestone), 1 working day ago. Also: behind its pace, no movement.
    Ana K. was told Mon 30 Mar 10:00; no change by them since.
    ");
}

#[tokio::test]
async fn without_a_manager_and_without_a_channel_it_waits_in_the_digest() {
    let people =
        "[people.ana]\nname = \"Ana K.\"\ntz = \"Etc/UTC\"\nalso = { github = \"ana-k\", slack = \"U0ANA\" }\n";
    let mut world = World::plan().people(people).without_channel().begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-03-27").await;
    lives(&world, "2026-03-27T11:00:00Z");
    world.at("2026-03-30T10:00:00Z").run().await;
    world.sent();
    world.at("2026-03-31T10:05:00Z").run().await;
    assert!(world.sent().iter().all(|sent| sent.starts_with("edited")));
    let words = world.words();
    assert!(words.iter().any(|words| words == "escalated by digest of channel: Open"), "{words:#?}");
}

#[tokio::test]
async fn two_gaps_of_a_day_are_one_message() {
    let mut world = redesign(2, "2026-03-27").await;
    let github = world.github();
    let second = github.issue(REPO, "Second").by("max-w").assignee("ana-k").body(&checklist(2, 10));
    second.milestone("Spring", github_day("2026-03-27")).open();
    github.comment_as(REPO, 2, "ana-k", "begun", at("2026-03-17T10:00:00Z"));
    lives(&world, "2026-03-17T10:00:00Z");
    world.at("2026-03-18T09:00:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @r"
    comment #1: **gapwatch** · ■ behind its pace since Wed 18 Mar
    comment #2: **gapwatch** · ■ behind its pace since Wed 18 Mar
    slack @ana: 2 tasks: acme/web#1, acme/web#2
    ");
    assert_snapshot!(world.last_words("@ana"), @r"
    Wed 18 Mar: 2 to look at
    ■ <https://github.example/acme/web/issues/1|acme/web#1> “Redesign homepage” is behind its pace
    20 % done (2 of 10 checklist items) after 60 % of the time (12 of 20 working days), due Fri 27 Mar (milestone). Next: bring its progress up to date, or agree on another date.
    ■ <https://github.example/acme/web/issues/2|acme/web#2> “Second” is behind its pace
    20 % done (2 of 10 checklist items) after 60 % of the time (12 of 20 working days), due Fri 27 Mar (milestone). Next: bring its progress up to date, or agree on another date.
    ");
    // A third one the same day is added without a new notification.
    let third = github.issue(REPO, "Third").by("max-w").assignee("ana-k").body(&checklist(0, 10));
    third.created(at("2026-03-02T09:00:00Z")).milestone("Spring", github_day("2026-03-27")).open();
    github.comment_as(REPO, 3, "ana-k", "begun", at("2026-03-18T09:00:00Z"));
    world.at("2026-03-18T15:00:00Z").run().await;
    assert_snapshot!(world.sent().join("\n"), @r"
    comment #3: **gapwatch** · ■ behind its pace since Wed 18 Mar
    edited slack @ana: 3 tasks: acme/web#1, acme/web#2, acme/web#3
    ");
}
