//! Digests and reports through the whole program: who gets them and when, once each, whatever happens in between.

use connector_simulator::{Fault, SlackMessage, Tool};
use jiff::SignedDuration;

use crate::lab::{Lab, REPO, github_day};

/// Digests as the defaults have them, and a gap that opens for whatever is not closed.
const REST: &str = "[comments]\non = []\n[schedule]\nall_clear_to = [\"managers\"]\n\
                    [rules.custom.young]\nwhen = \"task.project == 'acme/web'\"\nstage = \"opens\"\nmessage = \"it is open\"\n";
/// The same without that gap.
const QUIET: &str = "[comments]\non = []\n[schedule]\nall_clear_to = [\"managers\"]\n";

/// Direct messages to somebody, as plain words.
fn told(lab: &Lab, user: &str) -> Vec<String> {
    let all = lab.sim.slack().messages().into_iter();
    all.filter(|one| one.ours && one.user.as_deref() == Some(user)).map(|one| words(&one)).collect()
}

fn words(message: &SlackMessage) -> String {
    format!("{}\n{}", message.text, message.blocks.as_ref().map(ToString::to_string).unwrap_or_default())
}

/// Ana has a task, which was found with a gap on Monday at ten.
async fn monday(rest: &str) -> Lab {
    let lab = Lab::new("2026-03-02T10:00:00Z", "", "", rest).await;
    let draft = lab.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k");
    draft.created("2026-02-23T09:00:00Z".parse().unwrap()).open();
    lab.run().await;
    lab
}

#[tokio::test]
async fn a_person_gets_what_opened_yesterday_at_the_start_of_their_work_and_hears_of_its_end_the_day_after() {
    let lab = monday(REST).await;
    assert!(told(&lab, "U0ANA").is_empty(), "{:?}", told(&lab, "U0ANA"));
    lab.at("2026-03-03T08:55:00Z");
    lab.run().await;
    assert!(told(&lab, "U0ANA").is_empty());
    lab.at("2026-03-03T09:00:00Z");
    lab.run().await;
    let said = told(&lab, "U0ANA");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("Your Tuesday, Ana K.: 1 to look at: acme/web#1"), "{said:?}");
    assert_eq!(lab.rows("SELECT rung, state, channel FROM notices"), ["0 | 2 | digest"]);
    lab.github().close(REPO, 1, "ana-k", lab.now(), "completed");
    lab.runs(12, 5).await;
    assert_eq!(told(&lab, "U0ANA").len(), 1, "it is no news for today");
    lab.at("2026-03-04T09:00:00Z");
    lab.run().await;
    let said = told(&lab, "U0ANA");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[1].contains("Fixed since yesterday: acme/web#1"), "{said:?}");
    assert!(told(&lab, "U0MAX").is_empty(), "the manager had nothing to do with it: {:?}", told(&lab, "U0MAX"));
}

#[tokio::test]
async fn a_digest_that_was_missed_comes_once_when_we_are_back_the_same_day() {
    let mut lab = monday(REST).await;
    lab.stop().await;
    lab.at("2026-03-03T14:20:00Z");
    lab.start();
    lab.run().await;
    assert_eq!(told(&lab, "U0ANA").len(), 1);
    for _ in 0..3 {
        lab.restart().await;
        lab.run().await;
    }
    lab.runs(3, 60).await;
    assert_eq!(told(&lab, "U0ANA").len(), 1, "not twice");
    lab.at("2026-03-04T09:00:00Z");
    lab.run().await;
    assert_eq!(told(&lab, "U0ANA").len(), 1, "and nothing is new the day after");
}

#[tokio::test]
async fn nobody_is_written_to_on_a_weekend_and_a_digest_waits_for_reading() {
    let lab = Lab::new("2026-03-06T10:00:00Z", "", "", REST).await;
    lab.run().await;
    let draft = lab.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k");
    draft.created("2026-03-06T09:00:00Z".parse().unwrap()).open();
    lab.at("2026-03-06T11:00:00Z");
    lab.run().await;
    for day in ["2026-03-07T09:00:00Z", "2026-03-08T12:00:00Z"] {
        lab.at(day);
        lab.run().await;
        assert!(told(&lab, "U0ANA").is_empty(), "{day}");
    }
    lab.at("2026-03-09T09:00:00Z");
    // Woken by the clock alone: nothing has been read since yesterday.
    lab.settle().await;
    assert!(told(&lab, "U0ANA").is_empty(), "what was read yesterday may not be so any more");
    lab.run().await;
    assert_eq!(told(&lab, "U0ANA").len(), 1);
}

