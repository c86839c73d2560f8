//! A company of fifty people and what they do on an ordinary day, told by dice that fall the same way for the same seed.

use std::collections::BTreeSet;

use connector_simulator::{Github, ProjectValue, Simulator, SlackMessage};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use crate::lab::Dice;
use crate::world::checklist;

/// People of a team; the first of them leads it, and the first of all leads those who lead.
const TEAM: usize = 10;
/// Tasks that everybody has open.
const TASKS: usize = 10;
const BOXES: usize = 5;
/// Where the teams sit: name of the calendar, zone, and the holiday of the month there.
const PLACES: [(&str, &str, &str); 5] = [
    ("berlin", "Europe/Berlin", "2026-05-14"),
    ("berlin", "Europe/Berlin", "2026-05-14"),
    ("london", "Europe/London", "2026-05-25"),
    ("london", "Europe/London", "2026-05-25"),
    ("boston", "America/New_York", "2026-05-25"),
];
/// Who is away, from when, until when.
const AWAY: [(usize, &str, &str); 5] = [
    (13, "2026-05-11", "2026-05-15"),
    (24, "2026-05-06", "2026-05-08"),
    (30, "2026-05-19", "2026-05-20"),
    (38, "2026-05-18", "2026-05-29"),
    (44, "2026-05-25", "2026-05-29"),
];

/// How somebody works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// Writes down what they do, moves a date before it passes, answers.
    Steady,
    /// Writes little, is often late, answers a day or two after being asked.
    Loose,
    /// Works slowly, writes nothing, answers nobody.
    Silent,
}

/// An open task.
#[derive(Debug)]
struct Task {
    number: u64,
    /// Days of work in all, and those that are left.
    effort: f64,
    left: f64,
    due: Option<Date>,
    active: bool,
    ticked: usize,
    /// Whether its steps are written down.
    listed: bool,
    /// Put aside until this day, whatever its date.
    aside: Option<Date>,
}

/// One of the fifty.
pub struct Person {
    nth: usize,
    habit: Habit,
    tasks: Vec<Task>,
    /// Tasks they were written to about, and when they will answer.
    asked: Vec<(u64, Timestamp)>,
}

impl Person {
    /// Which of the fifty.
    pub fn nth(&self) -> usize {
        self.nth
    }

    /// Their login, which is their handle as well.
    pub fn login(&self) -> String {
        login(self.nth)
    }

    /// Their id in Slack.
    pub fn slack(&self) -> String {
        format!("U0P{:02}", self.nth)
    }

    fn team(&self) -> usize {
        self.nth / TEAM
    }

    fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(TimeZone::get(PLACES[self.team()].1).unwrap())
    }

    /// Whether they work on this day.
    fn works_on(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let holiday = day == PLACES[self.team()].2.parse().unwrap();
        let away = |(nth, from, to): &(usize, &str, &str)| {
            *nth == self.nth && (from.parse::<Date>().unwrap()..=to.parse().unwrap()).contains(&day)
        };
        !weekend && !holiday && !AWAY.iter().any(away)
    }

    /// Whether this moment is in their working hours, the last minute included.
    pub fn works_at(&self, at: Timestamp) -> bool {
        let local = self.local(at);
        let minutes = i32::from(local.hour()) * 60 + i32::from(local.minute());
        self.works_on(local.date()) && (9 * 60..=17 * 60).contains(&minutes)
    }

    /// The day it is where they are.
    pub fn day(&self, at: Timestamp) -> Date {
        self.local(at).date()
    }

    /// Which of the four weeks it is for them, counted from 0.
    pub fn week(&self, at: Timestamp) -> usize {
        let first: Date = "2026-05-04".parse().unwrap();
        usize::try_from((self.day(at) - first).get_days() / 7).unwrap_or_default()
    }
}

fn login(nth: usize) -> String {
    format!("p{nth:02}")
}

/// All of them.
pub struct Company {
    pub people: Vec<Person>,
    dice: Dice,
    github: Github,
    opened: usize,
    told: BTreeSet<(String, String, u32)>,
}

