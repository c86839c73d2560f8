//! A company at work in four trackers at once: people who are told in Slack, by mail, or in comments alone, and what they do,
//! told by dice alone.

use std::collections::BTreeMap;
use std::path::Path;

use connector_simulator::Simulator;
use connector_simulator::asana::TaskDraft;
use connector_simulator::jira::IssueDraft;
use connector_simulator::trello::CardDraft;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::kills::beside::Beside;
use crate::kills::rig::Scene;
use crate::lab::{Dice, github_day};
use crate::world::checklist;

const REPO: &str = "acme/web";
const PROJECT: &str = "WEB";
const SHOP: &str = "Web shop";
/// Our own account, wherever it is.
const US: &str = "gapwatch";
/// People of a team; the first of them leads it, and the first of all leads those who lead.
const TEAM: usize = 6;
/// Of the tasks so many of a hundred are there before it all begins.
const BEFORE: usize = 60;
/// So many are finished in the course of it, beside those that chance finishes.
const FINISHED: usize = 45;

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    GitHub,
    Jira,
    Asana,
    Trello,
}

const PLACES: [Place; 4] = [Place::GitHub, Place::Jira, Place::Asana, Place::Trello];

/// An open task.
#[derive(Debug, Clone)]
struct Task {
    place: Place,
    key: String,
    owner: Option<usize>,
}

impl Task {
    fn number(&self) -> u64 {
        self.key.parse().expect("GitHub's are numbers")
    }
}

/// How somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Slack,
    Mail,
    Comment,
}

fn way(nth: usize) -> Way {
    [Way::Slack, Way::Mail, Way::Comment][nth % 3]
}

fn login(nth: usize) -> String {
    format!("p{nth:02}")
}

/// All of them, their tasks, and what else the program calls.
pub struct Company {
    dice: Dice,
    people: usize,
    tasks: Vec<Task>,
    opened: usize,
    /// Tasks in the end, and times at which people act until then.
    all: usize,
    rounds: usize,
    acted: usize,
    pub beside: Beside,
}

impl Company {
    /// Moves everybody in, with the tasks there were before.
    pub async fn settle(sim: &Simulator, seed: u64, tasks: usize, rounds: usize, now: Timestamp) -> Company {
        let people = (tasks / 40).clamp(TEAM, 4 * TEAM);
        let (github, jira, asana, trello) = (sim.github(), sim.jira(), sim.asana(), sim.trello());
        github.repo(REPO);
        github.bot("renovate[bot]");
        jira.project(PROJECT, SHOP);
        asana.project(SHOP);
        trello.board(SHOP);
        for list in ["To Do", "Doing", "Done"] {
            trello.list(SHOP, list);
        }
        for who in (0..people).map(login).chain([US.to_owned()]) {
            let (name, email) = (format!("Person {who}"), format!("{who}@example.org"));
            github.user(&who);
            jira.person(&who, &name, &email);
            asana.person(&who, &name, &email);
            trello.person(&who, &name);
            trello.join(SHOP, &who);
        }
        github.default_user(US);
        jira.default_user(US);
        asana.default_user(US);
        trello.default_member(US);
        for nth in (0..people).filter(|nth| way(*nth) == Way::Slack) {
            sim.slack().user(&slack(nth), &format!("{}@example.org", login(nth)), &login(nth), "Etc/UTC");
        }
        sim.slack().channel("#delivery");
        sim.slack().channel("#ops");
        for days in 0..70 {
            let day = first_day(now) + days.days();
            github.milestone(REPO, &milestone(day), Some(github_day(&day.to_string())));
        }
        let beside = Beside::new().await;
        let mut company =
            Company { dice: Dice(seed), people, tasks: Vec::new(), opened: 0, all: tasks, rounds, acted: 0, beside };
        for _ in 0..tasks * BEFORE / 100 {
            let hours = i64::try_from(20 + company.dice.below(24 * 20)).unwrap();
            company.open(sim, now - SignedDuration::from_hours(hours), now);
        }
        company
    }

