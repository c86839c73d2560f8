//! `rules test`: a short history, and the gaps that it should have, judged by the rules of the configuration.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::open::{From, LOOKING, Stopped, colored, load, no_csv, print_json};
use super::{Exit, Output};
use crate::config::diagnose::{self, Diagnostic};
use crate::config::{self, Loaded, Settings, Trials};
use crate::daemon;
use crate::domain::finding::Reading;
use crate::domain::ids::TaskId;
use crate::domain::names::TaskName;
use crate::domain::policy::Policy;
use crate::domain::snapshot::Snapshot;
use crate::messages::scene::Scene;
use crate::messages::wording;
use crate::rules::Rules;
use crate::rules::trial::{self, Drawing, Setting, Shown};

/// The folder beside the configuration whose files are judged where none is named.
const FOLDER: &str = "tests";

/// `gapwatch.rules_test/1`
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    cases: Vec<Case>,
    failed: usize,
}

#[derive(Debug, Serialize)]
struct Case {
    file: String,
    line: usize,
    name: String,
    ok: bool,
    looks: Vec<Look>,
}

#[derive(Debug, Serialize)]
struct Look {
    at: String,
    ok: bool,
    gaps: Vec<Gap>,
}

/// A gap that was expected or found.
#[derive(Debug, Serialize)]
struct Gap {
    rule: &'static str,
    about: String,
    expected: bool,
    met: bool,
    /// The stage that was expected. `null`: any, or none at all.
    stage: Option<String>,
    verdict: &'static str,
    because: String,
    evidence: Map<String, Value>,
    /// Numbers that are not as expected.
    differ: Vec<Value>,
}

/// Judges the cases of a file, or of all files in the folder beside the configuration.
pub(super) fn test(from: &From, file: Option<&Path>) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let Loaded { settings, .. } = load(from, LOOKING, false)?;
    let rules = Rules::with_overrides(&settings.rules, &settings.overrides);
    let policy = daemon::policy(&settings);
    let (mut cases, mut found, mut read) = (Vec::new(), Vec::new(), 0);
    for path in files(from, file)? {
        read += 1;
        match trials(&path) {
            Ok(trials) => found.extend(judged(&path, &trials, (&rules, &policy, &settings), &mut cases)),
            Err(mistake) => found.push(mistake),
        }
    }
    if !found.is_empty() {
        return Err(Stopped::new(Exit::Config, diagnose::report(&found, read, false, colored()).trim_end()));
    }
    let failed = cases.iter().filter(|case| !case.ok).count();
    let document = Document { schema: "gapwatch.rules_test/1", cases, failed };
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Table | Output::Csv => print(&document, read),
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::Found })
}

/// The file that was named, or every one in the folder beside the first file of the configuration.
fn files(from: &From, file: Option<&Path>) -> Result<Vec<PathBuf>, Stopped> {
    if let Some(file) = file {
        return Ok(vec![file.to_owned()]);
    }
    let env = config::environment();
    let config = config::find_and_read(&from.files, &env).unwrap_or_default();
    let beside = config.first().and_then(|(path, _)| path.parent()).unwrap_or(Path::new(""));
    let folder = beside.join(FOLDER);
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect();
    files.sort();
    if files.is_empty() {
        let words =
            format!("no file is named, and there is none in {}; docs/rules-test.md shows one", folder.display());
        return Err(Stopped::usage(words));
    }
    Ok(files)
}

fn trials(path: &Path) -> Result<Trials, Diagnostic> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Diagnostic::error("bad-value", format!("{} cannot be read: {error}", path.display())))?;
    Trials::parse(path, &text)
}

/// Judges the cases of one file; every mistake in them.
fn judged(
    path: &Path,
    trials: &Trials,
    (rules, policy, settings): (&Rules, &Policy, &Settings),
    cases: &mut Vec<Case>,
) -> Vec<Diagnostic> {
    let mut setting = setting(settings);
    let mut mistakes = Vec::new();
    match trials.file.zone.as_deref().map(|name| (name, TimeZone::get(name))) {
        Some((_, Ok(zone))) => setting.zone = zone,
        Some((name, Err(_))) => mistakes.push(Diagnostic::error("bad-zone", format!("there is no time zone {name}"))),
        None => {}
    }
    for (nth, case) in trials.file.cases.iter().enumerate() {
        let place = format!("case[{nth}]");
        let drawing = match Drawing::read(case, &setting, &place) {
            Ok(drawing) => drawing,
            Err(found) => {
                mistakes.extend(found.iter().map(|mistake| trials.diagnose(mistake)));
                continue;
            }
        };
        let mut looks = Vec::new();
        for (nth, expect) in case.expects.iter().enumerate() {
            let at = format!("{place}.expect[{nth}]");
            match trial::look(&drawing, (case, expect), rules, (policy, &setting), (&place, &at)) {
                Ok(look) => looks.push(shown(look, expect.at.clone(), policy)),
                Err(found) => mistakes.extend(found.iter().map(|mistake| trials.diagnose(mistake))),
            }
        }
        cases.push(Case {
            file: path.display().to_string(),
            line: trials.line(&place),
            name: case.name.clone(),
            ok: looks.iter().all(|look| look.ok),
            looks,
        });
    }
    mistakes
}

