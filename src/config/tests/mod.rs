//! What people see for each mistake, and what the layers make of each other.
#![allow(clippy::unwrap_used)]

mod asana;
mod calendars;
mod in_force;
mod jira;
mod layers;
mod mistakes;
mod relations;
mod routes;
mod slack;
mod specimens;
mod trello;

use std::path::PathBuf;

use super::*;

/// The smallest file that is taken. What tests write behind it begins in line 4, in its table.
const GITHUB: &str = "[github.acme]\ntoken = { env = 'GH' }\nrepos = ['acme/web']\n";

fn sources(files: &[(&str, &str)], env: &[(&str, &str)]) -> Sources {
    let files = files.iter().map(|(name, text)| (PathBuf::from(name), (*text).to_owned())).collect();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let secrets = [
        ("GH", "t0ken"),
        ("KEY", "k3y"),
        ("WORD", "sixteen-letters-or-more"),
        ("SLACK", "xoxb-1"),
        ("BEAT", "https://hc.example.org/ping/1"),
        ("SIGN", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ];
    let env = env.chain(secrets.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect();
    Sources { files, env, flags: Flags::default() }
}

/// What is found in one file, as people read it.
fn found(text: &str) -> String {
    found_in(&sources(&[("gapwatch.toml", text)], &[]))
}

fn found_in(sources: &Sources) -> String {
    let found = match load(sources) {
        Ok(loaded) => loaded.warnings,
        Err(found) => found,
    };
    diagnose::report(&found, sources.files.len(), false, false)
}

fn found_after(text: &str) -> String {
    found(&format!("{GITHUB}{text}"))
}

fn loaded(text: &str, env: &[(&str, &str)]) -> Settings {
    match load(&sources(&[("gapwatch.toml", text)], env)) {
        Ok(loaded) => loaded.settings,
        Err(found) => panic!("{}", diagnose::report(&found, 1, false, false)),
    }
}

fn found_with(env: &[(&str, &str)]) -> String {
    found_in(&sources(&[("gapwatch.toml", GITHUB)], env))
}
