//! Runs `tests/cases/<rule>.txt`: each case is a board of a few lines and what that rule says about it.
//!
//! ```text
//! == the case, as a sentence
//! now   2025-03-11 09:00    calendar mon-fri 09-17
//! task  A  in-progress  owner ana  start 2025-03-03  due 2025-03-14  progress 20%
//! --
//! pace.behind A widens: progress 0.2, elapsed 0.6
//! ```
//!
//! Below the line: `quiet`, or all findings, one a line: rule, key, stage, optionally `digest` or `direct` (how it first
//! speaks) and `to` whom, and after a colon any of its numbers. `unknown KEY: why`, `edge KEY` and `clear KEY: why` are told
//! where a case is about them, and `recheck KEY 2025-03-14 09:00`; `nothing KEY`: it was not judged at all.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::testing::{Sketch, policy, settings};
use super::{Explained, Rules, explain, ids, known, numbers::numbers, unjudged};
use crate::domain::board::Board;
use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Grounds, ITSELF, Reading, RuleId, SubjectKey};
use crate::domain::ids::{ConnectionId, ContainerId};
use crate::domain::snapshot::Snapshot;

fn cases_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn file_of(rule: RuleId) -> PathBuf {
    cases_dir().join(rule.0.replace('.', "_")).with_extension("txt")
}

#[test]
fn every_rule_has_cases_that_fire_and_cases_that_stay_quiet() {
    for rule in ids() {
        let text =
            std::fs::read_to_string(file_of(rule)).unwrap_or_else(|e| panic!("{}: {e}", file_of(rule).display()));
        let cases = split(&text);
        let fires =
            cases.iter().filter(|case| case.expected.iter().any(|line| known(first_word(line)).is_some())).count();
        let quiet = cases.iter().filter(|case| case.expected.contains(&"quiet")).count();
        assert!(fires >= 2 && quiet >= 3, "{rule}: {fires} cases fire, {quiet} stay quiet");
    }
}

#[test]
fn every_file_is_that_of_a_rule() {
    let files: Vec<PathBuf> = ids().map(file_of).collect();
    for entry in std::fs::read_dir(cases_dir()).unwrap_or_else(|error| panic!("{error}")).flatten() {
        assert!(files.contains(&entry.path()), "no rule is called like {}", entry.path().display());
    }
}

#[test]
fn the_rules_say_what_the_cases_expect() {
    let mut wrong = Vec::new();
    for rule in ids() {
        let text =
            std::fs::read_to_string(file_of(rule)).unwrap_or_else(|e| panic!("{}: {e}", file_of(rule).display()));
        for case in split(&text) {
            if let Err(how) = run(rule, &case) {
                wrong.push(format!("{rule}: {}\n{how}", case.title));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

pub(super) struct Case<'a> {
    pub(super) title: &'a str,
    pub(super) given: Vec<&'a str>,
    pub(super) expected: Vec<&'a str>,
}

pub(super) fn split(text: &str) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    let mut below = false;
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim());
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(title) = line.strip_prefix("== ") {
            cases.push(Case { title, given: Vec::new(), expected: Vec::new() });
            below = false;
            continue;
        }
        let case = cases.last_mut().unwrap_or_else(|| panic!("before the first case: {line}"));
        match (line, below) {
            ("--", _) => below = true,
            (line, false) => case.given.push(line),
            (line, true) => case.expected.push(line),
        }
    }
    cases
}

