//! GraphQL: the operations of a client that reads issues and projects, told by their names. Members that a document does
//! not name are left out of an answer. Errors come with status 200, as there.

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::handle::Github;
use super::{Call, Hub, not_found};
use crate::reply::Reply;

/// What is planned for this endpoint alone.
#[derive(Debug, Default)]
pub(super) struct Graphql {
    /// Answers 404, as a server without it.
    absent: bool,
    /// More ids or items at once than so many fail.
    most: Option<usize>,
    /// The budget is used up, told with status 200.
    limited: bool,
    /// A member this server does not know: naming it fails the whole call.
    unknown: Option<String>,
    /// Ids of issues of which the blockers are withheld.
    withheld: Vec<u64>,
    /// How many calls were answered.
    calls: u64,
}

#[derive(Deserialize)]
struct Question {
    query: String,
    #[serde(rename = "operationName")]
    name: String,
    variables: Value,
}

impl Github {
    /// Switches GraphQL off or on: 404 while it is off.
    pub fn graphql(&self, on: bool) {
        self.hub().graphql.absent = !on;
    }

    /// More ids or items at once than so many are too much. `None`: all that GitHub takes.
    pub fn graphql_most(&self, most: Option<usize>) {
        self.hub().graphql.most = most;
    }

    /// Refuses each call for the budget, with status 200.
    pub fn graphql_limited(&self, on: bool) {
        self.hub().graphql.limited = on;
    }

    /// Does not know this member (`blockedBy`), as an older server.
    pub fn graphql_without(&self, member: Option<&str>) {
        self.hub().graphql.unknown = member.map(str::to_owned);
    }

    /// Withholds the blockers of an issue: FORBIDDEN in the answer's errors, `null` in its data.
    pub fn graphql_withhold(&self, repo: &str, number: u64) {
        self.with_repo(repo, |hub, index| {
            let id = hub.issue((index, number)).map_or(0, |issue| issue.id);
            hub.graphql.withheld.push(id);
        });
    }

    /// How many calls of GraphQL were answered, refusals included.
    pub fn graphql_calls(&self) -> u64 {
        self.hub().graphql.calls
    }
}

impl Hub {
    pub(super) fn graphql(&mut self, call: &Call<'_>) -> Reply {
        if self.graphql.absent {
            return not_found();
        }
        self.graphql.calls += 1;
        // Counted apart from REST.
        self.budget.used = self.budget.used.saturating_sub(1);
        let Ok(question) = serde_json::from_slice::<Question>(&call.asked.body) else {
            return Reply::json(400, &json!({ "message": "Problems parsing JSON" }));
        };
        let reset = call.now.saturating_add(SignedDuration::from_hours(1)).unwrap_or(call.now);
        let remaining = if self.graphql.limited { 0 } else { 4_990 };
        let body = self.understood(&question, reset);
        Reply::json(200, &body)
            .with("x-ratelimit-resource", "graphql")
            .with("x-ratelimit-limit", 5000)
            .with("x-ratelimit-remaining", remaining)
            .with("x-ratelimit-reset", reset.as_second())
    }

    fn understood(&mut self, question: &Question, reset: jiff::Timestamp) -> Value {
        let error = |kind: &str, message: &str| json!({ "errors": [{ "type": kind, "message": message }] });
        if self.graphql.limited {
            return error("RATE_LIMITED", "API rate limit already exceeded for user ID 1.");
        }
        if let Some(member) = self.graphql.unknown.as_ref().filter(|member| question.query.contains(member.as_str())) {
            let message = format!("Field '{member}' doesn't exist on type 'Issue'");
            return json!({ "errors": [{ "message": message, "extensions": { "code": "undefinedField" } }] });
        }
        let ask = &question.variables;
        let wanted = ask["ids"].as_array().map_or_else(|| ask["first"].as_u64().unwrap_or(1) as usize, Vec::len);
        if wanted > 100 {
            return error("ARGUMENT_LIMIT", "You may not provide more than 100 node ids; you provided more.");
        }
        if self.graphql.most.is_some_and(|most| wanted > most) {
            let message =
                "Something went wrong while executing your query. Please include `SIM:1` when reporting this issue.";
            return json!({ "data": null, "errors": [{ "message": message }] });
        }
        let mut errors = Vec::new();
        let mut data = match question.name.as_str() {
            "RefreshLinks" => self.links_of(question, &mut errors),
            "IssueHistory" => {
                let id = ask["id"].as_str().and_then(issue_id).unwrap_or_default();
                json!({ "node": { "timelineItems": self.timeline_json(id, ask, 100) } })
            }
            "ProjectItems" => self.project_of(question, &mut errors),
            other => return error("UNKNOWN_OPERATION", &format!("No operation named \"{other}\"")),
        };
        data["rateLimit"] = json!({ "cost": 1, "remaining": 4_990, "resetAt": crate::text::stamp(reset) });
        if errors.is_empty() { json!({ "data": data }) } else { json!({ "data": data, "errors": errors }) }
    }

