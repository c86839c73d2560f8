//! An older file in the present form: a table of steps, each from one version to the next, each a list of edits of the text,
//! so that comments, order and spacing stay.
//!
//! There is one version so far, and no step. What a step may rewrite, the tests show with steps of their own.

use std::ops::Range;
use std::path::PathBuf;

use toml::de::DeTable;

use super::diagnose::{Diagnostic, Mark};
use super::tree::FileTree;

/// The version of the file that this program reads.
pub const VERSION: u32 = 1;

/// From one version to the next.
struct Step {
    /// The version it begins with.
    from: u32,
    /// What it changes, as a sentence for whoever runs it.
    what: &'static str,
    /// The edits of one file.
    edits: fn(&DeTable<'_>) -> Vec<Edit>,
}

/// A piece of a text and what stands there instead.
type Edit = (Range<usize>, String);

/// One for each version before [`VERSION`], in order.
const STEPS: [Step; VERSION as usize - 1] = [];

/// What became of the files.
#[derive(Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The version they were of.
    pub from: u32,
    /// What was changed, by step. Empty: nothing had to be.
    pub done: Vec<&'static str>,
    /// Every file that is different now, with its whole text.
    pub files: Vec<(PathBuf, String)>,
}

/// Rewrites files to the present version.
///
/// # Errors
/// A file is not TOML, or its version is not one that this program knows.
pub fn migrate(files: &[(PathBuf, String)]) -> Result<Migrated, Vec<Diagnostic>> {
    migrate_by(&STEPS, files)
}

fn migrate_by(steps: &[Step], files: &[(PathBuf, String)]) -> Result<Migrated, Vec<Diagnostic>> {
    let newest = steps.last().map_or(VERSION, |step| step.from + 1);
    let (tree, _) = FileTree::parse(files)?;
    let from = match tree.table.get("version").map(|value| value.kind.clone()) {
        None => 1,
        Some(config::ValueKind::I64(version)) if (1..=i64::from(newest)).contains(&version) => {
            u32::try_from(version).unwrap_or(newest)
        }
        Some(other) => return Err(vec![refused(&tree, &other.to_string(), newest)]),
    };
    let steps: Vec<&Step> = steps.iter().filter(|step| step.from >= from).collect();
    let mut texts: Vec<(PathBuf, String)> = files.to_vec();
    for step in &steps {
        texts.iter_mut().for_each(|(_, text)| *text = edited(text, step.edits));
    }
    if !steps.is_empty() {
        state_version(&mut texts, newest);
    }
    let changed = texts.into_iter().zip(files).filter(|((_, new), (_, old))| new != old).map(|(new, _)| new);
    Ok(Migrated { from, done: steps.iter().map(|step| step.what).collect(), files: changed.collect() })
}

fn refused(tree: &FileTree, found: &str, newest: u32) -> Diagnostic {
    let (title, help) = (title(found, newest), help(found, newest));
    let problem = Diagnostic::error("bad-version", title).key("version").help(help);
    match tree.places.get("version") {
        Some(place) => problem.mark(Mark::new(&place.file, place.value.clone(), "not this version")),
        None => problem,
    }
}

/// What is said of a version that is not read.
pub(super) fn title(found: &str, newest: u32) -> String {
    match found.parse::<u64>() {
        Ok(version) if version > u64::from(newest) => {
            format!("this file is of version {version}, and this gapwatch reads no newer one than {newest}")
        }
        Ok(version) if version > 0 => format!("this file is of version {version}, and this gapwatch reads {newest}"),
        _ => format!("{found} is no version of this file: they are counted from 1"),
    }
}

/// What can be done about it.
pub(super) fn help(found: &str, newest: u32) -> String {
    match found.parse::<u64>() {
        Ok(version) if version > u64::from(newest) => {
            "a newer gapwatch has written it: run that one, or take the copy that was kept of the old file".to_owned()
        }
        Ok(version) if version > 0 => {
            "`gapwatch config migrate --write` rewrites it and keeps your comments".to_owned()
        }
        _ => format!("write `version = {newest}` if it was made for this gapwatch; a file without it is of version 1"),
    }
}

/// The version is stated in one file of several at most; where it is in none, the first one gets it, below its first
/// comment, where a line for editors stands.
fn state_version(texts: &mut [(PathBuf, String)], newest: u32) {
    let version = |table: &DeTable<'_>| -> Vec<Edit> {
        table.get("version").map(|value| (value.span(), newest.to_string())).into_iter().collect()
    };
    let states = |text: &str| DeTable::parse(text).is_ok_and(|table| table.get_ref().contains_key("version"));
    match texts.iter_mut().find(|(_, text)| states(text)) {
        Some((_, text)) => *text = edited(text, version),
        None => {
            let Some((_, text)) = texts.first_mut() else { return };
            let comments = text.split_inclusive('\n').take_while(|line| line.starts_with('#')).map(str::len).sum();
            text.insert_str(comments, &format!("version = {newest}\n"));
        }
    }
}

