//! Projects, their items and fields, and the timeline that only GraphQL tells; the organisation's own fields on issues.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::Hub;
use super::deeds::Place;
use super::handle::{Github, place};
use crate::text::{stamp, whole};

/// The value of a field of a project, or of an issue.
#[derive(Debug, Clone, PartialEq)]
pub enum ProjectValue {
    /// An option of a single select, by its name.
    Choice(String),
    /// A day.
    Date(Date),
    /// A number.
    Number(f64),
    /// An iteration: its first day, and how many days it has.
    Iteration(Date, i32),
}

#[derive(Debug)]
pub(super) struct Project {
    /// `acme/7`
    pub(super) name: String,
    /// It belongs to a user, not to an organisation.
    pub(super) of_user: bool,
    /// Answers FORBIDDEN.
    pub(super) hidden: bool,
    /// Name by id.
    pub(super) fields: BTreeMap<String, String>,
    pub(super) items: Vec<Item>,
}

#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: u64,
    /// `None`: a draft.
    pub(super) issue: Option<u64>,
    pub(super) archived: bool,
    /// We may not see what is in it.
    pub(super) redacted: bool,
    pub(super) updated_at: Timestamp,
    /// By field id.
    pub(super) values: BTreeMap<String, ProjectValue>,
}

/// An entry of an issue's timeline.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) id: u64,
    pub(super) issue: u64,
    pub(super) at: Timestamp,
    pub(super) actor: String,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Status {
        project: String,
        from: String,
        to: String,
        automated: bool,
    },
    /// Named by the issue or pull request of this id.
    Reference {
        by: u64,
        closes: bool,
    },
}

const USUAL: [&str; 6] = ["Status", "Start date", "Target date", "Iteration", "Estimate", "Priority"];

impl Project {
    pub(super) fn field(&self, name: &str) -> Option<&String> {
        self.fields.iter().find(|(_, own)| own.eq_ignore_ascii_case(name)).map(|(id, _)| id)
    }
}

impl Github {
    /// Makes a project (`acme/7`) of an organisation, with the usual fields.
    pub fn project(&self, name: &str) {
        self.make_project(name, false);
    }

    /// Makes a project of a user.
    pub fn user_project(&self, name: &str) {
        self.make_project(name, true);
    }

    fn make_project(&self, name: &str, of_user: bool) {
        let mut hub = self.hub();
        let number = hub.projects.len();
        let field = |(at, field): (usize, &&str)| (format!("PVTF_sim{number}_{at}"), (*field).to_owned());
        let fields = USUAL.iter().enumerate().map(field).collect();
        hub.projects.push(Project { name: name.to_owned(), of_user, hidden: false, fields, items: Vec::new() });
    }

    /// Gives a field of a project another name.
    pub fn rename_field(&self, project: &str, from: &str, to: &str) {
        self.with_project(project, |project, _| {
            let id = project.field(from).cloned().unwrap_or_else(|| panic!("the project has no field {from}"));
            project.fields.insert(id, to.to_owned());
        });
    }

    /// Hides a project: FORBIDDEN, as without permission.
    pub fn hide_project(&self, project: &str, hidden: bool) {
        self.with_project(project, |project, _| project.hidden = hidden);
    }

    /// Puts a draft into a project, or something we may not see.
    pub fn project_draft(&self, project: &str, redacted: bool) {
        let now = self.now();
        self.with_project(project, |project, id| {
            project.items.push(Item {
                id,
                issue: None,
                archived: false,
                redacted,
                updated_at: now,
                values: BTreeMap::new(),
            });
        });
    }

    /// Sets a field of an issue in a project, which it is put into where it was not. The issue's `updated_at` does not move.
    pub fn project_set(&self, project: &str, issue: (&str, u64), field: &str, value: ProjectValue, at: Timestamp) {
        self.with_item(project, issue, at, |names, item| {
            item.values.insert(names.id(field), value);
        });
    }

    /// Clears a field of an issue in a project.
    pub fn project_clear(&self, project: &str, issue: (&str, u64), field: &str, at: Timestamp) {
        self.with_item(project, issue, at, |names, item| {
            item.values.remove(&names.id(field));
        });
    }

    /// Moves an issue to another column of a project, by hand or by the project's own automation.
    pub fn project_move(&self, project: &str, issue: (&str, u64), who: &str, to: &str, at: Timestamp, automated: bool) {
        let mut from = String::new();
        self.with_item(project, issue, at, |names, item| {
            let before = item.values.insert(names.id("Status"), ProjectValue::Choice(to.to_owned()));
            if let Some(ProjectValue::Choice(before)) = before {
                from = before;
            }
        });
        let what = What::Status { project: project.to_owned(), from, to: to.to_owned(), automated };
        self.happened(issue, who, at, what);
    }