    fn links_of(&self, question: &Question, errors: &mut Vec<Value>) -> Value {
        let ids = question.variables["ids"].as_array().cloned().unwrap_or_default();
        let mut nodes = Vec::new();
        for (at, node_id) in ids.iter().enumerate() {
            let is_seen = |id: &u64| self.places.get(id).is_some_and(|(repo, _)| !self.repos[*repo].hidden);
            let id = node_id.as_str().and_then(issue_id).filter(is_seen);
            let Some(id) = id else {
                errors.push(json!({ "type": "NOT_FOUND", "path": ["nodes", at],
                    "message": format!("Could not resolve to a node with the global id of {node_id}") }));
                nodes.push(Value::Null);
                continue;
            };
            let mut node = self.links_json(id, &question.variables);
            if self.graphql.withheld.contains(&id) {
                node["blockedBy"] = Value::Null;
                errors.push(json!({ "type": "FORBIDDEN", "path": ["nodes", at, "blockedBy"],
                    "message": "Resource protected by organization SAML enforcement.",
                    "extensions": { "saml_failure": true } }));
            }
            if let Value::Object(members) = &mut node {
                members.retain(|name, _| question.query.contains(name.as_str()));
            }
            nodes.push(node);
        }
        json!({ "nodes": nodes })
    }

    fn links_json(&self, id: u64, ask: &Value) -> Value {
        let mut node = self.reference(id);
        let parent = self.relations.parent.get(&id);
        node["parent"] = parent.map_or(Value::Null, |parent| {
            let mut other = self.reference(*parent);
            other["subIssuesSummary"] = self.sub_issues_summary(*parent);
            other
        });
        node["subIssuesSummary"] = self.sub_issues_summary(id);
        let counts = self.dependencies_summary(id);
        node["issueDependenciesSummary"] =
            json!({ "blockedBy": counts["blocked_by"], "totalBlockedBy": counts["total_blocked_by"] });
        let blockers = self.relations.blocked_by.get(&id).into_iter().flatten().map(|other| self.reference(*other));
        let blockers: Vec<Value> = blockers.collect();
        node["blockedBy"] = json!({ "pageInfo": { "hasNextPage": false, "endCursor": null }, "nodes": blockers });
        node["timelineItems"] = self.timeline_json(id, &json!({ "since": ask["since"] }), 25);
        node
    }

    fn project_of(&self, question: &Question, errors: &mut Vec<Value>) -> Value {
        let of_user = question.query.contains("user(login");
        let root = if of_user { "user" } else { "organization" };
        let ask = &question.variables;
        let (owner, number) = (ask["org"].as_str().unwrap_or_default(), &ask["num"]);
        let of_owner = |name: &str| name.split_once('/').is_some_and(|(own, _)| own.eq_ignore_ascii_case(owner));
        if !self.projects.iter().any(|project| project.of_user == of_user && of_owner(&project.name)) {
            let what = if of_user { "a User" } else { "an Organization" };
            let message = format!("Could not resolve to {what} with the login of '{owner}'.");
            errors.push(json!({ "type": "NOT_FOUND", "path": [root], "message": message }));
            return json!({ root: null });
        }
        let name = format!("{owner}/{number}").to_lowercase();
        let found = self.projects.iter().find(|project| project.name.to_lowercase() == name);
        match found {
            Some(project) if !project.hidden => json!({ root: { "projectV2": self.project_json(project, ask) } }),
            other => {
                let kind = if other.is_some() { "FORBIDDEN" } else { "NOT_FOUND" };
                let message = format!("Could not resolve to a ProjectV2 with the number {number}.");
                errors.push(json!({ "type": kind, "path": [root, "projectV2"], "message": message }));
                json!({ root: { "projectV2": null } })
            }
        }
    }
}

/// `I_sim2900000001`
fn issue_id(node_id: &str) -> Option<u64> {
    node_id.strip_prefix("I_sim")?.parse().ok()
}
