//! A search index that lags: hours of work at random, seen late, out of order, and gone again for a while. In the end the
//! mirror is what Jira holds, and nothing was called deleted in between.

use connector_simulator::Jira;
use connector_simulator::jira::IssueDraft;
use jiff::SignedDuration;
use jiff::civil::date;

use super::faults::{EDITIONS, plan};
use crate::lab::{Dice, rows};
use crate::world::{Edition, World, at};

const PEOPLE: [&str; 3] = ["ana", "max", "tom"];
const STATES: [&str; 4] = ["To Do", "In Progress", "In Review", "Done"];

/// What people do, told by dice alone.
struct People {
    dice: Dice,
    keys: Vec<String>,
    made: usize,
    changes: usize,
}

impl People {
    fn act(&mut self, jira: &Jira) {
        for _ in 0..self.dice.below(7) {
            self.deed(jira);
        }
    }

    fn deed(&mut self, jira: &Jira) {
        self.changes += 1;
        let by = PEOPLE[self.dice.below(3)];
        let nth = self.dice.below(self.keys.len().max(1));
        let Some(key) = self.keys.get(nth).cloned().filter(|_| !self.dice.chance(25)) else { return self.open(jira) };
        match self.dice.below(8) {
            0 | 1 => jira.status(&key, STATES[self.dice.below(4)], by),
            2 => jira.assign(&key, Some(PEOPLE[self.dice.below(3)]), by),
            3 => jira.assign(&key, None, by),
            4 => jira.rename(&key, &format!("{key} said in other words, {}", self.changes), by),
            5 => drop(jira.comment(&key, "on it", by)),
            6 => jira.due(&key, Some(date(2026, 4, 1 + i8::try_from(self.dice.below(28)).unwrap())), by),
            _ => {
                let other = if key.starts_with("WEB-") { "OPS" } else { "WEB" };
                self.keys[nth] = jira.move_to(&key, other);
            }
        }
    }

    fn open(&mut self, jira: &Jira) {
        self.made += 1;
        let owner = self.dice.chance(60).then(|| PEOPLE[self.dice.below(3)].to_owned());
        let project = ["WEB", "OPS"][self.dice.below(2)];
        let draft = IssueDraft { assignee: owner, ..IssueDraft::new(&format!("Task {}", self.made)) };
        self.keys.push(jira.issue(project, draft));
    }
}

/// Every issue as it is: number, key, title, status, owner.
fn held(jira: &Jira, edition: Edition) -> Vec<String> {
    let owner = |login: &Option<String>| match (login, edition) {
        (None, _) => "-".to_owned(),
        (Some(login), Edition::Cloud) => jira.account_id(login),
        (Some(login), Edition::DataCenter) => login.clone(),
    };
    let line = |issue: connector_simulator::jira::IssueSeen| {
        let project = issue.key.split('-').next().unwrap_or_default().to_owned();
        let due = if issue.due.is_some() { "due" } else { "-" };
        let owner = owner(&issue.assignee);
        format!("{} | {} | {} | {} | {owner} | {project} | {due}", issue.id, issue.key, issue.title, issue.status)
    };
    let mut lines: Vec<String> = jira.issues().into_iter().map(line).collect();
    lines.sort();
    lines
}

const MIRRORED: &str = "SELECT t.handle, t.key, t.title, t.status_raw, coalesce(a.handle, '-'), c.name,
    CASE WHEN t.due IS NULL THEN '-' ELSE 'due' END
  FROM tasks t JOIN containers c ON c.id = t.container LEFT JOIN task_owners o ON o.task = t.id
  LEFT JOIN accounts a ON a.id = o.account WHERE t.gone_at IS NULL AND NOT t.missing";

/// Status changes in the histories of all mirrored issues.
const STATUS_CHANGES: &str = "SELECT count(*) FROM changes x WHERE x.field = 0";

/// From morning to afternoon with this lag; then the index has time to catch up.
async fn a_day(edition: Edition, seed: u64, lag: u64, by_dice: bool, quiet: SignedDuration) -> (World, usize) {
    let mut world = plan(edition, "").begin("2026-03-02T08:00:00Z").await;
    world.jira().project("OPS", "Operations");
    let mut people = People { dice: Dice(seed), keys: Vec::new(), made: 0, changes: 0 };
    (0..20).for_each(|_| people.open(&world.jira()));
    world.run().await;
    match by_dice {
        true => world.jira().lag_by_dice(seed, lag),
        false => world.jira().lag(lag),
    }
    let mut seconds = 60;
    while world.now() < at("2026-03-02T14:00:00Z") {
        // Not in step with the polls.
        seconds = 60 + (seconds * 7 + 13) % 240;
        people.act(&world.jira());
        world.later(SignedDuration::from_secs(seconds)).poll().await;
        let gone = rows(&world.store(), "SELECT key FROM tasks WHERE gone_at IS NOT NULL");
        assert_eq!(gone, [""; 0], "{edition:?} {seed}: called gone at {}", world.now());
    }
    let until = world.now() + quiet;
    while world.now() < until {
        world.later(SignedDuration::from_mins(10)).poll().await;
    }
    let sent = world.sent();
    assert!(sent.iter().all(|sent| !sent.contains("deleted")), "{edition:?} {seed}: {sent:#?}");
    (world, people.changes)
}

async fn no_change_is_missed(edition: Edition, seeds: &[u64], lag: u64, by_dice: bool, quiet: SignedDuration) {
    let (mut changes, mut missed) = (0, 0);
    for seed in seeds.iter().copied() {
        let (mut world, made) = a_day(edition, seed, lag, by_dice, quiet).await;
        changes += made;
        let (is, ought) = (rows(&world.store(), MIRRORED), held(&world.jira(), edition));
        let wrong = crate::lab::difference(&is, &ought);
        missed += wrong.len();
        assert_eq!(wrong, [""; 0], "{edition:?} {seed}");
        let known = rows(&world.store(), STATUS_CHANGES);
        assert!(known[0].parse::<u32>().unwrap() > 10, "{edition:?} {seed}: hardly anything moved: {known:?}");
        // The histories as well: reading everything again brings nothing new.
        world.jira().lag(0);
        world.engine().core.start_over(world.engine().connections[0].id, world.now()).await.unwrap();
        world.later(SignedDuration::from_mins(30)).run().await;
        assert_eq!(rows(&world.store(), STATUS_CHANGES), known, "{edition:?} {seed}: a history was not whole");
        assert_eq!(rows(&world.store(), MIRRORED), ought, "{edition:?} {seed}");
    }
    let how = if by_dice { "up to " } else { "" };
    println!("figure J-F20: {edition:?}: {changes} changes seen {how}{lag} s late, {missed} missed, 0 called deleted");
}

#[tokio::test]
async fn changes_that_search_shows_late_and_takes_back_for_a_while_are_not_missed() {
    for edition in EDITIONS {
        no_change_is_missed(edition, &[7, 20_260_302], 420, true, SignedDuration::from_mins(40)).await;
    }
}

#[tokio::test]
async fn changes_that_search_shows_hours_late_are_not_missed() {
    for edition in EDITIONS {
        no_change_is_missed(edition, &[11], 3 * 3600, true, SignedDuration::from_hours(8)).await;
    }
}

#[tokio::test]
async fn an_index_that_stands_still_for_hours_is_caught_up_with() {
    for edition in EDITIONS {
        no_change_is_missed(edition, &[3], 2 * 3600, false, SignedDuration::from_hours(4)).await;
    }
}
