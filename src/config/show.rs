//! What is in force: every value with where it comes from, as TOML that could be read again. A secret is named by its
//! source and never looked at beyond whether it can be read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use config::{Value, ValueKind};
use serde_json::json;

use super::origins::Origin;
use super::paths::secret_above;
use super::schema::{TEMPLATE, at, schema};
use super::sections::sections;
use super::tree::join;
use super::{SecretRef, Settings};

/// Everything that is in force.
#[derive(Debug, Clone, Default)]
pub struct InForce {
    /// Every table that a user has named: `people.ana`.
    named: BTreeSet<String>,
    /// Every value, in the order of the reference.
    pub values: Vec<Shown>,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// `github.acme.poll`
    pub key: String,
    /// The value; for a secret, in brackets, where it comes from.
    pub value: serde_json::Value,
    /// Where it comes from; several for a list that several files made.
    pub origins: Vec<Origin>,
    /// Whether it is a secret.
    pub secret: bool,
}

impl Shown {
    /// Whether nobody has set it.
    pub fn is_default(&self) -> bool {
        self.origins == [Origin::Default]
    }

    /// `default`, `gapwatch.toml:4`, `GAPWATCH_MODE`; several with commas.
    pub fn origin(&self) -> String {
        self.origins.iter().map(Origin::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl InForce {
    /// What the merged layers say, which `settings` were read from.
    pub(super) fn new(root: &Value, settings: &Settings, secrets: &[(String, SecretRef)]) -> InForce {
        let mut walk = Walk { settings, secrets, found: InForce::default() };
        walk.value("", root);
        let mut found = walk.found;
        let order = Order::new();
        found.values.sort_by_key(|shown| order.of(&shown.key));
        found
    }

    /// As TOML. With `all`, the values that come from the defaults as well; with `origin`, where each comes from behind it.
    pub fn toml(&self, all: bool, origin: bool) -> String {
        let order = Order::new();
        let mut tables: Vec<(&str, Vec<&Shown>)> = Vec::new();
        for shown in self.values.iter().filter(|shown| all || !shown.is_default()) {
            let (table, _) = split(&shown.key);
            match tables.last_mut() {
                Some((last, values)) if *last == table => values.push(shown),
                _ => tables.push((table, vec![shown])),
            }
        }
        let bare = self.named.iter().filter(|name| !tables.iter().any(|(table, _)| below(table, name)));
        tables.extend(bare.map(|name| (name.as_str(), Vec::new())).collect::<Vec<_>>());
        tables.sort_by_key(|(table, _)| order.of(&join(table, "")));
        let mut text = String::new();
        for (table, values) in tables {
            if !table.is_empty() {
                let _ = writeln!(text, "{}[{table}]", if text.is_empty() { "" } else { "\n" });
            }
            values.iter().for_each(|shown| line(&mut text, shown, origin));
        }
        text
    }

    /// How many values come from the defaults.
    pub fn defaults(&self) -> usize {
        self.values.iter().filter(|shown| shown.is_default()).count()
    }
}

/// Where the comment begins when a line is short enough for that.
const COMMENT_AT: usize = 48;

fn line(text: &mut String, shown: &Shown, origin: bool) {
    let (_, key) = split(&shown.key);
    let value = toml::Value::try_from(&shown.value).map(|value| value.to_string()).unwrap_or_default();
    let line = format!("{key} = {value}");
    // A line break in a file's name would end the comment.
    let from: String = shown.origin().chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let _ = match origin {
        true => writeln!(text, "{line:<COMMENT_AT$}  # {from}"),
        false => writeln!(text, "{line}"),
    };
}

fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or(("", key))
}

fn below(table: &str, name: &str) -> bool {
    table.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

struct Walk<'a> {
    settings: &'a Settings,
    secrets: &'a [(String, SecretRef)],
    found: InForce,
}

impl Walk<'_> {
    fn value(&mut self, path: &str, value: &Value) {
        if secret_above(path) == Some(path) {
            let secret = self.secrets.iter().find(|(key, _)| key == path).map(|(_, secret)| named(secret));
            let value = json!(secret.unwrap_or_else(|| "[set]".to_owned()));
            return self.found.values.push(Shown {
                key: path.to_owned(),
                value,
                origins: vec![self.settings.origin(path)],
                secret: true,
            });
        }
        match &value.kind {
            ValueKind::Table(table) => {
                // A table that a user names is there even without a value of its own.
                if template(path).0.ends_with(&format!(".{TEMPLATE}")) {
                    self.found.named.insert(path.to_owned());
                }
                table.iter().for_each(|(key, value)| self.value(&join(path, key), value));
            }
            ValueKind::Nil => {}
            _ => {
                let shown = Shown {
                    key: path.to_owned(),
                    value: self.plain(path, value),
                    origins: self.origins(path, value),
                    secret: false,
                };
                self.found.values.push(shown);
            }
        }
    }

    /// Files append to a list, each from its own line.
    fn origins(&self, path: &str, value: &Value) -> Vec<Origin> {
        let own = self.settings.origin(path);
        let ValueKind::Array(list) = &value.kind else { return vec![own] };
        if !matches!(own, Origin::File { .. }) {
            return vec![own];
        }
        let mut origins = vec![own];
        for index in 0..list.len() {
            if let origin @ Origin::File { .. } = self.settings.origin(&format!("{path}[{index}]"))
                && !origins.iter().any(|known| same_file(known, &origin))
            {
                origins.push(origin);
            }
        }
        origins
    }

    /// The value; what a variable says is text, and becomes what the setting is.
    fn plain(&self, path: &str, value: &Value) -> serde_json::Value {
        match (&value.kind, self.settings.origin(path)) {
            (ValueKind::String(text), Origin::Variable(_)) => meant(text, at(schema(), path)),
            _ => as_json(value),
        }
    }
}

fn same_file(one: &Origin, other: &Origin) -> bool {
    matches!((one, other), (Origin::File { file, .. }, Origin::File { file: other, .. }) if file == other)
}

/// A text of the environment as the kind of value that its setting takes.
fn meant(text: &str, schema: Option<&serde_json::Value>) -> serde_json::Value {
    let kind = schema.and_then(|schema| schema["type"].as_str()).unwrap_or_default();
    let trimmed = text.trim();
    let value = match kind {
        "boolean" => trimmed.parse().ok().map(serde_json::Value::Bool),
        "integer" => trimmed.parse::<i64>().ok().map(|number| json!(number)),
        "number" => trimmed.parse::<f64>().ok().map(|number| json!(number)),
        "array" => Some(trimmed.split(',').map(str::trim).filter(|word| !word.is_empty()).collect()),
        _ => None,
    };
    value.unwrap_or_else(|| json!(text))
}

fn as_json(value: &Value) -> serde_json::Value {
    match &value.kind {
        ValueKind::Boolean(yes) => json!(yes),
        ValueKind::I64(number) => json!(number),
        ValueKind::U64(number) => json!(number),
        ValueKind::Float(number) => json!(number),
        ValueKind::String(text) => json!(text),
        ValueKind::Array(list) => list.iter().map(as_json).collect(),
        ValueKind::Table(table) => table.iter().map(|(key, value)| (key.clone(), as_json(value))).collect(),
        other => json!(other.to_string()),
    }
}

/// In brackets, which no secret is: read again it would be refused, and nobody takes it for one.
fn named(secret: &SecretRef) -> String {
    match secret.secret().read() {
        Ok(_) => secret.to_string(),
        Err(_) => secret.to_string().replacen("[set", "[cannot be read", 1),
    }
}

/// The order of the reference: by table, named ones together, then by key.
struct Order {
    tables: Vec<String>,
    keys: Vec<String>,
}

/// Sorts like the reference: the top-level table, a user's own name, the table, the key, and what is in neither by letter.
type Rank = (usize, String, usize, usize, String);

impl Order {
    fn new() -> Order {
        let sections = sections();
        let keys =
            sections.iter().flat_map(|section| section.entries.iter().map(|entry| join(&section.table, &entry.key)));
        Order { keys: keys.collect(), tables: sections.iter().map(|section| section.table.clone()).collect() }
    }

    fn of(&self, key: &str) -> Rank {
        let (template, name) = template(key);
        let (table, _) = split(&template);
        let top = table.split('.').next().unwrap_or_default();
        let place = |wanted: &dyn Fn(&String) -> bool| self.tables.iter().position(wanted).unwrap_or(usize::MAX);
        let of_top = place(&|known| if top.is_empty() { known.is_empty() } else { below(known, top) });
        let of_table = place(&|known| known == table);
        let of_key = self.keys.iter().position(|known| *known == template).unwrap_or(usize::MAX);
        (of_top, name, of_table, of_key, key.to_owned())
    }
}

/// A path as the reference writes it, `NAME` in place of the name a user gave; and that name.
fn template(path: &str) -> (String, String) {
    let (mut template, mut name) = (String::new(), String::new());
    let mut table = Some(schema());
    for part in path.split('.') {
        let is_named = table
            .is_some_and(|table| table["additionalProperties"].is_object() && table["properties"].get(part).is_none());
        if is_named {
            part.clone_into(&mut name);
        }
        table = table.and_then(|table| at(table, part));
        template = if template.is_empty() {
            part.to_owned()
        } else {
            format!("{template}.{}", if is_named { TEMPLATE } else { part })
        };
    }
    (template, name)
}
