//! What is expected of a case at an instant, beside what is said.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::instants::{self, Mistake};
use super::known::Drawing;
use super::{Case, Expect, Gap, Setting};
use crate::domain::board::Board;
use crate::domain::calendar::Calendar;
use crate::domain::finding::{Grounds, Reading, RuleId, Stage, SubjectKey};
use crate::domain::ids::TaskId;
use crate::domain::policy::Policy;
use crate::domain::snapshot::Snapshot;
use crate::rules::{Explained, Rules, explain, known, numbers::numbers, unjudged};

/// Everything that is said at one instant.
pub struct Look<'c> {
    /// When.
    pub at: Timestamp,
    /// The board.
    pub board: Board,
    /// The tasks that are there by then.
    pub keys: Vec<(&'c str, TaskId)>,
    /// What is said where a gap is expected or found, in the order of the case; those that are as expected first.
    pub shown: Vec<Shown>,
}

/// A gap that is expected or found.
pub struct Shown {
    /// The rule.
    pub rule: RuleId,
    /// Its stage, where one is expected.
    pub stage: Option<String>,
    /// What it is about, as the case calls it.
    pub about: String,
    /// The subject. `None`: the task is not there yet.
    pub subject: Option<SubjectKey>,
    /// It is expected.
    pub expected: bool,
    /// It is as it should be: expected and found, with its stage and numbers.
    pub met: bool,
    /// What the rule says. `None`: it is off, or not asked about this subject; then `why` says more.
    pub said: Option<Explained>,
    /// Why nothing is said.
    pub why: &'static str,
    /// Its numbers.
    pub numbers: Map<String, Value>,
    /// Numbers that are not as expected: the name, what was expected, what was found.
    pub differ: Vec<(String, Value, Option<Value>)>,
}

