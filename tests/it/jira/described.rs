//! The vendor's own description of its API, and what of an exchange does not fit it.

use std::collections::HashMap;
use std::io::Read;
use std::path::PathBuf;

use serde_json::{Value, json};

/// A description in the form of OpenAPI 3.
pub struct Description {
    document: Value,
    /// Path templates in segments, with what stands at them.
    paths: Vec<(Vec<String>, String)>,
    validators: HashMap<String, jsonschema::Validator>,
}

/// Where a description lies. `None`, with a word on stderr: it is not here.
fn file(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("GAPWATCH_FIXTURES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")), PathBuf::from);
    let path = root.join("specs").join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!("skipped: the vendor's description {name} is not here");
    None
}

/// OpenAPI's `nullable`, which JSON Schema does not know, said in its own words.
fn with_nulls(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(with_nulls);
            if members.remove("nullable") == Some(Value::Bool(true)) {
                let plain = std::mem::take(members);
                *schema = json!({ "anyOf": [{ "type": "null" }, plain] });
            }
        }
        Value::Array(items) => items.iter_mut().for_each(with_nulls),
        _ => {}
    }
}

impl Description {
    /// Reads a description. `None`: it is not here.
    pub fn read(name: &str) -> Option<Description> {
        let mut text = String::new();
        let packed = std::fs::File::open(file(name)?).unwrap();
        match name.ends_with(".gz") {
            true => flate2::read::MultiGzDecoder::new(packed).read_to_string(&mut text).unwrap(),
            false => std::io::BufReader::new(packed).read_to_string(&mut text).unwrap(),
        };
        let mut document: Value = serde_json::from_str(&text).unwrap();
        with_nulls(&mut document["components"]);
        let templates = document["paths"].as_object().unwrap().keys();
        let paths = templates.map(|path| (segments(path), path.clone())).collect();
        Some(Description { document, paths, validators: HashMap::new() })
    }

    /// What stands at a path: the template with the most literal segments. `None`: nothing does.
    fn template(&self, path: &str) -> Option<&str> {
        let asked = segments(path);
        let is_open = |segment: &str| segment.starts_with('{');
        let fits = |template: &[String]| {
            template.len() == asked.len()
                && template.iter().zip(&asked).all(|(one, other)| is_open(one) || one == other)
        };
        let literal = |template: &[String]| template.iter().filter(|segment| !is_open(segment)).count();
        let fitting = self.paths.iter().filter(|(template, _)| fits(template));
        fitting.max_by_key(|(template, _)| literal(template)).map(|(_, path)| path.as_str())
    }

    fn valid(&mut self, name: String, schema: &Value, value: &Value) -> Vec<String> {
        let components = &self.document["components"];
        let validator = self.validators.entry(name).or_insert_with(|| {
            let mut whole = schema.clone();
            with_nulls(&mut whole);
            whole["components"] = components.clone();
            jsonschema::options().build(&whole).expect("the description is a schema")
        });
        validator.iter_errors(value).take(3).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// What of a request does not fit: its path, its verb, the names in its query, its body.
    pub fn request(&mut self, method: &str, path: &str, query: &str, body: &[u8]) -> Vec<String> {
        let Some(template) = self.template(path).map(str::to_owned) else { return vec![format!("no path {path}")] };
        let at = &self.document["paths"][&template];
        let operation = at[method.to_ascii_lowercase()].clone();
        if operation.is_null() {
            return vec![format!("no {method} at {template}")];
        }
        let parameters =
            [&at["parameters"], &operation["parameters"]].into_iter().filter_map(Value::as_array).flatten();
        let known: Vec<String> =
            parameters.map(|one| self.resolved(one)["name"].as_str().unwrap_or("").to_owned()).collect();
        let given = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned());
        let mut wrong: Vec<String> = given
            .filter(|name| !known.contains(name))
            .map(|name| format!("{method} {template} takes no `{name}`"))
            .collect();
        let schema = operation["requestBody"]["content"]["application/json"]["schema"].clone();
        match (body.is_empty(), schema.is_null()) {
            (true, _) => {}
            (false, true) => wrong.push(format!("{method} {template} takes no body")),
            (false, false) => {
                let body: Value = serde_json::from_slice(body).unwrap_or_default();
                let name = format!("> {method} {template}");
                wrong.extend(
                    self.valid(name, &schema, &body).into_iter().map(|why| format!("{method} {template} {why}")),
                );
            }
        }
        wrong
    }

    /// What of an answer does not fit.
    pub fn answer(&mut self, method: &str, path: &str, status: u16, body: &[u8]) -> Vec<String> {
        let Some(template) = self.template(path).map(str::to_owned) else { return Vec::new() };
        let operation = &self.document["paths"][&template][method.to_ascii_lowercase()];
        let status = status.to_string();
        let schema = operation["responses"][&status]["content"]["application/json"]["schema"].clone();
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
        if schema.is_null() {
            return Vec::new();
        }
        let name = format!("< {method} {template} {status}");
        self.valid(name, &schema, &body).into_iter().map(|why| format!("{method} {template} {status} {why}")).collect()
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let target = value["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
        target.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(value)
    }
}

fn segments(path: &str) -> Vec<String> {
    path.trim_matches('/').split('/').map(str::to_owned).collect()
}

#[test]
fn a_description_finds_what_does_not_fit() {
    let Some(mut cloud) = Description::read("jira-cloud-platform-v3.2025-12.json.gz") else { return };
    let search = "/rest/api/3/search/jql";
    let body = json!({ "jql": "project = \"WEB\"", "fields": ["summary"], "maxResults": 100 });
    assert_eq!(cloud.request("POST", search, "", &serde_json::to_vec(&body).unwrap()), [""; 0]);
    let odd = serde_json::to_vec(&json!({ "jql": 5, "fields": ["summary"] })).unwrap();
    assert_eq!(cloud.request("POST", search, "", &odd).len(), 1);
    assert_eq!(cloud.request("PUT", search, "", b""), ["no PUT at /rest/api/3/search/jql"]);
    assert_eq!(cloud.request("GET", "/rest/api/3/nothing", "", b""), ["no path /rest/api/3/nothing"]);
    let (issue, query) = ("/rest/api/3/issue/10001", "fields=summary&colour=red");
    assert_eq!(cloud.request("GET", issue, query, b""), ["GET /rest/api/3/issue/{issueIdOrKey} takes no `colour`"]);
    assert_eq!(cloud.answer("GET", issue, 200, br#"{"id":"1","key":"WEB-1","fields":{}}"#), [""; 0]);
    assert_eq!(cloud.answer("GET", issue, 200, br#"{"id":1}"#).len(), 1);
}