fn first_word(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

/// What was said, by key of the subject.
pub(super) struct Said {
    board: Board,
    now: Timestamp,
    by_key: BTreeMap<String, (SubjectKey, Option<Explained>)>,
}

fn run(rule: RuleId, case: &Case<'_>) -> Result<(), String> {
    let said = judge_case(rule, &case.given);
    let mut told: Vec<&String> = Vec::new();
    let mut wrong = Vec::new();
    for line in &case.expected {
        match said.meets(rule, line) {
            Ok(key) => told.extend(said.by_key.get_key_value(key).map(|(key, _)| key)),
            Err(how) => wrong.push(format!("  expected {line}\n  but      {how}")),
        }
    }
    for (key, (_, answer)) in &said.by_key {
        let gap = answer.as_ref().is_some_and(|answer| matches!(answer.reading, Reading::Gap(_)));
        if gap && !told.contains(&key) && wrong.is_empty() {
            wrong.push(format!("  not expected {}", said.words(key)));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

pub(super) fn judge_case(rule: RuleId, given: &[&str]) -> Said {
    let mut sketch = Sketch::new();
    let mut rules = Rules::new(&settings());
    for line in given {
        match line.strip_prefix("off ") {
            Some(_) => rules = Rules::new(&off(rule)),
            None => sketch.line(line),
        }
    }
    let now = sketch.now;
    let homes = sketch.homes();
    let (board, keys) = sketch.board(false);
    let policy = policy();
    let snapshot = Snapshot { board: &board, policy: &policy, now };
    let tasks = keys.into_iter().map(|(key, id)| (key, SubjectKey::Task(id)));
    let connection = ("github.acme".to_owned(), SubjectKey::Connection(ConnectionId(1)));
    let container = ("acme/web".to_owned(), SubjectKey::Container(ContainerId(1)));
    let people = board
        .people
        .accounts
        .values()
        .map(|rec| (rec.handle.clone().unwrap_or_default(), SubjectKey::Person(rec.stands_for())));
    let people: Vec<_> = people.collect();
    let homes = homes.into_iter().map(|(name, id)| (name, SubjectKey::Container(id)));
    let by_key = homes
        .chain(tasks)
        .chain([connection, container, (ITSELF.to_owned(), SubjectKey::System)])
        .chain(people)
        .map(|(key, subject)| {
            let answer = explain(&rules, subject, &snapshot).into_iter().find(|answer| answer.rule == rule);
            assert!(answer.is_none() || unjudged(subject, &snapshot).is_none());
            (key, (subject, answer))
        })
        .collect();
    Said { board, now, by_key }
}

fn off(rule: RuleId) -> super::settings::RuleSettings {
    let mut settings = settings();
    match rule.0 {
        "due.none" => settings.due.none.enabled = false,
        "wip.limit" => settings.wip.limit.enabled = false,
        other => panic!("no case switches {other} off yet"),
    }
    settings
}

impl Said {
    /// The key that a line is about, if all it says is so.
    fn meets<'l>(&self, rule: RuleId, line: &'l str) -> Result<&'l str, String> {
        if line == "quiet" {
            return Ok("");
        }
        let (head, numbers) = line.split_once(": ").map_or((line, ""), |(head, numbers)| (head, numbers));
        let mut words = head.split_whitespace();
        let (verb, key) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let rest: Vec<&str> = words.collect();
        let answer = self.by_key.get(key).ok_or_else(|| format!("there is no {key}"))?.1.as_ref();
        let met = match (verb, answer.map(|answer| &answer.reading)) {
            ("nothing", answer) => answer.is_none(),
            ("edge", Some(Reading::Edge(_))) => true,
            ("unknown", Some(Reading::Unknown(why))) => numbers.is_empty() || why.words() == numbers,
            ("clear", Some(Reading::Clear(grounds))) => numbers.is_empty() || grounds_words(grounds) == numbers,
            ("recheck", Some(_)) => answer.is_some_and(|answer| self.rechecks(answer, &rest)),
            (verb, Some(Reading::Gap(finding))) => {
                verb == rule.0 && self.is_said(finding, &rest) && self.has(&finding.evidence, key, numbers)
            }
            _ => false,
        };
        if met { Ok(key) } else { Err(self.words(key)) }
    }

    fn rechecks(&self, answer: &Explained, words: &[&str]) -> bool {
        let zone = self.board.people.default_calendar.zone().clone();
        let civil = |at: Timestamp| at.to_zoned(zone).datetime().strftime("%Y-%m-%d %H:%M").to_string();
        answer.recheck_at.map_or("never".to_owned(), civil) == words.join(" ")
    }

    fn is_said(&self, finding: &Finding, words: &[&str]) -> bool {
        let mut words = words.iter();
        let mut met = words.next() == Some(&finding.stage.word());
        while let Some(word) = words.next() {
            met &= match *word {
                "digest" => finding.first == Some(FirstWord::Digest),
                "direct" => finding.first == Some(FirstWord::Direct),
                "to" => words.next().copied() == Some(self.addressee(finding).as_str()),
                _ => false,
            };
        }
        met
    }

    /// Every gap, as `rule KEY stage to whom`.
    pub(super) fn gaps(&self) -> Vec<String> {
        let gap = |(key, (_, answer)): (&String, &(SubjectKey, Option<Explained>))| {
            let answer = answer.as_ref()?;
            let Reading::Gap(finding) = &answer.reading else { return None };
            Some(format!("{} {key} {} to {}", answer.rule, finding.stage.word(), self.addressee(finding)))
        };
        self.by_key.iter().filter_map(gap).collect()
    }

    fn addressee(&self, finding: &Finding) -> String {
        match finding.addressee {
            Addressee::Owners => "owners".to_owned(),
            Addressee::Account(account) => self.board.people.handle(account),
            Addressee::Manager => "manager".to_owned(),
            Addressee::Operators => "operators".to_owned(),
        }
    }

    fn numbers(&self, key: &str, evidence: &Evidence) -> Map<String, Value> {
        let owner = match self.by_key.get(key) {
            Some((SubjectKey::Task(id), _)) => self.board.task(*id).and_then(|task| task.owners().next()),
            Some((SubjectKey::Person(id), _)) => self.board.somebody(*id).map(|who| who.account),
            _ => None,
        };
        numbers(evidence, self.now, self.board.people.calendar(owner))
    }

    fn has(&self, evidence: &Evidence, key: &str, expected: &str) -> bool {
        let numbers = self.numbers(key, evidence);
        expected.split(", ").filter(|pair| !pair.is_empty()).all(|pair| {
            let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
            numbers.get(name).is_some_and(|found| plain(found) == value)
        })
    }

    fn words(&self, key: &str) -> String {
        let Some(answer) = self.by_key.get(key).and_then(|(_, answer)| answer.as_ref()) else {
            return format!("nothing about {key}");
        };
        let said = match &answer.reading {
            Reading::Clear(grounds) => format!("clear {key}: {}", grounds_words(grounds)),
            Reading::Edge(_) => format!("edge {key}"),
            Reading::Unknown(why) => format!("unknown {key}: {}", why.words()),
            Reading::Gap(finding) => {
                let numbers = self.numbers(key, &finding.evidence);
                let pairs: Vec<String> =
                    numbers.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
                let first = finding.first.map_or(String::new(), |first| format!(" {first:?}").to_lowercase());
                let to = self.addressee(finding);
                format!("{} {key} {}{first} to {to}: {}", answer.rule, finding.stage.word(), pairs.join(", "))
            }
        };
        format!("{said} (recheck {:?})", answer.recheck_at)
    }
}

fn grounds_words(grounds: &Grounds) -> &'static str {
    match grounds {
        Grounds::NotApplicable(why) | Grounds::Because(why) => why,
        Grounds::Measured(_) => "measured",
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
