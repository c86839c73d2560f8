//! `init`: from a token to a file: tests it, finds repositories, projects or boards, states and people, and writes what `run` needs.

mod ask;
mod choose;
mod draft;
mod find;
mod hosted;
mod jira;
mod people;
mod slack;
mod states;

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{IsTerminal, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::open::{From, Stopped, colored};
use super::{Exit, Tracker};
use crate::config::{self, Diagnostic, Flags, Sources};
use ask::{Asker, Terminal};
use draft::{Draft, Purpose};
use find::Wizard;

/// What was asked for on the command line.
pub(super) struct Wishes {
    /// The trackers. Empty: they are asked for.
    pub(super) trackers: Vec<Tracker>,
    /// Show the file instead of writing it.
    pub(super) print: bool,
    /// Ask nobody: everything stands in the environment.
    pub(super) from_env: bool,
    /// Replace a file that is there.
    pub(super) force: bool,
}

/// What a file that `init` makes consists of: its text, and the secrets that were typed in.
struct Made {
    draft: Draft,
    typed: Vec<(PathBuf, SecretString)>,
    /// Repositories, projects and boards that were named and are not shown to the token.
    unseen: Vec<String>,
}

/// The variables that `--from-env` reads; also in README.md and in `init --help`.
const VARIABLES: &str = "  GITHUB_TOKEN           the token (or GITHUB_TOKEN_FILE: a file that holds it)
  GITHUB_REPOS           owner/name, owner/* or all, separated by commas; left out: all with open issues
  GITHUB_MANAGER         login of whoever is told when a gap stays open; left out: nobody
  GITHUB_CA_FILE         PEM file with the company's own CA
  GAPWATCH_GITHUB_URL    API of an Enterprise Server, https://HOST/api/v3
  JIRA_URL               address, https://NAME.atlassian.net or that of your own server; left out: no Jira
  JIRA_EMAIL             address of the account the API token belongs to; on Data Center the user name for a password
  JIRA_TOKEN             the token (or JIRA_TOKEN_FILE: a file that holds it)
  JIRA_PROJECTS          keys, separated by commas; left out: all the account can see
  JIRA_MANAGER           e-mail address, user name or name of whoever is told when a gap stays open; left out: nobody
  JIRA_CA_FILE           PEM file with the company's own CA
  ASANA_TOKEN            the token (or ASANA_TOKEN_FILE); left out: no Asana
  ASANA_PROJECTS         numbers, names or URLs, separated by commas; left out: all the account can see
  ASANA_MANAGER          number, e-mail address or name of whoever is told when a gap stays open; left out: nobody
  ASANA_CA_FILE          PEM file with the company's own CA
  TRELLO_KEY             the key of a Power-Up (or TRELLO_KEY_FILE); left out: no Trello
  TRELLO_TOKEN           the token a member granted to it (or TRELLO_TOKEN_FILE)
  TRELLO_BOARDS          URLs, short links or names, separated by commas; left out: every open board of the account
  TRELLO_MANAGER         user name or name of whoever is told when a gap stays open; left out: nobody
  TRELLO_CA_FILE         PEM file with the company's own CA
  SLACK_BOT_TOKEN        xoxb-… (or SLACK_BOT_TOKEN_FILE); left out: no Slack
  SLACK_CHANNEL          channel for messages that are for nobody in particular
  GAPWATCH_SLACK_URL     another API base for Slack; GAPWATCH_ASANA_URL and GAPWATCH_TRELLO_URL work the same way";

/// For `init --help`.
pub(super) fn variables() -> String {
    format!("With --from-env, init reads these variables:\n{VARIABLES}")
}

/// Asks, looks around, writes.
pub(super) async fn init(from: &From, wishes: &Wishes) -> Result<Exit, Stopped> {
    let env = config::environment();
    let path = target(from, &env)?;
    if path.exists() && !wishes.print && !wishes.force {
        return Err(Stopped::usage(format!(
            "{} already exists and was not changed\n  --force replaces it, --print prints the new one, -c PATH writes another file",
            path.display()
        )));
    }
    let asker = match (wishes.from_env, std::io::stdin().is_terminal()) {
        (true, _) => None,
        (false, true) => Some(Asker::new(Terminal)),
        (false, false) => {
            return Err(Stopped::usage(format!(
                "init asks questions, but there is no terminal to answer them; `init --from-env` takes the answers from:\n{VARIABLES}"
            )));
        }
    };
    let secrets = path.parent().unwrap_or(Path::new("/")).join("secrets");
    let made = Wizard::new(asker, env.clone(), secrets, crate::clock::system()).make(&wishes.trackers).await?;
    if wishes.print {
        anstream::print!("{}", made.draft.text(Purpose::Show));
        return Ok(Exit::Done);
    }
    write(&path, &made, &env)?;
    let written = From { files: vec![path.clone()], ..from.clone() };
    let all = super::validate::Wanted { offline: false, deny_warnings: false, format: None, in_use: false };
    let exit = super::validate::validate(&written, all).await?;
    report(from, &path, &made);
    Ok(exit.max(unseen(&made)))
}

/// Says what was named and cannot be seen: it stands in the file, and nothing would be read of it.
fn unseen(made: &Made) -> Exit {
    for repo in &made.unseen {
        let problem = Diagnostic::warning("not-visible", format!("the token cannot see {repo}"))
            .help("check the spelling, or give the token's account access; until then it is not read");
        anstream::eprintln!("{}", problem.render(colored()));
    }
    if made.unseen.is_empty() { Exit::Done } else { Exit::Refused }
}

/// Where the file goes: what `-c` or the environment names, else here.
fn target(from: &From, env: &BTreeMap<String, String>) -> Result<PathBuf, Stopped> {
    let named = match from.files.as_slice() {
        [] => env.get("GAPWATCH_CONFIG").map_or_else(|| PathBuf::from("gapwatch.toml"), PathBuf::from),
        [one] => one.clone(),
        _ => return Err(Stopped::usage("init writes one file: give it with a single -c")),
    };
    let path = if named.is_dir() { named.join("gapwatch.toml") } else { named };
    // Absolute, so that what the file refers to is found from wherever the program is started.
    std::path::absolute(&path).map_err(Stopped::failed)
}

/// Writes secrets and file, after the very code that `run` uses has taken the text.
fn write(path: &Path, made: &Made, env: &BTreeMap<String, String>) -> Result<(), Stopped> {
    let text = made.draft.text(Purpose::Write);
    // Beside a running shell's variables the file must stand alone; secrets that were typed are written a moment later.
    let sources = Sources {
        files: vec![(path.to_owned(), text.clone())],
        env: env.clone(),
        flags: Flags { only_looks: true, ..Flags::default() },
    };
    if let Err(found) = config::load(&sources) {
        let words = config::diagnose::report(&found, 1, false, colored());
        return Err(Stopped::new(Exit::Config, format!("{words}\nNothing was written.")));
    }
    let cannot = |path: &Path, error: std::io::Error| {
        Stopped::failed(format!("{} cannot be written: {error}; name another place with -c PATH", path.display()))
    };
    let folder = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
    for (file, secret) in &made.typed {
        let folder = file.parent().unwrap_or(Path::new("/"));
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| cannot(folder, error))?;
        // Whoever keeps the configuration under version control does not keep its secrets there.
        let ignore = folder.join(".gitignore");
        if !ignore.exists() {
            put(&ignore, b"*\n").map_err(|error| cannot(&ignore, error))?;
        }
        put(file, secret.expose_secret().as_bytes()).map_err(|error| cannot(file, error))?;
    }
    put(path, text.as_bytes()).map_err(|error| cannot(path, error))
}

/// All or nothing, and for its owner alone.
fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", uuid::Uuid::new_v4().simple()));
    let part = PathBuf::from(part);
    let written = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(&part, path)).inspect_err(|_| {
        // What is left of it is of no use; that it cannot be taken away changes nothing.
        let _ = std::fs::remove_file(&part);
    })
}

fn report(from: &From, path: &Path, made: &Made) {
    let named = match from.files.is_empty() {
        true => String::new(),
        false => format!(" -c {}", path.display()),
    };
    anstream::println!("\nWritten: {}. It is in observe mode: nothing is sent to anybody.", path.display());
    for (file, _) in &made.typed {
        anstream::println!("Written: {}, readable only by you.", file.display());
    }
    anstream::println!("\nNext:");
    anstream::println!("  gapwatch{named} run --once     reads everything once and judges it");
    anstream::println!("  gapwatch{named} gaps list      what it found, worst first");
}

#[cfg(test)]
mod tests;
