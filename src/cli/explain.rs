//! `explain`: every rule about one task, person, place or connection: verdict, numbers, where each threshold comes from, the
//! next look.

use connector_model::Need;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::open::{From, Stopped, View, no_csv, print_json};
use super::routed::RouteShown;
use super::table::{plain, when};
use super::{Exit, Output, documents, norms, subject};
use crate::domain::finding::{Grounds, Reading, RuleId, SubjectKey, Why};
use crate::domain::ids::TaskId;
use crate::domain::look::Look;
use crate::domain::row::TaskRow;
use crate::messages::scene::Scene;
use crate::messages::wording;
use crate::rules::{self, Explained};
use crate::store::BoardSaid;

/// `gapwatch.explain/1`
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    /// `null`: it is about something else.
    task: Option<Task>,
    subject: documents::Subject,
    boards: Vec<Board>,
    rules: Vec<Rule>,
}

/// What a board says of the task; those further up count before those below.
#[derive(Debug, Serialize)]
struct Board {
    board: String,
    says: Map<String, Value>,
    since: Timestamp,
}

#[derive(Debug, Serialize)]
struct Task {
    connection: String,
    key: String,
    url: String,
    title: String,
}

#[derive(Debug, Serialize)]
struct Rule {
    rule: &'static str,
    verdict: &'static str,
    because: String,
    evidence: Map<String, Value>,
    thresholds: Map<String, Value>,
    norms: Vec<norms::Shown>,
    next_check_at: Option<Timestamp>,
    gap: Option<String>,
    /// Who hears of the gap in which order, where that is not the usual ladder.
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<RouteShown>,
    /// What the rule needs and the connection does not tell.
    missing: Option<&'static str>,
}

/// Prints why something is flagged, or not.
pub(super) fn explain(from: &From, about: &str, at: Option<&str>) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let view = View::open(from, at)?;
    let subject = subject::find(&view, about)?;
    let explained = rules::explain(&view.rules, subject, &view.snapshot());
    let mut tasks: Vec<TaskId> = explained.iter().flat_map(|one| named(&one.reading)).collect();
    tasks.extend(task_of(subject));
    let names = view.reader.names(&tasks)?;
    let task = task_of(subject).and_then(|id| names.get(&id)).map(|name| Task {
        connection: name.connection.clone(),
        key: name.key.clone(),
        url: name.url.clone(),
        title: name.title.clone(),
    });
    if task.is_none() && task_of(subject).is_some() {
        return Err(Stopped::usage(format!("gapwatch has not read {about}")));
    }
    let boards = task_of(subject).map(|id| view.reader.boards(id)).transpose()?.unwrap_or_default();
    let document = Document {
        schema: "gapwatch.explain/1",
        task,
        subject: documents::subject(&view, subject, &names),
        boards: boards.into_iter().map(board).collect(),
        rules: match unasked(&view, subject) {
            Some((verdict, because)) => {
                let kind = rules::kind_of(subject, &view.snapshot());
                let about = view.rules.iter().filter(|rule| rule.is_about(kind));
                about.map(|rule| silent(rule.id(), verdict, because)).collect()
            }
            None => {
                let chain = Chain::of(&view, subject);
                let asked = explained.iter().map(|one| rule(&view, subject, one, &names, &chain));
                let off = view.rules.iter().filter(|rule| !explained.iter().any(|one| one.rule == rule.id()));
                let off = off.filter_map(|rule| chain.switched_off(&view, rule.id()));
                asked.chain(off).collect()
            }
        },
    };
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Table | Output::Csv => print(&document),
    }
    Ok(Exit::Done)
}

fn board(said: BoardSaid) -> Board {
    let values = said.values;
    let told = [
        ("state", values.status.map(|status| Value::from(status.raw))),
        ("start", values.start.map(|start| Value::from(start.to_text()))),
        ("due", values.due.map(|stated| Value::from(stated.due.to_text()))),
        ("priority", values.priority.map(Value::from)),
        ("progress", values.progress.map(|progress| Value::from(progress.share.get()))),
        ("estimate_secs", values.estimate_secs.map(Value::from)),
    ];
    let says = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    Board { board: said.source, says, since: said.at }
}

