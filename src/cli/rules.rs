//! `rules list|show|fields|test`: what is looked for, with which thresholds, and what of a task a rule may read.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::heeded::{Counts, Heeded};
use super::lacking::{self, Lacking};
use super::open::{From, LOOKING, Stopped, View, load, no_csv, print_json, print_text};
use super::table::{csv, drawn, plain, table};
use super::{Exit, Output, norms};
use crate::config::show::Shown;
use crate::config::{Loaded, Mode, Settings, reference};
use crate::domain::finding::RuleId;
use crate::domain::look::Look;
use crate::registry;
use crate::rules::about::{About, Need, about};
use crate::rules::fields::FIELDS;
use crate::rules::own::FAMILY;
use crate::rules::{ids, known};
use crate::store::ConnectionState;

#[derive(Debug, clap::Subcommand)]
pub(super) enum RulesVerb {
    /// List every rule: what it flags, who is told first, whether it is on, and whether your tools provide what it needs.
    List,
    /// Show one rule with its thresholds, and where each comes from.
    Show {
        /// Id of the rule.
        rule: String,
    },
    /// List the fields of a task that a rule of your own can use; with a task, also their values now.
    Fields {
        /// A URL, a gap id, CONNECTION:KEY, or a key.
        task: Option<String>,
    },
    /// Test the rules against cases in a file: short histories, and the gaps each should have. See docs/rules-test.md.
    Test {
        /// The file; if left out, every file in the folder `tests` beside the configuration.
        file: Option<std::path::PathBuf>,
    },
}

/// Carries one of them out.
pub(super) fn rules(from: &From, verb: &RulesVerb) -> Result<Exit, Stopped> {
    match verb {
        RulesVerb::List => list(from),
        RulesVerb::Show { rule } => show(from, rule),
        RulesVerb::Fields { task } => fields(from, task.as_deref()),
        RulesVerb::Test { file } => super::rules_test::test(from, file.as_deref()),
    }
}

/// `gapwatch.rules/1`
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
struct Rule {
    rule: &'static str,
    what: String,
    stages: Vec<&'static str>,
    first: &'static str,
    /// `on`, `observe` or `off`.
    state: &'static str,
    needs: Vec<&'static str>,
    connections: Vec<Capability>,
    /// Whether its words led to anything.
    heeded: Heeded,
}

/// What one connection can do for a rule.
#[derive(Debug, Serialize)]
struct Capability {
    connection: String,
    /// What the tool never tells, or the connection does not tell of anything that it reads.
    missing: Vec<&'static str>,
    /// What the connection does not tell though its tool could, and why.
    lacks: Vec<Lacking>,
}

/// A rule that nobody has described is not shown half: every rule has its words, which a test sees to.
fn rule(settings: &Settings, states: &[ConnectionState], counts: &Counts, id: RuleId) -> Option<Rule> {
    if let Some(own) = own(settings, states, counts, id) {
        return Some(own);
    }
    let about = about(id)?;
    Some(Rule {
        rule: id.0,
        what: about.what.to_owned(),
        stages: about.stages.split(", ").collect(),
        first: about.first,
        state: state(settings, id),
        needs: about.needs.iter().map(|need| need.word()).collect(),
        connections: settings.connections().map(|name| capability(name, states, about.needs)).collect(),
        heeded: counts.of(id),
    })
}

/// A rule of the configuration: what it says of itself, and nothing that it needs, for a field may be empty.
fn own(settings: &Settings, states: &[ConnectionState], counts: &Counts, id: RuleId) -> Option<Rule> {
    let rule = settings.rules.custom.get(id.0.strip_prefix(FAMILY)?)?;
    let needs: BTreeSet<Need> = rule.when.fields().iter().filter_map(|field| field.need()).collect();
    let needs: Vec<Need> = needs.into_iter().collect();
    let capability = |connection| Capability { missing: Vec::new(), ..capability(connection, states, &needs) };
    Some(Rule {
        rule: id.0,
        what: rule.when.text().to_owned(),
        stages: vec![rule.stage.word()],
        first: rule.tell.word(),
        state: state(settings, id),
        needs: Vec::new(),
        connections: settings.connections().map(capability).collect(),
        heeded: counts.of(id),
    })
}

