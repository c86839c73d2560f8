//! The tree's own order: who may use whom, what pure code may not name, what every rule must have, what the pages promise.
//!
//! Read as text, so that a breach is named by file and line, and nothing has to be linked for it.

pub(crate) mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gapwatch::config::{EXAMPLE, Flags, Sources, load};
use tree::{Source, files, paths, read, root, sources, words};

/// The folders and files of `src`, in the order in which they may use each other: each only what stands before it.
const ORDER: [&str; 16] = [
    "domain",
    "rules",
    "alerts",
    "messages",
    "lookback",
    "config",
    "store",
    "registry",
    "clock",
    "telemetry",
    "core",
    "jobs",
    "web",
    "daemon",
    "cli",
    "main",
];

/// Those that name no IO, no clock and no environment.
const PURE: [&str; 5] = ["domain", "rules", "alerts", "messages", "lookback"];

/// Where time is read and slept.
const CLOCKS: [&str; 2] = ["src/clock.rs", "connectors/simulator/src/clock.rs"];

/// Longest file without its tests: what is worth a look, and what fails.
const LONG: usize = 500;
const TOO_LONG: usize = 560;

/// Fails with every breach and what to do about it.
#[track_caller]
fn none(breaches: &[String], what_to_do: &str) {
    assert!(breaches.is_empty(), "\n  {}\n{what_to_do}\n", breaches.join("\n  "));
}

/// Every Rust file of the product, tests left out.
fn product() -> Vec<Source> {
    let crates = connector_folders().into_iter().map(|name| format!("connectors/{name}/src"));
    let folders: Vec<String> = std::iter::once("src".to_owned()).chain(crates).collect();
    sources(&folders.iter().map(String::as_str).collect::<Vec<_>>())
}

fn connector_folders() -> Vec<String> {
    let manifests = files("connectors").into_iter().filter(|path| path.ends_with("/Cargo.toml"));
    manifests.filter_map(|path| path.split('/').nth(1).map(str::to_owned)).collect()
}

/// The module path of a file of `src`: `src/rules/time/overdue.rs` is `rules`, `time`, `overdue`; `lib.rs` is the root.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let parts = inner.split('/').filter(|part| !matches!(*part, "mod" | "lib"));
    parts.map(str::to_owned).collect()
}

/// One module naming another: where, from, to.
struct Import {
    place: String,
    from: Vec<String>,
    to: Vec<String>,
}

/// Every import inside `src`, each path cut down to the module it leads to.
fn imports() -> Vec<Import> {
    let sources = sources(&["src"]);
    let modules: BTreeSet<Vec<String>> = sources.iter().map(|source| module_of(&source.path)).collect();
    let mut found = Vec::new();
    for source in &sources {
        let from = module_of(&source.path);
        for first in ["crate", "super", "gapwatch"] {
            for (at, path) in paths(&source.code, first) {
                let mut to = absolute(&path, &from);
                while !modules.contains(&to) && to.pop().is_some() {}
                found.push(Import { place: source.place(at), from: from.clone(), to });
            }
        }
    }
    found
}

fn absolute(path: &[String], from: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let base = if ups > 0 { &from[..from.len().saturating_sub(ups)] } else { &[] };
    base.iter().chain(&path[ups.max(1)..]).cloned().collect()
}

#[test]
fn each_folder_uses_only_what_stands_to_its_left() {
    let rank = |name: &str| ORDER.iter().position(|known| *known == name);
    let mut breaches: Vec<String> = Vec::new();
    for source in sources(&["src"]) {
        let module = module_of(&source.path);
        if let Some(name) = module.first()
            && rank(name).is_none()
        {
            breaches.push(format!("{}: `{name}` has no place in the order", source.path));
        }
    }
    for Import { place, from, to } in imports() {
        let (Some(one), Some(other)) = (from.first(), to.first()) else { continue };
        if rank(other) > rank(one) {
            breaches.push(format!("{place}: `{one}` uses `{other}`"));
        }
    }
    none(&breaches, &format!("Each uses only what stands before it: {}", ORDER.join(" · ")));
}

