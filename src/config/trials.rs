//! Files of cases for rules: read, and every mistake with its place.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::diagnose::{Diagnostic, Mark, SourceFile, meant};
use crate::rules::trial::{File, Mistake};

/// A file of cases, with the text that its mistakes are shown in.
pub struct Trials {
    /// What it says.
    pub file: File,
    source: Arc<SourceFile>,
    text: String,
}

impl Trials {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(path: &Path, text: &str) -> Result<Trials, Diagnostic> {
        let name = path.display().to_string();
        match toml::from_str::<File>(text) {
            Ok(file) => {
                let source = Arc::new(SourceFile::new(&name, text, &[]));
                Ok(Trials { file, source, text: text.to_owned() })
            }
            Err(error) => Err(misread(&Arc::new(SourceFile::unparsed(&name, text)), &error)),
        }
    }

    /// A mistake in it, at its place.
    pub fn diagnose(&self, mistake: &Mistake) -> Diagnostic {
        let mark = Mark::new(&self.source, self.place(&mistake.path), "here");
        let found = Diagnostic::error("bad-value", mistake.words.clone()).mark(mark).key(&mistake.path);
        let known = mistake.known.iter().map(String::as_str);
        match (meant(&mistake.given, known), mistake.known.as_slice()) {
            (Some(meant), _) => found.help(format!("did you mean `{meant}`?")),
            (None, []) => found,
            (None, known) => found.help(format!("there are: {}", known.join(", "))),
        }
    }

    /// The line on which something stands.
    pub fn line(&self, path: &str) -> usize {
        self.source.line_of(self.place(path).start)
    }

    /// Where the value of a path stands; of one that is not there what would hold it.
    fn place(&self, path: &str) -> Range<usize> {
        let Ok(root) = DeTable::parse(&self.text) else { return 0..0 };
        let mut span = 0..0;
        let mut table = Some(root.get_ref());
        for part in path.split('.') {
            let (name, nth) = match part.split_once('[') {
                Some((name, nth)) => (name, nth.trim_end_matches(']').parse::<usize>().ok()),
                None => (part, None),
            };
            let Some(mut value) = table.and_then(|table| table.get(name)) else { break };
            if let Some(item) = nth.and_then(|nth| value.get_ref().as_array()?.get(nth)) {
                value = item;
            }
            span = value.span();
            table = match value.get_ref() {
                DeValue::Table(inner) => Some(inner),
                _ => None,
            };
        }
        // Of a whole table its first line says enough.
        let end = self.text[span.clone()].find('\n').map_or(span.end, |first| span.start + first);
        span.start..end
    }
}

/// What such a file looks like, for editors.
pub fn schema() -> String {
    let schema = schemars::schema_for!(File);
    serde_json::to_string_pretty(&schema).map(|text| text + "\n").unwrap_or_default()
}

/// What the reader of TOML says, in our words where it is about a key.
fn misread(source: &Arc<SourceFile>, error: &toml::de::Error) -> Diagnostic {
    let message = error.message();
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let (id, title, help) = match names.as_slice() {
        [name, known @ ..] if message.starts_with("unknown field") => {
            let help = match meant(name, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("Known keys: {}", known.join(", ")),
            };
            ("unknown-key", format!("unknown key `{name}`"), Some(help))
        }
        [name, ..] if message.starts_with("missing field") => ("missing-key", format!("`{name}` is missing"), None),
        _ if message.starts_with("invalid type") => ("bad-type", message.to_owned(), None),
        _ => ("syntax", message.to_owned(), None),
    };
    let span = error.span().unwrap_or_default();
    let found = Diagnostic::error(id, title).mark(Mark::new(source, span, "here"));
    match help {
        Some(help) => found.help(help),
        None => found,
    }
}
