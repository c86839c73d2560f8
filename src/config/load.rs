//! Layers to settings: defaults, files, environment, command line, each over the one before.
//!
//! Reading is a function of its [`Sources`], except for the secrets and certificates it looks at. It finds every mistake in
//! one run: what is wrong is put right for the moment (by its default, or by leaving it out) and reading begins again, and
//! whatever is said later about a value put right is dropped, for it would only be an echo.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use config::{Config, ConfigError, Environment, Map, Value, ValueKind};
use serde::Deserialize;

use super::diagnose::Diagnostic;
use super::mistakes::Context;
use super::origins::{Known, Origin};
use super::paths::{matches, secret_above, within};
use super::read::{Mistake, Node, ReadError};
use super::show::InForce;
use super::slots::{Last, get, slot, split_last, take};
use super::tree::{FileTree, Table, join};
use super::{Backlog, DEFAULTS, Mode, Settings, Severity, StoreUrl, calendars, check, rules};

/// What settings are made of.
#[derive(Clone, Default)]
pub struct Sources {
    /// Names and texts; order does not matter for what they say, only for the order of messages and of lists.
    pub files: Vec<(PathBuf, String)>,
    /// The whole environment: variables that begin with `GAPWATCH_`, and those that secrets refer to.
    pub env: BTreeMap<String, String>,
    /// The command line.
    pub flags: Flags,
}

impl std::fmt::Debug for Sources {
    /// Names alone: texts and variables hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let files: Vec<_> = self.files.iter().map(|(path, _)| path).collect();
        f.debug_struct("Sources").field("files", &files).field("flags", &self.flags).finish_non_exhaustive()
    }
}

/// What the command line says about settings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Flags {
    /// `--mode`. Observe silences connections and rules with a mode of their own as well: whoever types it wants quiet.
    pub mode: Option<Mode>,
    /// `--backlog`.
    pub backlog: Option<Backlog>,
    /// The command only looks at the store: credentials and certificates need not be at hand.
    pub only_looks: bool,
}

/// Settings that were taken.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// What the operator should know; none of it an error.
    pub warnings: Vec<Diagnostic>,
    /// How many files were read.
    pub files: usize,
    /// What the settings were read from.
    merged: Merged,
}

impl Loaded {
    /// Every value with where it comes from.
    pub fn in_force(&self) -> InForce {
        let mut settings = self.settings.clone();
        let secrets = check::secrets_mut(&mut settings);
        let secrets: Vec<_> = secrets.into_iter().map(|(key, secret)| (key, secret.clone())).collect();
        InForce::new(&self.merged.0, &self.settings, &secrets)
    }
}

/// The layers, merged.
#[derive(Clone)]
struct Merged(Value);

impl std::fmt::Debug for Merged {
    /// Its values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Merged")
    }
}

/// Reads and checks everything. `Err`: every mistake and every warning, by place.
pub fn load(sources: &Sources) -> Result<Loaded, Vec<Diagnostic>> {
    let (tree, mut found) = FileTree::parse(&sources.files)?;
    let context = Context::new(&tree, &sources.env);
    let (root, defaults) = layered(tree, &context, sources.flags);
    let mut reading = Reading { root, defaults, context: &context, repaired: BTreeSet::new(), found: Vec::new() };
    let settings = reading.read();
    let (repaired, merged) = (reading.repaired, Merged(reading.root));
    found.extend(reading.found);
    found.extend(context.conflicts());
    found.extend(context.odd());
    let mut settings = settings.map(|settings| finished(settings, &context, sources));
    let files = settings.as_mut().map(calendars::read).unwrap_or_default();
    if let Some(settings) = &settings {
        let echo = |path: &str| repaired.iter().any(|repaired| within(path, repaired) || is_item_of(repaired, path));
        found.extend(
            check::all(settings, &context, &repaired, sources.flags.only_looks)
                .into_iter()
                .chain(rules::all(&merged.0, settings, &context))
                .filter(|(path, _)| !echo(path))
                .map(|(_, found)| found),
        );
        // Whoever only looks goes by what the daemon has read.
        let files = if sources.flags.only_looks { &[][..] } else { &files };
        let of_calendars = calendars::all(settings, &context, files).into_iter();
        found.extend(of_calendars.filter(|(path, _)| !echo(path)).map(|(_, found)| found));
    }
    sort(&mut found, &sources.files);
    match settings {
        Some(settings) if found.iter().all(|found| found.severity == Severity::Warning) => {
            Ok(Loaded { settings, warnings: found, files: sources.files.len(), merged })
        }
        _ => Err(found),
    }
}

