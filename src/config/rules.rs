//! What is wrong with conditions and overrides: misspelt fields with their place, thresholds that only an override makes
//! senseless.

use std::ops::Range;

use config::{Value, ValueKind};
use serde::Deserialize;

use super::Settings;
use super::diagnose::{Diagnostic, Mark, meant};
use super::mistakes::{About, Context};
use super::read::{Mistake, Node};
use super::slots::get;
use super::tree::{Table, join};
use crate::rules::condition::{Condition, Wrong};
use crate::rules::fields::{FIELDS, Field};
use crate::rules::overrides::MOST;
use crate::rules::settings::RuleSettings;

/// Every mistake, each with the key it is about. `root`: what the settings were read from.
pub(super) fn all(root: &Value, settings: &Settings, context: &Context) -> Vec<(String, Diagnostic)> {
    let mut check = Check { context, found: Vec::new() };
    for (name, rule) in &settings.rules.custom {
        let table = format!("rules.custom.{name}");
        check.written(&format!("{table}.when"), rule.when.text(), rule.when.wrong());
        if let Some(words) = &rule.message {
            check.written(&format!("{table}.message"), words.text(), words.wrong());
        }
    }
    for (id, exclude) in settings.rules.exclusions() {
        if let Some(exclude) = exclude {
            check.steady(&format!("rules.{id}.exclude"), exclude, "`exclude`");
        }
    }
    for (nth, route) in settings.routes.iter().enumerate() {
        if let Some(condition) = &route.r#match {
            check.steady(&format!("routes[{nth}].match"), condition, "a route");
        }
    }
    let Some(ValueKind::Array(list)) = get(root, "overrides").map(|value| &value.kind) else { return check.found };
    for (nth, one) in list.iter().enumerate() {
        let path = format!("overrides[{nth}]");
        if nth == MOST {
            let title = format!("there are more than {MOST} overrides");
            let problem = context.error("bad-value", About::Key, &path, &title, "one too many");
            check
                .found
                .push((path, problem.help("one condition may hold for many tasks: `task.project in ['A', 'B']`")));
            break;
        }
        check.patch(&path, one, root);
    }
    for (nth, one) in settings.overrides.iter().enumerate() {
        let path = format!("overrides[{nth}].match");
        check.steady(&path, &one.r#match, "an override");
    }
    check.found
}

struct Check<'a> {
    context: &'a Context,
    found: Vec<(String, Diagnostic)>,
}