fn task_of(subject: SubjectKey) -> Option<TaskId> {
    match subject {
        SubjectKey::Task(id) => Some(id),
        _ => None,
    }
}

/// Why no rule is asked about it at all. `None`: they are.
fn unasked(view: &View, subject: SubjectKey) -> Option<(&'static str, &'static str)> {
    if task_of(subject).is_some_and(|task| view.board.task(task).is_none()) {
        return Some(("not_applicable", "it was closed some time ago, or is no longer watched"));
    }
    let why = rules::unjudged(subject, &view.snapshot())?;
    Some(("unknown", why))
}

fn silent(rule: RuleId, verdict: &'static str, because: &str) -> Rule {
    Rule {
        rule: rule.0,
        verdict,
        because: because.to_owned(),
        evidence: Map::new(),
        thresholds: Map::new(),
        norms: Vec::new(),
        next_check_at: None,
        gap: None,
        route: None,
        missing: None,
    }
}

/// Tasks that the words about a reading name.
fn named(reading: &Reading) -> Vec<TaskId> {
    match reading {
        Reading::Gap(finding) => wording::named(finding),
        Reading::Clear(_) | Reading::Edge(_) | Reading::Unknown(_) => Vec::new(),
    }
}

fn rule(
    view: &View,
    subject: SubjectKey,
    one: &Explained,
    names: &std::collections::HashMap<TaskId, crate::domain::names::TaskName>,
    chain: &Chain,
) -> Rule {
    let rec = task_of(subject).and_then(|task| view.board.task(task));
    let owner = match subject {
        SubjectKey::Person(id) => view.board.somebody(id).map(|who| who.account),
        _ => rec.and_then(|rec| rec.owners().find(|owner| view.board.people.is_human(*owner))),
    };
    let calendar = view.board.people.calendar(owner);
    let (verdict, evidence) = match &one.reading {
        Reading::Gap(finding) => ("gap", Some(&finding.evidence)),
        Reading::Edge(evidence) => ("edge", Some(&**evidence)),
        Reading::Clear(Grounds::Measured(evidence)) => ("clear", Some(&**evidence)),
        Reading::Clear(Grounds::Because(_)) => ("clear", None),
        Reading::Clear(Grounds::NotApplicable(_)) => ("not_applicable", None),
        Reading::Unknown(Why::NotTold(_)) => ("not_applicable", None),
        Reading::Unknown(_) => ("unknown", None),
    };
    let missing = match one.reading {
        Reading::Unknown(Why::NotTold(need)) => Some(need),
        _ => None,
    };
    let gap = view
        .board
        .alerts_of(subject)
        .find(|alert| alert.rule == one.rule && alert.state != crate::domain::alert::AlertState::Resolved);
    Rule {
        rule: one.rule.0,
        verdict,
        because: missing.and_then(|need| not_told(view, rec?, need)).unwrap_or_else(|| {
            wording::because(
                &one.reading,
                Scene { names, now: view.now, calendar, common: &view.board.people.default_calendar },
            )
        }),
        evidence: evidence.map(|evidence| rules::numbers::numbers(evidence, view.now, calendar)).unwrap_or_default(),
        thresholds: chain.thresholds(view, one),
        norms: norms::of_task(one),
        next_check_at: one.recheck_at.filter(|_| missing.is_none()),
        missing: missing.map(Need::word),
        route: gap.and_then(|alert| RouteShown::of(view, alert)),
        gap: gap.map(|alert| alert.gap.0.clone()),
    }
}

/// Why a rule is not asked: `not applicable: asana.hq tells no blocking links: …`.
fn not_told(view: &View, task: &TaskRow, need: Need) -> Option<String> {
    let snapshot = view.snapshot();
    let lack = rules::told::lack(need, task, &snapshot)?;
    let connection = view.board.reader(task).map_or("its connection", |reader| &*reader.name);
    Some(format!("not applicable: {connection} tells no {}: {}", need.word(), lack.because))
}

/// Which overrides are for a task, in order; none are for anything else.
struct Chain {
    overrides: Vec<usize>,
}