#[test]
fn no_two_modules_use_each_other() {
    // Within each folder: who uses whom. A folder's own `mod.rs` is its face, and may use and be used by what is in it.
    let mut edges: BTreeMap<Vec<String>, BTreeMap<(String, String), String>> = BTreeMap::new();
    for Import { place, from, to } in imports() {
        let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
        if let (Some(one), Some(other)) = (from.get(shared), to.get(shared)) {
            let folder = edges.entry(from[..shared].to_vec()).or_default();
            folder.entry((one.clone(), other.clone())).or_insert(place);
        }
    }
    let mut breaches = Vec::new();
    for (folder, edges) in &edges {
        let reach = closure(edges.keys());
        for ((one, other), place) in edges {
            if reach.contains(&(other.clone(), one.clone())) {
                breaches.push(format!(
                    "{place}: in `{}` `{one}` uses `{other}`, which leads back to `{one}`",
                    folder.join("::")
                ));
            }
        }
    }
    none(&breaches, "Move what both need into a module of its own, or to the one that stands further left.");
}

/// Who reaches whom, over any number of steps.
fn closure<'a>(edges: impl Iterator<Item = &'a (String, String)>) -> BTreeSet<(String, String)> {
    let mut reach: BTreeSet<(String, String)> = edges.cloned().collect();
    loop {
        let more: Vec<(String, String)> = reach
            .iter()
            .flat_map(|(a, b)| reach.iter().filter(move |(c, _)| b == c).map(move |(_, d)| (a.clone(), d.clone())))
            .filter(|edge| !reach.contains(edge))
            .collect();
        if more.is_empty() {
            return reach;
        }
        reach.extend(more);
    }
}

#[test]
fn the_pure_folders_name_no_io_no_clock_and_no_environment() {
    const CRATES: [&str; 10] =
        ["tokio", "reqwest", "rusqlite", "refinery", "tracing", "uuid", "SystemTime", "Instant", "::now(", "::system("];
    const STD: [&str; 8] = ["fs", "env", "net", "process", "io", "thread", "os", "sync"];
    // No answer depends on these: the same text is always the same name, a day of a calendar always begins at the same
    // instant, and the engine of expressions never changes.
    const FIXED: [(&str, &str); 4] = [
        ("src/domain/almanac.rs", "OnceLock"),
        ("src/domain/finding.rs", "Mutex"),
        ("src/domain/finding.rs", "PoisonError"),
        ("src/rules/condition.rs", "LazyLock"),
    ];
    let mut breaches = Vec::new();
    for source in sources(&["src"]) {
        if !module_of(&source.path).first().is_some_and(|folder| PURE.contains(&folder.as_str())) {
            continue;
        }
        for word in CRATES {
            breaches.extend(words(&source.code, word).map(|at| format!("{}: `{word}`", source.place(at))));
        }
        for (at, path) in paths(&source.code, "std") {
            // An `Arc` shares a value and does nothing.
            let fixed = |name: &str| name == "Arc" || FIXED.contains(&(source.path.as_str(), name));
            let shares = path.get(1).is_some_and(|part| part == "sync") && path.get(2).is_some_and(|part| fixed(part));
            if path.get(1).is_some_and(|part| STD.contains(&part.as_str())) && !shares {
                breaches.push(format!("{}: `{}`", source.place(at), path.join("::")));
            }
        }
    }
    none(
        &breaches,
        "Pure code gets what it needs handed in: `now` in the snapshot, rows as values, ids by a function.",
    );
}

#[test]
fn crates_depend_one_way() {
    let mut breaches = Vec::new();
    for folder in connector_folders() {
        let allowed: &[&str] = match folder.as_str() {
            "model" => &[],
            "kit" | "simulator" => &["connector-model"],
            _ => &["connector-model", "connector-kit"],
        };
        let is_tool = !matches!(folder.as_str(), "model" | "kit" | "simulator");
        for (kind, name) in dependencies(&format!("connectors/{folder}/Cargo.toml")) {
            let plays = is_tool && kind == "dev-dependencies" && name == "connector-simulator";
            let is_ours = name.starts_with("connector-") || name == "gapwatch";
            if is_ours && !plays && !allowed.contains(&name.as_str()) {
                breaches.push(format!("connectors/{folder}/Cargo.toml: `{name}`"));
            }
        }
    }
    none(
        &breaches,
        "model ← kit ← every tool ← gapwatch; the simulator knows the model alone, and plays a tool in its tests.",
    );
}

