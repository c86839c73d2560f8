//! A month of ordinary work of fifty people, with everything as the defaults have it: how much they hear, and when.

mod company;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use connector_kit::Clock;
use connector_kit::clock::SetClock;
use connector_simulator::{Simulator, SlackMessage};
use gapwatch::daemon::Engine;
use gapwatch::store::StorePath;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use self::company::Company;
use crate::lab::{at, parse, rows};

const SEED: u64 = 20_260_504;

/// Another month: `MONTH_SEED=7`.
fn seed() -> u64 {
    std::env::var("MONTH_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(SEED)
}

struct Month {
    sim: Simulator,
    clock: Arc<SetClock>,
    engine: Engine,
    company: Company,
    folder: TempDir,
}

impl Month {
    async fn begin(now: &str) -> Month {
        let clock = Arc::new(SetClock::leaping(at(now)));
        let shown = clock.clone();
        let sim = Simulator::start(Arc::new(move || shown.now())).await.unwrap();
        let company = Company::settle(&sim, seed(), at(now));
        let folder = TempDir::new().unwrap();
        let store = folder.path().join("gapwatch.db");
        let text = company.configuration(&sim, &store);
        std::fs::write(folder.path().join("gapwatch.toml"), &text).unwrap();
        let engine = Engine::start(&parse(&text), StorePath::File(store), clock.clone()).unwrap();
        Month { sim, clock, engine, company, folder }
    }

    fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.folder.path().join("gapwatch.db"), sql)
    }

    /// Four weeks. Work is done at every hour; on working days it is looked at by night, as the places begin their work, and
    /// in the afternoons; at noon on weekends.
    async fn pass(&mut self) {
        let first = self.clock.now();
        for hour in 0..24 * 28 {
            let now = first + SignedDuration::from_hours(hour);
            self.company.act(now);
            let looks: &[i64] = if hour / 24 % 7 < 5 { &[3, 7, 8, 14, 19] } else { &[12] };
            if !looks.contains(&(hour % 24)) {
                continue;
            }
            self.clock.set(now.max(self.clock.now()));
            self.look().await;
            for message in self.direct() {
                self.company.read(&message, now);
            }
        }
    }

    async fn look(&self) {
        self.engine.pull(false).await.unwrap();
        for _ in 0..50 {
            assert_eq!(self.engine.decide().await.unwrap(), None, "the clock is believed");
            if self.engine.deliver().await.unwrap() == 0 {
                return;
            }
        }
        panic!("there is no end of messages");
    }

    /// Every direct message of ours.
    fn direct(&self) -> Vec<SlackMessage> {
        let all = self.sim.slack().messages().into_iter();
        all.filter(|message| message.ours && message.user.is_some()).collect()
    }
}

/// What a message in Slack is, by the post that the store keeps of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    /// An answer below a message: something has ended, or has changed.
    Answer,
    /// The grouped message of the day.
    Day,
    /// What could not wait: a failure.
    Failure,
    /// What could not wait: a date that is near.
    Near,
    /// The digest of a person, of whoever leads, and the report of the week.
    Person,
    Lead,
    Week,
}

/// One direct message.
struct Heard {
    sort: Sort,
    nth: usize,
    at: Timestamp,
}

impl Month {
    /// Every direct message with what it is and who got it; each is one that the store knows.
    fn heard(&self) -> Vec<Heard> {
        let posts = self.rows("SELECT ref, about_kind, id FROM posts WHERE ref LIKE 'D%/%'");
        let posts: BTreeMap<&str, (&str, &str)> = posts
            .iter()
            .filter_map(|row| {
                let mut cells = row.split(" | ");
                Some((cells.next()?, (cells.next()?, cells.next()?)))
            })
            .collect();
        let failures = self.rows(
            "SELECT DISTINCT post FROM notices WHERE post IS NOT NULL AND json_extract(evidence, '$.stage') = 'failure'",
        );
        let sort = |message: &SlackMessage| {
            if message.thread_ts.is_some() {
                return Sort::Answer;
            }
            let reference = format!("{}/{}", message.channel, message.ts);
            match posts.get(reference.as_str()).unwrap_or_else(|| panic!("the store does not know {message:?}")) {
                ("1", _) => Sort::Day,
                ("2", id) if failures.iter().any(|failure| failure == id) => Sort::Failure,
                ("2", _) => Sort::Near,
                ("3", _) => Sort::Person,
                ("4", _) => Sort::Lead,
                ("5", _) => Sort::Week,
                other => panic!("{other:?} is no direct message: {message:?}"),
            }
        };
        let nth = |message: &SlackMessage| {
            let is_theirs = |person: &company::Person| message.user.as_ref() == Some(&person.slack());
            self.company.people.iter().position(is_theirs).expect("it went to one of the company")
        };
        let all = self.direct();
        all.iter().map(|message| Heard { sort: sort(message), nth: nth(message), at: message.at }).collect()
    }