/// What all rules that count say of a drawn case at the instant of an expectation, `path` being where that stands.
///
/// # Errors
/// What the expectation names that is not there.
pub fn look<'c>(
    drawing: &Drawing<'c>,
    (case, expect): (&'c Case, &'c Expect),
    rules: &Rules,
    (policy, setting): (&Policy, &Setting),
    (of_case, path): (&str, &str),
) -> Result<Look<'c>, Vec<Mistake>> {
    let at = instants::instant(&expect.at, &setting.zone, &format!("{path}.at")).map_err(|mistake| vec![mistake])?;
    let counted = counted(case, rules, of_case)?;
    let (board, keys) = drawing.board(at);
    let subject = |gap: &Gap, path: &str| -> Result<(String, Option<SubjectKey>), Mistake> {
        if let Some(person) = &gap.person {
            let account =
                drawing.account_called(person).and_then(|id| board.people.accounts.get(&id)).ok_or_else(|| {
                    let names = board.people.accounts.values().filter_map(|rec| rec.handle.clone());
                    Mistake::new(format!("{path}.person"), person, format!("the case knows nobody called {person}"))
                        .of(names)
                })?;
            return Ok((person.clone(), Some(SubjectKey::Person(account.stands_for()))));
        }
        let nth = drawing.task_called(gap.task.as_deref(), path)?;
        let key = &case.tasks[nth].key;
        let there = keys.iter().find(|(known, _)| known == key).map(|(_, id)| SubjectKey::Task(*id));
        Ok((key.clone(), there))
    };
    let (mut shown, mut mistakes) = (Vec::new(), Vec::new());
    let snapshot = Snapshot { board: &board, policy, now: at };
    for (nth, gap) in expect.gaps.iter().enumerate() {
        let path = format!("{path}.gaps[{nth}]");
        let read = rule_called(&gap.rule, rules, &format!("{path}.rule"))
            .and_then(|rule| stage(gap, &path).map(|()| rule))
            .and_then(|rule| subject(gap, &path).map(|(about, subject)| (rule, about, subject)));
        match read {
            Ok((rule, about, subject)) => shown.push(expected(gap, rule, about, subject, rules, &snapshot)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let mut people: Vec<(String, SubjectKey)> = board
        .people
        .accounts
        .values()
        .map(|rec| (rec.handle.clone().unwrap_or_default(), SubjectKey::Person(rec.stands_for())))
        .collect();
    people.sort();
    let tasks = keys.iter().map(|(key, id)| ((*key).to_owned(), SubjectKey::Task(*id)));
    for (about, subject) in tasks.chain(people) {
        for said in explain(rules, subject, &snapshot) {
            let is_gap = matches!(said.reading, Reading::Gap(_));
            let is_known = shown.iter().any(|one: &Shown| one.rule == said.rule && one.subject == Some(subject));
            let counts = counted.as_ref().is_none_or(|rules| rules.contains(&said.rule));
            if is_gap && !is_known && counts {
                let numbers = numbers_of(&said, subject, &snapshot);
                shown.push(Shown {
                    rule: said.rule,
                    stage: None,
                    about: about.clone(),
                    subject: Some(subject),
                    expected: false,
                    met: false,
                    said: Some(said),
                    why: "",
                    numbers,
                    differ: Vec::new(),
                });
            }
        }
    }
    Ok(Look { at, board, keys, shown })
}

fn expected(
    gap: &Gap,
    rule: RuleId,
    about: String,
    subject: Option<SubjectKey>,
    rules: &Rules,
    snapshot: &Snapshot<'_>,
) -> Shown {
    let said = subject.and_then(|subject| explain(rules, subject, snapshot).into_iter().find(|one| one.rule == rule));
    let why = match subject {
        None => "the task is not there yet",
        Some(_) if rules.get(rule).is_none() && said.is_none() => "the rule is off",
        Some(subject) => unjudged(subject, snapshot).unwrap_or("the rule is not about it, or off for it"),
    };
    let numbers =
        said.as_ref().zip(subject).map(|(said, subject)| numbers_of(said, subject, snapshot)).unwrap_or_default();
    let (is_gap, stage) = match said.as_ref().map(|said| &said.reading) {
        Some(Reading::Gap(finding)) => (true, Some(finding.stage.word())),
        _ => (false, None),
    };
    let differ: Vec<(String, Value, Option<Value>)> = gap
        .numbers
        .iter()
        .filter(|(name, value)| !numbers.get(*name).is_some_and(|found| is_same(found, value)))
        .map(|(name, value)| (name.clone(), value.clone(), numbers.get(name).cloned()))
        .collect();
    let at_stage = gap.stage.as_deref().is_none_or(|wanted| Some(wanted) == stage);
    let met = is_gap && at_stage && differ.is_empty();
    Shown { rule, stage: gap.stage.clone(), about, subject, expected: true, met, said, why, numbers, differ }
}

/// Numbers as they are printed: a share to a thousandth.
fn is_same(found: &Value, wanted: &Value) -> bool {
    match (found.as_f64(), wanted.as_f64()) {
        (Some(found), Some(wanted)) => (found - wanted).abs() < 0.0005,
        _ => found == wanted,
    }
}

fn numbers_of(said: &Explained, subject: SubjectKey, snapshot: &Snapshot<'_>) -> Map<String, Value> {
    let evidence = match &said.reading {
        Reading::Gap(finding) => &finding.evidence,
        Reading::Edge(evidence) | Reading::Clear(Grounds::Measured(evidence)) => evidence,
        Reading::Clear(_) | Reading::Unknown(_) => return Map::new(),
    };
    numbers(evidence, snapshot.now, &calendar(subject, snapshot))
}

/// By whose hours the words and numbers about a subject count.
pub fn calendar(subject: SubjectKey, snapshot: &Snapshot<'_>) -> Arc<Calendar> {
    let people = &snapshot.board.people;
    let owner = match subject {
        SubjectKey::Task(id) => {
            let mut owners = snapshot.board.task(id).into_iter().flat_map(|task| task.owners());
            owners.find(|owner| people.is_human(*owner))
        }
        SubjectKey::Person(id) => snapshot.board.somebody(id).map(|who| who.account),
        _ => None,
    };
    people.calendar(owner).clone()
}

/// The rules that a case looks at. `None`: all.
fn counted(case: &Case, rules: &Rules, path: &str) -> Result<Option<Vec<RuleId>>, Vec<Mistake>> {
    let Some(names) = &case.rules else { return Ok(None) };
    let (mut found, mut mistakes) = (Vec::new(), Vec::new());
    for (nth, name) in names.iter().enumerate() {
        match rule_called(name, rules, &format!("{path}.rules[{nth}]")) {
            Ok(rule) => found.push(rule),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(Some(found)) } else { Err(mistakes) }
}

/// A rule by its name: a built-in one, or one that the configuration has.
fn rule_called(name: &str, rules: &Rules, path: &str) -> Result<RuleId, Mistake> {
    let mut names: Vec<&str> = crate::rules::ids().map(|id| id.0).collect();
    names.extend(rules.iter().map(|rule| rule.id().0).filter(|id| known(id).is_some()));
    names.sort_unstable();
    names.dedup();
    let found = names.contains(&name).then(|| known(name)).flatten();
    found.ok_or_else(|| Mistake::new(path, name, format!("there is no rule {name}")).of(names))
}

fn stage(gap: &Gap, path: &str) -> Result<(), Mistake> {
    let words = [Stage::Opens, Stage::Widens, Stage::Failure].map(|stage| stage.word());
    match &gap.stage {
        Some(stage) if !words.contains(&stage.as_str()) => {
            Err(Mistake::new(format!("{path}.stage"), stage, format!("there is no stage {stage}")).of(words))
        }
        _ => Ok(()),
    }
}