/// Where the store is, as far as files with mistakes in them tell: for asking whoever runs by an earlier text of them.
pub fn store_url(sources: &Sources) -> Option<StoreUrl> {
    let tree = FileTree::guess(&sources.files);
    let context = Context::new(&tree, &sources.env);
    let (root, defaults) = layered(tree, &context, sources.flags);
    let mut reading = Reading { root, defaults, context: &context, repaired: BTreeSet::new(), found: Vec::new() };
    reading.read().map(|settings| settings.store.url)
}

/// What needs the environment and the flags, and where everything comes from.
fn finished(mut settings: Settings, context: &Context, sources: &Sources) -> Settings {
    for (path, secret) in check::secrets_mut(&mut settings) {
        secret.resolve(&sources.env, context.variables.get(&path).map(String::as_str));
    }
    let mut known = Known::default();
    for (path, place) in &context.places {
        let line = place.file.line_of(place.key.start);
        known.set(path, Origin::File { file: place.file.name.clone(), line });
    }
    for (path, variable) in &context.variables {
        known.set(path, Origin::Variable(variable.clone()));
        if let Some(secret) = secret_above(path) {
            known.set(secret, Origin::Variable(variable.clone()));
        }
    }
    if sources.flags.backlog.is_some() {
        known.set("messages.backlog", Origin::Flag("--backlog"));
    }
    if let Some(mode) = sources.flags.mode {
        known.set("mode", Origin::Flag("--mode"));
        if mode == Mode::Observe {
            silence(&mut settings);
        }
    }
    settings.origins = known;
    settings
}

fn silence(settings: &mut Settings) {
    settings.modes_mut().for_each(|mode| *mode = None);
    settings.rules.modes_mut().into_iter().for_each(|mode| *mode = None);
    settings.rules.own_modes_mut().for_each(|mode| *mode = None);
}

/// By file and place; what stands in no file comes last.
fn sort(found: &mut [Diagnostic], files: &[(PathBuf, String)]) {
    let order = |name: &str| files.iter().position(|(path, _)| path.display().to_string() == name);
    found.sort_by_key(|diagnostic| match diagnostic.position() {
        Some(at) => (order(at.file).unwrap_or(usize::MAX), at.line, at.column),
        None => (usize::MAX, 0, 0),
    });
}

/// `repos[1]` is an item of `repos`.
fn is_item_of(path: &str, list: &str) -> bool {
    path.strip_prefix(list).is_some_and(|rest| rest.starts_with('['))
}

/// Tables that a user names, and the name their template has in the defaults.
const NAMED: [&str; 9] =
    ["github", "jira", "asana", "trello", "webhooks", "people", "teams", "calendars", "rules.custom"];
const TEMPLATE: &str = "NAME";
/// Tables that are not there unless somebody writes them.
const OPTIONAL: [&str; 3] = ["slack", "email", "heartbeat"];

/// The merged tree, and the defaults alone with a table for everything the user has named.
fn layered(tree: FileTree, context: &Context, flags: Flags) -> (Value, Value) {
    let mut files = Value::new(None, ValueKind::Table(tree.table));
    // A secret from the environment replaces one of a file whole; merged they would name two places.
    for secret in context.variables.keys().filter_map(|path| secret_above(path)) {
        take(&mut files, secret);
    }
    let defaults = defaults_for(table_of(&files), context);
    let layers = Config::builder()
        .add_source(Layer(defaults.clone()))
        .add_source(Layer(table_of(&files).clone()))
        .add_source(
            Environment::with_prefix("GAPWATCH").prefix_separator("_").separator("__").source(Some(normal(context))),
        )
        .set_override_option("mode", flags.mode.map(mode_word))
        .and_then(|layers| layers.set_override_option("messages.backlog", flags.backlog.map(backlog_word)))
        .and_then(|layers| layers.build())
        .expect("plain values under plain keys always merge");
    (layers.cache, Value::new(None, ValueKind::Table(defaults)))
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe",
        Mode::Live => "live",
    }
}

fn backlog_word(backlog: Backlog) -> &'static str {
    match backlog {
        Backlog::Hold => "hold",
        Backlog::Tell => "tell",
    }
}

/// The variables with the names that lead to their paths (`…TOKEN_FILE` has become `…TOKEN__FILE`).
fn normal(context: &Context) -> HashMap<String, String> {
    let name = |path: &str| format!("GAPWATCH_{}", path.replace('.', "__").to_uppercase());
    context.variables.iter().map(|(path, variable)| (name(path), context.env[variable].clone())).collect()
}