/// Every rule that may be asked for: the built-in ones, then those of the configuration.
fn all(settings: &Settings) -> Vec<RuleId> {
    let own = settings.rules.own_switches().filter_map(|(id, _, _)| known(&id));
    ids().chain(own).collect()
}

fn capability(connection: String, states: &[ConnectionState], needs: &[Need]) -> Capability {
    let told = registry::supplies(&connection).unwrap_or_default();
    let lacks = lacking::of(states, &connection);
    let is_missing = |need: &Need| {
        !told.iter().any(|(told, _)| told == need) || lacks.iter().any(|lack| lack.need == *need && lack.is_whole())
    };
    let missing = needs.iter().filter(|need| is_missing(need)).map(|need| need.word()).collect();
    let lacks = lacks.into_iter().filter(|lack| lack.concerns(needs)).collect();
    Capability { connection, missing, lacks }
}

/// `off`; `observe` where nothing of it is sent; else `on`. A rule's own word counts for more than the one at the top, and
/// a connection's for more than a rule's that is live.
fn state(settings: &Settings, id: RuleId) -> &'static str {
    let built_in = settings.rules.switches().into_iter().map(|(id, enabled, mode)| (id.to_owned(), enabled, mode));
    let mut switches = built_in.chain(settings.rules.own_switches());
    let Some((_, enabled, mode)) = switches.find(|(known, _, _)| *known == id.0) else { return "off" };
    let connections = || settings.connection_modes().map(|(_, mode)| mode);
    let live = match (mode, settings.mode) {
        (Some(Mode::Observe), _) => false,
        (Some(Mode::Live), _) => connections().any(|own| own != Some(Mode::Observe)),
        (None, top) => connections().any(|own| own.unwrap_or(top) == Mode::Live),
    };
    match (enabled, live) {
        (false, _) => "off",
        (true, true) => "on",
        (true, false) => "observe",
    }
}

fn list(from: &From) -> Result<Exit, Stopped> {
    let settings = load(from, LOOKING, false)?.settings;
    let states = lacking::known(&settings);
    let counts = Counts::read(&settings);
    let rules: Vec<Rule> = all(&settings).into_iter().filter_map(|id| rule(&settings, &states, &counts, id)).collect();
    let cells = |rule: &Rule| {
        [
            rule.rule.to_owned(),
            rule.state.to_owned(),
            rule.stages.join(", "),
            rule.first.to_owned(),
            can(rule),
            rule.heeded.words(),
            rule.what.clone(),
        ]
    };
    let head = ["RULE", "STATE", "STAGES", "FIRST", "CAN BE JUDGED", "HEEDED", "WHAT"];
    match from.output {
        Output::Json => print_json(&Document { schema: "gapwatch.rules/1", rules })?,
        Output::Csv => print_text(&csv(&head, rules.iter().map(cells)))?,
        Output::Table => {
            let mut shown = table(&head);
            for rule in &rules {
                shown.add_row(cells(rule));
            }
            anstream::println!("{}", drawn(&shown));
        }
    }
    Ok(Exit::Done)
}

/// On which connections it can be judged, and what the others do not tell.
fn can(rule: &Rule) -> String {
    let of_one = |one: &Capability| {
        let because = |what: &&str| one.lacks.iter().find(|lack| lack.is_whole() && lack.what == *what);
        let missing: Vec<String> = one
            .missing
            .iter()
            .map(|what| because(what).map_or_else(|| format!("no {what}"), |lack| lack.words.clone()))
            .collect();
        let mut said: Vec<String> = (!missing.is_empty())
            .then(|| format!("not on {}: {}", one.connection, missing.join(", ")))
            .into_iter()
            .collect();
        let rest = one.lacks.iter().filter(|lack| !one.missing.contains(&lack.what));
        said.extend(rest.map(|lack| format!("on {} {}", one.connection, lack.words)));
        said
    };
    let lacking: Vec<String> = rule.connections.iter().flat_map(of_one).collect();
    match lacking.as_slice() {
        [] => "everywhere".to_owned(),
        lacking => lacking.join("; "),
    }
}

