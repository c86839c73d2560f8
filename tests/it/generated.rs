//! What is made from the sources and committed: it is that of these sources, and everything that ought to be in it is.
//! `tests/generate` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use gapwatch::config::diagnose::{ids, page};
use gapwatch::config::{Flags, Sources, load, reference, schema};

use crate::tidy::tree::{files, read, root, sources};

/// Compares a text with the committed file, or writes it where `UPDATE_GENERATED` is set.
#[track_caller]
fn committed(path: &str, text: &str) {
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        let path = root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        return std::fs::write(path, text).unwrap();
    }
    let kept = if root().join(path).exists() { read(path) } else { String::new() };
    let differs = text.lines().zip(kept.lines()).find(|(new, old)| new != old);
    assert!(text == kept, "{path} is out of date, run tests/generate: {differs:?}");
}

#[test]
fn the_schema_is_that_of_the_sources() {
    committed("config/gapwatch.schema.json", &schema::text());
}

#[test]
fn the_schema_of_cases_for_rules_is_that_of_the_sources() {
    committed("config/rules-test.schema.json", &gapwatch::config::trials_schema());
}

#[test]
fn the_schema_of_what_is_posted_to_webhooks_is_that_of_the_sources() {
    committed("config/message.schema.json", &gapwatch::messages::events::schema());
}

#[test]
fn the_reference_of_the_configuration_is_that_of_the_sources() {
    committed("docs/configuration.md", &reference::markdown());
}

#[test]
fn the_reference_of_the_commands_is_that_of_the_sources() {
    committed("docs/cli.md", &gapwatch::cli::reference());
}

#[test]
fn the_page_of_the_errors_is_that_of_the_sources() {
    let mut text =
        "# Errors\n\nEvery id that gapwatch prints in brackets after `error` or `warning`, with an example. This page is \
                    generated;\n`gapwatch help error ID` prints the same.\n"
            .to_owned();
    for id in ids() {
        let words = page(id).unwrap();
        write!(text, "\n## {id}\n\n{words}\n```text\n{}```\n", specimen(id)).unwrap();
    }
    committed("docs/errors.md", &text);
}

fn specimen(id: &str) -> String {
    let path = format!("tests/errors/{id}.txt");
    assert!(root().join(&path).is_file(), "{path} is missing: nothing shows what {id} looks like");
    read(&path)
}

/// Every id that the program can print has its page and its specimen; and neither is there without the other.
#[test]
fn every_error_id_of_the_sources_has_a_page_and_a_specimen() {
    let used = ids_in_the_sources();
    let mut wrong = Vec::new();
    for (id, place) in &used {
        if page(id).is_none() {
            wrong.push(format!("{place}: `{id}` has no page in src/config/pages.rs"));
        }
        if !root().join(format!("tests/errors/{id}.txt")).is_file() {
            wrong.push(format!("{place}: `{id}` has no specimen tests/errors/{id}.txt"));
        }
    }
    wrong.extend(ids().filter(|id| !used.contains_key(*id)).map(|id| format!("`{id}` has a page and is never shown")));
    for path in files("tests/errors") {
        let id = path.trim_start_matches("tests/errors/").trim_end_matches(".txt").to_owned();
        let first = read(&path).lines().next().unwrap_or_default().to_owned();
        let begins = first.starts_with(&format!("error[{id}]: ")) || first.starts_with(&format!("warning[{id}]: "));
        if !used.contains_key(&id) || !begins {
            wrong.push(format!("{path}: `{first}` is no specimen of an id that is used"));
        }
    }
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
    assert!(used.len() > 30, "the ids were not found: {used:?}");
}

/// By id, one place where it is used: the first argument of whatever makes a diagnostic, or `id: "…"` in a table of them.
fn ids_in_the_sources() -> BTreeMap<String, String> {
    const MAKERS: [&str; 6] = ["error(", "warning(", "is_not(", "refused(", "inside(", "make(context,"];
    let mut found = BTreeMap::new();
    for source in sources(&["src"]) {
        let text = read(&source.path);
        let ids = |at: &str| -> Vec<(String, usize)> {
            let ends = source.code.match_indices(at).map(|(begin, _)| begin + at.len());
            ends.filter_map(|end| Some((literal(&text[end..])?, end))).collect()
        };
        let made: Vec<_> = MAKERS.iter().flat_map(|maker| ids(maker)).chain(ids("id:")).collect();
        // Where the id is chosen before the diagnostic is made, it is the first of a pair.
        let chosen = ids("(").into_iter().filter(|(id, _)| source.path == "src/config/mistakes.rs" && id.contains('-'));
        for (id, at) in made.into_iter().chain(chosen) {
            found.entry(id).or_insert_with(|| source.place(at));
        }
    }
    let not_ids: BTreeSet<String> = gapwatch::rules::ids().map(|id| id.0.to_owned()).collect();
    found.retain(|id, _| !not_ids.contains(id));
    found
}

/// A text of small letters and dashes that stands at the beginning.
fn literal(text: &str) -> Option<String> {
    let inner = text.trim_start().strip_prefix('"')?;
    let (id, rest) = inner.split_once('"')?;
    let plain = !id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !id.starts_with('-');
    (plain && rest.trim_start().starts_with([',', ')'])).then(|| id.to_owned())
}

#[test]
fn a_page_is_found_by_every_id_and_fits_a_terminal() {
    for id in ids() {
        let page = page(id).unwrap();
        let long: Vec<&str> = page.lines().filter(|line| line.chars().count() > 125).collect();
        assert!(long.is_empty(), "{id}: {long:?}");
    }
}