    /// Takes an issue out of a project.
    pub fn project_remove(&self, project: &str, issue: (&str, u64)) {
        let id = self.issue_id(issue);
        self.with_project(project, |project, _| project.items.retain(|item| item.issue != Some(id)));
    }

    /// Archives an issue's item in a project.
    pub fn project_archive(&self, project: &str, issue: (&str, u64), at: Timestamp) {
        self.with_item(project, issue, at, |_, item| item.archived = true);
    }

    /// A pull request (an issue that was opened as one) names an issue; `closes`: merging it will close the issue.
    pub fn refer(&self, issue: (&str, u64), by: (&str, u64), who: &str, at: Timestamp, closes: bool) {
        let by = self.issue_id(by);
        self.happened(issue, who, at, What::Reference { by, closes });
    }

    /// Sets one of the organisation's own fields on an issue, or clears it. The issue's `updated_at` does not move.
    pub fn set_field(&self, issue: (&str, u64), field: &str, value: Option<ProjectValue>) {
        let mut hub = self.hub();
        let place = place(&hub, issue.0, issue.1);
        let id = hub.issue(place).map_or(0, |issue| issue.id);
        let values = hub.field_values.entry(id).or_default();
        match value {
            Some(value) => drop(values.insert(field.to_owned(), value)),
            None => drop(values.remove(field)),
        }
        hub.repos[place.0].dirty.insert(place.1);
    }

    fn happened(&self, issue: (&str, u64), who: &str, at: Timestamp, what: What) {
        let issue = self.issue_id(issue);
        let mut hub = self.hub();
        let (id, actor) = (hub.ids.event(), hub.ensure_user(who));
        hub.timeline.push(Moment { id, issue, at: whole(at), actor, what });
    }

    fn issue_id(&self, issue: (&str, u64)) -> u64 {
        let hub = self.hub();
        let place: Place = place(&hub, issue.0, issue.1);
        hub.issue(place).map_or(0, |issue| issue.id)
    }

    fn with_project(&self, name: &str, deed: impl FnOnce(&mut Project, u64)) {
        let mut hub = self.hub();
        let id = hub.ids.event();
        let project = hub.projects.iter_mut().find(|project| project.name == name);
        deed(project.unwrap_or_else(|| panic!("the simulator has no project {name}")), id);
    }

    fn with_item(&self, name: &str, issue: (&str, u64), at: Timestamp, deed: impl FnOnce(&Names, &mut Item)) {
        let issue = self.issue_id(issue);
        self.with_project(name, |project, id| {
            let fields = Names(project.fields.clone());
            if !project.items.iter().any(|item| item.issue == Some(issue)) {
                let values = BTreeMap::new();
                let (archived, redacted, updated_at) = (false, false, whole(at));
                project.items.push(Item { id, issue: Some(issue), archived, redacted, updated_at, values });
            }
            if let Some(item) = project.items.iter_mut().find(|item| item.issue == Some(issue)) {
                item.updated_at = item.updated_at.max(whole(at));
                deed(&fields, item);
            }
        });
    }
}

/// Names of fields by id, while an item is changed.
struct Names(BTreeMap<String, String>);

impl Names {
    fn id(&self, name: &str) -> String {
        let found = self.0.iter().find(|(_, own)| own.eq_ignore_ascii_case(name)).map(|(id, _)| id.clone());
        found.unwrap_or_else(|| panic!("the project has no field {name}"))
    }
}

impl Hub {
    /// `issue_field_values`, where the issue has any.
    pub(super) fn field_values_json(&self, issue: u64) -> Option<Value> {
        let values = self.field_values.get(&issue).filter(|values| !values.is_empty())?;
        let all = values.iter().enumerate().map(|(at, (name, value))| {
            let (kind, value, option) = match value {
                ProjectValue::Choice(name) => {
                    ("single_select", json!(name), json!({ "id": at, "name": name, "color": "red" }))
                }
                ProjectValue::Date(day) => ("date", json!(day.to_string()), Value::Null),
                ProjectValue::Number(number) => ("number", json!(number), Value::Null),
                ProjectValue::Iteration(day, _) => ("text", json!(day.to_string()), Value::Null),
            };
            json!({ "issue_field_id": 100 + at, "issue_field_name": name, "node_id": format!("IFV_sim{at}"),
                "data_type": kind, "value": value, "single_select_option": option })
        });
        Some(all.collect())
    }

