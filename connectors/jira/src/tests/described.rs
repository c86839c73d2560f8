//! Every call that is made is one that the vendor describes: path, verb, query and body.

use connector_kit::survey::{Examine, Survey};
use connector_kit::{Block, Commenter, MessageRef, Span, Text};
use connector_model::Mark;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::server::{Asked, NOW, Server, answer, person};
use crate::{Edition, fixtures};

const CLOUD: &str = "jira-cloud-platform-v3.2025-12.json.gz";
const AGILE: &str = "jira-software-cloud-agile-v1.2022-07.json";
const DATA_CENTER: &str = "jira-dc-10.3.24.json.gz";

/// What the vendor describes of one edition, each with what stands in front of its paths.
pub(super) struct Described(Vec<(&'static str, Value)>);

impl Described {
    /// `None`: the descriptions are not here.
    pub(super) fn of(edition: Edition) -> Option<Described> {
        Some(Described(match edition {
            Edition::Cloud => vec![("", fixtures::description(CLOUD)?), ("", fixtures::description(AGILE)?)],
            Edition::DataCenter => vec![("/rest", fixtures::description(DATA_CENTER)?)],
        }))
    }

    /// Whether a call is as the vendor describes it; else what is not.
    pub(super) fn check(&self, asked: &Asked) -> Result<(), String> {
        let call = format!("{} {}", asked.method, asked.target);
        // It answers to any version of the interface, and only the newest describes it.
        if asked.path() == "/rest/api/2/serverInfo" {
            return Ok(());
        }
        let found = self.0.iter().find_map(|(root, description)| {
            Some((description, operation(description, asked.path().strip_prefix(root)?, &asked.method)?))
        });
        let (description, operation) = found.ok_or_else(|| format!("{call}: not described"))?;
        check_query(operation, asked).map_err(|what| format!("{call}: {what}"))?;
        let schema = operation.pointer("/requestBody/content/application~1json/schema");
        match (schema, asked.body.is_empty()) {
            (Some(schema), false) => check_body(description, schema, &asked.json(), "body"),
            (None, true) => Ok(()),
            (Some(_), true) => Err("no body".to_owned()),
            (None, false) => Err("a body where none is described".to_owned()),
        }
        .map_err(|what| format!("{call}: {what}"))
    }
}

/// The operation at a path; the most literal of those that fit.
fn operation<'a>(description: &'a Value, path: &str, method: &str) -> Option<&'a Value> {
    let path: Vec<&str> = path.split('/').collect();
    let is_variable = |part: &str| part.starts_with('{');
    let fits = |template: &str| {
        let template: Vec<&str> = template.split('/').collect();
        template.len() == path.len() && template.iter().zip(&path).all(|(one, own)| is_variable(one) || one == own)
    };
    let all = description["paths"].as_object()?.iter().filter(|(template, _)| fits(template));
    let (_, methods) = all.min_by_key(|(template, _)| template.matches('{').count())?;
    methods.get(method.to_ascii_lowercase())
}

fn check_query(operation: &Value, asked: &Asked) -> Result<(), String> {
    let none = Vec::new();
    let described = operation["parameters"].as_array().unwrap_or(&none).iter().filter(|one| one["in"] == "query");
    let described: Vec<&Value> = described.collect();
    let url = url::Url::parse(&format!("http://x{}", asked.target)).unwrap();
    for (name, value) in url.query_pairs() {
        let parameter = described.iter().find(|one| one["name"] == *name).ok_or(format!("unknown parameter {name}"))?;
        let schema = &parameter["schema"];
        let schema = if schema["type"] == "array" { &schema["items"] } else { schema };
        let typed = match schema["type"].as_str() {
            Some("integer") => json!(value.parse::<i64>().map_err(|_| format!("{name}={value}"))?),
            Some("boolean") => json!(value.parse::<bool>().map_err(|_| format!("{name}={value}"))?),
            _ => json!(value),
        };
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(&typed)
        {
            return Err(format!("{name}={value} is none of {allowed:?}"));
        }
    }
    match described.iter().find(|one| one["required"] == true && asked.query(one["name"].as_str().unwrap()).is_none()) {
        Some(missing) => Err(format!("the parameter {} is missing", missing["name"])),
        None => Ok(()),
    }
}

