//! From a mistake to its message: where it stands, what it is called, what may have been meant.

use std::collections::BTreeMap;

use config::ValueKind;

use super::diagnose::{Diagnostic, Mark, mask_tokens, meant};
use super::hints;
use super::paths::{matches, secret_above, within};
use super::read::Mistake;
use super::tree::{FileTree, Place, Table, join};
use super::values::REFUSALS;
use crate::domain::length::Length;

/// How a secret is referred to, for labels.
const SECRET_LABEL: &str = r#"expected { env = "NAME" }, { file = "/path" } or { credential = "name" }"#;

/// Where keys stand, in files and in the environment.
pub(super) struct Context {
    pub places: BTreeMap<String, Place>,
    /// By path, the variable that sets it.
    pub variables: BTreeMap<String, String>,
    pub env: BTreeMap<String, String>,
    /// A variable, one that sets a part of the same, and the path of that part.
    conflicts: Vec<(String, String, String)>,
    /// Variables that cannot name a setting at all.
    odd: Vec<String>,
}

/// What a message is about.
#[derive(Clone, Copy)]
pub(super) enum About {
    /// The key itself.
    Key,
    /// Its value.
    Value,
}

enum Stands<'c> {
    In(&'c Place),
    Variable(&'c str),
    Nowhere,
}

impl Context {
    pub(super) fn new(tree: &FileTree, env: &BTreeMap<String, String>) -> Context {
        let (mut variables, odd) = variables(tree, env);
        let conflicts = take_conflicts(&mut variables);
        let mut places = tree.places.clone();
        for secret in variables.keys().filter_map(|path| secret_above(path)) {
            places.retain(|path, _| !within(path, secret)); // replaced by the variable, whole
        }
        Context { places, variables, env: env.clone(), conflicts, odd }
    }

    /// An error about a key, at its place: in a file with a label beside it, of the environment by the variable's name.
    pub(super) fn error(&self, id: &'static str, about: About, path: &str, title: &str, label: &str) -> Diagnostic {
        self.placed(Diagnostic::error(id, title.to_owned()), about, path, label)
    }

    /// The same, as a warning.
    pub(super) fn warning(&self, id: &'static str, about: About, path: &str, title: &str, label: &str) -> Diagnostic {
        self.placed(Diagnostic::warning(id, title.to_owned()), about, path, label)
    }

    /// A second place, if it is in a file.
    pub(super) fn also(&self, diagnostic: Diagnostic, path: &str, label: &str) -> Diagnostic {
        match self.stands(path) {
            Stands::In(place) => diagnostic.mark(Mark::new(&place.file, place.value.clone(), label)),
            _ => diagnostic,
        }
    }

    fn placed(&self, diagnostic: Diagnostic, about: About, path: &str, label: &str) -> Diagnostic {
        let title = mask_tokens(&diagnostic.title);
        let diagnostic = diagnostic.titled(title);
        match (self.stands(path), about) {
            (Stands::In(place), About::Key) => {
                diagnostic.mark(Mark::new(&place.file, place.key.clone(), label)).key(path)
            }
            (Stands::In(place), About::Value) => {
                diagnostic.mark(Mark::new(&place.file, place.value.clone(), label)).key(path)
            }
            (Stands::Variable(name), _) => {
                let title = format!("{name}: {}{}", diagnostic.title, expectation(label));
                diagnostic.titled(title)
            }
            (Stands::Nowhere, _) => diagnostic.key(path),
        }
    }

    /// The innermost thing that is known about a path. A table that only variables have made stands in one of them.
    fn stands(&self, path: &str) -> Stands<'_> {
        if let Some(name) = self.variables.get(path) {
            return Stands::Variable(name);
        }
        if let Some(place) = self.places.get(path) {
            return Stands::In(place);
        }
        let below = format!("{path}.");
        if let Some((_, name)) = self.variables.range(below.clone()..).next().filter(|(key, _)| key.starts_with(&below))
        {
            return Stands::Variable(name);
        }
        match path.rfind(['.', '[']) {
            Some(end) => self.stands(&path[..end]),
            None => Stands::Nowhere,
        }
    }

    /// The message for what the reader refused.
    pub(super) fn explain(&self, path: &str, what: &Mistake) -> Diagnostic {
        match what {
            Mistake::UnknownKey { key, known } => self.unknown(path, key, known),
            Mistake::MissingKey(key) => self.missing(path, key, "it as `gapwatch config reference` shows it"),
            Mistake::WrongType { found, expected } => self.refused("bad-type", path, found, expected),
            Mistake::Refused { found, expected } => self.refused("bad-value", path, found, expected),
            Mistake::NoSuchWord { found, words } => self.no_such_word(path, found, words),
            Mistake::Other(text) if secret_above(path).is_some() => {
                self.error("bad-secret", About::Value, path, text, SECRET_LABEL)
            }
            Mistake::Other(text) => self.error("bad-value", About::Value, path, text, "here"),
        }
    }

    fn unknown(&self, table: &str, key: &str, known: &[&str]) -> Diagnostic {
        let path = join(table, key);
        let wherein = if table.is_empty() { "at the top".to_owned() } else { format!("in [{table}]") };
        let mut known = known.to_vec();
        known.sort_unstable();
        let title = format!("unknown key `{key}` {wherein}");
        let (id, help) = match self.stands(&path) {
            Stands::Variable(name) => {
                let spell = |meant: &str| {
                    let shown = |text: &str| text.replace('.', "__").to_uppercase();
                    name.replacen(&shown(&path), &shown(&join(table, meant)), 1)
                };
                let meant_key = meant(key, known.iter().copied());
                let help = help_for(&path, meant_key, &known, spell);
                let of_program = meant(&path, PROGRAM.iter().map(|(word, _)| *word)).filter(|_| meant_key.is_none());
                let of_program = PROGRAM.iter().find(|(word, _)| Some(*word) == of_program);
                ("unknown-variable", of_program.map_or(help, |(_, name)| format!("did you mean `{name}`?")))
            }
            _ => ("unknown-key", help_for(&path, meant(key, known.iter().copied()), &known, str::to_owned)),
        };
        self.error(id, About::Key, &path, &title, "unknown").help(help)
    }

    /// A table lacks a key.
    pub(super) fn missing(&self, table: &str, key: &str, example: &str) -> Diagnostic {
        let title = format!("missing key `{key}` in [{table}]");
        let mut problem = self.error("missing-key", About::Key, table, &title, &format!("`{key}` is needed here"));
        problem.key = problem.key.map(|_| join(table, key));
        problem.help(format!("write {example}"))
    }

    fn refused(&self, id: &'static str, path: &str, found: &str, expected: &str) -> Diagnostic {
        if secret_above(path).is_some() {
            return self.error("bad-secret", About::Value, path, "this is no reference to a secret", SECRET_LABEL);
        }
        let guess = match expected {
            Length::NAME => hints::length(found),
            "a repository" => hints::repo(found),
            _ => None,
        };
        let guess = guess.map(|guess| format!("did you mean {guess:?}? ")).unwrap_or_default();
        match REFUSALS.iter().find(|refusal| refusal.name == expected) {
            Some(refusal) => {
                let help = format!("{guess}{}", refusal.help);
                self.is_not(refusal.id, path, found, refusal.name, refusal.label).help(help)
            }
            None => {
                let problem = self.is_not(id, path, found, plain(expected), &format!("expected {}", plain(expected)));
                match (expected, hints::share(found)) {
                    ("a sequence", _) if found.starts_with('"') => problem.help(format!("write [{found}]")),
                    ("f64", Some(share)) if found.ends_with("%\"") => {
                        problem.help(format!("shares run from 0 to 1: write {share}"))
                    }
                    _ => problem,
                }
            }
        }
    }

    /// "FOUND is not WHAT".
    pub(super) fn is_not(&self, id: &'static str, path: &str, found: &str, what: &str, label: &str) -> Diagnostic {
        let found = mask_tokens(found);
        match self.stands(path) {
            Stands::Variable(name) => {
                let more = if label.ends_with(what) { "" } else { &expectation(label) };
                Diagnostic::error(id, format!("{name}={found} is not {what}{more}"))
            }
            _ => self.error(id, About::Value, path, &format!("{found} is not {what}"), label),
        }
    }

    fn no_such_word(&self, path: &str, found: &str, words: &[&str]) -> Diagnostic {
        let all: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
        let label = match all.as_slice() {
            [most @ .., last] if !most.is_empty() => format!("expected {} or {last}", most.join(", ")),
            _ => format!("expected {}", all.join("")),
        };
        let problem = self.is_not("bad-value", path, found, "a possible value", &label);
        match meant(found.trim_matches('"'), words.iter().copied()) {
            Some(word) => problem.help(format!("did you mean {word:?}?")),
            None => problem,
        }
    }

    /// Variables that begin like ours and are no path of keys.
    pub(super) fn odd(&self) -> Vec<Diagnostic> {
        let help = "the part behind GAPWATCH_ is the path of a setting, with two underscores between its parts";
        let odd =
            |name: &String| Diagnostic::error("unknown-variable", format!("{name}: this names no setting")).help(help);
        self.odd.iter().map(odd).collect()
    }

    /// Variables that would overwrite each other, in an order that nobody sees.
    pub(super) fn conflicts(&self) -> Vec<Diagnostic> {
        let conflict = |(name, rival, path): &(String, String, String)| match secret_above(path) {
            Some(_) => ("bad-secret", format!("{name} and {rival} both give the same secret; keep one of them")),
            None => ("bad-value", format!("{name} sets one value and {rival} a part of it; keep one of them")),
        };
        self.conflicts.iter().map(conflict).map(|(id, title)| Diagnostic::error(id, title)).collect()
    }
}