    /// Everything is as the defaults have it, but for two things, so that the story has one outcome only. The limit of an
    /// hour: a kill delays what is said by minutes, and so decides in which hour it counts. Who is told by mail is not looked
    /// for in Slack first: whether its refusal or the comment on the task is there first decides which comment names them.
    pub fn configuration(&self, sim: &Simulator) -> String {
        let mut text = format!(
            "mode = \"live\"\n\
             [github.acme]\nurl = \"{}\"\ntoken = \"test-token\"\nrepos = [\"{REPO}\"]\n\
             [jira.acme]\nurl = \"{}\"\nemail = \"{US}@example.org\"\ntoken = \"test-token\"\nprojects = [\"{PROJECT}\"]\n\
             [asana.acme]\nurl = \"{}\"\ntoken = \"test-token\"\n\
             [trello.acme]\nurl = \"{}\"\nkey = \"test-key\"\ntoken = \"test-token\"\n\
             [slack]\nurl = \"{}\"\nbot_token = \"xoxb-test\"\nchannel = \"#delivery\"\n\
             [operators]\nchannel = \"#ops\"\n\
             [limits]\nper_hour = 10000\n\
             [server]\nlisten = \"off\"\n{}",
            sim.github_url(),
            sim.jira_cloud_url(),
            sim.asana_url(),
            sim.trello_url(),
            sim.slack_url(),
            self.beside.tables(),
        );
        for nth in 0..self.people {
            let who = login(nth);
            let (account, gid) = (sim.jira().account_id(&who), sim.asana().user_gid(&who));
            let slack = if way(nth) == Way::Slack { format!(", slack = \"{}\"", slack(nth)) } else { String::new() };
            let (slack_too, mail) = (way(nth) == Way::Slack, way(nth) == Way::Mail);
            let notify = format!("slack = {slack_too}, email = {mail}");
            text.push_str(&format!(
                "\n[people.{who}]\nemail = \"{who}@example.org\"\ntz = \"Etc/UTC\"\nnotify = {{ {notify} }}\n\
                 also = {{ github = \"{who}\", jira = \"{account}\", asana = \"{gid}\", trello = \"{who}\"{slack} }}\n",
            ));
            let lead = if nth % TEAM == 0 { 0 } else { nth / TEAM * TEAM };
            if lead != nth {
                text.push_str(&format!("manager = \"{}\"\n", login(lead)));
            }
        }
        text
    }

    fn open(&mut self, sim: &Simulator, at: Timestamp, today: Timestamp) {
        self.opened += 1;
        let place = PLACES[self.opened % PLACES.len()];
        let title = format!("Task {}", self.opened);
        let owner = self.dice.chance(90).then(|| self.dice.below(self.people));
        let due = self.dice.chance(75).then(|| self.some_day(today));
        let by = login(self.dice.below(self.people));
        let who = owner.map(login);
        let key = match place {
            Place::GitHub => {
                let mut draft = sim.github().issue(REPO, &title).by(&by).created(at).body(&checklist(0, 5));
                if let Some(who) = &who {
                    draft = draft.assignee(who);
                }
                if let Some(due) = due {
                    draft = draft.milestone(&milestone(due), github_day(&due.to_string()));
                }
                draft.open().to_string()
            }
            Place::Jira => {
                let (reporter, created) = (Some(by), Some(at));
                let draft = IssueDraft { assignee: who, reporter, due, created, ..IssueDraft::new(&title) };
                sim.jira().at(at).issue(PROJECT, draft)
            }
            Place::Asana => {
                let (creator, created) = (Some(by), Some(at));
                let draft = TaskDraft { assignee: who, creator, due, created, ..TaskDraft::new(&title) };
                sim.asana().at(at).task(SHOP, draft)
            }
            Place::Trello => {
                let (creator, created) = (Some(by), Some(at));
                let checks = (0..5).map(|step| (format!("step {step}"), false)).collect();
                let (members, due) = (who.into_iter().collect(), due.map(evening));
                let draft = CardDraft { members, due, creator, created, checks, ..CardDraft::new(&title) };
                sim.trello().at(at).card(SHOP, "To Do", draft)
            }
        };
        self.tasks.push(Task { place, key, owner });
    }