#[derive(Clone)]
struct Layer(Table);

impl std::fmt::Debug for Layer {
    /// Its values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Layer")
    }
}

impl config::Source for Layer {
    fn clone_into_box(&self) -> Box<dyn config::Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

fn defaults_for(files: &Table, context: &Context) -> Table {
    let parsed = FileTree::parse(&[(PathBuf::from("config/default.toml"), DEFAULTS.to_owned())]);
    let (tree, _) = parsed.expect("the defaults are parsed by every test");
    let defaults = tree.table;
    let from_variables = |outer: &str| context.variables.keys().any(|path| path != outer && within(path, outer));
    let mut defaults = Value::new(None, ValueKind::Table(defaults));
    let files = Value::new(None, ValueKind::Table(files.clone()));
    for kind in NAMED {
        let mut named = Table::new();
        let Some(template) = get(&defaults, &join(kind, TEMPLATE)).cloned() else { continue };
        let in_files = get(&files, kind).map(table_of).into_iter().flatten();
        let mut names: Vec<&str> =
            in_files.filter(|(_, value)| is_table(value)).map(|(name, _)| name.as_str()).collect();
        names.extend(
            context
                .variables
                .keys()
                .filter_map(|path| path.strip_prefix(kind)?.strip_prefix('.')?.split_once('.'))
                .map(|(name, _)| name),
        );
        for name in names {
            named.insert(name.to_owned(), template.clone());
        }
        if let Some(slot) = slot(&mut defaults, kind) {
            *slot = Value::new(None, ValueKind::Table(named));
        }
    }
    let ValueKind::Table(mut defaults) = defaults.kind else { return Table::new() };
    let files = table_of(&files);
    for table in OPTIONAL {
        if !files.get(table).is_some_and(is_table) && !from_variables(table) {
            defaults.remove(table);
        }
    }
    defaults
}

fn is_table(value: &Value) -> bool {
    matches!(value.kind, ValueKind::Table(_))
}

/// The table a value is; an empty one for any other.
fn table_of(value: &Value) -> &Table {
    static NONE: std::sync::LazyLock<Table> = std::sync::LazyLock::new(Table::new);
    match &value.kind {
        ValueKind::Table(table) => table,
        _ => &NONE,
    }
}

/// A key without a default.
struct Required {
    pattern: &'static str,
    /// How it is written.
    example: &'static str,
    /// Stands for it while the rest is read; never seen by anybody.
    stand_in: fn() -> Value,
}

const REQUIRED: [Required; 14] = [
    Required {
        pattern: "rules.custom.*.when",
        example: r#"when = "task.state == 'review' and task.idle_days > 2""#,
        stand_in: || Value::from("false"),
    },
    Required {
        pattern: "github.*.repos",
        example: r#"repos = ["owner/name"]"#,
        stand_in: || Value::from(vec![Value::from("x/x")]),
    },
    Required {
        pattern: "jira.*.url",
        example: r#"url = "https://NAME.atlassian.net", or the address of your own server"#,
        stand_in: || Value::from("https://x"),
    },
    Required {
        pattern: "jira.*.token",
        example: r#"token = { file = "/run/secrets/jira_token" }, or { env = "NAME" }, { credential = "name" }"#,
        stand_in: || Value::from("x"),
    },
    Required {
        pattern: "asana.*.token",
        example: r#"token = { file = "/run/secrets/asana_token" }, or { env = "NAME" }, { credential = "name" }"#,
        stand_in: || Value::from("x"),
    },
    Required {
        pattern: "trello.*.key",
        example: r#"key = { file = "/run/secrets/trello_key" }, or { env = "NAME" }, { credential = "name" }"#,
        stand_in: || Value::from("x"),
    },
    Required {
        pattern: "trello.*.token",
        example: r#"token = { file = "/run/secrets/trello_token" }, or { env = "NAME" }, { credential = "name" }"#,
        stand_in: || Value::from("y"),
    },
    Required {
        pattern: "slack.bot_token",
        example: r#"bot_token = { file = "/run/secrets/slack_bot_token" }, or { env = "NAME" }, { credential = "name" }; or webhook_url"#,
        stand_in: || Value::from("x"),
    },
    Required {
        pattern: "email.from",
        example: r#"from = "gapwatch <gapwatch@example.org>""#,
        stand_in: || Value::from("x@example.org"),
    },
    Required {
        pattern: "email.smtp",
        example: r#"smtp = "smtps://USER@HOST:465", or "smtp://USER@HOST:587" for STARTTLS"#,
        stand_in: || Value::from("smtps://x"),
    },
    Required {
        pattern: "webhooks.*.url",
        example: r#"url = "https://example.org/hooks/gapwatch""#,
        stand_in: || Value::from("https://x"),
    },
    Required {
        pattern: "webhooks.*.secret",
        example: r#"secret = { file = "/run/secrets/webhook_secret" }, or { env = "NAME" }, { credential = "name" }"#,
        stand_in: || Value::from("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="),
    },
    Required {
        pattern: "heartbeat.url",
        example: r#"url = { file = "/run/secrets/heartbeat_url" }, or { env = "NAME" }, { credential = "name" }"#,
        stand_in: || Value::from("https://x"),
    },
    Required {
        pattern: "teams.*.manager",
        example: r#"manager = "max", the name of a table under [people]"#,
        stand_in: || Value::from("x"),
    },
];

fn required(path: &str) -> Option<&'static Required> {
    REQUIRED.iter().find(|required| matches(required.pattern, path))
}

