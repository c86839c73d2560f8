//! The command line about itself: completions, man pages, its Markdown reference (`docs/cli.md`), the version.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};
use serde::Serialize;

use super::open::{From, Stopped, no_csv, print_json, print_text};
use super::{Cli, Exit, Output};

/// The commands, with everything that is the same for all of them filled in.
fn command() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

/// `help`, and `help COMMAND…`: what `--help` says. False: there is no such command.
pub(super) fn print_help(names: &[&str]) -> bool {
    let mut command = command();
    let mut at = &mut command;
    for name in names {
        let Some(next) = at.find_subcommand_mut(name) else { return false };
        at = next;
    }
    anstream::print!("{}", at.render_long_help().ansi());
    true
}

/// Prints what a shell needs to complete commands and options.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<Exit, Stopped> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "gapwatch", &mut text);
    print_text(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}

/// Prints the man page, or writes one for each command into a folder.
pub(super) fn man(from: &From, folder: Option<&Path>) -> Result<Exit, Stopped> {
    let Some(folder) = folder else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut text).map_err(Stopped::failed)?;
        print_text(&String::from_utf8_lossy(&text))?;
        return Ok(Exit::Done);
    };
    let cannot = |error: std::io::Error| Stopped::failed(format!("{} cannot be written: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(cannot)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(cannot)?;
    if !from.quiet {
        anstream::println!("Man pages written into {}.", folder.display());
    }
    Ok(Exit::Done)
}

#[derive(Debug, Serialize)]
struct Version {
    schema: &'static str,
    name: &'static str,
    version: &'static str,
    features: Vec<&'static str>,
    sqlite: &'static str,
}

/// Prints the version; as JSON also what it was built with.
pub(super) fn version(from: &From) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let features = if cfg!(feature = "test-clock") { vec!["test-clock"] } else { Vec::new() };
    let version = Version {
        schema: "gapwatch.version/1",
        name: "gapwatch",
        version: env!("CARGO_PKG_VERSION"),
        features,
        sqlite: crate::store::sqlite_version(),
    };
    match from.output {
        Output::Json => print_json(&version)?,
        Output::Table | Output::Csv => anstream::println!("gapwatch {}", version.version),
    }
    Ok(Exit::Done)
}

const INTRO: &str = "\
# Commands

Every command with its options. This page is generated from the program: `gapwatch --help` and
`gapwatch COMMAND --help` print the same. `gapwatch completions SHELL` prints a completion script, and
`gapwatch man --dir DIR` writes man pages.

A TASK is its URL, the id of a gap on it, `github.acme:acme/web#12`, or its key if no other task has that key. If several
things go wrong, the highest exit code is used:

| code | means |
|---|---|
| 0 | done |
| 1 | internal failure |
| 2 | wrong usage |
| 10 | found something (`check --fail-on`, `route test --expect`, `rules test`) |
| 69 | a service did not answer |
| 75 | try again later: rate limit, or the store is in use |
| 77 | access refused: token or scope |
| 78 | mistake in the configuration |

## Options of every command
";

/// The whole command line as Markdown.
pub(super) fn markdown() -> String {
    let command = command();
    let mut text = INTRO.to_owned();
    options(&mut text, command.get_arguments().filter(|arg| arg.is_global_set()));
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        section(&mut text, verb, &format!("gapwatch {}", verb.get_name()));
    }
    text
}

fn section(text: &mut String, command: &Command, name: &str) {
    let verbs: Vec<&Command> = command.get_subcommands().filter(|verb| verb.get_name() != "help").collect();
    if !verbs.is_empty() {
        return verbs.into_iter().for_each(|verb| section(text, verb, &format!("{name} {}", verb.get_name())));
    }
    let places: Vec<String> = command.get_positionals().map(shown).collect();
    let usage = std::iter::once(name.to_owned()).chain(places).collect::<Vec<_>>().join(" ");
    let _ = write!(text, "\n## `{usage}`\n\n{}\n", about(command)); // writing to a String cannot fail
    options(text, command.get_arguments().filter(|arg| !arg.is_global_set() && arg.get_id() != "help"));
}

fn about(command: &Command) -> String {
    let words = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    if words.ends_with('.') { words } else { format!("{words}.") }
}

fn options<'a>(text: &mut String, args: impl Iterator<Item = &'a Arg>) {
    let rows: Vec<String> = args.filter(|arg| !arg.is_hide_set()).map(row).collect();
    if !rows.is_empty() {
        let _ = write!(text, "\n| option | means |\n|---|---|\n{}\n", rows.join("\n"));
    }
}

fn row(arg: &Arg) -> String {
    let mut words = arg.get_help().map(ToString::to_string).unwrap_or_default();
    if !words.is_empty() && !words.ends_with('.') {
        words.push('.');
    }
    let values = arg.get_possible_values();
    if arg.get_action().takes_values() && !values.is_empty() && !arg.is_hide_possible_values_set() {
        let names: Vec<String> = values.iter().map(|value| format!("`{}`", value.get_name())).collect();
        let _ = write!(words, " One of {}.", names.join(", "));
    }
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if arg.get_action().takes_values() && !defaults.is_empty() {
        let _ = write!(words, " Default: `{}`.", defaults.join(" "));
    }
    if let Some(variable) = arg.get_env() {
        let _ = write!(words, " Variable: `{}`.", variable.to_string_lossy());
    }
    format!("| `{}` | {} |", shown(arg).replace('|', "\\|"), words.replace('|', "\\|"))
}

/// As it is written: `-c, --config <PATH>`, `[CONNECTION]`.
fn shown(arg: &Arg) -> String {
    let value = arg.get_value_names().and_then(|names| names.first()).map_or("VALUE", |name| name.as_str());
    if arg.is_positional() {
        let value = value.to_uppercase();
        return if arg.is_required_set() { value } else { format!("[{value}]") };
    }
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names = [short, long].into_iter().flatten().collect::<Vec<_>>().join(", ");
    match arg.get_num_args() {
        Some(count) if count.min_values() > 0 => format!("{names} {value}"),
        Some(count) if count.max_values() > 0 => format!("{names} [{value}]"),
        _ => names,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_option_is_in_the_reference_with_words() {
        let text = markdown();
        for part in [
            "## `gapwatch gaps list`",
            "## `gapwatch config show`",
            "`--fail-on",
            "`-c, --config PATH`",
            "Default: `table`",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let without_words: Vec<&str> = text.lines().filter(|line| line.ends_with("|  |")).collect();
        assert_eq!(without_words, [""; 0]);
    }

    #[test]
    fn every_shell_gets_its_completions() {
        use clap::ValueEnum as _;
        for shell in clap_complete::Shell::value_variants() {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "gapwatch", &mut text);
            let text = String::from_utf8_lossy(&text);
            assert!(text.contains("explain") && text.contains("deny-warnings"), "{shell}");
        }
    }
}
