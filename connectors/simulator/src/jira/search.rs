//! Search: by token on Cloud, by offset on Data Center; and what Cloud tells of a query without running it.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::jql::{self, Expr, Jql, Operand};
use super::model::Issue;
use super::render::Wanted;
use super::site::Site;
use super::{Call, bad, errors};
use crate::reply::Reply;
use crate::text::digest;

/// Issues in a page of Cloud: with fields, and without.
const PAGE_WITH_FIELDS: usize = 100;
const PAGE_OF_IDS: usize = 5_000;
/// Issues that a call may name to be read past the index.
const RECONCILED: usize = 50;
/// Issues that a bulk call may name.
const BULK: usize = 100;
/// How long a token of a page is good for.
const TOKEN_DAYS: i64 = 7;
/// Changes that a search on Cloud shows of an issue.
const HISTORY_SHOWN: usize = 40;

/// What a token leads to: the query it belongs to, and the issues still to come.
#[derive(Debug)]
struct Rest {
    query: u64,
    ids: Vec<u64>,
    made_at: Timestamp,
}

/// The pages that tokens lead to.
#[derive(Debug, Default)]
pub(crate) struct Pages(HashMap<String, Rest>);

/// A search as both editions and both methods ask for it.
struct Question {
    jql: String,
    fields: Option<Vec<String>>,
    expand: Vec<String>,
    max_results: Option<usize>,
    start_at: usize,
    token: Option<String>,
    reconcile: Vec<u64>,
    strict: bool,
}

const PAYLOAD: &str = "Invalid request payload. Refer to the REST API documentation and try again.";