#[test]
fn the_rows_of_the_readme_say_what_rules_list_says() {
    let readme = read("README.md");
    for about in gapwatch::rules::ids().filter_map(gapwatch::rules::about::about) {
        let row = format!("| `{}` | {} | {} | {} |", about.id, about.what, about.stages, about.first);
        assert!(readme.lines().any(|line| line == row), "README.md has no row\n{row}");
    }
}

/// What is shown in the pages works as it stands.
#[test]
fn every_piece_of_configuration_that_the_pages_show_is_accepted() {
    let mut refused = Vec::new();
    for path in files("docs").into_iter().filter(|path| path.ends_with(".md")) {
        let page = read(&path);
        for block in page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            refused.extend(refusals(&path, block));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Mistakes of a block, completed by the smallest connection where it has none.
fn refusals(path: &str, block: &str) -> Vec<String> {
    // Cases for rules are files of their own.
    if block.contains("[[case]]") {
        let read = gapwatch::config::Trials::parse(path.as_ref(), block);
        return read.err().into_iter().map(|found| found.render(false)).collect();
    }
    let rest = if block.contains("[github.") {
        ""
    } else {
        "\n[github.acme]\ntoken = { env = \"GITHUB_TOKEN\" }\nrepos = [\"acme/web\"]\n"
    };
    let secrets = ["GITHUB_TOKEN", "SLACK_BOT_TOKEN"].map(|name| (name.to_owned(), "xoxb-0".to_owned()));
    let mut env: BTreeMap<String, String> = secrets.into();
    env.insert("GITHUB_TOKEN".to_owned(), "ghp_0".to_owned());
    // Files of secrets and certificates are those of another machine.
    let flags = Flags { only_looks: true, ..Flags::default() };
    let sources = Sources { files: vec![(path.into(), format!("{block}{rest}"))], env, flags };
    load(&sources).err().into_iter().flatten().map(|mistake| mistake.render(false)).collect()
}

#[test]
fn the_schema_takes_what_the_program_takes_and_knows_what_it_knows() {
    let schema: serde_json::Value = serde_json::from_str(&schema::text()).unwrap();
    let example: toml::Table = gapwatch::config::EXAMPLE.parse().unwrap();
    let defaults: toml::Table = gapwatch::config::DEFAULTS.replace("NAME", "acme").parse().unwrap();
    for table in [example, defaults] {
        let value = serde_json::to_value(table).unwrap();
        let mut wrong = Vec::new();
        fits(&schema, &value, "", &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
    for (text, at) in [
        ("mode = 'loud'", "mode"),
        ("mdoe = 'live'", "mdoe"),
        ("[github.acme]\ntoken = { fiel = 'x' }", "github.acme.token"),
        ("[github.Acme]", "github.Acme"),
        ("[rules.pace.behind]\nfrom = 'half'", "rules.pace.behind.from"),
        ("[messages]\nsettle = '3 fortnights'", "messages.settle"),
    ] {
        let mut wrong = Vec::new();
        fits(&schema, &serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap(), "", &mut wrong);
        assert_eq!(wrong, [at], "{text}");
    }
}

/// The few words of JSON schema that the schema uses, and nothing else of it: an unknown word fails.
fn fits(schema: &serde_json::Value, value: &serde_json::Value, path: &str, wrong: &mut Vec<String>) {
    const SAID: [&str; 6] = ["$schema", "title", "description", "default", "propertyNames", "minimum"];
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let mut bad = false;
    for (word, says) in schema.as_object().unwrap() {
        match word.as_str() {
            "type" => bad |= !is_a(says.as_str().unwrap(), value),
            "enum" => bad |= !says.as_array().unwrap().contains(value),
            "pattern" => bad |= value.as_str().is_some_and(|text| !like(says.as_str().unwrap(), text)),
            "minLength" => bad |= value.as_str().is_some_and(str::is_empty),
            "required" => {
                bad |= says.as_array().unwrap().iter().any(|key| value.get(key.as_str().unwrap()).is_none());
            }
            "anyOf" => {
                bad |= !says.as_array().unwrap().iter().any(|one| {
                    let mut inner = Vec::new();
                    fits(one, value, path, &mut inner);
                    inner.is_empty()
                });
            }
            "items" => value.as_array().into_iter().flatten().for_each(|item| fits(says, item, path, wrong)),
            "properties" | "additionalProperties" => {}
            word => assert!(SAID.contains(&word), "{path}: {word}"),
        }
    }
    if bad {
        return wrong.push(path.to_owned());
    }
    if schema.get("properties").is_none() && schema.get("additionalProperties").is_none() {
        return; // one of several forms, each looked at above
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let more = &schema["additionalProperties"];
        match schema["properties"].get(key) {
            Some(one) => fits(one, inner, &join(key), wrong),
            None if more == false => wrong.push(join(key)),
            None if !key.starts_with(|c: char| c.is_ascii_lowercase()) => wrong.push(join(key)),
            None => fits(more, inner, &join(key), wrong),
        }
    }
}

fn is_a(kind: &str, value: &serde_json::Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("{other}"),
    }
}

/// The patterns there are, by what they are for: what the program takes must fit them, and what it refuses need not.
fn like(pattern: &str, text: &str) -> bool {
    match pattern {
        p if p.contains("workdays") => text.parse::<gapwatch::config::Length>().is_ok(),
        p if p.starts_with("^sqlite") => text.starts_with("sqlite:"),
        p if p.starts_with("^https") => text.starts_with("http"),
        p if p.contains("]+/[") => text.split('/').count() == 2,
        _ => !text.is_empty(),
    }
}