/// The people and hours of the configuration.
fn setting(settings: &Settings) -> Setting {
    let (calendar, people) = daemon::people(settings);
    Setting {
        connections: settings.connections().collect(),
        people: people
            .into_iter()
            .map(|one| trial::Somebody {
                handle: one.handle,
                name: one.name,
                also: one.accounts.into_iter().map(|(_, account)| account).collect(),
                manager: one.manager,
                deputy: one.deputy,
                calendar: one.calendar,
                away: one.away,
                team: one.team,
            })
            .collect(),
        bots: settings.directory.bots.clone(),
        default_manager: settings.directory.default_manager.clone(),
        zone: calendar.zone().clone(),
        calendar,
    }
}

fn shown(look: trial::Look<'_>, at: String, policy: &Policy) -> Look {
    let name = |key: &str| TaskName {
        key: key.to_owned(),
        title: key.to_owned(),
        url: String::new(),
        handle: String::new(),
        connection: String::new(),
        restricted: false,
    };
    let names: HashMap<TaskId, TaskName> = look.keys.iter().map(|(key, id)| (*id, name(key))).collect();
    let snapshot = Snapshot { board: &look.board, policy, now: look.at };
    let gaps: Vec<Gap> = look.shown.iter().map(|one| gap(one, &names, &snapshot)).collect();
    Look { at, ok: gaps.iter().all(|gap| gap.met), gaps }
}

fn gap(one: &Shown, names: &HashMap<TaskId, TaskName>, snapshot: &Snapshot<'_>) -> Gap {
    let said = one.said.as_ref().zip(one.subject);
    let because = said.map_or_else(
        || one.why.to_owned(),
        |(said, subject)| {
            let calendar = trial::calendar(subject, snapshot);
            let common = &snapshot.board.people.default_calendar;
            wording::because(&said.reading, Scene { names, now: snapshot.now, calendar: &calendar, common })
        },
    );
    let verdict = match said.map(|(said, _)| &said.reading) {
        Some(Reading::Gap(_)) => "gap",
        Some(Reading::Edge(_)) => "edge",
        Some(Reading::Clear(_)) => "clear",
        Some(Reading::Unknown(_)) => "unknown",
        None => "not_applicable",
    };
    let differ =
        one.differ.iter().map(|(name, wanted, found)| json!({ "name": name, "expected": wanted, "found": found }));
    Gap {
        rule: one.rule.0,
        about: one.about.clone(),
        expected: one.expected,
        met: one.met,
        stage: one.stage.clone(),
        verdict,
        because,
        evidence: one.numbers.clone(),
        differ: differ.collect(),
    }
}

fn print(document: &Document, files: usize) {
    for case in &document.cases {
        if case.ok {
            anstream::println!("ok    {}", case.name);
            continue;
        }
        anstream::println!("FAIL  {} ({}:{})", case.name, case.file, case.line);
        for look in case.looks.iter().filter(|look| !look.ok) {
            anstream::println!("      at {}", look.at);
            look.gaps.iter().filter(|gap| !gap.met).for_each(print_gap);
        }
    }
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (cases, files) = (counted(document.cases.len(), "case"), counted(files, "file"));
    anstream::println!(
        "{cases} in {files}: {} as expected, {} not.",
        document.cases.len() - document.failed,
        document.failed
    );
}

fn print_gap(gap: &Gap) {
    let name = format!("{} {}", gap.rule, gap.about);
    let numbers: Vec<String> = gap.evidence.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
    let numbers = if numbers.is_empty() { String::new() } else { format!(" ({})", numbers.join(", ")) };
    if gap.expected {
        let stage = gap.stage.as_ref().map_or_else(String::new, |stage| format!(" {stage}"));
        anstream::println!("        expected      {name}{stage}");
        let verdict = if gap.verdict == "gap" { String::new() } else { format!("{}: ", gap.verdict.replace('_', " ")) };
        anstream::println!("        but found     {verdict}{}{numbers}", gap.because);
        for one in &gap.differ {
            let (wanted, found) = (plain(&one["expected"]), plain(&one["found"]));
            anstream::println!("                      {} is {found}, not {wanted}", plain(&one["name"]));
        }
    } else {
        anstream::println!("        not expected  {name} {}{numbers}", gap.because);
    }
}

fn plain(value: &Value) -> String {
    super::table::plain(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}