impl Company {
    /// Moves them all in, with ten open tasks each.
    pub fn settle(sim: &Simulator, seed: u64, now: Timestamp) -> Company {
        let (github, slack) = (sim.github(), sim.slack());
        github.user("gapwatch-bot");
        github.default_user("gapwatch-bot");
        slack.channel("#delivery");
        slack.channel("#ops");
        for team in 0..PLACES.len() {
            github.repo(&repo(team));
            github.project(&board(team));
        }
        let mut dice = Dice(seed);
        let people = (0..PLACES.len() * TEAM).map(|nth| {
            let habit = match dice.below(10) {
                0 => Habit::Silent,
                1..=3 => Habit::Loose,
                _ => Habit::Steady,
            };
            Person { nth, habit, tasks: Vec::new(), asked: Vec::new() }
        });
        let people: Vec<Person> = people.collect();
        for person in &people {
            github.user(&person.login());
            let (name, zone) = (format!("Person {:02}", person.nth), PLACES[person.team()].1);
            slack.user(&person.slack(), &format!("{}@example.org", person.login()), &name, zone);
        }
        let mut company = Company { people, dice, github, opened: 0, told: BTreeSet::new() };
        for nth in 0..company.people.len() {
            for place in 0..TASKS {
                let back = 24 * (1 + i64::try_from(company.dice.below(30)).unwrap());
                company.open(nth, place, now - SignedDuration::from_hours(back));
            }
            // What they are at when it all begins.
            let habit = company.people[nth].habit;
            for task in 0..2 {
                company.begin(nth, task, now - SignedDuration::from_hours(24 * 2));
                if habit != Habit::Silent {
                    company.write(nth, task, "Started", now - SignedDuration::from_hours(20));
                }
            }
        }
        company
    }

    /// The tables of connections, calendars and people; everything else is as the defaults have it.
    pub fn configuration(&self, sim: &Simulator, store: &std::path::Path) -> String {
        let all = |name: fn(usize) -> String| {
            (0..PLACES.len()).map(|team| format!("\"{}\"", name(team))).collect::<Vec<_>>().join(", ")
        };
        let mut text = format!(
            "mode = \"live\"\n\n[store]\nurl = \"sqlite:{}\"\n\n\
             [github.acme]\nurl = \"{}\"\ntoken = \"test-token\"\nrepos = [{}]\nprojects = [{}]\n\n\
             [slack]\nurl = \"{}\"\nbot_token = \"xoxb-test\"\nchannel = \"#delivery\"\n\n\
             [operators]\nchannel = \"#ops\"\n",
            store.display(),
            sim.github_url(),
            all(repo),
            all(board),
            sim.slack_url(),
        );
        for (name, zone, holiday) in BTreeSet::from(PLACES) {
            text.push_str(&format!("\n[calendars.{name}]\ntz = \"{zone}\"\nholidays = [\"{holiday}\"]\n"));
        }
        for person in &self.people {
            let (login, calendar) = (person.login(), PLACES[person.team()].0);
            text.push_str(&format!(
                "\n[people.{login}]\nname = \"Person {:02}\"\nemail = \"{login}@example.org\"\ncalendar = \"{calendar}\"\n\
                 also = {{ github = \"{login}\", slack = \"{}\" }}\n",
                person.nth,
                person.slack(),
            ));
            let lead = if person.nth % TEAM == 0 { 0 } else { person.team() * TEAM };
            if lead != person.nth {
                text.push_str(&format!("manager = \"{}\"\n", self.people[lead].login()));
            }
            if let Some((_, from, to)) = AWAY.iter().find(|(nth, ..)| *nth == person.nth) {
                text.push_str(&format!("away = [\"{from}..{to}\"]\n"));
            }
        }
        text
    }

    /// What all of them do in this hour.
    pub fn act(&mut self, at: Timestamp) {
        for nth in 0..self.people.len() {
            let person = &self.people[nth];
            if !person.works_at(at) || person.local(at).hour() == 17 {
                continue;
            }
            self.answer(nth, at);
            // Everybody writes down what they did at an hour of their own.
            if usize::try_from(self.people[nth].local(at).hour()).unwrap() == 10 + nth % 7 {
                self.work(nth, at);
            }
        }
    }

