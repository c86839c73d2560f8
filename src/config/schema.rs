//! What can be set, for editors: a JSON schema of the file, from the types that read it and the words of the defaults.
//!
//! A file may be one part of several, and a secret may come from a variable, so nothing is `required` here; `validate`
//! knows what is missing from the whole.

use std::borrow::Cow;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::sections::{Section, sections, words_of};
use super::tree::join;
use super::{
    AppId, BaseUrl, Capacity, DEFAULTS, Days, HookUrl, InstallationId, Length, Listen, MailSender, OneOrMany,
    ProjectKey, ProjectName, ProxyUrl, Repo, SecretRef, Settings, SmtpUrl, StoreUrl, Stretch, WeekHours, Zone,
};
use crate::domain::rhythm::Rhythm;
use crate::rules::condition::{Condition, Words};

/// How the tables are called that a user names, in the reference.
pub(super) const TEMPLATE: &str = "NAME";
/// What such a name looks like.
const NAMES: &str = "^[a-z][a-z0-9_]*$";

/// The schema of the whole file. Every table stands where it is used, so that each key has its own words and default.
pub fn schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(made);
    &SCHEMA
}

fn made() -> Value {
    let generator = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true).into_generator();
    let mut schema = generator.into_root_schema_for::<Settings>().to_value();
    let defaults: toml::Table = DEFAULTS.parse().expect("the defaults are parsed by every test");
    let words = Reference { sections: sections(), defaults: toml::Value::Table(defaults) };
    words.tell(&mut schema, "");
    schema["title"] = json!("The configuration of gapwatch");
    schema["description"] =
        json!("gapwatch.toml, or a part of it. `gapwatch config reference` prints the same for people.");
    schema
}

/// The schema as the file that is committed and written: JSON with a line break at its end.
pub fn text() -> String {
    format!("{:#}\n", schema())
}

/// What stands at a path such as `github.NAME.poll`; with a real name in place of `NAME` as well. `None`: no such key.
pub(super) fn at<'s>(schema: &'s Value, path: &str) -> Option<&'s Value> {
    path.split('.').filter(|part| !part.is_empty()).try_fold(schema, |schema, part| {
        schema["properties"].get(part).or_else(|| Some(&schema["additionalProperties"]).filter(|more| more.is_object()))
    })
}

/// What a value takes, in words.
pub(super) fn takes(schema: &Value) -> String {
    if let Some(title) = schema["title"].as_str() {
        return title.to_owned();
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
    }
    match schema["type"].as_str() {
        Some("boolean") => "true or false".to_owned(),
        Some("integer") => "a whole number".to_owned(),
        Some("number") => "a number".to_owned(),
        Some("string") => "text".to_owned(),
        Some("array") => format!("a list, each {}", takes(&schema["items"])),
        _ => "a table".to_owned(),
    }
}

struct Reference {
    sections: Vec<Section>,
    defaults: toml::Value,
}

impl Reference {
    /// Gives a value and all below it the words and defaults of the reference, and takes away what only Rust means.
    fn tell(&self, schema: &mut Value, path: &str) {
        without_null(schema);
        let Some(object) = schema.as_object_mut() else { return };
        object.remove("required");
        object.remove("format");
        words_for_variants(object);
        match self.words(path, object.get("description").and_then(Value::as_str)) {
            words if words.is_empty() => drop(object.remove("description")),
            words => drop(object.insert("description".to_owned(), json!(words))),
        }
        if let Some(default) = self.default(path).filter(|default| !default.is_object()) {
            object.insert("default".to_owned(), default);
        }
        if let Some(keys) = object.get_mut("properties").and_then(Value::as_object_mut) {
            keys.iter_mut().for_each(|(key, value)| self.tell(value, &join(path, key)));
        }
        if let Some(items) = object.get_mut("items").and_then(Value::as_object_mut) {
            items.remove("format");
            items.remove("maximum");
        }
        if let Some(items) = object.get_mut("items").filter(|items| items["properties"].is_object()) {
            self.tell(items, path);
        }
        if let Some(more) = object.get_mut("additionalProperties").filter(|more| more.is_object()) {
            self.tell(more, &join(path, TEMPLATE));
            object.insert("propertyNames".to_owned(), json!({ "pattern": NAMES }));
        }
    }