/// Every dependency of a manifest, those for tests and builds as well, each with its table.
fn dependencies(manifest: &str) -> Vec<(&'static str, String)> {
    let table: toml::Table = read(manifest).parse().unwrap_or_else(|error| panic!("{manifest}: {error}"));
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = kinds.into_iter().filter_map(|kind| Some((kind, table.get(kind)?.as_table()?)));
    tables.flat_map(|(kind, table)| table.keys().map(move |name| (kind, name.clone()))).collect()
}

#[test]
fn files_stay_short_enough_to_be_read_at_once() {
    let mut long: Vec<(usize, String)> =
        product().into_iter().map(|source| (source.lines, source.path)).filter(|(lines, _)| *lines > LONG).collect();
    long.sort();
    for (lines, path) in &long {
        eprintln!("long: {path}, {lines} lines without its tests");
    }
    let too_long: Vec<String> = long
        .iter()
        .filter(|(lines, _)| *lines > TOO_LONG)
        .map(|(lines, path)| format!("{path}: {lines} lines without its tests"))
        .collect();
    none(&too_long, &format!("Above {TOO_LONG} lines a file is split by what changes together."));
}

#[test]
fn nothing_but_the_clock_reads_the_time_or_sleeps() {
    const READS: [&str; 4] = ["Timestamp::now", "Zoned::now", "SystemTime::now", "Instant::now"];
    const SLEEPS: [&str; 5] =
        ["thread::sleep", "time::sleep", "time::sleep_until", "time::interval", "time::interval_at"];
    let mut breaches = Vec::new();
    for source in product().iter().filter(|source| !CLOCKS.contains(&source.path.as_str())) {
        for word in READS.into_iter().chain(SLEEPS) {
            breaches.extend(words(&source.code, word).map(|at| format!("{}: `{word}`", source.place(at))));
        }
    }
    none(&breaches, "Time is a `Clock`, or a `now` among the parameters.");
}

#[test]
fn nothing_is_unsafe_unfinished_or_skipped() {
    const NEVER: [&str; 4] = ["unsafe", "todo!", "unimplemented!", "#[ignore"];
    let mut breaches = Vec::new();
    for path in files("").into_iter().filter(|path| path.ends_with(".rs")) {
        let code = tree::blank_words(&read(&path));
        for word in NEVER {
            let line = |at: usize| code[..at].matches('\n').count() + 1;
            breaches.extend(words(&code, word).map(|at| format!("{path}:{}: `{word}`", line(at))));
        }
    }
    none(&breaches, "Finish it, or leave it out.");
}

#[test]
fn every_rule_has_its_file_its_section_its_row_and_its_cases() {
    let (defaults, readme, sources) = (read("config/default.toml"), read("README.md"), files("src/rules"));
    let mut missing = Vec::new();
    for id in gapwatch::rules::ids().map(|id| id.0) {
        let file = id.replace('.', "_");
        let section = format!("[rules.{id}]");
        if !defaults.lines().any(|line| line == section) {
            missing.push(format!("{id}: no section {section} in config/default.toml"));
        }
        if !readme.lines().any(|line| line.starts_with(&format!("| `{id}` |"))) {
            missing.push(format!("{id}: no row \"| `{id}` |\" in README.md"));
        }
        let case = format!("tests/cases/{file}.txt");
        if !root().join(&case).is_file() {
            missing.push(format!("{id}: no {case}"));
        }
        let in_a_family = |path: &&String| path.split('/').count() == 4 && path.ends_with(&format!("/{file}.rs"));
        if sources.iter().find(in_a_family).is_none() {
            missing.push(format!("{id}: no src/rules/<family>/{file}.rs"));
        }
    }
    none(&missing, "CONTRIBUTING.md says what a rule is made of.");
}

#[test]
fn every_path_that_the_pages_name_exists() {
    let mut missing = Vec::new();
    for page in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        for (number, line) in read(page).lines().enumerate() {
            for path in paths_named(line) {
                if !root().join(&path).exists() {
                    missing.push(format!("{page}:{}: {path}", number + 1));
                }
            }
        }
    }
    none(&missing, "A page that names a path is changed with it.");
}