/// Takes variables out that set a part of what another one sets whole; those stay.
fn take_conflicts(variables: &mut BTreeMap<String, String>) -> Vec<(String, String, String)> {
    let whole = |path: &str| path.match_indices('.').find_map(|(end, _)| variables.get(&path[..end]).cloned());
    let found: Vec<_> =
        variables.iter().filter_map(|(path, rival)| Some((whole(path)?, rival.clone(), path.clone()))).collect();
    found.iter().for_each(|(_, _, path)| drop(variables.remove(path)));
    found
}

/// What a label adds to a title that stands alone; "unknown" and the like only point at a place.
fn expectation(label: &str) -> String {
    if label.starts_with("expected") { format!("; {label}") } else { String::new() }
}

fn help_for(path: &str, meant: Option<&str>, known: &[&str], spell: impl Fn(&str) -> String) -> String {
    let known = format!("Known keys: {}", known.join(", "));
    if NOT_YET.iter().any(|pattern| matches(pattern, path)) {
        return format!("this version does not have it yet; take it out. {known}");
    }
    if let Some((_, key)) = path.rsplit_once('.').filter(|(_, key)| AT_THE_TOP.contains(key) && meant.is_none()) {
        return format!("`{key}` belongs above the first table of the file. {known}");
    }
    match meant {
        Some(meant) => format!("did you mean `{}`? {known}", spell(meant)),
        None => known,
    }
}