/// `gapwatch.rule/1`
#[derive(Debug, Serialize)]
struct OneDocument {
    schema: &'static str,
    #[serde(flatten)]
    rule: Rule,
    told_by: Vec<Told>,
    thresholds: Vec<Threshold>,
    /// What it measures against, as far as there is a store to read.
    norms: Vec<norms::Shown>,
    /// What finished tasks show of the forecast, for the rule that needs it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    proven: Vec<norms::Proven>,
    reference: String,
}

#[derive(Debug, Serialize)]
struct Told {
    connection: String,
    need: &'static str,
    by: Option<&'static str>,
    /// Why it is not told at present, or only in part.
    lacking: Option<String>,
}

#[derive(Debug, Serialize)]
struct Threshold {
    key: String,
    value: Value,
    origin: String,
    words: String,
}

fn show(from: &From, name: &str) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let loaded = load(from, LOOKING, false)?;
    let states = lacking::known(&loaded.settings);
    let counts = Counts::read(&loaded.settings);
    let found = known(name).and_then(|id| Some((rule(&loaded.settings, &states, &counts, id)?, about(id))));
    let Some((rule, about)) = found else {
        let meant = crate::config::diagnose::meant(name, all(&loaded.settings).into_iter().map(|id| id.0));
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
        return Err(Stopped::usage(format!("there is no rule {name}{meant} `gapwatch rules list` names them")));
    };
    let document = OneDocument {
        schema: "gapwatch.rule/1",
        told_by: about.map(|about| told_by(&loaded.settings, &states, about)).unwrap_or_default(),
        thresholds: thresholds(&loaded, rule.rule),
        norms: known(name).map(|id| norms::of_rule(from, id)).unwrap_or_default(),
        proven: known(name).map(|id| norms::proven(from, id, &loaded.settings.rules.due.at_risk)).unwrap_or_default(),
        reference: reference::words(&format!("rules.{}", rule.rule)),
        rule,
    };
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Table | Output::Csv => print(&document),
    }
    Ok(Exit::Done)
}

fn told_by(settings: &Settings, states: &[ConnectionState], about: &About) -> Vec<Told> {
    let of = |connection: String| {
        let told = registry::supplies(&connection).unwrap_or_default();
        let lacks = lacking::of(states, &connection);
        about.needs.iter().map(move |need| Told {
            connection: connection.clone(),
            need: need.word(),
            by: told.iter().find(|(known, _)| known == need).map(|(_, by)| *by),
            lacking: lacks.iter().find(|lack| lack.need == *need).map(|lack| lack.words.clone()),
        })
    };
    settings.connections().flat_map(of).collect()
}

fn thresholds(loaded: &Loaded, rule: &str) -> Vec<Threshold> {
    let table = format!("rules.{rule}");
    let of_rule = |shown: &&Shown| shown.key.rsplit_once('.').is_some_and(|(outer, _)| outer == table);
    let in_force = loaded.in_force();
    let threshold = |shown: &Shown| Threshold {
        key: shown.key.rsplit_once('.').map(|(_, key)| key.to_owned()).unwrap_or_default(),
        value: shown.value.clone(),
        origin: shown.origin(),
        words: reference::words(&shown.key),
    };
    in_force.values.iter().filter(of_rule).map(threshold).collect()
}