/// A list of strings, or one with commas.
fn strings(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::String(text) => {
            Some(text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect())
        }
        Value::Array(all) => all.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

impl Question {
    fn of(call: &Call<'_>) -> Result<Question, Reply> {
        if call.is_read() {
            let fields = call.get("fields").map(|_| call.all("fields"));
            return Ok(Question {
                jql: call.get("jql").unwrap_or_default().to_owned(),
                fields,
                expand: call.all("expand"),
                max_results: call.get("maxResults").and_then(|value| value.parse().ok()),
                start_at: call.number("startAt", 0),
                token: call.get("nextPageToken").map(str::to_owned),
                reconcile: call.all("reconcileIssues").iter().filter_map(|id| id.parse().ok()).collect(),
                strict: !matches!(call.get("validateQuery"), Some("false" | "none" | "warn")),
            });
        }
        let body = call.body()?;
        let known: &[&str] = if call.is_cloud() {
            &["jql", "fields", "expand", "maxResults", "nextPageToken", "reconcileIssues", "fieldsByKeys", "properties"]
        } else {
            &["jql", "fields", "expand", "maxResults", "startAt", "validateQuery", "fieldsByKeys", "properties"]
        };
        let is_known = body.as_object().is_some_and(|body| body.keys().all(|key| known.contains(&key.as_str())));
        // One edition takes a string for what is to be expanded, the other a list.
        let expands = if call.is_cloud() { !body["expand"].is_array() } else { !body["expand"].is_string() };
        let is_shaped = expands && !body["fields"].is_string();
        let fields = strings(&body["fields"]);
        let (true, true, Some(fields)) = (is_known, is_shaped, fields) else { return Err(bad(PAYLOAD)) };
        let reconcile = body["reconcileIssues"]
            .as_array()
            .map_or_else(Vec::new, |ids| ids.iter().filter_map(Value::as_u64).collect());
        Ok(Question {
            jql: body["jql"].as_str().unwrap_or_default().to_owned(),
            fields: (!body["fields"].is_null()).then_some(fields),
            expand: strings(&body["expand"]).unwrap_or_default(),
            max_results: body["maxResults"].as_u64().and_then(|count| count.try_into().ok()),
            start_at: body["startAt"].as_u64().and_then(|count| count.try_into().ok()).unwrap_or(0),
            token: body["nextPageToken"].as_str().map(str::to_owned),
            reconcile,
            strict: body["validateQuery"] != false,
        })
    }

    fn wants(&self, what: &str) -> bool {
        self.expand.iter().any(|one| one == what)
    }
}

impl Site {
    /// The ids that a query finds, in its order, by what the index shows.
    fn found(&self, call: &Call<'_>, jql: &Jql, reconcile: &[u64]) -> Vec<u64> {
        let asker = call.asker();
        let is_shown = |issue: &&Issue| {
            self.sees(issue, asker.me)
                && self.project(issue.project).is_some_and(|project| !project.archived)
                && self.matches(jql.filter.as_ref(), issue, &asker)
        };
        let indexed = self.indexed(call.now).filter(|issue| !reconcile.contains(&issue.id));
        let fresh = reconcile.iter().filter_map(|id| self.issues.get(id));
        let mut found: Vec<&Issue> = indexed.chain(fresh).filter(is_shown).collect();
        self.sort(jql, &mut found);
        found.into_iter().map(|issue| issue.id).collect()
    }

    /// A parsed query that holds on this site.
    fn understood(&self, call: &Call<'_>, text: &str, strict: bool) -> Result<Jql, Reply> {
        let parsed = jql::parse(text, call.is_cloud()).map_err(|problem| bad(&problem))?;
        if call.is_cloud() && parsed.filter.is_none() {
            return Err(bad(
                "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.",
            ));
        }
        let problems = self.query_errors(&parsed, &call.asker());
        if strict && !problems.is_empty() { Err(errors(400, &problems)) } else { Ok(parsed) }
    }

    pub(super) fn search_by_token(&mut self, call: &Call<'_>) -> Reply {
        let question = match Question::of(call) {
            Ok(question) => question,
            Err(refusal) => return refusal,
        };
        if question.reconcile.len() > RECONCILED {
            return bad("The number of issues to reconcile exceeds the maximum of 50.");
        }
        let jql = match self.understood(call, &question.jql, true) {
            Ok(jql) => jql,
            Err(refusal) => return refusal,
        };
        let query = digest((&question.jql, &question.reconcile));
        let ids = match &question.token {
            None => self.found(call, &jql, &question.reconcile),
            Some(token) => match self.pages.take(token, query, call.now) {
                Some(ids) => ids,
                None => return bad("The provided next page token is invalid or expired."),
            },
        };
        let wanted = Wanted::new(question.fields.as_deref().unwrap_or(&["id".to_owned()]));
        let most = if wanted.only_ids() { PAGE_OF_IDS } else { PAGE_WITH_FIELDS };
        let size = question.max_results.unwrap_or(50).clamp(1, most);
        let (page, rest) = ids.split_at(size.min(ids.len()));
        let bare = question.fields.is_none();
        let issues: Vec<Value> = page
            .iter()
            .filter_map(|id| {
                let fresh = question.reconcile.contains(id);
                let issue = if fresh { self.issues.get(id) } else { self.indexed_one(*id) }?;
                Some(self.found_json(call, issue, &wanted, bare, question.wants("changelog")))
            })
            .collect();
        let mut body = json!({ "issues": issues, "isLast": rest.is_empty() });
        if question.wants("names") {
            body["names"] = self.field_names(call, &wanted);
        }
        if !rest.is_empty() {
            let rest = if self.settings.repeats_token { ids.clone() } else { rest.to_vec() };
            body["nextPageToken"] = json!(self.pages.keep(query, rest, call.now));
        }
        Reply::json(200, &body)
    }

    /// An issue in a list: its id alone, its key too, or its fields.
    fn found_json(&self, call: &Call<'_>, issue: &Issue, wanted: &Wanted, bare: bool, history: bool) -> Value {
        if bare {
            return json!({ "id": issue.id.to_string() });
        }
        let mut json = self.issue_json(call, issue, wanted);
        if wanted.only_ids()
            && let Some(json) = json.as_object_mut()
        {
            json.remove("fields");
        }
        if history {
            let most = if call.is_cloud() { HISTORY_SHOWN } else { usize::MAX };
            json["changelog"] = self.changelog_inside(call, issue, most);
        }
        json
    }

    pub(super) fn search_by_offset(&mut self, call: &Call<'_>) -> Reply {
        let question = match Question::of(call) {
            Ok(question) => question,
            Err(refusal) => return refusal,
        };
        let jql = match self.understood(call, &question.jql, question.strict) {
            Ok(jql) => jql,
            Err(refusal) => return refusal,
        };
        let ids = self.found(call, &jql, &[]);
        let fields = question.fields.clone().filter(|fields| !fields.is_empty());
        let wanted = Wanted::new(&fields.unwrap_or_else(|| vec!["*navigable".to_owned()]));
        let size = question.max_results.unwrap_or(50).min(self.settings.page_cap);
        // What the index found is loaded from the database: it may have moved since, or be gone.
        let issues: Vec<Value> = ids
            .iter()
            .skip(question.start_at)
            .take(size)
            .filter_map(|id| self.issues.get(id))
            .map(|issue| self.found_json(call, issue, &wanted, false, question.wants("changelog")))
            .collect();
        let mut body = json!({
            "expand": "schema,names", "startAt": question.start_at, "maxResults": size, "total": ids.len(),
            "issues": issues,
        });
        if question.wants("names") {
            body["names"] = self.field_names(call, &wanted);
        }
        Reply::json(200, &body)
    }

    fn field_names(&self, call: &Call<'_>, wanted: &Wanted) -> Value {
        let all = self.field_rows(call);
        let named = all.iter().filter_map(|field| {
            let id = field["id"].as_str()?;
            wanted.has(id).then(|| (id.to_owned(), field["name"].clone()))
        });
        Value::Object(named.collect())
    }

    pub(super) fn one_issue(&self, call: &Call<'_>, id: u64) -> Reply {
        let Some(issue) = self.issues.get(&id) else { return super::no_issue() };
        let fields = call.all("fields");
        let wanted = Wanted::new(if fields.is_empty() { std::slice::from_ref(&ALL) } else { &fields });
        let mut json = self.issue_json(call, issue, &wanted);
        let expand = call.all("expand");
        if expand.iter().any(|one| one == "changelog") {
            let most = if call.is_cloud() { 100 } else { usize::MAX };
            json["changelog"] = self.changelog_inside(call, issue, most);
        }
        if expand.iter().any(|one| one == "names") {
            json["names"] = self.field_names(call, &wanted);
        }
        Reply::json(200, &json)
    }

    /// Ascending by id; what is not there, or not to be seen, is left out.
    pub(super) fn bulk_fetch(&self, call: &Call<'_>) -> Reply {
        let body = match call.body() {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        let names = body["issueIdsOrKeys"].as_array().filter(|names| names.iter().all(Value::is_string));
        let (Some(names), Some(fields)) = (names, strings(&body["fields"])) else { return bad(PAYLOAD) };
        if names.is_empty() || names.len() > BULK {
            return bad("The number of issues to fetch must be between 1 and 100.");
        }
        let wanted = Wanted::new(if fields.is_empty() { std::slice::from_ref(&NAVIGABLE) } else { &fields });
        let found = names.iter().filter_map(|name| self.issue_named(name.as_str().unwrap_or_default()));
        let mut found: Vec<&Issue> = found.filter(|issue| self.sees(issue, call.me.as_deref())).collect();
        found.sort_by_key(|issue| issue.id);
        found.dedup_by_key(|issue| issue.id);
        let history = strings(&body["expand"]).unwrap_or_default().iter().any(|one| one == "changelog");
        let issues: Vec<Value> =
            found.iter().map(|issue| self.found_json(call, issue, &wanted, false, history)).collect();
        Reply::json(200, &json!({ "issues": issues, "issueErrors": [] }))
    }

    pub(super) fn approximate_count(&self, call: &Call<'_>) -> Reply {
        let body = match call.body() {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        match self.understood(call, body["jql"].as_str().unwrap_or_default(), true) {
            Ok(jql) => Reply::json(200, &json!({ "count": self.found(call, &jql, &[]).len() })),
            Err(refusal) => refusal,
        }
    }

    pub(super) fn match_queries(&self, call: &Call<'_>) -> Reply {
        let body = match call.body() {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        let (Some(ids), Some(queries)) = (body["issueIds"].as_array(), body["jqls"].as_array()) else {
            return bad(PAYLOAD);
        };
        let ids: Vec<u64> = ids.iter().filter_map(Value::as_u64).collect();
        let one = |query: &Value| {
            let parsed = jql::parse(query.as_str().unwrap_or_default(), true);
            let problems = parsed
                .as_ref()
                .map_or_else(|problem| vec![problem.clone()], |jql| self.query_errors(jql, &call.asker()));
            let matched: Vec<u64> = match &parsed {
                Ok(jql) if problems.is_empty() => {
                    let asker = call.asker();
                    let fits = |id: &u64| {
                        self.issues.get(id).is_some_and(|issue| {
                            self.sees(issue, asker.me) && self.matches(jql.filter.as_ref(), issue, &asker)
                        })
                    };
                    ids.iter().copied().filter(fits).collect()
                }
                _ => Vec::new(),
            };
            json!({ "matchedIssues": matched, "errors": problems })
        };
        Reply::json(200, &json!({ "matches": queries.iter().map(one).collect::<Vec<_>>() }))
    }

    pub(super) fn parse_queries(&self, call: &Call<'_>) -> Reply {
        let body = match call.body() {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        let Some(queries) = strings(&body["queries"]).filter(|all| !all.is_empty()) else { return bad(PAYLOAD) };
        let validation = call.get("validation").unwrap_or("strict");
        let one = |query: &String| match jql::parse(query, true) {
            Err(problem) => json!({ "query": query, "errors": [problem] }),
            Ok(jql) => {
                let problems = self.query_errors(&jql, &call.asker());
                let mut told = json!({ "query": query });
                // A value that is not there is only worth a warning.
                let (soft, hard): (Vec<String>, Vec<String>) =
                    problems.into_iter().partition(|problem| problem.contains("does not exist for the field"));
                match validation {
                    "none" => {}
                    "warn" => told["warnings"] = json!([soft, hard].concat()),
                    _ => {
                        if !soft.is_empty() {
                            told["warnings"] = json!(soft);
                        }
                        if !hard.is_empty() {
                            return json!({ "query": query, "errors": hard });
                        }
                    }
                }
                told["structure"] = structure(&jql);
                told
            }
        };
        Reply::json(200, &json!({ "queries": queries.iter().map(one).collect::<Vec<_>>() }))
    }
}

static ALL: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| "*all".to_owned());
static NAVIGABLE: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| "*navigable".to_owned());

impl Pages {
    /// Keeps what is still to come, and tells its token.
    fn keep(&mut self, query: u64, ids: Vec<u64>, now: Timestamp) -> String {
        let token = format!("Ch0j{:016x}{:016x}", digest((query, &ids)), digest(ids.len()));
        self.0.insert(token.clone(), Rest { query, ids, made_at: now });
        token
    }

    /// A token is good for seven days, for its own query, and more than once.
    fn take(&self, token: &str, query: u64, now: Timestamp) -> Option<Vec<u64>> {
        let rest = self.0.get(token)?;
        let is_young = now.duration_since(rest.made_at) < SignedDuration::from_hours(24 * TOKEN_DAYS);
        (rest.query == query && is_young).then(|| rest.ids.clone())
    }
}

/// A query as the tool takes it apart.
fn structure(jql: &Jql) -> Value {
    let mut json = json!({});
    if let Some(filter) = &jql.filter {
        json["where"] = clause(filter);
    }
    if !jql.order.is_empty() {
        let one = |(name, descends): &(String, bool)| {
            let mut json = json!({ "field": { "name": name, "encodedName": name } });
            if *descends {
                json["direction"] = json!("desc");
            }
            json
        };
        json["orderBy"] = json!({ "fields": jql.order.iter().map(one).collect::<Vec<_>>() });
    }
    json
}

fn clause(expr: &Expr) -> Value {
    let many = |all: &[Expr], operator: &str| json!({ "operator": operator, "clauses": all.iter().map(clause).collect::<Vec<_>>() });
    match expr {
        Expr::And(all) => many(all, "and"),
        Expr::Or(all) => many(all, "or"),
        Expr::Not(one) => json!({ "operator": "not", "clauses": [clause(one)] }),
        Expr::Test(test) => json!({
            "field": { "name": test.field, "encodedName": test.field }, "operator": test.op.word(),
            "operand": operand(&test.operand),
        }),
    }
}

fn operand(one: &Operand) -> Value {
    match one {
        Operand::Value(text, quoted) => {
            let encoded = if *quoted { format!("\"{text}\"") } else { text.clone() };
            json!({ "value": text, "encodedValue": encoded })
        }
        Operand::List(all) => json!({ "values": all.iter().map(operand).collect::<Vec<_>>() }),
        Operand::Call(name, arguments) => json!({ "function": name, "arguments": arguments }),
        Operand::Empty => json!({ "keyword": "empty" }),
    }
}