    /// They read that they were written to about these issues of their team.
    pub fn read(&mut self, message: &SlackMessage, at: Timestamp) {
        let is_theirs = |person: &Person| message.user.as_ref() == Some(&person.slack());
        let Some(nth) = self.people.iter().position(is_theirs) else { return };
        if !self.told.insert((message.channel.clone(), message.ts.clone(), message.edits)) {
            return;
        }
        let text =
            format!("{}\n{}", message.text, message.blocks.as_ref().map(ToString::to_string).unwrap_or_default());
        let mark = format!("{}#", repo(nth / TEAM));
        let numbers = text.split(&mark).skip(1).filter_map(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>().ok()
        });
        for number in numbers.collect::<BTreeSet<u64>>() {
            let (chance, hours) = match self.people[nth].habit {
                Habit::Steady => (80, 1 + self.dice.below(6)),
                Habit::Loose => (50, 3 + self.dice.below(40)),
                Habit::Silent => (0, 0),
            };
            let person = &mut self.people[nth];
            let known = person.asked.iter().any(|(asked, _)| *asked == number);
            if self.dice.chance(chance) && !known {
                person.asked.push((number, at + SignedDuration::from_hours(i64::try_from(hours).unwrap())));
            }
        }
    }

    /// They answer on the tasks, and move a date that cannot be kept.
    fn answer(&mut self, nth: usize, at: Timestamp) {
        let (due, later) = std::mem::take(&mut self.people[nth].asked).into_iter().partition(|(_, when)| *when <= at);
        self.people[nth].asked = later;
        let due: Vec<(u64, Timestamp)> = due;
        for (number, _) in due {
            let Some(task) = self.people[nth].tasks.iter().position(|task| task.number == number) else { continue };
            self.write(nth, task, "Still on it", at);
            self.people[nth].tasks[task].aside = None;
            self.move_if_late(nth, task, at);
        }
    }

    /// A day's work, as far as the tracker sees it.
    fn work(&mut self, nth: usize, at: Timestamp) {
        let today = self.people[nth].day(at);
        let habit = self.people[nth].habit;
        for task in 0..self.people[nth].tasks.len() {
            let near = self.people[nth].tasks[task].due.is_some_and(|due| due <= today + 1.day());
            let looks_ahead = match habit {
                Habit::Steady => 60,
                Habit::Loose => 15,
                Habit::Silent => 0,
            };
            if near && self.dice.chance(looks_ahead) {
                self.move_if_late(nth, task, at);
            }
        }
        let Some(task) = self.next(nth, today) else { return };
        if !self.people[nth].tasks[task].active {
            self.begin(nth, task, at);
        }
        if self.dice.chance(4) {
            let days = i64::try_from(6 + self.dice.below(8)).unwrap();
            self.people[nth].tasks[task].aside = Some(today + days.days());
        }
        let (pace, writes) = match habit {
            Habit::Steady => (1.0, 60),
            Habit::Loose => (0.85, 25),
            Habit::Silent => (0.4, 0),
        };
        self.people[nth].tasks[task].left -= pace;
        if self.people[nth].tasks[task].left <= 0.0 {
            self.finish(nth, task, at);
        } else if self.people[nth].tasks[task].listed && self.dice.chance(writes) {
            self.tick(nth, task, at);
        } else if self.dice.chance(writes * 2 / 3) {
            self.write(nth, task, "More of it is done", at);
        }
    }

    /// What they work on today: what they have begun before what they have not, and what is due first.
    fn next(&self, nth: usize, today: Date) -> Option<usize> {
        let tasks = self.people[nth].tasks.iter().enumerate();
        let mine = tasks.filter(|(_, task)| task.aside.is_none_or(|until| until <= today));
        mine.min_by_key(|(_, task)| (!task.active, task.due.unwrap_or(Date::MAX), task.number)).map(|(at, _)| at)
    }

    fn issue(&self, nth: usize, task: usize) -> (String, u64) {
        (repo(nth / TEAM), self.people[nth].tasks[task].number)
    }

    fn write(&self, nth: usize, task: usize, words: &str, at: Timestamp) {
        let (repo, number) = self.issue(nth, task);
        self.github.comment_as(&repo, number, &login(nth), words, at);
    }

    fn begin(&mut self, nth: usize, task: usize, at: Timestamp) {
        let (repo, number) = self.issue(nth, task);
        self.people[nth].tasks[task].active = true;
        self.github.project_move(&board(nth / TEAM), (&repo, number), &login(nth), "In Progress", at, false);
        let chance = match self.people[nth].habit {
            Habit::Steady => 80,
            Habit::Loose => 40,
            Habit::Silent => 0,
        };
        let plans = self.dice.chance(chance);
        if self.people[nth].tasks[task].due.is_none() && plans {
            let day = self.people[nth].day(at);
            self.date(nth, task, weekday(day + 10.days()), at);
        }
    }

    /// Ticks as many boxes as are done.
    fn tick(&mut self, nth: usize, task: usize, at: Timestamp) {
        let (repo, number) = self.issue(nth, task);
        let task = &mut self.people[nth].tasks[task];
        let boxes =
            (0..BOXES).filter(|one| (*one as f64 + 1.0) / BOXES as f64 <= 1.0 - task.left / task.effort).count();
        if boxes > task.ticked {
            self.github.tick(&repo, number, boxes - task.ticked, at);
            task.ticked = boxes;
        }
    }

    /// Moves a date that passes before the work is done.
    fn move_if_late(&mut self, nth: usize, task: usize, at: Timestamp) {
        let today = self.people[nth].day(at);
        let Some(due) = self.people[nth].tasks[task].due else { return };
        let needs = self.people[nth].tasks[task].left.ceil() as i64;
        if due < today + needs.days() {
            self.date(nth, task, weekday(today + (needs + 3).days()), at);
        }
    }

    fn date(&mut self, nth: usize, task: usize, day: Date, at: Timestamp) {
        let (repo, number) = self.issue(nth, task);
        self.people[nth].tasks[task].due = Some(day);
        let value = ProjectValue::Date(day);
        self.github.project_set(&board(nth / TEAM), (&repo, number), "Target date", value, at);
    }

    fn finish(&mut self, nth: usize, task: usize, at: Timestamp) {
        let (repo, number) = self.issue(nth, task);
        self.github.close(&repo, number, &login(nth), at, "completed");
        self.people[nth].tasks.remove(task);
        self.open(nth, TASKS - 1, at);
    }

    /// Opens a task that so many others come before. Half of them are given to somebody by whoever leads them.
    fn open(&mut self, nth: usize, place: usize, at: Timestamp) {
        self.opened += 1;
        let team = nth / TEAM;
        let by_lead = self.dice.chance(50);
        let by = if by_lead { login(team * TEAM) } else { login(nth) };
        let effort = 1.5 + self.dice.below(6) as f64 * 0.5;
        let draft = self.github.issue(&repo(team), &format!("Task {}", self.opened)).by(&by).assignee(&login(nth));
        let listed = self.dice.chance(50);
        let body = if listed { checklist(0, BOXES) } else { "As it was talked about.".to_owned() };
        let number = draft.created(at).body(&body).open();
        let issue = (repo(team), number);
        let todo = ProjectValue::Choice("Todo".to_owned());
        self.github.project_set(&board(team), (&issue.0, number), "Status", todo, at);
        self.people[nth].tasks.push(Task {
            number,
            effort,
            left: effort,
            due: None,
            active: false,
            ticked: 0,
            listed,
            aside: None,
        });
        let task = self.people[nth].tasks.len() - 1;
        // What is far away has seldom a date: it gets one as it is begun.
        if self.dice.chance(if place < 5 { 80 } else { 25 }) {
            // Plans are made with some room: four calendar days a task.
            let days = i64::try_from(4 * (place + 1) + self.dice.below(6)).unwrap();
            let begin = self.people[nth].day(at).max("2026-05-04".parse().unwrap());
            self.date(nth, task, weekday(begin + days.days()), at);
        }
        if by_lead && self.people[nth].habit == Habit::Steady && self.dice.chance(75) {
            self.write(nth, task, "Seen", at + SignedDuration::from_mins(20));
        }
    }
}

/// The same day, or the Monday after.
fn weekday(day: Date) -> Date {
    match day.weekday() {
        Weekday::Saturday => day + 2.days(),
        Weekday::Sunday => day + 1.day(),
        _ => day,
    }
}

fn repo(team: usize) -> String {
    format!("acme/team{team}")
}

fn board(team: usize) -> String {
    format!("acme/{}", team + 1)
}