#[tokio::test]
async fn the_manager_hears_in_their_digest_what_the_owner_left_alone() {
    let far = github_day("2026-03-20");
    let lab = Lab::new("2026-03-02T10:00:00Z", "", "", &REST.replace("\"opens\"", "\"widens\"")).await;
    let draft = lab.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k").milestone("Alpha", far);
    draft.created("2026-02-23T09:00:00Z".parse().unwrap()).open();
    lab.run().await;
    assert_eq!(told(&lab, "U0ANA").len(), 1, "in person, and at once");
    lab.at("2026-03-03T09:00:00Z");
    lab.run().await;
    assert!(told(&lab, "U0MAX").is_empty());
    lab.at("2026-03-04T12:00:00Z");
    lab.run().await;
    lab.at("2026-03-05T09:00:00Z");
    lab.run().await;
    let said = told(&lab, "U0MAX");
    assert_eq!(said.len(), 1, "{said:?}");
    for words in ["Team of Max W.", "Needs you: 1", "was told Mon 2 Mar 10:00", "■ 1 widening"] {
        assert!(said[0].contains(words), "{words}: {said:?}");
    }
    lab.at("2026-03-05T15:00:00Z");
    lab.run().await;
    assert_eq!(told(&lab, "U0MAX").len(), 1, "one a day");
}

#[tokio::test]
async fn d23_the_weekly_all_clear_says_what_it_rests_on_and_is_none_while_something_cannot_be_read() {
    let lab = Lab::new("2026-03-02T10:00:00Z", "", "", QUIET).await;
    let draft = lab.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k");
    draft.created("2026-03-02T09:00:00Z".parse().unwrap()).open();
    lab.run().await;
    for day in 3..=5 {
        lab.at(&format!("2026-03-0{day}T15:00:00Z"));
        lab.run().await;
    }
    lab.at("2026-03-06T15:00:00Z");
    lab.run().await;
    let said = told(&lab, "U0MAX");
    assert_eq!(said.len(), 1, "{said:?}");
    for words in ["● Team of Max W., Fri 6 Mar: everything is on track", "1 task watched", "0 gaps open"] {
        assert!(said[0].contains(words), "{words}: {said:?}");
    }
    lab.runs(3, 30).await;
    lab.at("2026-03-12T15:00:00Z");
    lab.run().await;
    let refused = Fault::Status(401, "{\"message\":\"Bad credentials\"}".to_owned());
    lab.sim.fail_next(Tool::Github, "", refused, 100_000);
    lab.at("2026-03-13T14:00:00Z");
    lab.run().await;
    lab.at("2026-03-13T15:00:00Z");
    lab.run().await;
    lab.runs(4, 10).await;
    let said = told(&lab, "U0MAX");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[1].contains("Could not be checked: acme/web") && !said[1].contains("on track"), "{said:?}");
    assert!(told(&lab, "U0ANA").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d08_a_first_reading_of_a_large_tracker_is_no_direct_message_and_one_report() {
    let rest = format!("{QUIET}[operators]\nchannel = \"#ops\"\n");
    let mut lab = Lab::new("2026-03-02T10:00:00Z", "", "", &rest).await;
    lab.text = lab.text.replace("backlog = \"tell\"", "backlog = \"hold\"");
    lab.sim.slack().channel("#ops");
    lab.restart().await;
    let past = github_day("2026-02-20");
    for number in 0..1_000 {
        let draft = lab.github().issue(REPO, &format!("Task {number}")).by("max-w").assignee("ana-k");
        let draft = if number < 240 { draft.milestone("Alpha", past) } else { draft };
        draft.created("2026-01-05T09:00:00Z".parse().unwrap()).open();
    }
    lab.run().await;
    lab.runs(4, 15).await;
    let messages: Vec<SlackMessage> = lab.sim.slack().messages().into_iter().filter(|one| one.ours).collect();
    assert_eq!(messages.iter().filter(|one| one.user.is_some()).count(), 0, "{messages:?}");
    assert_eq!(messages.len(), 1, "{messages:?}");
    let said = words(&messages[0]);
    assert_eq!(messages[0].channel_name.as_deref(), Some("#ops"));
    for words in ["What github.acme was found with", "1000 open tasks", "overdue", ": 240 (24 %"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(lab.rows("SELECT count(*) FROM alerts WHERE backlog = 1 AND rule = 'overdue'"), ["240"]);
    // The summary for whoever leads comes with the next morning, and tells nobody else.
    lab.at("2026-03-03T09:00:00Z");
    lab.run().await;
    assert!(told(&lab, "U0ANA").is_empty());
    let said = told(&lab, "U0MAX");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("were there before"), "{said:?}");
    lab.restart().await;
    lab.later(SignedDuration::from_mins(20));
    lab.run().await;
    let all = lab.sim.slack().messages().into_iter().filter(|one| one.ours).count();
    assert_eq!(all, 2, "once each");
}