fn print(document: &OneDocument) {
    let rule = &document.rule;
    anstream::println!("{} ({})", rule.rule, rule.state);
    anstream::println!("  {}", rule.what);
    anstream::println!("  {}; told first: {}", rule.stages.join(", "), rule.first);
    if rule.heeded.told > 0 {
        anstream::println!("  messages that led to something within 3 working days: {}", rule.heeded.words());
    }
    if !document.reference.is_empty() {
        anstream::println!("\n{}", document.reference);
    }
    anstream::println!("\n[rules.{}]", rule.rule);
    for threshold in &document.thresholds {
        let value = toml::Value::try_from(&threshold.value).map(|value| value.to_string()).unwrap_or_default();
        anstream::println!("{:<40}  # {}", format!("{} = {value}", threshold.key), plain(&threshold.origin));
        if !threshold.words.is_empty() {
            anstream::println!("    {}", threshold.words);
        }
    }
    if !document.norms.is_empty() {
        anstream::println!("\nWhat is normal:");
    }
    for norm in &document.norms {
        anstream::println!("{}", norm.line());
    }
    if !document.proven.is_empty() {
        anstream::println!("\nWhat finished tasks show of the forecast:");
    }
    for proven in &document.proven {
        anstream::println!("{}", proven.line());
    }
    if !document.told_by.is_empty() {
        anstream::println!();
    }
    for told in &document.told_by {
        let by = told
            .by
            .map_or_else(|| "not available, so the rule says nothing there".to_owned(), |by| format!("from {by}"));
        anstream::println!("{}: {} {by}", told.connection, told.need);
        if let Some(lacking) = &told.lacking {
            anstream::println!("    now {}", plain(lacking));
        }
    }
}

/// `gapwatch.fields/1`
#[derive(Debug, Serialize)]
struct FieldsDocument {
    schema: &'static str,
    task: Option<String>,
    fields: Vec<FieldShown>,
}

#[derive(Debug, Serialize)]
struct FieldShown {
    field: &'static str,
    kind: &'static str,
    what: &'static str,
    /// Whether it changes with the task alone, so that `match` of an override may ask for it.
    steady: bool,
    value: Value,
    /// Why the value cannot be relied on now.
    because: Option<&'static str>,
}

fn fields(from: &From, task: Option<&str>) -> Result<Exit, Stopped> {
    let document = match task {
        None => FieldsDocument { schema: "gapwatch.fields/1", task: None, fields: FIELDS.iter().map(bare).collect() },
        Some(task) => fields_of(from, task)?,
    };
    let with_value = document.task.is_some();
    let head: &[&str] =
        if with_value { &["FIELD", "VALUE", "KIND", "STEADY", "WHAT"] } else { &["FIELD", "KIND", "STEADY", "WHAT"] };
    let cells = |field: &FieldShown| {
        let mut cells = vec![field.field.to_owned(), field.kind.to_owned(), yes(field.steady), field.what.to_owned()];
        if with_value {
            cells.insert(1, field.because.map_or_else(|| shown(&field.value), |why| format!("? ({why})")));
        }
        cells
    };
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Csv => print_text(&csv(head, document.fields.iter().map(cells)))?,
        Output::Table => {
            let mut rows = table(head);
            for field in &document.fields {
                rows.add_row(cells(field));
            }
            anstream::println!("{}", drawn(&rows));
        }
    }
    Ok(Exit::Done)
}

fn yes(is: bool) -> String {
    if is { "yes".to_owned() } else { "-".to_owned() }
}

fn bare(field: &crate::rules::fields::Field) -> FieldShown {
    FieldShown {
        field: field.name,
        kind: field.kind.word(),
        what: field.what,
        steady: field.steady,
        value: Value::Null,
        because: None,
    }
}

fn fields_of(from: &From, name: &str) -> Result<FieldsDocument, Stopped> {
    let view = View::open(from, None)?;
    let id = super::subject::task(&view, name)?;
    let Some(task) = view.board.task(id) else {
        return Err(Stopped::usage(format!("{name} was closed some time ago, or is no longer watched")));
    };
    let snapshot = view.snapshot();
    let look = Look::new(&snapshot);
    let fields = FIELDS.iter().map(|field| match field.value(task, &look, &view.board.people) {
        Ok(value) => FieldShown { value, ..bare(field) },
        Err(why) => FieldShown { because: Some(why.words()), ..bare(field) },
    });
    Ok(FieldsDocument { schema: "gapwatch.fields/1", task: Some(name.to_owned()), fields: fields.collect() })
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => plain(text),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
