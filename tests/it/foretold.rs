//! What is foretold comes: who hears of a gap and when, and the next digest, compared with what is sent afterwards while
//! nobody does anything.

use std::collections::BTreeSet;
use std::process::Command;

use connector_simulator::SlackMessage;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::lab::{Lab, REPO, at, github_day};

/// Digests, questions about dates, and a gap of every task there is.
const REST: &str = "[comments]\non = []\n[schedule]\nall_clear_to = [\"managers\"]\n[rules.due.at_risk]\nenabled = true\n\
                    [rules.custom.young]\nwhen = \"task.project == 'acme/web'\"\nstage = \"opens\"\nmessage = \"it is open\"\n";
/// So often is looked.
const EVERY: i64 = 15;

/// Monday, ten o'clock: two tasks that were there before, one of them late and one due on Friday.
async fn monday() -> Lab {
    let mut lab = Lab::new("2026-03-02T10:00:00Z", "", "", REST).await;
    let usual = lab.text.replace("backlog = \"tell\"\nwork_hours_only = false\n", "");
    assert_ne!(usual, lab.text, "hours and backlog are those of the defaults");
    lab.text = format!("{usual}\n[store]\nurl = \"sqlite:{}\"\n", lab.store().display());
    std::fs::write(lab.path("gapwatch.toml"), &lab.text).unwrap();
    lab.restart().await;
    for (title, due) in [("Move billing", "2026-02-26"), ("Ship it", "2026-03-06")] {
        let issue = lab.github().issue(REPO, title).by("max-w").assignee("ana-k").created(at("2026-02-23T09:00:00Z"));
        issue.milestone(title, github_day(due)).open();
    }
    lab.run().await;
    lab
}

/// What the built program prints at this moment.
fn ask(lab: &Lab, args: &[&str]) -> Value {
    let clock = lab.path("clock");
    std::fs::write(&clock, lab.now().to_string()).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_gapwatch"))
        .arg("-c")
        .arg(lab.path("gapwatch.toml"))
        .args(args)
        .args(["-o", "json"])
        .env("GAPWATCH_TEST_CLOCK", clock)
        .output()
        .unwrap();
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// The next look at or after an instant.
fn looked_at(moment: Timestamp) -> Timestamp {
    let secs = EVERY * 60;
    let up = (moment.as_second() + secs - 1).div_euclid(secs) * secs;
    Timestamp::from_second(up).unwrap()
}

/// What was foretold at some moment of the gaps that were open then.
struct Foretold {
    at: Timestamp,
    /// `overdue #1`
    gaps: BTreeSet<String>,
    /// `overdue #1 max slack 2026-03-03T09:00:00Z`
    steps: BTreeSet<String>,
}

fn foretold(lab: &Lab, until: Timestamp) -> Foretold {
    let (mut gaps, mut steps) = (BTreeSet::new(), BTreeSet::new());
    for number in 1..=3 {
        let told = ask(lab, &["route", "test", &format!("{REPO}#{number}")]);
        for gap in told["gaps"].as_array().unwrap() {
            let name = format!("{} #{number}", gap["rule"].as_str().unwrap());
            for step in gap["steps"].as_array().unwrap().iter().filter(|step| step["told"] == false) {
                let moment = looked_at(step["at"].as_str().unwrap().parse().unwrap());
                let words = |key: &str| step[key].as_str().unwrap_or("-").to_owned();
                if moment <= until {
                    steps.insert(format!("{name} {} {} {moment}", words("person"), words("channel")));
                }
            }
            gaps.insert(name);
        }
    }
    Foretold { at: lab.now(), gaps, steps }
}

/// The same of what was told since.
fn happened(lab: &Lab, since: Timestamp) -> BTreeSet<String> {
    let sql = format!(
        "SELECT a.rule, t.key, p.handle, n.channel, n.told_at FROM notices n JOIN alerts a ON a.id = n.alert
         JOIN tasks t ON a.subject_kind = 0 AND t.id = a.subject
         JOIN accounts x ON x.id = n.account JOIN persons p ON p.id = x.person
         WHERE n.state = 2 AND n.reason <> 3 AND n.told_at > {}",
        since.as_microsecond()
    );
    let line = |row: String| {
        let parts: Vec<&str> = row.split(" | ").collect();
        let moment = Timestamp::from_microsecond(parts[4].parse().unwrap()).unwrap();
        let number = parts[1].rsplit('#').next().unwrap();
        format!("{} #{number} {} {} {}", parts[0], parts[2], parts[3], looked_at(moment))
    };
    lab.rows(&sql).into_iter().map(line).collect()
}

fn to<'m>(messages: &'m [SlackMessage], user: &str) -> Vec<&'m SlackMessage> {
    messages.iter().filter(|one| one.ours && one.user.as_deref() == Some(user)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_foretold_to_hear_hears_at_that_hour_and_nobody_else_does() {
    if !cfg!(feature = "test-clock") {
        return;
    }
    let mut lab = monday().await;
    // What comes up after the first look is news.
    lab.at("2026-03-02T10:45:00Z");
    lab.github().issue(REPO, "Say it").by("max-w").assignee("ana-k").created(at("2026-03-02T10:20:00Z")).open();
    lab.run().await;
    lab.at("2026-03-02T11:15:00Z");
    lab.run().await;
    let (since, until) = (lab.now(), at("2026-03-13T12:00:00Z"));
    let mut all = vec![foretold(&lab, until)];
    let digests: Vec<Value> = [&["preview", "digest", "ana"][..], &["preview", "digest", "manager", "max"]]
        .iter()
        .map(|args| ask(&lab, args)["messages"][0].clone())
        .collect();
    for again in ["2026-03-03T12:00:00Z", "2026-03-09T12:00:00Z"].map(at).into_iter().chain([until]) {
        while lab.now() < again {
            lab.later(SignedDuration::from_mins(EVERY));
            lab.run().await;
        }
        all.push(foretold(&lab, until));
    }
    let real = happened(&lab, since);
    for Foretold { at, gaps, steps } in all {
        let is_after = |one: &&String| one.rsplit(' ').next().unwrap().parse::<Timestamp>().unwrap() > at;
        let came: BTreeSet<String> = real
            .iter()
            .filter(|one| gaps.iter().any(|gap| one.starts_with(&format!("{gap} "))))
            .filter(is_after)
            .cloned()
            .collect();
        assert_eq!(steps, came, "foretold at {at}, beside what happened");
    }
    for person in ["due.at_risk #2 max slack", "overdue #2 max slack", "#3 ana digest"] {
        assert!(real.iter().any(|one| one.contains(person)), "the story says something: {real:#?}");
    }
    assert!(!real.iter().any(|one| one.starts_with("overdue #1")), "what was there before keeps silent: {real:#?}");
    let messages = lab.sim.slack().messages();
    for (user, digest) in ["U0ANA", "U0MAX"].iter().zip(digests) {
        let head = digest["text"].as_str().unwrap().lines().next().unwrap().trim_end_matches('.').to_owned();
        let came: Vec<&str> = to(&messages, user)
            .into_iter()
            .map(|one| one.text.as_str())
            .filter(|text| text.starts_with(&head))
            .collect();
        let leaves = digest["idle"].is_null();
        assert_eq!(came.len(), usize::from(leaves), "{head}: {digest}");
    }
    lab.stop().await;
}