/// Words of a line that are paths of this repository: those below a folder of it, and the names of its pages. A pattern
/// (`tests/cases/<id>.txt`, `deploy/*`) is none.
fn paths_named(line: &str) -> Vec<String> {
    const FOLDERS: [&str; 8] = ["src/", "connectors/", "config/", "deploy/", "docs/", "tests/", ".ci/", ".config/"];
    const PAGES: [&str; 6] =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];
    let is_part = |one: char| one.is_alphanumeric() || "_-./<>*{}".contains(one);
    let words = line.split(|one: char| !is_part(one)).map(|word| word.trim_start_matches("./").trim_end_matches('.'));
    words
        .filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)) || PAGES.contains(word))
        .filter(|word| !word.contains(['<', '*', '{']))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_piece_of_configuration_that_the_readme_shows_is_accepted() {
    let readme = read("README.md");
    let blocks = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut refused = Vec::new();
    for block in blocks {
        // A line for the top of the file is shown alone; it is tried above the example.
        let text =
            if block.contains("\n[") || block.starts_with('[') { block.to_owned() } else { block.to_owned() + EXAMPLE };
        let secrets = [
            ("GITHUB_TOKEN", "ghp_0123456789"),
            ("JIRA_TOKEN", "t0ken"),
            ("ASANA_TOKEN", "t0ken"),
            ("TRELLO_KEY", "k3y"),
            ("TRELLO_TOKEN", "t0ken"),
            ("SLACK_BOT_TOKEN", "xoxb-0123456789"),
        ];
        let env = secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let mut files = vec![("README.md".into(), text)];
        // A table that is no connection is one of a file that has some.
        if !["[github.", "[jira.", "[asana.", "[trello."].iter().any(|table| files[0].1.contains(table)) {
            files.push((
                "more.toml".into(),
                "[github.acme]\ntoken = { env = \"GITHUB_TOKEN\" }\nrepos = [\"acme/web\"]\n".to_owned(),
            ));
        }
        let sources = Sources { files, env, flags: Flags::default() };
        if let Err(found) = load(&sources) {
            refused.extend(found.iter().map(|mistake| mistake.render(false)));
        }
    }
    none(&refused, "What is shown must work as it stands.");
}

#[test]
fn the_text_speaks_of_the_product_alone() {
    // Written in halves, or this file would name them.
    let machine = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("bash", "_jobs")];
    let registries = [
        concat!("crates", ".io"),
        concat!("rs", "proxy"),
        concat!("pypi", ".org"),
        concat!("npm", "js."),
        concat!("proxy.golang", ".org"),
        concat!("arti", "factory"),
    ];
    let makers = [
        concat!("cla", "ude"),
        concat!("anth", "ropic"),
        concat!("open", "ai"),
        concat!("chat", "gpt"),
        concat!("co-auth", "ored-by"),
        concat!("language", " model"),
        concat!("sub", "agent"),
    ];
    let beside = concat!("../", "shared");
    let tests: BTreeSet<String> = tests_of_the_product();
    let mut breaches = Vec::new();
    for path in files("").into_iter().filter(|path| path != "Cargo.lock" && !is_data(path)) {
        for (number, line) in read(&path).lines().enumerate() {
            let lower = line.to_lowercase();
            let named = machine.iter().chain(&registries).chain(&makers).filter(|word| lower.contains(**word));
            breaches.extend(named.map(|word| format!("{path}:{}: `{word}`", number + 1)));
            let may = path.starts_with("tests/") || path.starts_with(".ci/") || tests.contains(&path);
            if lower.contains(beside) && !may {
                breaches.push(format!("{path}:{}: `{beside}`", number + 1));
            }
        }
    }
    none(&breaches, "What is committed is for those who use and build gapwatch anywhere.");
}

/// Databases that a run left behind.
fn is_data(path: &str) -> bool {
    let name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.contains(".db")
}

/// Rust files that are no part of the product, because they are declared for tests alone.
fn tests_of_the_product() -> BTreeSet<String> {
    let product: BTreeSet<String> = product().into_iter().map(|source| source.path).collect();
    files("").into_iter().filter(|path| path.ends_with(".rs") && !product.contains(path)).collect()
}
