//! A month of a company with its work in four trackers at once, with the program killed again and again wherever it is: while
//! it reads, decides, sends, starts, and rests. Nothing is lost; where a channel can be searched nothing is said twice; and
//! where it cannot, each repeat is one that a kill explains.
//!
//! `KILLS_TASKS=1000 KILLS=500` is the whole month. Without them it is a week with a few of both.

mod company;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use connector_simulator::Simulator;
use jiff::{SignedDuration, Timestamp};

use self::company::Company;
use super::aim::Hits;
use super::beside::repeats;
use super::rig::{Moment, Plan, Rig};
use super::runs::{before, keep, killed, undisturbed};
use super::{number, seed};
use crate::lab::{ALERTS, CHANGES, CONTAINERS, HOMES, LINKS, OWNERS, TASKS, TOLD, difference, rows};

/// Tasks and kills where the environment says nothing.
const SMALL: (usize, usize) = (60, 40);
/// With more tasks the story is longer, up to four weeks.
const TASKS_A_WEEK: usize = 100;

/// Tasks and kills.
fn size() -> (usize, usize) {
    let number = |name, usual| number(name).and_then(|number| usize::try_from(number).ok()).unwrap_or(usual);
    (number("KILLS_TASKS", SMALL.0), number("KILLS", SMALL.1))
}

/// Weeks, then days on which only time passes.
///
/// On each working day there is a look when work begins, and a round: a look, deeds, and the time after they have settled. A
/// few quiet minutes follow each of them, in which what a kill has left behind is found. What people do and what time does
/// never fall together, so that the story has one outcome only: each day's round begins after the minutes of the day
/// before have passed, so what falls due so many working days after a message is seen before that day's deeds.
fn story(weeks: i64) -> Vec<Moment> {
    let first: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    let moment = |day: i64, minutes: i64, deeds, kills| Moment {
        at: first + SignedDuration::from_hours(24 * day) + SignedDuration::from_mins(minutes),
        deeds,
        kills,
    };
    let mut story = Vec::new();
    let last = 7 * weeks;
    for (day, begin) in (0..last).filter(|day| day % 7 < 5).zip((550..).step_by(23)) {
        let mut minutes = vec![(539, false, true), (541, false, true), (545, false, false)];
        for (after, deeds, quiet) in [(0, false, 2), (3, true, 3), (19, false, 3)] {
            minutes.extend([(begin + after, deeds, true), (begin + after + quiet, false, false)]);
        }
        if day % 7 == 4 {
            minutes.extend([(15 * 60 + 1, false, true), (15 * 60 + 4, false, false)]);
        }
        minutes.sort();
        story.extend(minutes.into_iter().map(|(at, deeds, kills)| moment(day, at, deeds, kills)));
    }
    for day in (last..last + 4).filter(|day| day % 7 < 5) {
        story.extend([539, 541, 545, 720, 724].map(|minutes| moment(day, minutes, false, false)));
    }
    story
}

async fn begun(plan: &Plan, tasks: usize) -> Rig<Company> {
    let at = before(plan);
    let now = Arc::new(Mutex::new(at));
    let shown = now.clone();
    let sim = Simulator::start(Arc::new(move || *shown.lock().unwrap())).await.unwrap();
    let rounds = plan.story.iter().filter(|moment| moment.deeds).count();
    let company = Company::settle(&sim, plan.seed, tasks, rounds, at).await;
    let text = company.configuration(&sim);
    Rig::new(sim, now, &text, company)
}

