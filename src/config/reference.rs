//! The reference of the configuration for people: `docs/configuration.md`, from the defaults with their words and from the
//! types.

use std::fmt::Write as _;

use serde_json::Value;

use super::schema::{at, schema, takes};
use super::sections::{Entry, Section, sections};
use super::tree::join;

const INTRO: &str = "\
# Configuration

Every setting with its unit, its default, and the reason for the default. This page is generated from `config/default.toml`
and the types that read it; `gapwatch config reference` prints the page for your version, and `gapwatch config schema` the
schema for your editor.

The configuration is TOML. Without `-c`, gapwatch reads the first of these that exists: `$GAPWATCH_CONFIG`, `./gapwatch.toml`,
`/data/gapwatch.toml`, `/etc/gapwatch/gapwatch.toml` together with `/etc/gapwatch/conf.d/*.toml`. You can repeat `-c`, and it
can name a folder. Across several files, tables merge and lists append; a single value given twice is an error that names both
lines. Later ones override earlier ones: defaults, files, environment, command line. `gapwatch config show --origin` shows the
settings in force and where each comes from.

- **Names** of connections and people are up to you; below, `NAME` stands for them. They start with a lower-case letter and have
  only lower-case letters, digits and `_`.
- **Lengths of time** are written `\"90s\"`, `\"15m\"`, `\"2h\"`, `\"3d\"`, `\"1w\"` for time on the clock, and `\"3 workdays\"`,
  `\"2 workhours\"` for working time.
- **Secrets** are references: `{ file = \"/run/secrets/x\" }`, `{ env = \"NAME\" }`, or `{ credential = \"x\" }` for systemd's
  `LoadCredential=`. A secret written into the file works, with a warning.
- **Environment variables** can set any single value: `GAPWATCH_`, then the path in capitals with `__` between its parts; lists
  with commas. For a secret, a variable ending in `_FILE` names a file that holds it. A variable that sets nothing is an error.
";

/// What is said of one key or table, such as `rules.pace.behind.from`. Empty: nothing.
pub fn words(path: &str) -> String {
    described(at(schema(), path))
}

/// The whole reference as Markdown.
pub fn markdown() -> String {
    let schema = schema();
    let mut text = INTRO.to_owned();
    for section in sections() {
        let _ = write!(text, "\n{}\n", heading(&section)); // writing to a String cannot fail
        let table = at(schema, &section.table);
        let about = described(table);
        if !section.table.is_empty() && !about.is_empty() {
            let _ = write!(text, "\n{about}\n");
        }
        for entry in section.entries.iter().filter(|entry| at(schema, &join(&section.table, &entry.key)).is_some()) {
            key(&mut text, &section, entry, schema);
        }
        for name in untold(&section, table) {
            let entry = Entry { key: name, default: None, example: None, above: String::new(), note: String::new() };
            key(&mut text, &section, &entry, schema);
        }
    }
    text
}

fn heading(section: &Section) -> String {
    match section.table.as_str() {
        "" => "## At the top of the file".to_owned(),
        table => format!("## `[{table}]`"),
    }
}

/// Single values that the types know and the file does not repeat: said once for all, like the `mode` of each rule.
fn untold(section: &Section, table: Option<&Value>) -> Vec<String> {
    let Some(keys) = table.and_then(|table| table["properties"].as_object()) else { return Vec::new() };
    let told = |key: &str| section.entries.iter().any(|entry| entry.key == key);
    let single = |value: &Value| value["type"] != "object";
    keys.iter().filter(|(key, value)| !told(key) && single(value)).map(|(key, _)| key.clone()).collect()
}

fn key(text: &mut String, section: &Section, entry: &Entry, schema: &Value) {
    let path = join(&section.table, &entry.key);
    let of = at(schema, &path);
    let words = described(of);
    let value = match (&entry.default, &entry.example) {
        (Some(default), _) => format!("default `{default}`"),
        (None, Some(example)) => format!("no default, e.g. `{example}`"),
        (None, None) => "no default".to_owned(),
    };
    let takes = of.map(takes).unwrap_or_default();
    let variable = format!("GAPWATCH_{}", path.replace('.', "__").to_uppercase());
    let _ = write!(text, "\n### `{}`\n\n{words}\n\n- {takes}; {value}\n- `{variable}`\n", entry.key);
}

fn described(of: Option<&Value>) -> String {
    of.and_then(|of| of["description"].as_str()).unwrap_or_default().to_owned()
}