    /// What the reference says, else what the type says; where the reference has a remark alone, the type says first what it
    /// is about.
    fn words(&self, path: &str, of_type: Option<&str>) -> String {
        let of_type = of_type.map(plain).filter(|words| !words.starts_with("`[")).unwrap_or_default();
        match words_of(&self.sections, path) {
            ("", "") => of_type,
            ("", note) => {
                let first = of_type.split_inclusive(". ").next().unwrap_or_default().trim_end();
                // A remark that says itself what it is about needs no more.
                let is_remark = note.starts_with("Left out") || note.starts_with("Required");
                let tells =
                    is_remark && first.ends_with('.') && !first.starts_with("Left out:") && !first.contains("[`");
                if tells { format!("{first} {note}") } else { note.to_owned() }
            }
            (above, "") => above.to_owned(),
            (above, note) => format!("{above} {note}"),
        }
    }

    fn default(&self, path: &str) -> Option<Value> {
        let mut parts = path.split('.').filter(|part| !part.is_empty());
        let value = parts.try_fold(&self.defaults, |value, part| value.get(part))?;
        serde_json::to_value(value).ok()
    }
}

/// TOML has no null: what may be left out is simply not there.
fn without_null(schema: &mut Value) {
    let null = |one: &Value| one["type"] == "null";
    if let Some(mut any) = schema.get("anyOf").and_then(Value::as_array).cloned() {
        any.retain(|one| !null(one));
        if let [one] = any.as_slice() {
            let (one, said) = (one.clone(), schema.get("description").cloned());
            *schema = one;
            if let (Some(said), Some(object)) = (said, schema.as_object_mut()) {
                object.insert("description".to_owned(), said);
            }
        }
    }
    for key in ["type", "enum"] {
        if let Some(list) = schema.get_mut(key).and_then(Value::as_array_mut) {
            list.retain(|one| !one.is_null() && one != "null");
            if let ("type", [one]) = (key, list.as_slice()) {
                schema["type"] = one.clone();
            }
        }
    }
}

/// Words that exclude each other, as one list of them.
fn words_for_variants(object: &mut Map<String, Value>) {
    let Some(variants) = object.get("oneOf").and_then(Value::as_array) else { return };
    let words: Vec<Value> = variants.iter().filter_map(|one| one.get("const").cloned()).collect();
    if words.len() == variants.len() {
        object.remove("oneOf");
        object.insert("type".to_owned(), json!("string"));
        object.insert("enum".to_owned(), Value::Array(words));
    }
}

/// The words of a type, as they are said to people: Rust's `None` is a key that is left out.
fn plain(words: &str) -> String {
    words
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("; `None`:", "; left out:")
        .replace("`None`:", "Left out:")
}

/// A type that is written as text: what it is called, and what it looks like.
macro_rules! written_as_text {
    ($($type:ty: $title:literal, $pattern:literal;)*) => {$(
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "title": $title, "pattern": $pattern })
            }
        }
    )*};
}

written_as_text! {
    Length: "a length of time", r"^\s*[0-9]+(\.[0-9]+)?\s*(s|m|h|d|w|workdays?|workhours?)\s*$";
    Repo: "a repository, \"owner/name\", or all of an owner, \"owner/*\"", r"^[A-Za-z0-9._-]+/([A-Za-z0-9._-]+|\*)$";
    ProjectName: "a project, \"owner/number\"", "^[A-Za-z0-9_-]+/[1-9][0-9]*$";
    ProjectKey: "a project's key, as \"OPS\"", "^[A-Z][A-Z0-9_]+$";
    MailSender: "a sender, \"gapwatch <gapwatch@example.org>\"", "@";
    SmtpUrl: "a mail server, \"smtps://user@host:465\"", "^smtps?://[^\\s?#]+$";
    HookUrl: "an address", "^https?://[^\\s#@]+$";
    Listen: "an address and a port, or \"off\"", r"^(off|\S+:[0-9]+)$";
    StoreUrl: "a store, \"sqlite:PATH\"", "^sqlite:.*[^/]$";
    BaseUrl: "an address", "^https?://[^\\s?#@]+$";
    ProxyUrl: "an address", "^https?://[^\\s?#@]+$";
    Condition: "a condition, as \"task.state == 'review' and task.days_left < 3\"", ".";
    Words: "words, with values as \"{{ task.days_left }}\"", ".";
    Rhythm: "\"start of work\", an hour as \"08:30\", a cron line as \"0 15 * * 5\", or \"off\"", ".";
    Zone: "a time zone, as \"Europe/Berlin\"", "^[A-Za-z0-9_+/-]+$";
    Days: "a day, \"2027-01-01\", or days in a row, \"2026-12-24..2026-12-26\"", r"^\s*\d{4}-\d{2}-\d{2}\s*(\.\.\s*\d{4}-\d{2}-\d{2}\s*)?$";
    Stretch: "hours, \"09:00-17:00\"", r"^\s*\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}\s*$";
    Capacity: "hours a week, \"32h/week\"", r"^\s*\d+(\.\d+)?\s*h\s*/\s*week\s*$";
}

