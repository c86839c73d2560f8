//! `config show|schema|reference|migrate`: what is in force, what can be set, and an older file in the present form.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::open::{From, LOOKING, Stopped, load, no_csv, print_json, print_text};
use super::{Exit, Output};
use crate::config::show::{InForce, Shown};
use crate::config::{self, migrate, reference, schema};

#[derive(Debug, clap::Subcommand)]
pub(super) enum ConfigVerb {
    /// Print the settings in force: every value that you have set. Secrets are shown by their source.
    Show {
        /// Show where each value comes from.
        #[arg(long)]
        origin: bool,
        /// Include the defaults.
        #[arg(long)]
        defaults: bool,
    },
    /// Print the JSON schema of the file, for editors: put `#:schema ./gapwatch.schema.json` in its first line.
    Schema {
        /// Write it into a file, by default `gapwatch.schema.json`.
        #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "gapwatch.schema.json")]
        write: Option<PathBuf>,
    },
    /// Print every setting with its unit, its default and the reason for it, as Markdown.
    Reference {
        /// Write it into a file, by default `configuration.md`.
        #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "configuration.md")]
        write: Option<PathBuf>,
    },
    /// Update a file of an older version, keeping its comments. Prints the result unless `--write` is given.
    Migrate {
        /// Write the file; the old one is kept beside it.
        #[arg(long)]
        write: bool,
    },
}

/// Carries one of them out.
pub(super) fn config(from: &From, verb: &ConfigVerb) -> Result<Exit, Stopped> {
    no_csv(from)?;
    match verb {
        ConfigVerb::Show { origin, defaults } => show(from, *origin, *defaults),
        ConfigVerb::Schema { write } => text(from, &schema::text(), write.as_deref()),
        ConfigVerb::Reference { write } => text(from, &reference::markdown(), write.as_deref()),
        ConfigVerb::Migrate { write } => migrated(from, *write),
    }
}

/// `gapwatch.config/1`
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    values: Vec<Value>,
}

#[derive(Debug, Serialize)]
struct Value {
    key: String,
    value: serde_json::Value,
    origin: String,
    secret: bool,
}

fn show(from: &From, origin: bool, defaults: bool) -> Result<Exit, Stopped> {
    let in_force = load(from, LOOKING, false)?.in_force();
    match from.output {
        Output::Json => print_json(&document(&in_force, defaults))?,
        Output::Table | Output::Csv => {
            print_text(&in_force.toml(defaults, origin))?;
            if !defaults && !from.quiet {
                anstream::eprintln!(
                    "{} more values come from the defaults; --defaults shows them.",
                    in_force.defaults()
                );
            }
        }
    }
    Ok(Exit::Done)
}

fn document(in_force: &InForce, defaults: bool) -> Document {
    let value = |shown: &Shown| Value {
        key: shown.key.clone(),
        value: shown.value.clone(),
        origin: shown.origin(),
        secret: shown.secret,
    };
    let values = in_force.values.iter().filter(|shown| defaults || !shown.is_default()).map(value).collect();
    Document { schema: "gapwatch.config/1", values }
}

/// Prints a text, or writes it into a file.
fn text(from: &From, text: &str, file: Option<&Path>) -> Result<Exit, Stopped> {
    match file {
        None => print_text(text)?,
        Some(file) => {
            put(file, text)?;
            said(from, file);
        }
    }
    Ok(Exit::Done)
}

fn said(from: &From, file: &Path) {
    if !from.quiet {
        anstream::println!("{} written.", file.display());
    }
}

/// Replaces a file as a whole or not at all, and keeps who may read it. A link stays one: what it names is replaced.
pub(super) fn put(file: &Path, text: &str) -> Result<(), Stopped> {
    let cannot = |error: std::io::Error| Stopped::failed(format!("{} cannot be written: {error}", file.display()));
    let target = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = target.with_file_name(format!(".{name}.{}", std::process::id()));
    let write = || {
        let mut new = std::fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        if let Ok(old) = std::fs::metadata(&target) {
            new.set_permissions(old.permissions())?;
        }
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        std::fs::rename(&beside, &target)
    };
    write().map_err(|error| {
        // What is half written is of no use to anybody.
        let _ = std::fs::remove_file(&beside);
        cannot(error)
    })
}

fn migrated(from: &From, write: bool) -> Result<Exit, Stopped> {
    let env = config::environment();
    let files = config::find_and_read(&from.files, &env).map_err(|found| refused(&found))?;
    let done = migrate::migrate(&files).map_err(|found| refused(&found))?;
    if done.done.is_empty() {
        anstream::println!("Version {} is the present one: there is nothing to do.", done.from);
        return Ok(Exit::Done);
    }
    for what in &done.done {
        anstream::println!("- {what}");
    }
    for (path, new) in &done.files {
        if !write {
            anstream::println!("\n{}:\n{new}", path.display());
            continue;
        }
        let old = files.iter().find(|(known, _)| known == path).map(|(_, old)| old.as_str()).unwrap_or_default();
        put(&PathBuf::from(format!("{}.v{}", path.display(), done.from)), old)?;
        put(path, new)?;
        said(from, path);
    }
    Ok(Exit::Done)
}

fn refused(found: &[config::Diagnostic]) -> Stopped {
    let words: Vec<String> = found.iter().map(|diagnostic| diagnostic.render(super::open::colored())).collect();
    Stopped::new(Exit::Config, words.join("\n\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_keeps_who_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gapwatch.toml");
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(put(&link, "new").is_ok());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside them");
        assert!(put(&folder.path().join("no/such/folder"), "x").is_err_and(|stopped| stopped.exit == Exit::Failed));
    }
}