    /// When the program says, asked for why, that somebody was told something.
    fn explained(&self, login: &str) -> Vec<Timestamp> {
        let clock = self.folder.path().join("clock");
        std::fs::write(&clock, self.clock.now().to_string()).unwrap();
        let done = Command::new(env!("CARGO_BIN_EXE_gapwatch"))
            .arg("-c")
            .arg(self.folder.path().join("gapwatch.toml"))
            .args(["why", login, "--since", "40d", "-o", "json"])
            .env("GAPWATCH_TEST_CLOCK", clock)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&done.stdout).unwrap();
        let sent = rows.iter().filter(|row| row["decision"] == "sent" && row["recipient"] == login);
        sent.map(|row| row["told_at"].as_str().unwrap().parse().unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_of_fifty_people_stays_within_the_budget_of_noise() {
    let began = Instant::now();
    let mut month = Month::begin("2026-05-04T00:00:00Z").await;
    month.pass().await;
    let heard = month.heard();
    let people = &month.company.people;

    // How often on one day, and never outside of working hours.
    let mut days: BTreeMap<(usize, Date, Sort), usize> = BTreeMap::new();
    for one in &heard {
        let person = &people[one.nth];
        assert!(person.works_at(one.at), "{} was written to at {}, {:?}", person.login(), one.at, one.sort);
        *days.entry((one.nth, person.day(one.at), one.sort)).or_default() += 1;
    }
    for ((nth, day, sort), count) in &days {
        let is_limited = matches!(sort, Sort::Day | Sort::Person | Sort::Lead | Sort::Week);
        assert!(!is_limited || *count == 1, "{count} of {sort:?} to {} on {day}", people[*nth].login());
    }

    // One comment on a task, whatever happens to it.
    let mut comments = 0;
    for team in 0..people.len() / 10 {
        let repo = format!("acme/team{team}");
        for issue in month.sim.github().issues(&repo) {
            let all = month.sim.github().comments(&repo, issue.number);
            let ours = all.iter().filter(|comment| comment.author == "gapwatch-bot").count();
            assert!(ours <= 1, "{ours} comments on {repo}#{}", issue.number);
            comments += ours;
        }
    }

    // How much in a week, from the second one on.
    let steady = |sort: Sort| heard.iter().filter(|one| one.sort == sort && people[one.nth].week(one.at) > 0).count();
    let weekly = |count: usize| count as f64 / people.len() as f64 / 3.0;
    for sort in [Sort::Day, Sort::Near, Sort::Failure, Sort::Answer, Sort::Person, Sort::Lead, Sort::Week] {
        let all = heard.iter().filter(|one| one.sort == sort).count();
        println!("{sort:?}: {all} in the month, {:.2} a person and week from the second on", weekly(steady(sort)));
    }
    println!("{comments} comments; seed {}, {:?}", seed(), began.elapsed());
    for row in month.rows(
        "SELECT a.rule, CASE n.reason WHEN 5 THEN 'repeated' ELSE 'news' END, n.channel, count(*) FROM notices n
         JOIN alerts a ON a.id = n.alert WHERE n.state = 2 AND n.reason <> 3 GROUP BY 1, 2, 3",
    ) {
        println!("{row}");
    }
    // What the messages of the day were made of when they left: what made them is said first.
    for row in month.rows(
        "SELECT word, count(*) FROM (SELECT p.id, CASE min(n.reason = 5) WHEN 1 THEN 'only repeated: ' ELSE
           CASE max(n.reason = 5) WHEN 1 THEN 'news and repeated: ' ELSE 'news: ' END END || group_concat(DISTINCT a.rule) AS word
         FROM posts p JOIN notices n ON n.post = p.id AND n.state = 2 AND n.reason NOT IN (3) JOIN alerts a ON a.id = n.alert
         JOIN messages m ON m.id = n.message AND m.op = 0 WHERE p.about_kind = 1 GROUP BY p.id) GROUP BY word",
    ) {
        println!("made of {row}");
    }
    assert!(weekly(steady(Sort::Day)) <= 2.0, "grouped messages a person and week");
    for sort in [Sort::Day, Sort::Failure, Sort::Person, Sort::Lead, Sort::Week] {
        assert!(steady(sort) > 0, "in a month there is one of {sort:?}");
    }
    assert!(comments > 0);

    // Why each of them was sent can be asked for.
    for person in people.iter().step_by(5) {
        let told = month.explained(&person.login());
        let theirs = heard.iter().filter(|one| people[one.nth].nth() == person.nth());
        for one in theirs.filter(|one| matches!(one.sort, Sort::Day | Sort::Near | Sort::Failure | Sort::Person)) {
            let is_it = |told: &Timestamp| (*told - one.at).total(jiff::Unit::Second).unwrap().abs() <= 120.0;
            assert!(told.iter().any(is_it), "{:?} to {} at {}: {told:?}", one.sort, person.login(), one.at);
        }
    }
    println!("{:?} in all", began.elapsed());
}