/// One reading, begun anew until nothing is wrong any more.
struct Reading<'a> {
    root: Value,
    defaults: Value,
    context: &'a Context,
    /// What was put right; nothing more is said about it.
    repaired: BTreeSet<String>,
    found: Vec<Diagnostic>,
}

impl Reading<'_> {
    /// `None`: a mistake that could not be put right (it is among what was found).
    fn read(&mut self) -> Option<Settings> {
        self.fill_required();
        loop {
            let node = Node { value: &self.root, path: String::new(), variables: &self.context.variables };
            let ReadError { path, what } = match Settings::deserialize(node) {
                Ok(settings) => return Some(settings),
                Err(error) => error,
            };
            let path = path.unwrap_or_default();
            self.found.push(self.context.explain(&path, &what));
            if !self.repair(&path, &what) {
                return None;
            }
        }
    }

    /// All missing keys at once; serde would stop at the first.
    fn fill_required(&mut self) {
        let names = |kind: &str, value: &Value| -> Vec<String> {
            table_of(value)
                .iter()
                .filter(|(_, value)| is_table(value))
                .map(|(name, _)| format!("{kind}.{name}"))
                .collect()
        };
        let top = table_of(&self.root);
        let mut tables: Vec<String> =
            NAMED.into_iter().filter_map(|kind| Some(names(kind, get(&self.root, kind)?))).flatten().collect();
        let there = |table: &&str| top.get(*table).is_some_and(is_table);
        tables.extend(OPTIONAL.into_iter().filter(|table| there(table)).map(str::to_owned));
        for table in tables {
            for required in &REQUIRED {
                let (_, key) = required.pattern.rsplit_once('.').expect("required keys stand in tables");
                let path = join(&table, key);
                // An incoming webhook stands in the place of a token.
                let instead = path == "slack.bot_token" && get(&self.root, "slack.webhook_url").is_some();
                if matches(required.pattern, &path) && !instead && get(&self.root, &path).is_none() {
                    self.found.push(self.context.missing(&table, key, required.example));
                    self.put(&path, Some((required.stand_in)()));
                }
            }
        }
    }

    /// Puts one mistake right; false if that is not possible.
    fn repair(&mut self, path: &str, what: &Mistake) -> bool {
        let path = match what {
            Mistake::UnknownKey { key, .. } => join(path, key),
            _ => path.to_owned(),
        };
        let path = secret_above(&path).unwrap_or(&path).to_owned();
        let instead = if let Some(required) = required(&path) {
            Some((required.stand_in)())
        } else if path.ends_with(']') {
            Some(Value::new(None, ValueKind::Nil)) // left out by the reader, so that the items behind keep their numbers
        } else {
            get(&self.defaults, &path).cloned()
        };
        self.put(&path, instead)
    }

    fn put(&mut self, path: &str, value: Option<Value>) -> bool {
        self.repaired.insert(path.to_owned());
        match value {
            None => take(&mut self.root, path).is_some(),
            Some(value) => {
                let Some((outer, last)) = split_last(path) else { return false };
                match (slot(&mut self.root, outer).map(|value| &mut value.kind), last) {
                    (Some(ValueKind::Table(table)), Last::Key(key)) => {
                        table.insert(key.to_owned(), value).is_some() || required(path).is_some()
                    }
                    (Some(ValueKind::Array(list)), Last::Index(index)) => match list.get_mut(index) {
                        Some(item) => {
                            *item = value;
                            true
                        }
                        None => false,
                    },
                    _ => false,
                }
            }
        }
    }
}