    /// A working day in the next weeks.
    fn some_day(&mut self, now: Timestamp) -> Date {
        let days = i64::try_from(1 + self.dice.below(21)).unwrap();
        weekday(now.to_zoned(TimeZone::UTC).date() + days.days())
    }

    fn deed(&mut self, sim: &Simulator, at: Timestamp) {
        if self.tasks.is_empty() {
            return;
        }
        let nth = self.dice.below(self.tasks.len());
        let task = self.tasks[nth].clone();
        let other = self.dice.below(self.people);
        let by = login(task.owner.unwrap_or(other));
        match self.dice.below(12) {
            0..=2 => comment(sim, &task, &by, "On it.", at),
            3 => comment(sim, &task, &by, ANSWERS[self.dice.below(ANSWERS.len())], at),
            4 | 5 => begin(sim, &task, &by, at),
            6 => tick(sim, &task, &by, at),
            7 => {
                let day = self.some_day(at);
                date(sim, &task, &by, day, at);
            }
            8 => {
                give(sim, &task, other, at);
                self.tasks[nth].owner = Some(other);
            }
            9 => self.block(sim, nth, at),
            10 if task.place == Place::GitHub => comment(sim, &task, "renovate[bot]", "Bump.", at),
            _ => self.finish(sim, at),
        }
    }

    /// Somebody finishes a task.
    fn finish(&mut self, sim: &Simulator, at: Timestamp) {
        if self.tasks.is_empty() {
            return;
        }
        let nth = self.dice.below(self.tasks.len());
        let task = self.tasks.remove(nth);
        let other = self.dice.below(self.people);
        finish(sim, &task, &login(task.owner.unwrap_or(other)), at);
    }

    /// An older task of the same place comes before it.
    fn block(&mut self, sim: &Simulator, nth: usize, at: Timestamp) {
        let task = self.tasks[nth].clone();
        let others: Vec<&Task> = self.tasks[..nth].iter().filter(|other| other.place == task.place).collect();
        if others.is_empty() {
            return;
        }
        let other = others[self.dice.below(others.len())];
        match task.place {
            Place::GitHub => sim.github().block((REPO, task.number()), (REPO, other.number()), &login(0), at),
            Place::Jira => sim.jira().at(at).acting(&login(0)).link(&other.key, &task.key),
            Place::Asana => sim.asana().at(at).acting(&login(0)).block(&other.key, &task.key),
            Place::Trello => sim.trello().at(at).acting(&login(0)).block(&task.key, &other.key),
        }
    }

    /// Each comment of ours by the task's title: how many there are.
    pub fn comments(&self, sim: &Simulator) -> BTreeMap<String, usize> {
        let (github, jira, asana, trello) = (sim.github(), sim.jira(), sim.asana(), sim.trello());
        let mut counts = BTreeMap::new();
        for issue in github.issues(REPO) {
            let ours = github.comments(REPO, issue.number).iter().filter(|one| one.author == US).count();
            counts.insert(issue.title, ours);
        }
        for issue in jira.issues() {
            counts.insert(issue.title, jira.comments(&issue.key).iter().filter(|one| one.author == US).count());
        }
        for task in asana.tasks() {
            counts.insert(task.name, asana.comments(&task.gid).iter().filter(|one| one.author == US).count());
        }
        for card in trello.cards(SHOP) {
            counts.insert(card.name, trello.comments(&card.short_link).iter().filter(|one| one.author == US).count());
        }
        counts
    }
}

impl Scene for Company {
    fn act(&mut self, sim: &Simulator, at: Timestamp) {
        self.acted += 1;
        let before = self.all * BEFORE / 100;
        let by_now = before + (self.all - before) * self.acted / self.rounds;
        let opens = by_now.min(self.all).saturating_sub(self.opened);
        for _ in 0..8 + opens {
            self.deed(sim, at);
        }
        for _ in 0..self.all * FINISHED / 100 / self.rounds {
            self.finish(sim, at);
        }
        for _ in 0..opens {
            self.open(sim, at, at);
        }
    }

    fn calls(&self) -> usize {
        self.beside.calls()
    }

    fn is_blind(&self) -> bool {
        true
    }

