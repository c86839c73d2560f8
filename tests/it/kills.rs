//! The built program is killed with -9 a hundred times, wherever it happens to be, and started again. In the end nothing is
//! missing and nothing was said twice: its mirror, its gaps and its words are those of a program that nobody disturbed.

mod aim;
mod beside;
mod month;
mod rig;
mod runs;

use std::sync::{Arc, Mutex};

use connector_simulator::{Github, Simulator};
use jiff::{SignedDuration, Timestamp};

use self::rig::{Moment, Plan, Rig, Scene};
use crate::lab::{Dice, PEOPLE, REPO, company, configuration, github_day};

const KILLS: usize = 100;
const SEED: u64 = 20_260_302;

/// Another story with other kills: `KILLS_SEED=7`.
fn seed() -> u64 {
    number("KILLS_SEED").unwrap_or(SEED)
}

/// A number of the environment. `None`: it says none.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn plan() -> Plan {
    Plan { story: story(), seed: seed(), kills: KILLS, ahead: KILLS, again: 72 }
}

/// Weeks: on each day two rounds of a look, deeds, and the time after they have settled, each followed by four quiet minutes
/// to find what a kill has left behind; then days on which only time passes.
///
/// What people do and what time does never fall together, so that the story has one outcome only: each working day begins
/// seven minutes later than the one before, so what falls due a working day after a message is seen before the next deeds.
fn story() -> Vec<Moment> {
    let first: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    let moment = |day: i64, minutes: i64, deeds, kills| Moment {
        at: first + SignedDuration::from_hours(24 * day) + SignedDuration::from_mins(minutes),
        deeds,
        kills,
    };
    let acts = [(0, false), (6, true), (26, false)];
    let round = acts.map(|(at, deeds)| [(at, deeds, true), (at + 4, false, false)]).concat();
    let mut story = Vec::new();
    for (day, begin) in (0..26).filter(|day| day % 7 < 5).zip((537..).step_by(7)) {
        for begin in [begin, begin + 300] {
            story.extend(round.iter().map(|(at, deeds, kills)| moment(day, begin + at, *deeds, *kills)));
        }
    }
    story.extend((26..36).flat_map(|day| [600, 700, 960].map(|minutes| moment(day, minutes, false, false))));
    story
}

/// What people do, told by dice alone: the same on every simulator.
struct People {
    dice: Dice,
    open: Vec<u64>,
    opened: u32,
}

impl People {
    fn new() -> People {
        People { dice: Dice(seed()), open: Vec::new(), opened: 0 }
    }

    fn deed(&mut self, github: &Github, at: Timestamp) {
        let who = PEOPLE[self.dice.below(PEOPLE.len())];
        let issue = self.dice.pick(&self.open);
        match (self.dice.below(12), issue) {
            (0..=3, _) | (_, None) => self.open(github, at),
            (4, Some(issue)) => github.assign(REPO, issue, "max-w", who, at),
            (5, Some(issue)) => github.unassign(REPO, issue, "max-w", who, at),
            (6, Some(issue)) => github.tick(REPO, issue, 1, at),
            (7, Some(issue)) => drop(github.comment_as(REPO, issue, who, "On it.", at)),
            (8, Some(issue)) => drop(github.comment_as(REPO, issue, "renovate[bot]", "Bump.", at)),
            (9, Some(issue)) => {
                github.close(REPO, issue, who, at, "completed");
                self.open.retain(|other| *other != issue);
            }
            (10, Some(issue)) => github.set_milestone(REPO, issue, "max-w", Some(MILESTONES[self.dice.below(4)].0), at),
            (_, Some(issue)) => {
                let other = self.open[self.dice.below(self.open.len())];
                if other < issue {
                    github.block((REPO, issue), (REPO, other), "max-w", at);
                }
            }
        }
    }

    fn open(&mut self, github: &Github, at: Timestamp) {
        self.opened += 1;
        let mut draft = github.issue(REPO, &format!("Task {}", self.opened)).by("max-w").created(at);
        draft = draft.body("- [ ] one\n- [ ] two\n- [ ] three\n- [ ] four\n- [ ] five\n");
        if self.dice.chance(75) {
            draft = draft.assignee(PEOPLE[self.dice.below(PEOPLE.len())]);
        }
        if self.dice.chance(80) {
            let (title, due) = MILESTONES[self.dice.below(4)];
            draft = draft.milestone(title, github_day(due));
        }
        self.open.push(draft.open());
    }
}

impl Scene for People {
    fn act(&mut self, sim: &Simulator, at: Timestamp) {
        let deeds = 2 + self.dice.below(3);
        for _ in 0..deeds {
            self.deed(&sim.github(), at);
        }
    }
}

/// The company with nobody having done anything yet.
async fn begun(at: Timestamp) -> Rig<People> {
    let now = Arc::new(Mutex::new(at));
    let shown = now.clone();
    let sim = company(Arc::new(move || *shown.lock().unwrap())).await;
    for (title, due) in MILESTONES {
        sim.github().milestone(REPO, title, Some(github_day(due)));
    }
    let text = configuration(&sim, "", "", "");
    Rig::new(sim, now, &text, People::new())
}

const MILESTONES: [(&str, &str); 4] =
    [("Alpha", "2026-03-06"), ("Beta", "2026-03-12"), ("Gamma", "2026-03-19"), ("Delta", "2026-03-27")];
