//! What can be set, as `config/default.toml` tells it: every table and key with its words, in the order of that file.
//!
//! The file is read as text, because its comments are the words. A comment belongs to the table or key below it; a line
//! `# key = value   # why` is a setting without a default. What a key takes comes from the types.

use super::DEFAULTS;

/// One table of the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// `github.NAME.filter`; empty: the top.
    pub table: String,
    /// What stands above it.
    pub words: String,
    /// Its keys.
    pub entries: Vec<Entry>,
}

/// One key of the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// `poll`
    pub key: String,
    /// As written in the file. `None`: it has no default.
    pub default: Option<String>,
    /// How it may be written, where there is no default.
    pub example: Option<String>,
    /// What stands above it.
    pub above: String,
    /// What stands behind it.
    pub note: String,
}

/// Every table with its keys, in the order of the file.
pub(super) fn sections() -> Vec<Section> {
    let mut sections = vec![Section { table: String::new(), words: String::new(), entries: Vec::new() }];
    let mut words: Vec<&str> = Vec::new();
    for line in DEFAULTS.lines() {
        let comment = line.strip_prefix('#').map(str::trim);
        if let Some(table) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let section = Section { table: table.to_owned(), words: words.join(" "), entries: Vec::new() };
            sections.push(section);
            words.clear();
        } else if let Some((key, value)) = key_and_value(comment.unwrap_or(line)) {
            let (value, note) = value_and_note(value);
            let value = Some(value.to_owned());
            let (above, note) = (words.join(" "), sentence(note));
            let (default, example) = if comment.is_none() { (value, None) } else { (None, value) };
            let entry = Entry { key: key.to_owned(), default, example, above, note };
            sections.last_mut().expect("there is the top").entries.push(entry);
            words.clear();
        } else {
            match comment {
                Some(text) if !text.is_empty() && !text.starts_with("---") => words.push(text),
                // An empty line parts what is said of the next key from what is said of many.
                _ => words.clear(),
            }
        }
    }
    sections
}

/// `key = value`, where the key is one word.
fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(" = ")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!key.is_empty() && key.chars().all(plain)).then_some((key, value))
}

/// A value and the comment behind it.
fn value_and_note(text: &str) -> (&str, &str) {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted => return (text[..at].trim_end(), text[at + 1..].trim()),
            _ => {}
        }
    }
    (text.trim_end(), "")
}

/// With a capital letter and a full stop; nothing for nothing.
fn sentence(note: &str) -> String {
    let mut chars = note.chars();
    let Some(first) = chars.next() else { return String::new() };
    let end = if note.ends_with(['.', ')']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), chars.as_str())
}

/// The words for a path such as `github.NAME.poll`, of a table or of a key: what stands above it, and behind it. Empty: the
/// file says nothing of its own.
pub(super) fn words_of<'s>(sections: &'s [Section], path: &str) -> (&'s str, &'s str) {
    let (table, key) = path.rsplit_once('.').unwrap_or(("", path));
    let of_key = sections
        .iter()
        .filter(|section| section.table == table)
        .flat_map(|section| &section.entries)
        .find(|entry| entry.key == key)
        .map(|entry| (entry.above.as_str(), entry.note.as_str()));
    let of_table = || sections.iter().find(|section| section.table == path).map(|section| (section.words.as_str(), ""));
    of_key.or_else(of_table).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn entry(table: &str, key: &str) -> Entry {
        let sections = sections();
        let section = sections.iter().find(|section| section.table == table).unwrap();
        section.entries.iter().find(|entry| entry.key == key).unwrap().clone()
    }

    #[test]
    fn a_key_carries_the_words_above_and_behind_it() {
        let poll = entry("github.NAME", "poll");
        assert_eq!(poll.default.as_deref(), Some("\"2m\""));
        assert!(poll.above.starts_with("How often a repository is asked for changes."), "{}", poll.above);
        let token = entry("github.NAME", "token");
        assert_eq!((token.default, token.example.as_deref()), (None, Some("{ file = \"/run/secrets/github_token\" }")));
        assert_eq!(token.note, "Classic or fine-grained.");
        assert_eq!(entry("slack", "channel").example.as_deref(), Some("\"#delivery\""), "# in quotes is no comment");
    }

    #[test]
    fn a_table_carries_the_words_above_it() {
        let sections = sections();
        assert!(words_of(&sections, "slack").0.starts_with("Optional: without this table"));
        assert!(words_of(&sections, "rules.pace.behind").0.starts_with("Declared progress is behind the time used."));
        assert_eq!(words_of(&sections, "people.NAME"), ("", ""), "the line that parts the file is no word of it");
    }

    #[test]
    fn every_default_of_the_file_is_found() {
        let table: toml::Table = toml::from_str(DEFAULTS).unwrap();
        for section in sections() {
            for entry in section.entries.iter().filter(|entry| entry.default.is_some()) {
                let mut value = toml::Value::Table(table.clone());
                for part in section.table.split('.').filter(|part| !part.is_empty()) {
                    value = value[part].clone();
                }
                let one: toml::Table = format!("x = {}", entry.default.as_ref().unwrap()).parse().unwrap();
                assert_eq!(value[entry.key.as_str()], one["x"], "{} {}", section.table, entry.key);
            }
        }
    }
}