impl Chain {
    fn of(view: &View, subject: SubjectKey) -> Chain {
        let snapshot = view.snapshot();
        let of = |rec| view.rules.overriding(rec, &Look::new(&snapshot));
        let task = task_of(subject).and_then(|task| view.board.task(task));
        Chain { overrides: task.map(of).unwrap_or_default() }
    }

    /// What each level says of a key below `rules`, the one that counts last: value and origin.
    fn values(&self, view: &View, key: &str) -> Vec<Value> {
        let settings = serde_json::to_value(&view.settings.rules).unwrap_or_default();
        let at = |value: &Value| key.split('.').try_fold(value, |value, part| value.get(part)).cloned();
        let said =
            |value: Value, path: String| json!({ "value": value, "origin": view.settings.origin(&path).to_string() });
        let base = at(&settings).map(|value| said(value, format!("rules.{key}")));
        let over = self.overrides.iter().filter_map(|nth| {
            let value = at(&view.settings.overrides.get(*nth)?.rules)?;
            Some(said(value, format!("overrides[{nth}].rules.{key}")))
        });
        base.into_iter().chain(over).collect()
    }

    fn thresholds(&self, view: &View, one: &Explained) -> Map<String, Value> {
        let threshold = |(key, value): &(&'static str, Value)| {
            let mut chain = self.values(view, &format!("{}.{key}", one.rule));
            let mut told = chain.pop().unwrap_or_else(|| json!({ "origin": "default" }));
            told["value"] = value.clone();
            if !chain.is_empty() {
                chain.reverse();
                told["over"] = Value::Array(chain);
            }
            ((*key).to_owned(), told)
        };
        one.thresholds.iter().map(threshold).collect()
    }

    /// A rule that is on, but not for this task.
    fn switched_off(&self, view: &View, rule: RuleId) -> Option<Rule> {
        let chain = self.values(view, &format!("{rule}.enabled"));
        if chain.last()?["value"] != json!(false) {
            return None;
        }
        let origin = chain.last()?["origin"].as_str()?.to_owned();
        Some(silent(rule, "not_applicable", &format!("it is switched off for this task ({origin})")))
    }
}

fn print(document: &Document) {
    match &document.task {
        Some(task) => {
            anstream::println!("{} \"{}\"", plain(&task.key), plain(&task.title));
            anstream::println!("{}", plain(&task.url));
        }
        None => anstream::println!("{}", plain(document.subject.key.as_deref().unwrap_or_default())),
    }
    for board in &document.boards {
        let says: Vec<String> =
            board.says.iter().map(|(name, value)| format!("{name} {}", plain(&shown(value)))).collect();
        let says = if says.is_empty() { "nothing".to_owned() } else { says.join(", ") };
        anstream::println!("{} says: {says} (since {})", plain(&board.board), when(board.since));
    }
    anstream::println!();
    for rule in &document.rules {
        let mark = match rule.verdict {
            "gap" => "■",
            "edge" => "◧",
            "clear" => "●",
            "unknown" => "?",
            _ => "·",
        };
        let gap = rule.gap.as_ref().map(|gap| format!("  [{gap}]")).unwrap_or_default();
        anstream::println!("{mark} {:<22} {}{gap}", rule.rule, plain(&rule.because));
        let thresholds: Vec<String> =
            rule.thresholds.iter().map(|(key, value)| format!("{key} {}", levels(value))).collect();
        if !thresholds.is_empty() && rule.verdict != "not_applicable" {
            anstream::println!("  {:<22} {}", "", thresholds.join(", "));
        }
        for norm in rule.norms.iter().filter(|_| rule.verdict != "not_applicable") {
            anstream::println!("  {:<22} {}", "", norm.line());
        }
        if let Some(route) = &rule.route {
            anstream::println!("  {:<22} told by {}", "", route.words());
        }
        if let Some(at) = rule.next_check_at {
            anstream::println!("  {:<22} judged again {}", "", when(at));
        }
    }
}

/// `1 workday (gapwatch.toml:40, over 5 workdays, default)`
fn levels(value: &Value) -> String {
    let over = value["over"].as_array().into_iter().flatten();
    let over: String =
        over.map(|level| format!(", over {}, {}", shown(&level["value"]), shown(&level["origin"]))).collect();
    format!("{} ({}{over})", shown(&value["value"]), shown(&value["origin"]))
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