/// An id that is written as a number or as text.
macro_rules! written_as_id {
    ($($type:ty: $title:literal;)*) => {$(
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "title": $title, "type": ["integer", "string"] })
            }
        }
    )*};
}

written_as_id! {
    AppId: "the id or client id of a GitHub App";
    InstallationId: "the number of an installation";
}

impl JsonSchema for WeekHours {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "WeekHours".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let day = "(mon|tue|wed|thu|fri|sat|sun)";
        let names = format!("^{day}(_{day})?$");
        json_schema!({
            "title": "hours by weekday",
            "type": "object",
            "patternProperties": { names: Stretch::json_schema(generator) },
            "additionalProperties": false,
        })
    }
}

impl JsonSchema for OneOrMany {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "one text, or a list of them",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
        })
    }
}

impl JsonSchema for SecretRef {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecretRef".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let way = |name: &str, words: &str| {
            json!({
                "type": "object",
                "properties": { name: { "type": "string", "minLength": 1, "description": words } },
                "required": [name],
                "additionalProperties": false,
            })
        };
        json_schema!({
            "title": "a secret",
            "anyOf": [
                way("file", "A file that holds it."),
                way("env", "A variable that holds it."),
                way("credential", "A name below $CREDENTIALS_DIRECTORY, as systemd's LoadCredential= sets it."),
                { "type": "string", "description": "The secret itself: it works, and is readable by whoever reads this file." },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_has_its_words_its_type_and_its_default() {
        let schema = schema();
        let poll = at(schema, "github.acme.poll").unwrap();
        assert_eq!((&poll["type"], &poll["default"]), (&json!("string"), &json!("2m")));
        assert!(poll["description"].as_str().unwrap().starts_with("How often a repository"));
        let mode = at(schema, "rules.pace.behind.mode").unwrap();
        assert_eq!((&mode["type"], &mode["enum"]), (&json!("string"), &json!(["observe", "live"])));
        assert_eq!(mode["description"], "The rule's own mode; left out: that of the connection.");
        assert_eq!(schema["additionalProperties"], false, "an unknown key is a mistake");
        assert_eq!(schema["properties"]["github"]["propertyNames"]["pattern"], NAMES);
        assert!(at(schema, "github.acme.pol").is_none());
    }

    #[test]
    fn no_null_and_nothing_required_is_left() {
        let text = text();
        assert!(!text.contains("null"), "{text}");
        // A reference to a secret is all that must be whole where it stands.
        let secrets = text.matches("\"title\": \"a secret\"").count();
        assert!(secrets >= 7, "{text}");
        assert_eq!(text.matches("\"required\"").count(), 3 * secrets, "{text}");
        assert!(text.ends_with("}\n"));
    }

    #[test]
    fn lengths_that_are_read_fit_their_pattern() {
        let pattern = Length::json_schema(&mut SchemaGenerator::default());
        assert_eq!(pattern.get("title"), Some(&json!("a length of time")));
        for text in ["90s", "15m", "1.5h", "3 workdays", "1 workday", "2workhours", " 1w "] {
            assert!(text.parse::<Length>().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_a_key_takes_is_said_in_words() {
        let schema = schema();
        let takes = |path: &str| takes(at(schema, path).unwrap());
        assert_eq!(takes("mode"), "`\"observe\"` or `\"live\"`");
        assert_eq!(takes("messages.settle"), "a length of time");
        assert_eq!(
            takes("github.x.repos"),
            "a list, each a repository, \"owner/name\", or all of an owner, \"owner/*\""
        );
        assert_eq!(takes("slack.bot_token"), "a secret");
        assert_eq!(takes("rules.stalled.enabled"), "true or false");
        assert_eq!(takes("people.x.also.github"), "one text, or a list of them");
        assert_eq!(takes("people.x"), "a table");
    }
}