/// What serde calls a type, in plain words.
fn plain(expected: &str) -> &str {
    match expected {
        "a string" | "path string" => "text",
        "a boolean" => "true or false",
        "f64" => "a number",
        "u32" => "a whole number, 0 or more",
        "a sequence" => "a list",
        "a map" => "a table",
        _ if expected.starts_with("struct ") => "a table",
        _ if expected.starts_with("enum ") => "a word",
        other => other,
    }
}

/// Variables that are no settings. Those of the log are read before the configuration is.
const EXEMPT: [&str; 9] = [
    "GAPWATCH_ASANA_URL",
    "GAPWATCH_CONFIG",
    "GAPWATCH_FIXTURES",
    "GAPWATCH_GITHUB_URL",
    "GAPWATCH_LOG_FORMAT",
    "GAPWATCH_LOG_LEVEL",
    "GAPWATCH_SLACK_URL",
    "GAPWATCH_TEST_CLOCK",
    "GAPWATCH_TRELLO_URL",
];

/// Those of them that people set, as they would be read if they were settings.
const PROGRAM: [(&str, &str); 3] =
    [("config", "GAPWATCH_CONFIG"), ("log_format", "GAPWATCH_LOG_FORMAT"), ("log_level", "GAPWATCH_LOG_LEVEL")];

/// By path, the variables that set something (or would, if it were known); and those that could not, whatever is known.
fn variables(tree: &FileTree, env: &BTreeMap<String, String>) -> (BTreeMap<String, String>, Vec<String>) {
    let referred = referred_variables(&tree.table, "");
    let setting = |name: &str| !EXEMPT.contains(&name) && !referred.iter().any(|r| r == name);
    let paths: BTreeMap<String, String> = env
        .keys()
        .filter(|name| setting(name))
        .filter_map(|name| Some((path_of(name.strip_prefix("GAPWATCH_")?), name.clone())))
        .collect();
    // A reference may itself stand in a variable: GAPWATCH_GITHUB__ACME__TOKEN__ENV=GAPWATCH_MY_TOKEN.
    let referred: Vec<String> = paths
        .iter()
        .filter(|(path, _)| path.ends_with(".env") && secret_above(path).is_some())
        .map(|(_, name)| env[name].clone())
        .collect();
    let (paths, odd): (BTreeMap<_, _>, BTreeMap<_, _>) = paths
        .into_iter()
        .filter(|(_, name)| !referred.contains(name))
        .partition(|(path, _)| path.split('.').all(|part| !part.is_empty() && part.chars().all(is_of_a_key)));
    (paths, odd.into_values().collect())
}

fn is_of_a_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// `GITHUB__ACME__TOKEN_FILE` is `github.acme.token.file`, as secrets of containers are usually given.
fn path_of(name: &str) -> String {
    let path = name.to_lowercase().replace("__", ".");
    match path.strip_suffix("_file") {
        Some(secret) if secret_above(secret) == Some(secret) => format!("{secret}.file"),
        _ => path,
    }
}

/// Variables that secrets of the files refer to.
fn referred_variables(table: &Table, path: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (key, value) in table {
        let path = join(path, key);
        match &value.kind {
            ValueKind::Table(inner) => names.extend(referred_variables(inner, &path)),
            ValueKind::String(name) if key == "env" && secret_above(&path).is_some() => names.push(name.clone()),
            _ => {}
        }
    }
    names
}

/// Keys that are planned and described elsewhere, so that nobody believes they work.
const NOT_YET: &[&str] = &[
    "server.auth",
    "server.proxy_user_header",
    "server.trusted_proxies",
    "store.keep_events",
    "store.backup",
    "comments.style",
    "rules.zombie",
    "rules.action_item",
    "rules.priority",
    "rules.scope",
    "rules.project",
    "rules.update",
    "rules.all_clear",
    "rules.due.soon",
    "rules.due.invalid",
    "rules.owner.ambiguous",
];

/// Settings that stand in no table.
const AT_THE_TOP: [&str; 2] = ["mode", "version"];
