//! The vendor's own description of its API, and what of an exchange does not fit it.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use connector_kit::{Block, Clock, Span, Text};
use connector_model::Mark;
use connector_simulator::jira::IssueDraft;
use connector_simulator::{Exchange, Tool};
use jiff::SignedDuration;
use jiff::civil::date;
use serde_json::{Value, json};

use crate::world::{Edition, World};

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
    /// Reads a description whose paths stand below `root`. `None`: it is not here.
    pub fn read(name: &str, root: &str) -> Option<Description> {
        let mut text = String::new();
        let packed = std::fs::File::open(file(name)?).unwrap();
        match name.ends_with(".gz") {
            true => flate2::read::MultiGzDecoder::new(packed).read_to_string(&mut text).unwrap(),
            false => std::io::BufReader::new(packed).read_to_string(&mut text).unwrap(),
        };
        let mut document: Value = serde_json::from_str(&text).unwrap();
        // The description of Data Center calls a property's value a text; it takes and gives any JSON.
        if let Some(property) = document.pointer_mut("/components/schemas/EntityPropertyBean/properties/value") {
            *property = json!({});
        }
        with_nulls(&mut document["components"]);
        let templates = document["paths"].as_object().unwrap().keys();
        let paths = templates.map(|path| (segments(&format!("{root}{path}")), path.clone())).collect();
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

const CLOUD: &str = "jira-cloud-platform-v3.2025-12.json.gz";
const AGILE: &str = "jira-software-cloud-agile-v1.2022-07.json";
const DATA_CENTER: &str = "jira-dc-10.3.24.json.gz";

/// What the vendor describes of an edition. `None`: it is not here.
fn descriptions(edition: Edition) -> Option<Vec<Description>> {
    match edition {
        Edition::Cloud => Some(vec![Description::read(CLOUD, "")?, Description::read(AGILE, "")?]),
        Edition::DataCenter => Some(vec![Description::read(DATA_CENTER, "/rest")?]),
    }
}

/// A company in which everything that is ever asked for happens.
async fn eventful(edition: Edition) -> (World, Arc<Mutex<Vec<Exchange>>>) {
    let plan =
        World::plan().on_jira(edition, "projects = [\"WEB\", \"OPS\"]\nselect = \"labels is EMPTY ORDER BY rank\"");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    let heard: Arc<Mutex<Vec<Exchange>>> = Arc::default();
    let kept = heard.clone();
    world.sim.listen(move |exchange| {
        if exchange.tool == Tool::Jira {
            kept.lock().unwrap().push(exchange.clone());
        }
    });
    let jira = world.jira();
    jira.project("OPS", "Operations");
    let board = jira.board("WEB", "Board");
    let sprint = jira.sprint(board, "Sprint 1", world.now(), world.now() + SignedDuration::from_hours(200));
    jira.version("WEB", "1.0", Some(date(2026, 4, 1)));
    for (project, title) in [("WEB", "a"), ("WEB", "b"), ("OPS", "c")] {
        let draft =
            IssueDraft { assignee: Some("ana".to_owned()), due: Some(date(2026, 3, 6)), ..IssueDraft::new(title) };
        let key = jira.issue(project, draft);
        jira.status(&key, "In Progress", "ana");
    }
    jira.to_sprint("WEB-1", sprint);
    jira.start_sprint(sprint);
    jira.link("WEB-1", "WEB-2");
    world.run().await;
    // Overdue: told, then resolved, and in between counted, asked for directly and looked at.
    world.at("2026-03-10T10:00:00Z").run().await;
    jira.delete("OPS-1");
    world.later(SignedDuration::from_hours(26)).poll().await;
    jira.comment("WEB-2", "moved on", "ana");
    jira.status("WEB-1", "Done", "ana");
    world.later(SignedDuration::from_mins(5)).poll().await;
    world.later(SignedDuration::from_mins(15)).poll().await;
    let engine = world.engine();
    let handle = jira.id("WEB-2");
    let (source, commenter) = (engine.connections[0].source.clone(), engine.connections[0].commenter.clone());
    source.task(&handle).await.unwrap();
    let mark = Mark { wire: "0".repeat(32), mac: "1".repeat(32) };
    let words = Text { summary: "x".to_owned(), blocks: vec![Block::Line(vec![Span::Plain("x".to_owned())])] };
    let at = commenter.post(&handle, &words, &mark).await.unwrap();
    commenter.find(&handle, &mark, world.now() - SignedDuration::from_mins(1)).await.unwrap();
    commenter.edit(&handle, &at, &words, &mark).await.unwrap();
    commenter.delete(&handle, &at).await.unwrap();
    let clock: Arc<dyn Clock> = world.clock.clone();
    let built = gapwatch::registry::connections(world.settings(), &clock).unwrap().remove(0);
    built.examine.examine(&["WEB".to_owned(), "OPS".to_owned()]).await;
    built.survey.visible().await.unwrap();
    built.survey.assignees("WEB").await.unwrap();
    built.survey.labels("WEB").await.unwrap();
    built.survey.profile("ana@example.org").await.unwrap();
    (world, heard)
}

#[tokio::test]
async fn whatever_is_asked_of_jira_is_described_by_its_vendor() {
    for (edition, base) in [(Edition::Cloud, "/jira-cloud"), (Edition::DataCenter, "/jira-dc")] {
        let Some(mut described) = descriptions(edition) else { return };
        let (_world, heard) = eventful(edition).await;
        let heard = heard.lock().unwrap();
        let mut wrong: BTreeSet<String> = BTreeSet::new();
        let mut calls: BTreeSet<String> = BTreeSet::new();
        for exchange in heard.iter() {
            let path = exchange.path.strip_prefix(base).unwrap_or(&exchange.path);
            // It answers under every version of the interface, before it is known which one it is.
            if path == "/rest/api/2/serverInfo" {
                continue;
            }
            let found = described
                .iter_mut()
                .map(|one| one.request(&exchange.method, path, &exchange.query, &exchange.sent))
                .min_by_key(|wrong| wrong.first().is_some_and(|why| why.starts_with("no path")))
                .unwrap_or_default();
            wrong.extend(found);
            calls.insert(format!("{} {}", exchange.method, path));
        }
        assert_eq!(wrong, BTreeSet::new(), "{edition:?}");
        assert!(calls.len() > 25, "{edition:?}: only {calls:#?}");
    }
}

#[test]
fn a_description_finds_what_does_not_fit() {
    let Some(mut cloud) = Description::read(CLOUD, "") else { return };
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
