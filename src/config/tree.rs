//! Files to one tree, and where each key stands.
//!
//! Tables merge, lists append, a single value given twice is an error that names both places. What the keys mean is not
//! known here.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use config::{Value, ValueKind};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnose::{Diagnostic, Mark, SourceFile};
use super::paths::sounds_secret;

/// A table in the form the layers are made of.
pub(super) type Table = HashMap<String, Value>;

/// Where a key and its value stand.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub file: Arc<SourceFile>,
    /// The last part of the key, in a header or before `=`.
    pub key: Range<usize>,
    pub value: Range<usize>,
}

/// All files, merged.
#[derive(Default)]
pub(super) struct FileTree {
    pub table: Table,
    /// By path: `github.acme.repos`, and `github.acme.repos[0]` for what a list holds.
    pub places: BTreeMap<String, Place>,
}

impl FileTree {
    /// Parses and merges; what was found wrong on the way. `Err`: a file is not TOML; anything said about the rest would
    /// be a guess then.
    pub(super) fn parse(files: &[(PathBuf, String)]) -> Result<(FileTree, Vec<Diagnostic>), Vec<Diagnostic>> {
        let merge = FileTree::merge(files);
        if merge.broken { Err(merge.problems) } else { Ok((merge.tree, merge.problems)) }
    }

    /// Whatever can be made out, for a guess that somebody checks.
    pub(super) fn guess(files: &[(PathBuf, String)]) -> FileTree {
        FileTree::merge(files).tree
    }

    fn merge(files: &[(PathBuf, String)]) -> Merge {
        let mut merge = Merge {
            tree: FileTree::default(),
            problems: Vec::new(),
            file: Arc::new(SourceFile::empty()),
            broken: false,
        };
        let mut table = Table::new();
        for (path, text) in files {
            merge.add_file(&path.display().to_string(), text, &mut table);
        }
        merge.tree.table = table;
        merge
    }
}

/// `path` with one more key.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

struct Merge {
    tree: FileTree,
    problems: Vec<Diagnostic>,
    file: Arc<SourceFile>,
    /// Whether a file is not TOML.
    broken: bool,
}