/// Tasks by their titles, because the ids that some tools give depend on what else was written there.
fn by_title(sql: &str) -> String {
    let ours = "NOT EXISTS (SELECT 1 FROM self_accounts s WHERE s.account = x.account)";
    sql.replace("t.key", "t.title")
        .replace("o.key", "o.title")
        .replace("coalesce(a.handle, '') <> 'gapwatch-bot'", ours)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_on_four_trackers_survives_every_kill() {
    if !cfg!(feature = "test-clock") {
        panic!("this test moves the program's clock: run it with `cargo test --features test-clock --test it`");
    }
    let began = Instant::now();
    let (tasks, kills) = size();
    let weeks = i64::try_from((tasks / TASKS_A_WEEK).clamp(1, 4)).unwrap();
    let plan = Plan { story: story(weeks), seed: seed(), kills, ahead: 10, again: 90 };
    let calm = tokio::spawn(undisturbed(begun(&plan, tasks).await, plan.clone()));
    let mut hits = Hits::default();
    let rig = killed(begun(&plan, tasks).await, plan, &mut hits).await;
    let calm = calm.await.unwrap();
    println!("figure K1: seed {}: {tasks} tasks, {kills} kills {hits:?}, {} s", seed(), began.elapsed().as_secs());
    println!("figure K2: {}", figures("killed", &rig));
    println!("figure K3: {}", figures("undisturbed", &calm));
    let mut wrong = differs(&calm, &rig);
    wrong.extend(astray(&calm).into_iter().map(|line| format!("undisturbed: {line}")));
    wrong.extend(astray(&rig));
    wrong.extend(stale(&rig));
    if !wrong.is_empty() {
        keep(&calm, &rig);
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(hits.all() >= kills, "the story is too short for so many kills: {hits:?}");
}

/// Alerts by id: rule and title.
fn named(rig: &Rig<Company>, ids: &BTreeSet<String>) -> BTreeSet<String> {
    let sql = "SELECT a.id, a.rule, coalesce(t.title, '-') || ' |' FROM alerts a
      LEFT JOIN tasks t ON a.subject_kind = 0 AND t.id = a.subject";
    let all = rows(&rig.store(), sql);
    let known = all.iter().filter_map(|row| row.split_once(" | ")).filter(|(id, _)| ids.contains(*id));
    known.map(|(_, name)| name.to_owned()).collect()
}

/// What was said at once, and to whom: as [`TOLD`].
const TOLD_AT_ONCE: &str = "n.state = 2 AND n.channel NOT IN ('digest', 'email')";
/// What was decided to be said in a message of the day. Seconds decide which day that is, and it is taken back when the gap
/// is over by then; so neither its resolution nor its repetition need be the same, nor what follows from when it was heard.
const DECIDED: &str = "n.channel IN ('digest', 'email') AND n.reason < 2";

/// What people answered in comments, and what came of it; gaps are called otherwise at every address.
const ANSWERS: &str = "SELECT t.key, i.at, json_extract(i.args, '$.words'),
    CASE WHEN i.answer LIKE 'gap %' THEN substr(i.answer, 16) ELSE i.answer END
  FROM inbox i JOIN tasks t ON t.id = json_extract(i.args, '$.about.task')";

/// What an undisturbed program did and this one did not, or the other way round.
fn differs(calm: &Rig<Company>, rig: &Rig<Company>) -> Vec<String> {
    let unsure = named(rig, rig.scene.beside.unsure());
    println!("{} alerts of which it is not known whether they were told by mail", unsure.len());
    let told = TOLD.replace("n.state = 2", TOLD_AT_ONCE);
    let decided = TOLD.replace("SELECT a.rule", "SELECT DISTINCT a.rule").replace("n.state = 2", DECIDED);
    let mut found = Vec::new();
    for (what, sql) in [
        ("tasks", TASKS),
        ("owners", OWNERS),
        ("links", LINKS),
        ("homes", HOMES),
        ("containers", CONTAINERS),
        ("changes", CHANGES),
        ("alerts", ALERTS),
        ("answers", ANSWERS),
        ("told at once", told.as_str()),
        ("for the day's message", decided.as_str()),
    ] {
        let sql = by_title(sql);
        let (here, there) = (rows(&calm.store(), &sql), rows(&rig.store(), &sql));
        assert!(what == "links" || !here.is_empty(), "there is nothing to compare in {what}");
        println!("{what}: {}", here.len());
        // The ladder goes on from what is known to have been told.
        let counts = |line: &String| !unsure.iter().any(|name| line[2..].starts_with(name));
        found.extend(difference(&here, &there).into_iter().filter(counts).map(|line| format!("{what}: {line}")));
    }
    found
}

/// What lies in the store and must not, or stands in a tool otherwise than the store says.
fn astray(rig: &Rig<Company>) -> Vec<String> {
    let (store, now) = (rig.store(), rig.now().as_microsecond());
    let beside = &rig.scene.beside;
    let mut found = Vec::new();
    let mut ask = |what: &str, sql: &str| {
        found
            .extend(rows(&store, &sql.replace("?1", &now.to_string())).into_iter().map(|row| format!("{what}: {row}")));
    };
    ask(
        "under way",
        "SELECT id, op, channel, state, error FROM messages WHERE state IN (2, 3) OR (state = 1 AND due_at <= ?1)",
    );
    ask("not posted", "SELECT id, state, error FROM events");
    let known = "SELECT t.title, count(*) FROM posts p JOIN tasks t ON t.id = p.about
      WHERE p.about_kind = 0 AND p.ref IS NOT NULL GROUP BY 1";
    let comments = rig.scene.comments(&rig.sim).into_iter().filter(|(_, count)| *count > 0);
    let comments: Vec<String> = comments.map(|(title, count)| format!("{title} | {count}")).collect();
    found.extend(difference(&rows(&store, known), &comments).into_iter().map(|line| format!("comments: {line}")));
    let told = "SELECT DISTINCT a.gap, n.episode, CASE n.reason WHEN 0 THEN 'opened' WHEN 1 THEN 'worsened'
      WHEN 2 THEN 'escalated' ELSE 'resolved' END, n.channel
      FROM notices n JOIN alerts a ON a.id = n.alert WHERE n.state = 2 AND n.reason < 4";
    let events: Vec<String> = beside.told().into_iter().collect();
    found.extend(difference(&rows(&store, told), &events).into_iter().map(|line| format!("events: {line}")));
    let unsure = "SELECT m.wire FROM notices n JOIN messages m ON m.id = n.message WHERE n.state = 3";
    let unexplained = rows(&store, unsure).into_iter().filter(|wire| !beside.mails_hit().contains_key(wire));
    found.extend(unexplained.map(|wire| format!("unsure: {wire}")));
    let mails: Vec<String> = beside.mails().into_keys().collect();
    let sent = rows(&store, "SELECT wire FROM messages WHERE channel = 'email' AND state = 4");
    found.extend(sent.into_iter().filter(|wire| !mails.contains(wire)).map(|wire| format!("no such mail: {wire}")));
    // What did not come and is not said to be unsure was taken back, and is said otherwise if it is still true.
    let silent = "SELECT m.wire FROM messages m WHERE m.channel = 'email' AND m.state = 5
      AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.message = m.id AND n.state = 3)
      AND EXISTS (SELECT 1 FROM notices n WHERE n.message = m.id AND n.state < 3)";
    found.extend(rows(&store, silent).into_iter().map(|wire| format!("given up without a word: {wire}")));
    let posts = rig.sim.slack().markers();
    found.extend(posts.iter().filter(|(_, count)| **count > 1).map(|(mark, count)| format!("{count} times: {mark}")));
    let sent = rows(&store, "SELECT count(*) FROM messages WHERE channel = 'slack' AND op <> 1 AND state = 4");
    if sent != [posts.len().to_string()] {
        found.push(format!("the store knows {sent:?} messages in Slack, which has {}", posts.len()));
    }
    found.extend(repeats(&beside.mails(), beside.mails_hit()).1);
    found.extend(repeats(&beside.events(), beside.events_hit()).1);
    found.extend(beside.unmarked().into_iter().map(|text| format!("not said to be a repeat: {text}")));
    found
}

/// What differs from what a new program would read now.
fn stale(rig: &Rig<Company>) -> Vec<String> {
    let fresh = rig.fresh_mirror();
    let mut wrong = Vec::new();
    for (what, sql) in [("tasks", TASKS), ("owners", OWNERS), ("links", LINKS), ("homes", HOMES), ("changes", CHANGES)]
    {
        let sql = by_title(sql);
        let found = difference(&rows(&fresh, &sql), &rows(&rig.store(), &sql));
        wrong.extend(found.into_iter().map(|line| format!("fresh {what}: {line}")));
    }
    wrong
}

/// How much was said, and how much of it may have been said twice, or not at all.
fn figures(name: &str, rig: &Rig<Company>) -> String {
    let beside = &rig.scene.beside;
    let (mails, events) = (beside.mails(), beside.events());
    let hit = beside.mails_hit();
    let missing = hit.keys().filter(|wire| !mails.contains_key(*wire)).count();
    format!(
        "{name}: {} kills between a claim and its record; {} comments and {} messages in Slack, none twice; {} mails, {} \
         times one again, as {} were hit, of which {missing} never came and are said to be unsure; {} events, {} times one \
         again under its id, as {} were hit",
        beside.in_calls(),
        rig.scene.comments(&rig.sim).values().sum::<usize>(),
        rig.sim.slack().markers().len(),
        mails.len(),
        repeats(&mails, hit).0,
        hit.len(),
        events.len(),
        repeats(&events, beside.events_hit()).0,
        beside.events_hit().len(),
    )
}