impl Check<'_> {
    /// A condition or words that cannot be used.
    fn written(&mut self, path: &str, text: &str, wrong: Option<&Wrong>) {
        let problem = match wrong {
            None => return,
            Some(Wrong::UnknownField { name, at }) => {
                let known = FIELDS.iter().map(|field| field.name);
                let meant = meant(name, known).map(|field| format!("did you mean `{field}`? "));
                let title = format!("`{name}` is not a field of a task");
                let problem = self.inside("unknown-field", path, text, at, &title, "unknown field");
                problem.help(format!("{}`gapwatch rules fields` lists them all", meant.unwrap_or_default()))
            }
            Some(Wrong::Syntax { why, at }) => {
                let title = format!("this cannot be read: {why}");
                let help = "expressions are those of Jinja: `task.state == 'review' and task.idle_days > 2`";
                self.inside("bad-condition", path, text, at, &title, "here").help(help)
            }
        };
        self.found.push((path.to_owned(), problem));
    }

    /// A condition that may only ask for what changes with the task alone.
    fn steady(&mut self, path: &str, condition: &Condition, what: &str) {
        self.written(path, condition.text(), condition.wrong());
        for field in condition.fields().iter().filter(|field| !field.steady) {
            self.unsteady(path, condition.text(), field, what);
        }
    }

    fn unsteady(&mut self, path: &str, text: &str, field: &Field, what: &str) {
        let title = format!("{what} cannot ask for `{}`: it changes with time", field.name);
        let from = text.find(field.name).unwrap_or_default();
        let problem = self.inside("bad-condition", path, text, &(from..from + field.name.len()), &title, "not here");
        let help = "ask for what the task is: its project, labels, kind, priority, owners; `gapwatch rules fields` says which \
                    fields are steady";
        self.found.push((path.to_owned(), problem.help(help)));
    }

    /// A mistake at a place inside a text.
    fn inside(
        &self,
        id: &'static str,
        path: &str,
        text: &str,
        at: &Range<usize>,
        title: &str,
        label: &str,
    ) -> Diagnostic {
        let whole = || self.context.error(id, About::Value, path, title, label);
        let Some(place) = self.context.places.get(path) else { return whole() };
        // Where the text stands as it is, without escapes, its own places are the file's.
        let Some(begin) = place.file.text(&place.value).find(text) else { return whole() };
        let begin = place.value.start + begin;
        let mark = Mark::new(&place.file, begin + at.start..begin + at.end, label);
        Diagnostic::error(id, title.to_owned()).mark(mark).key(path)
    }

    /// What an override sets must be what the rules take.
    fn patch(&mut self, path: &str, one: &Value, root: &Value) {
        let path = join(path, "rules");
        let (Some(patch), Some(base)) = (get(one, "rules"), get(root, "rules")) else { return };
        let mut patch = patch.clone();
        for key in keys(&patch, "").into_iter().filter(|key| key.ends_with(".mode") || key.starts_with("custom.")) {
            let title = "an override cannot set this";
            let problem = self.context.error("bad-value", About::Key, &join(&path, &key), title, "not here");
            let help = match key.ends_with(".mode") {
                true => "`enabled = false` switches a rule off for these tasks; `mode` is a rule's or a connection's",
                false => "a rule of your own says in `when` which tasks it is about",
            };
            self.found.push((join(&path, &key), problem.help(help)));
            remove(&mut patch, &key);
        }
        let settings = loop {
            let mut whole = base.clone();
            overlay(&mut whole, &patch);
            let node = Node { value: &whole, path: path.clone(), variables: &self.context.variables };
            let error = match RuleSettings::deserialize(node) {
                Ok(settings) => break settings,
                Err(error) => error,
            };
            let at = error.path.unwrap_or_default();
            let about = match &error.what {
                Mistake::UnknownKey { key, .. } => join(&at, key),
                _ => at.clone(),
            };
            self.found.push((about.clone(), self.context.explain(&at, &error.what)));
            let Some(key) = about.strip_prefix(&path).and_then(|key| key.strip_prefix('.')) else { return };
            if !remove(&mut patch, key) {
                return;
            }
        };
        for (id, exclude) in settings.exclusions() {
            let key = format!("{id}.exclude");
            if let Some(exclude) = exclude.filter(|_| get(&patch, &key).is_some()) {
                self.steady(&join(&path, &key), exclude, "`exclude`");
            }
        }
        for wrong in settings.out_of_range() {
            let path = join(&path, wrong.key);
            let problem = self.context.is_not("bad-value", &path, &wrong.found, wrong.expected, "out of range");
            self.found.push((path, problem));
        }
    }
}

fn table(value: &Value) -> Option<&Table> {
    match &value.kind {
        ValueKind::Table(table) => Some(table),
        _ => None,
    }
}

/// Every key that holds a value, sorted.
fn keys(value: &Value, path: &str) -> Vec<String> {
    let Some(table) = table(value) else { return vec![path.to_owned()] };
    let mut keys: Vec<String> = table.iter().flat_map(|(key, value)| keys(value, &join(path, key))).collect();
    keys.sort();
    keys
}

fn overlay(value: &mut Value, patch: &Value) {
    match (&mut value.kind, &patch.kind) {
        (ValueKind::Table(into), ValueKind::Table(from)) => {
            for (key, patch) in from {
                let slot = into.entry(key.clone()).or_insert_with(|| Value::new(None, ValueKind::Nil));
                overlay(slot, patch);
            }
        }
        (kind, patch) => *kind = patch.clone(),
    }
}

/// Takes one key out; false where it is not.
fn remove(value: &mut Value, path: &str) -> bool {
    let ValueKind::Table(table) = &mut value.kind else { return false };
    match path.split_once('.') {
        None => table.remove(path).is_some(),
        Some((key, rest)) => table.get_mut(key).is_some_and(|value| remove(value, rest)),
    }
}