impl Merge {
    fn add_file(&mut self, name: &str, text: &str, into: &mut Table) {
        // An editor's byte order mark is no key.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        let file = if errors.is_empty() {
            SourceFile::new(name, text, &secret_spans(table.get_ref()))
        } else {
            SourceFile::unparsed(name, text)
        };
        self.file = Arc::new(file);
        self.broken |= !errors.is_empty();
        // What follows the first mistake in a line is mostly its echo; and so is what is in a table that stands twice.
        let mut line = None;
        let mut double = None;
        for error in errors {
            let span = error.span().unwrap_or(text.len()..text.len());
            let here = self.file.line_of(span.start);
            let is_double = error.message() == "duplicate key";
            let (header, is_in_header) = header_of(text, span.start);
            let is_echo = is_double && !is_in_header && double == Some(header);
            if is_double && is_in_header {
                double = Some(header);
            }
            if line.replace(here) != Some(here) && !is_echo {
                self.problems.push(self.syntax(error.message(), span, table.get_ref()));
            }
        }
        self.add_table(table.get_ref(), "", into);
    }

    fn syntax(&self, message: &str, span: Range<usize>, table: &DeTable<'_>) -> Diagnostic {
        if message == "duplicate key" {
            let name = self.file.text(&span);
            let problem = Diagnostic::error("duplicate-key", format!("key `{name}` is given twice"))
                .mark(Mark::new(&self.file, span.clone(), "given again here"))
                .help("in one file a key, or the header of a table, may stand only once");
            // Which table it is in, the parser does not say; where the name stands once, there is no doubt.
            return match places_of(table, name).as_slice() {
                [first] => problem.mark(Mark::new(&self.file, first.clone(), "first given here")),
                _ => problem,
            };
        }
        Diagnostic::error("syntax", "this is not TOML".to_owned())
            .mark(Mark::new(&self.file, span, message))
            .help("strings need quotes, tables a header in brackets; https://toml.io shows each form")
    }

    fn add_table(&mut self, table: &DeTable<'_>, path: &str, into: &mut Table) {
        for (key, value) in table {
            let name: &str = key.get_ref();
            if !is_plain(name) {
                self.problems.push(self.odd_key(name, key.span()));
                continue;
            }
            let path = join(path, name);
            let place = Place { file: self.file.clone(), key: key.span(), value: value.span() };
            match (value.get_ref(), into.get_mut(name).map(|value| &mut value.kind)) {
                (DeValue::Table(more), Some(ValueKind::Table(table))) => self.add_table(more, &path, table),
                (DeValue::Array(more), Some(ValueKind::Array(list))) => self.add_items(more.iter(), &path, list),
                (_, Some(_)) => self.problems.push(self.twice(&path, name, &place)),
                (value, None) => {
                    self.tree.places.insert(path.clone(), place);
                    let value = self.value(value, &path);
                    into.insert(name.to_owned(), value);
                }
            }
        }
    }

    fn add_items<'t>(
        &mut self,
        items: impl Iterator<Item = &'t Spanned<DeValue<'t>>>,
        path: &str,
        list: &mut Vec<Value>,
    ) {
        for item in items {
            let path = format!("{path}[{}]", list.len());
            let place = Place { file: self.file.clone(), key: item.span(), value: item.span() };
            self.tree.places.insert(path.clone(), place);
            let value = self.value(item.get_ref(), &path);
            list.push(value);
        }
    }

    fn value(&mut self, value: &DeValue<'_>, path: &str) -> Value {
        let kind = match value {
            DeValue::String(text) => ValueKind::String(text.to_string()),
            // What does not fit becomes text, and is refused as text where a number is wanted.
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| ValueKind::String(number.to_string()), ValueKind::I64),
            DeValue::Float(number) => {
                number.as_str().parse().map_or_else(|_| ValueKind::String(number.to_string()), ValueKind::Float)
            }
            DeValue::Boolean(yes) => ValueKind::Boolean(*yes),
            DeValue::Datetime(date) => ValueKind::String(date.to_string()),
            DeValue::Array(items) => {
                let mut list = Vec::new();
                self.add_items(items.iter(), path, &mut list);
                ValueKind::Array(list)
            }
            DeValue::Table(inner) => {
                let mut table = Table::new();
                self.add_table(inner, path, &mut table);
                ValueKind::Table(table)
            }
        };
        Value::new(None, kind)
    }

    fn odd_key(&self, name: &str, span: Range<usize>) -> Diagnostic {
        Diagnostic::error("unknown-key", format!("unknown key {name:?}"))
            .mark(Mark::new(&self.file, span, "not a key of gapwatch"))
            .help("keys are made of letters, digits, `_` and `-`")
    }

    fn twice(&self, path: &str, name: &str, place: &Place) -> Diagnostic {
        let mut problem = Diagnostic::error("duplicate-key", format!("key `{name}` is given twice"))
            .mark(Mark::new(&place.file, place.key.clone(), "given again here"))
            .key(path)
            .help("tables of several files merge and lists append, but a single value may stand in one file only");
        if let Some(first) = self.tree.places.get(path) {
            problem = problem.mark(Mark::new(&first.file, first.key.clone(), "first given here"));
        }
        problem
    }
}

/// Where the table begins that a place is in, and whether the place is in its header.
fn header_of(text: &str, at: usize) -> (usize, bool) {
    let begins = |line: usize| text[line..].trim_start_matches([' ', '\t']).starts_with('[');
    let own = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let lines = text[..own].match_indices('\n').map(|(end, _)| end + 1).chain([0]);
    match begins(own) {
        true => (own, true),
        false => (lines.filter(|line| begins(*line)).max().unwrap_or(0), false),
    }
}

/// Where a key of this name stands, in whatever table.
fn places_of(table: &DeTable<'_>, name: &str) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    for (key, value) in table {
        places.extend(Some(key.span()).filter(|_| key.get_ref() == name));
        if let DeValue::Table(inner) = value.get_ref() {
            places.extend(places_of(inner, name));
        }
    }
    places
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// The values under keys that sound like a credential, known to us or not: none of them is ever shown. What a reference
/// names (`{ file = … }`) is no secret.
fn secret_spans(table: &DeTable<'_>) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    collect_secrets(table, false, &mut spans);
    spans
}

fn collect_secrets(table: &DeTable<'_>, inside: bool, spans: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        let name: &str = key.get_ref();
        let secret = if inside { !super::secrets::WAYS.contains(&name) } else { sounds_secret(name) };
        collect_value(value, secret, spans);
    }
}

fn collect_value(value: &Spanned<DeValue<'_>>, secret: bool, spans: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => collect_secrets(table, secret, spans),
        DeValue::Array(items) => items.iter().for_each(|item| collect_value(item, secret, spans)),
        _ if secret => spans.push(value.span()),
        _ => {}
    }
}