/// A text with edits made, from its end, so that places stay.
fn edited(text: &str, edits: impl Fn(&DeTable<'_>) -> Vec<Edit>) -> String {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Ok(table) = DeTable::parse(body) else { return text.to_owned() };
    let mut edits = edits(table.get_ref());
    edits.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut new = body.to_owned();
    edits.into_iter().for_each(|(place, words)| new.replace_range(place, &words));
    format!("{}{new}", &text[..text.len() - body.len()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use toml::de::DeValue;

    use super::*;

    /// Another name for a key, wherever its table stands; `*` is any name of a user's. The step of a renamed setting.
    fn renamed(table: &DeTable<'_>, path: &str, name: &str) -> Vec<Edit> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let fitting = table.iter().filter(|(key, _)| first == "*" || key.get_ref() == first);
        fitting
            .flat_map(|(key, value)| match (rest, value.get_ref()) {
                (None, _) => vec![(key.span(), name.to_owned())],
                (Some(rest), DeValue::Table(inner)) => renamed(inner, rest, name),
                (Some(_), _) => Vec::new(),
            })
            .collect()
    }

    const STEPS: [Step; 2] = [
        Step { from: 1, what: "`poll` is called `every`", edits: |table| renamed(table, "github.*.poll", "every") },
        Step { from: 2, what: "[messages] is called [words]", edits: |table| renamed(table, "messages", "words") },
    ];

    fn files(texts: &[(&str, &str)]) -> Vec<(PathBuf, String)> {
        texts.iter().map(|(name, text)| (name.into(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_file_of_this_version_is_left_alone() {
        for text in ["", "version = 1\n", "[github.acme]\npoll = '5m'\n"] {
            let done = migrate(&files(&[("a.toml", text)])).unwrap();
            assert_eq!((done.from, done.done.len(), done.files.len()), (1, 0, 0), "{text}");
        }
    }

    #[test]
    fn steps_follow_each_other_and_comments_stay() {
        let text = "#:schema ./x.json\n# ours\n\n[github.acme]   # the shop\npoll  =  '5m' # slow\n\n[ messages ]\nsettle = '1m'\n";
        let done = migrate_by(&STEPS, &files(&[("a.toml", text)])).unwrap();
        assert_eq!(done.done, ["`poll` is called `every`", "[messages] is called [words]"]);
        insta::assert_snapshot!(done.files[0].1, @r"
        #:schema ./x.json
        # ours
        version = 3

        [github.acme]   # the shop
        every  =  '5m' # slow

        [ words ]
        settle = '1m'
        ");
    }

    #[test]
    fn only_the_steps_that_are_missing_are_done_and_only_where_something_changes() {
        let texts =
            [("a.toml", "version = 2 # old\n"), ("b.toml", "messages.settle = '1m'\n"), ("c.toml", "x.poll = 1\n")];
        let done = migrate_by(&STEPS, &files(&texts)).unwrap();
        assert_eq!((done.from, done.done.len()), (2, 1));
        assert_eq!(done.files, files(&[("a.toml", "version = 3 # old\n"), ("b.toml", "words.settle = '1m'\n")]));
    }

    #[test]
    fn a_version_that_is_not_known_is_refused_with_its_place() {
        for (text, at) in [("# x\nversion = 4\n", 2), ("version = 0\n", 1), ("version = 'one'\n", 1)] {
            let found = migrate_by(&STEPS, &files(&[("a.toml", text)])).unwrap_err();
            assert_eq!((found[0].id, found[0].position().unwrap().line), ("bad-version", at), "{text}");
        }
        let said = |text: &str| {
            let found = migrate_by(&STEPS, &files(&[("a.toml", text)])).unwrap_err();
            found[0].render(false)
        };
        let (none, newer) = (said("version = 0\n"), said("version = 4\n"));
        assert!(none.contains("0 is no version") && none.contains("write `version = 3`"), "{none}");
        assert!(!none.contains("newer"), "{none}");
        assert!(newer.contains("of version 4") && newer.contains("no newer one than 3"), "{newer}");
        assert!(said("version = -1\n").contains("-1 is no version"));
        assert_eq!(migrate(&files(&[("a.toml", "x = ")])).unwrap_err()[0].id, "syntax");
    }
}