    fn taken(&self) -> usize {
        self.beside.taken()
    }

    fn hang(&self, secs: u64, done: bool) {
        self.beside.hang(secs, done);
    }

    fn heal(&self) {
        self.beside.heal();
    }

    fn killed(&mut self, store: &Path) {
        self.beside.killed(store);
    }
}

/// What people answer to us on a task.
const ANSWERS: [&str; 4] =
    ["/gapwatch on it", "/gapwatch snooze 2d the client is away", "/gapwatch snooze 1d", "/gapwatch done"];

fn comment(sim: &Simulator, task: &Task, by: &str, words: &str, at: Timestamp) {
    match task.place {
        Place::GitHub => drop(sim.github().comment_as(REPO, task.number(), by, words, at)),
        Place::Jira => drop(sim.jira().at(at).comment(&task.key, words, by)),
        Place::Asana => drop(sim.asana().at(at).comment(&task.key, words, by)),
        Place::Trello => drop(sim.trello().at(at).comment(&task.key, words, by)),
    }
}

fn begin(sim: &Simulator, task: &Task, by: &str, at: Timestamp) {
    match task.place {
        Place::GitHub => comment(sim, task, by, "Begun.", at),
        Place::Jira => sim.jira().at(at).status(&task.key, "In Progress", by),
        Place::Asana => sim.asana().at(at).section_move(&task.key, SHOP, "Doing", by),
        Place::Trello => sim.trello().at(at).to_list(&task.key, "Doing", by),
    }
}

fn tick(sim: &Simulator, task: &Task, by: &str, at: Timestamp) {
    match task.place {
        Place::GitHub => sim.github().tick(REPO, task.number(), 1, at),
        Place::Trello => sim.trello().at(at).tick(&task.key, 1, by),
        Place::Jira | Place::Asana => comment(sim, task, by, "More of it is done.", at),
    }
}

fn date(sim: &Simulator, task: &Task, by: &str, day: Date, at: Timestamp) {
    match task.place {
        Place::GitHub => sim.github().set_milestone(REPO, task.number(), by, Some(&milestone(day)), at),
        Place::Jira => sim.jira().at(at).due(&task.key, Some(day), by),
        Place::Asana => sim.asana().at(at).due(&task.key, Some(day), by),
        Place::Trello => sim.trello().at(at).due(&task.key, Some(evening(day)), by),
    }
}

fn give(sim: &Simulator, task: &Task, to: usize, at: Timestamp) {
    let (from, to, by) = (task.owner.map(login), login(to), login(0));
    if from.as_ref() == Some(&to) {
        return;
    }
    match task.place {
        Place::GitHub => {
            from.iter().for_each(|from| sim.github().unassign(REPO, task.number(), &by, from, at));
            sim.github().assign(REPO, task.number(), &by, &to, at);
        }
        Place::Jira => sim.jira().at(at).assign(&task.key, Some(&to), &by),
        Place::Asana => sim.asana().at(at).assign(&task.key, Some(&to), &by),
        Place::Trello => {
            let trello = sim.trello().at(at);
            from.iter().for_each(|from| trello.unassign(&task.key, from, &by));
            trello.assign(&task.key, &to, &by);
        }
    }
}

fn finish(sim: &Simulator, task: &Task, by: &str, at: Timestamp) {
    match task.place {
        Place::GitHub => sim.github().close(REPO, task.number(), by, at, "completed"),
        Place::Jira => sim.jira().at(at).status(&task.key, "Done", by),
        Place::Asana => sim.asana().at(at).complete(&task.key, by),
        Place::Trello => sim.trello().at(at).complete(&task.key, true, by),
    }
}

fn slack(nth: usize) -> String {
    format!("U0P{nth:02}")
}

fn first_day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

fn milestone(day: Date) -> String {
    format!("By {day}")
}

fn evening(day: Date) -> Timestamp {
    day.at(17, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp()
}

/// The same day, or the Monday after.
fn weekday(day: Date) -> Date {
    match day.weekday() {
        Weekday::Saturday => day + 2.days(),
        Weekday::Sunday => day + 1.day(),
        _ => day,
    }
}