    pub(super) fn project_json(&self, project: &Project, ask: &Value) -> Value {
        let first = ask["first"].as_u64().unwrap_or(50).clamp(1, 100) as usize;
        let from = ask["after"].as_str().and_then(|after| after.parse().ok()).unwrap_or(0_usize);
        let items: Vec<Value> =
            project.items.iter().skip(from).take(first).map(|item| self.item_json(project, item, ask)).collect();
        let end = from + items.len();
        let fields: Vec<Value> = project.fields.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect();
        json!({
            "id": format!("PVT_{}", project.name), "title": project.name, "closed": false,
            "fields": { "nodes": fields },
            "items": {
                "totalCount": project.items.len(), "nodes": items,
                "pageInfo": { "hasNextPage": end < project.items.len(), "endCursor": end.to_string() },
            },
        })
    }

    fn item_json(&self, project: &Project, item: &Item, ask: &Value) -> Value {
        let kind = match item.issue {
            _ if item.redacted => "REDACTED",
            Some(_) => "ISSUE",
            None => "DRAFT_ISSUE",
        };
        let content = match item.issue.filter(|_| !item.redacted) {
            Some(id) => self.reference(id),
            None if item.redacted => Value::Null,
            None => json!({ "__typename": "DraftIssue", "title": "draft" }),
        };
        let mut out = json!({
            "id": format!("PVTI_sim{}", item.id), "type": kind, "updatedAt": stamp(item.updated_at),
            "isArchived": item.archived, "content": content,
        });
        for role in ["status", "start", "target", "iteration", "estimate", "priority", "progress"] {
            let field = ask[role].as_str().and_then(|name| project.field(name));
            out[role] = field.and_then(|id| item.values.get(id)).map_or(Value::Null, value_json);
        }
        out
    }

    /// An issue as others name it.
    pub(super) fn reference(&self, id: u64) -> Value {
        let Some((index, issue)) = self.places.get(&id).and_then(|place| Some((place.0, self.issue(*place)?))) else {
            return Value::Null;
        };
        json!({
            "__typename": if issue.pull { "PullRequest" } else { "Issue" }, "id": format!("I_sim{id}"),
            "fullDatabaseId": id.to_string(), "number": issue.number,
            "state": if issue.is_closed() { "CLOSED" } else { "OPEN" },
            "repository": { "nameWithOwner": self.repos[index].full_name },
        })
    }

    /// The timeline of an issue from an instant on, oldest first: a page of it.
    pub(super) fn timeline_json(&self, issue: u64, ask: &Value, first: usize) -> Value {
        let since: Option<Timestamp> = ask["since"].as_str().and_then(|text| text.parse().ok());
        let from = ask["after"].as_str().and_then(|after| after.parse().ok()).unwrap_or(0_usize);
        let is_wanted = |moment: &&Moment| moment.issue == issue && since.is_none_or(|since| moment.at >= since);
        let mut all: Vec<&Moment> = self.timeline.iter().filter(is_wanted).collect();
        all.sort_by_key(|moment| (moment.at, moment.id));
        let nodes: Vec<Value> = all.iter().skip(from).take(first).map(|moment| self.moment_json(moment)).collect();
        let end = from + nodes.len();
        json!({ "pageInfo": { "hasNextPage": end < all.len(), "endCursor": end.to_string() }, "nodes": nodes })
    }

    fn moment_json(&self, moment: &Moment) -> Value {
        let user = self.users.get(&moment.actor).filter(|user| !user.gone);
        // A bot's login has no `[bot]` here.
        let actor = user.map(|user| {
            let login = user.login.strip_suffix("[bot]").unwrap_or(&user.login);
            json!({ "__typename": if user.bot { "Bot" } else { "User" }, "login": login, "databaseId": user.id })
        });
        let mut out = json!({
            "id": format!("TE_sim{}", moment.id), "createdAt": stamp(moment.at), "actor": actor,
        });
        match &moment.what {
            What::Status { project, from, to, automated } => {
                out["__typename"] = json!("ProjectV2ItemStatusChangedEvent");
                out["previousStatus"] = json!(from);
                out["status"] = json!(to);
                out["wasAutomated"] = json!(automated);
                out["project"] = json!({ "id": format!("PVT_{project}") });
            }
            What::Reference { by, closes } => {
                out["__typename"] = json!("CrossReferencedEvent");
                out["willCloseTarget"] = json!(closes);
                out["source"] = self.reference(*by);
            }
        }
        out
    }
}

fn value_json(value: &ProjectValue) -> Value {
    match value {
        ProjectValue::Choice(name) => json!({ "name": name, "optionId": format!("opt_{}", name.to_lowercase()) }),
        ProjectValue::Date(day) => json!({ "date": day.to_string() }),
        ProjectValue::Number(number) => json!({ "number": number }),
        ProjectValue::Iteration(day, days) => {
            json!({ "title": format!("from {day}"), "startDate": day.to_string(), "duration": days })
        }
    }
}