fn check_body(description: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        // The description of Data Center calls a property's value a text; it takes and gives any JSON.
        let schema = description.pointer(&name[1..]).ok_or(format!("no {name}"))?;
        let is_mistaken = name.ends_with("/EntityPropertyBean");
        return if is_mistaken { Ok(()) } else { check_body(description, schema, value, at) };
    }
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !fits {
        return Err(format!("{at} is no {}", schema["type"]));
    }
    for (at_item, item) in value.as_array().into_iter().flatten().enumerate() {
        check_body(description, &schema["items"], item, &format!("{at}[{at_item}]"))?;
    }
    let (Some(own), Some(known)) = (value.as_object(), schema["properties"].as_object()) else { return Ok(()) };
    for (name, value) in own {
        let member = format!("{at}.{name}");
        match known.get(name) {
            Some(schema) if schema["readOnly"] == true => return Err(format!("{member} is read-only")),
            Some(schema) => check_body(description, schema, value, &member)?,
            None => return Err(format!("{member} is not described")),
        }
    }
    let none = Vec::new();
    let mut required = schema["required"].as_array().unwrap_or(&none).iter().filter_map(Value::as_str);
    match required.find(|name| !own.contains_key(*name)) {
        Some(missing) => Err(format!("{at}.{missing} is missing")),
        None => Ok(()),
    }
}

#[test]
fn what_is_not_described_is_found() {
    let Some(cloud) = Described::of(Edition::Cloud) else { return };
    let check = |method: &str, target: &str, body: &str| {
        let (method, target, body) = (method.to_owned(), target.to_owned(), body.to_owned());
        cloud.check(&Asked { method, target, head: String::new(), body })
    };
    assert_eq!(check("GET", "/rest/api/3/issue/10005?fields=project", ""), Ok(()));
    for (method, target, body) in [
        ("GET", "/rest/api/3/nowhere", ""),
        ("PATCH", "/rest/api/3/issue/10005", ""),
        ("GET", "/rest/api/3/issue/10005?field=project", ""),
        ("GET", "/rest/api/3/issue/10005/comment?startAt=first", ""),
        ("GET", "/rest/api/3/issue/10005/comment?orderBy=created%20desc", ""),
        ("POST", "/rest/api/3/comment/list", ""),
        ("POST", "/rest/api/3/comment/list", r#"{"ids":["7"]}"#),
        ("POST", "/rest/api/3/comment/list", r#"{"ids":[7],"expand":"properties"}"#),
        ("POST", "/rest/api/3/issue/1/comment", r#"{"body":{},"jsdPublic":false}"#),
        ("GET", "/rest/api/3/myself", "{}"),
    ] {
        assert!(check(method, target, body).is_err(), "{method} {target} {body}");
    }
}

#[tokio::test]
async fn every_call_of_writing_and_looking_is_described_by_the_vendor() {
    for edition in [Edition::Cloud, Edition::DataCenter] {
        let Some(described) = Described::of(edition) else { continue };
        let server = Server::new(|asked: &Asked| {
            let project = json!({"id": "10000", "key": "ABC", "projectTypeKey": "service_desk"});
            let comment = json!({"id": "77", "author": person("bot"), "created": "2025-03-11T09:00:00.000+0000"});
            match asked.call().as_str() {
                "GET issue/10005" => answer(200, json!({"id": "10005", "fields": {"project": project}})),
                "GET issue/10005/comment" => answer(200, json!({"comments": [comment], "total": 1})),
                "POST comment/list" => answer(200, json!({"values": []})),
                "POST issue/10005/comment" => answer(201, comment),
                "PUT issue/10005/comment/77" => answer(200, comment),
                "GET project/search" => answer(200, json!({"values": [project], "isLast": true})),
                "GET project" => answer(200, json!([project])),
                "GET project/ABC" => answer(200, project),
                "GET mypermissions" => answer(200, json!({"permissions": {}})),
                "POST search" | "POST search/jql" => answer(200, json!({"issues": [], "total": 0})),
                "POST search/approximate-count" => answer(200, json!({"count": 1})),
                "GET project/ABC/statuses" | "GET status" | "GET field" | "GET priority" => answer(200, json!([])),
                "GET issueLinkType" => answer(200, json!({"issueLinkTypes": []})),
                _ => answer(404, "{}"),
            }
        })
        .await;
        let jira = server.jira_with(edition, |config| config.comment_service_projects = true);
        let (task, at) = ("10005", MessageRef("77".to_owned()));
        let mark = Mark { wire: "0".repeat(32), mac: "1".repeat(32) };
        let words = vec![Span::Mention("ana".to_owned()), Span::Strong("x".to_owned())];
        let text = Text { summary: String::new(), blocks: vec![Block::Line(words)] };
        jira.post(task, &text, &mark).await.unwrap();
        jira.edit(task, &at, &text, &mark).await.unwrap();
        jira.find(task, &mark, NOW.parse::<Timestamp>().unwrap()).await.unwrap();
        jira.delete(task, &at).await.unwrap();
        jira.visible().await.unwrap();
        jira.assignees("ABC").await.unwrap();
        jira.labels("ABC").await.unwrap();
        jira.profile("ana").await.unwrap();
        jira.examine(&["ABC".to_owned()]).await;
        let asked = server.asked();
        assert!(asked.len() >= 18, "{}", asked.len());
        for one in &asked {
            assert_eq!(described.check(one), Ok(()));
        }
    }
}
