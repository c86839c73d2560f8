//! Issues as each edition writes them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::model::{Comment, Edition, Issue, Named, Text, Version, object};
use super::site::{Site, own};
use super::{Call, adf};

/// Which fields an answer names.
pub(super) struct Wanted {
    names: BTreeSet<String>,
    without: BTreeSet<String>,
    all: bool,
    navigable: bool,
}

/// Not part of `*navigable`.
const NOT_NAVIGABLE: [&str; 4] = ["comment", "worklog", "timetracking", "attachment"];

impl Wanted {
    pub(super) fn new(names: &[String]) -> Wanted {
        let mut wanted = Wanted { names: BTreeSet::new(), without: BTreeSet::new(), all: false, navigable: false };
        for name in names {
            match name.as_str() {
                "*all" => wanted.all = true,
                "*navigable" => wanted.navigable = true,
                name => match name.strip_prefix('-') {
                    Some(name) => drop(wanted.without.insert(name.to_owned())),
                    None => drop(wanted.names.insert(name.to_owned())),
                },
            }
        }
        // Only exclusions: from what there is otherwise.
        if wanted.names.is_empty() && !wanted.all && !wanted.navigable && !wanted.without.is_empty() {
            wanted.all = true;
        }
        wanted
    }

    pub(super) fn has(&self, name: &str) -> bool {
        let among = self.names.contains(name) || self.all || (self.navigable && !NOT_NAVIGABLE.contains(&name));
        among && !self.without.contains(name)
    }

    /// Nothing but the issue's own id and key.
    pub(super) fn only_ids(&self) -> bool {
        !self.all && !self.navigable && self.names.iter().all(|name| matches!(name.as_str(), "id" | "key" | "issuekey"))
    }
}

fn named(list: &[Named], id: Option<u64>) -> Option<&Named> {
    id.and_then(|id| list.iter().find(|one| one.id == id))
}

impl Site {
    pub(super) fn user_json(&self, call: &Call<'_>, login: &str) -> Value {
        let Some(user) = self.users.get(login) else { return Value::Null };
        let icon = format!("{}/secure/useravatar?avatarId=10122", call.base);
        let mut json = object([
            ("displayName", json!(user.name)),
            ("active", json!(user.active)),
            ("timeZone", json!(user.zone)),
            ("avatarUrls", json!({ "48x48": icon })),
        ]);
        match call.edition {
            Edition::Cloud => {
                let id = user.account_id.replace(':', "%3A");
                json.insert("self".to_owned(), json!(format!("{}/user?accountId={id}", call.api)));
                json.insert("accountId".to_owned(), json!(user.account_id));
                json.insert("accountType".to_owned(), json!(user.kind));
            }
            Edition::Server => {
                json.insert("self".to_owned(), json!(format!("{}/user?username={}", call.api, user.login)));
                json.insert("name".to_owned(), json!(user.login));
                json.insert("key".to_owned(), json!(user.key));
            }
        }
        if !user.email_hidden {
            json.insert("emailAddress".to_owned(), json!(user.email));
        }
        Value::Object(json)
    }

    pub(super) fn maybe_user(&self, call: &Call<'_>, login: Option<&String>) -> Value {
        login.map_or(Value::Null, |login| self.user_json(call, login))
    }

    pub(super) fn category_json(call: &Call<'_>, key: &str) -> Value {
        let (id, color, name) = match key {
            "new" => (2, "blue-gray", "To Do"),
            "indeterminate" => (4, "yellow", "In Progress"),
            "done" => (3, "green", "Done"),
            _ => (1, "medium-gray", "No Category"),
        };
        json!({
            "self": format!("{}/statuscategory/{id}", call.api), "id": id, "key": key, "colorName": color, "name": name,
        })
    }

    pub(super) fn status_json(&self, call: &Call<'_>, id: u64) -> Value {
        let Some(status) = self.status(id) else { return Value::Null };
        json!({
            "self": format!("{}/status/{id}", call.api), "description": "", "name": status.name, "id": id.to_string(),
            "iconUrl": format!("{}/images/icons/statuses/generic.png", call.base),
            "statusCategory": Site::category_json(call, &status.category),
        })
    }

    pub(super) fn kind_json(&self, call: &Call<'_>, id: u64) -> Value {
        let Some(kind) = self.kind(id) else { return Value::Null };
        let mut json = json!({
            "self": format!("{}/issuetype/{id}", call.api), "id": id.to_string(), "description": "", "name": kind.name,
            "subtask": kind.level < 0,
        });
        if call.is_cloud() {
            json["hierarchyLevel"] = json!(kind.level);
        }
        json
    }

    pub(super) fn named_json(call: &Call<'_>, path: &str, one: &Named) -> Value {
        json!({ "self": format!("{}/{path}/{}", call.api, one.id), "id": one.id.to_string(), "name": one.name })
    }

    pub(super) fn version_json(&self, call: &Call<'_>, version: &Version) -> Value {
        let mut json = json!({
            "self": format!("{}/version/{}", call.api, version.id), "id": version.id.to_string(), "description": "",
            "name": version.name, "archived": version.archived, "released": version.released,
        });
        if let Some(day) = version.release_date {
            json["releaseDate"] = json!(day.to_string());
        }
        json
    }

    fn project_ref(&self, call: &Call<'_>, id: u64) -> Value {
        let Some(project) = self.project(id) else { return Value::Null };
        let mut json = json!({
            "self": format!("{}/project/{id}", call.api), "id": id.to_string(), "key": project.key, "name": project.name,
            "projectTypeKey": if project.service { "service_desk" } else { "software" },
        });
        if call.is_cloud() {
            json["simplified"] = json!(false);
        }
        json
    }

    /// What other issues show of one: no dates, nobody.
    fn issue_ref(&self, call: &Call<'_>, issue: &Issue) -> Value {
        json!({
            "id": issue.id.to_string(), "key": issue.key, "self": format!("{}/issue/{}", call.api, issue.id),
            "fields": {
                "summary": issue.title, "status": self.status_json(call, issue.status),
                "priority": named(&self.priorities, issue.priority).map(|one| Site::named_json(call, "priority", one)),
                "issuetype": self.kind_json(call, issue.kind),
            },
        })
    }

    /// An issue with its wanted fields.
    pub(super) fn issue_json(&self, call: &Call<'_>, issue: &Issue, wanted: &Wanted) -> Value {
        json!({
            "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
            "id": issue.id.to_string(), "self": format!("{}/issue/{}", call.api, issue.id), "key": issue.key,
            "fields": self.fields_json(call, issue, wanted),
        })
    }

    fn fields_json(&self, call: &Call<'_>, issue: &Issue, wanted: &Wanted) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut put = |name: &str, value: &dyn Fn() -> Value| {
            if wanted.has(name) {
                fields.insert(name.to_owned(), value());
            }
        };
        let stamp = |at| json!(call.stamp(at));
        put("summary", &|| json!(issue.title));
        put("description", &|| match &issue.description {
            Some(text) if call.adf => adf::document(text),
            Some(text) => json!(text),
            None => Value::Null,
        });
        put("status", &|| self.status_json(call, issue.status));
        put("resolution", &|| {
            named(&self.resolutions, issue.resolution)
                .map_or(Value::Null, |one| Site::named_json(call, "resolution", one))
        });
        put("resolutiondate", &|| issue.resolved_at.map_or(Value::Null, stamp));
        put("created", &|| stamp(issue.created_at));
        put("updated", &|| stamp(issue.updated_at));
        put("duedate", &|| issue.due.map_or(Value::Null, |day| json!(day.to_string())));
        put("priority", &|| {
            named(&self.priorities, issue.priority).map_or(Value::Null, |one| Site::named_json(call, "priority", one))
        });
        put("labels", &|| json!(issue.labels));
        put("project", &|| self.project_ref(call, issue.project));
        put("issuetype", &|| self.kind_json(call, issue.kind));
        put("assignee", &|| self.maybe_user(call, issue.assignee.as_ref()));
        put("reporter", &|| self.maybe_user(call, issue.reporter.as_ref()));
        put("creator", &|| self.maybe_user(call, issue.creator.as_ref()));
        put("subtasks", &|| {
            let below = self.sub_tasks(issue.id);
            below.map(|one| self.issue_ref(call, one)).collect()
        });
        put("issuelinks", &|| self.links_json(call, issue));
        put("fixVersions", &|| {
            let found = self.versions.iter().filter(|one| issue.versions.contains(&one.id));
            found.map(|version| self.version_json(call, version)).collect()
        });
        put("versions", &|| json!([]));
        put("components", &|| issue.components.iter().map(|one| Site::named_json(call, "component", one)).collect());
        put("timetracking", &|| self.time_tracking(issue));
        put("timeoriginalestimate", &|| json!(issue.estimate));
        put("timeestimate", &|| json!(issue.remaining));
        put("timespent", &|| json!(issue.spent));
        put("workratio", &|| match (issue.estimate, issue.spent) {
            (Some(estimate), spent) if estimate > 0 => json!(spent.unwrap_or(0) * 100 / estimate),
            _ => json!(-1),
        });
        put("progress", &|| progress(issue.spent, issue.remaining));
        put("aggregatetimeoriginalestimate", &|| json!(self.aggregate(issue).0));
        put("aggregatetimeestimate", &|| json!(self.aggregate(issue).1));
        put("aggregatetimespent", &|| json!(self.aggregate(issue).2));
        put("aggregateprogress", &|| {
            let (_, remaining, spent) = self.aggregate(issue);
            progress(spent, remaining)
        });
        put("watches", &|| {
            let url = format!("{}/issue/{}/watchers", call.api, issue.key);
            json!({ "self": url, "watchCount": issue.watchers.len(), "isWatching": false })
        });
        put("comment", &|| self.embedded_comments(call, issue));
        put("worklog", &|| self.worklogs_json(call, issue, 0, 20));
        put("security", &|| Value::Null);
        put("environment", &|| Value::Null);
        if call.is_cloud() {
            put("statusCategory", &|| Site::category_json(call, self.category(issue.status)));
            put("statuscategorychangedate", &|| stamp(issue.category_since));
            put("issuerestriction", &|| json!({ "issuerestrictions": {}, "shouldDisplay": true }));
        }
        self.put_parent(call, issue, wanted, &mut fields);
        self.put_custom(call, issue, wanted, &mut fields);
        fields
    }

    /// Cloud knows one parent at every level; Data Center only that of a sub-task, and a field for the epic.
    fn put_parent(&self, call: &Call<'_>, issue: &Issue, wanted: &Wanted, fields: &mut Map<String, Value>) {
        let parent = issue.parent.and_then(|id| self.issues.get(&id));
        let epic_link = Site::field_id(own::EPIC_LINK, call.edition);
        if wanted.has(&epic_link) {
            fields.insert(epic_link.clone(), Value::Null);
        }
        let Some(parent) = parent else { return };
        if call.is_cloud() || self.level(issue) < 0 {
            if wanted.has("parent") {
                fields.insert("parent".to_owned(), self.issue_ref(call, parent));
            }
        } else if wanted.has(&epic_link) {
            fields.insert(epic_link, json!(parent.key));
        }
    }

    fn put_custom(&self, call: &Call<'_>, issue: &Issue, wanted: &Wanted, fields: &mut Map<String, Value>) {
        for field in self.fields.iter().filter(|field| field.scope.is_none_or(|scope| scope == issue.project)) {
            let name = Site::field_id(field.number, call.edition);
            if !wanted.has(&name) || field.number == own::EPIC_LINK {
                continue;
            }
            let value = match field.number {
                own::SPRINT => self.sprint_values(call, issue),
                own::FLAGGED if issue.flagged => {
                    json!([{ "self": format!("{}/customFieldOption/10019", call.api), "value": "Impediment", "id": "10019" }])
                }
                own::FLAGGED => Value::Null,
                number => issue.custom.get(&number).cloned().unwrap_or(Value::Null),
            };
            fields.insert(name, value);
        }
    }

    fn links_json(&self, call: &Call<'_>, issue: &Issue) -> Value {
        let mut found = Vec::new();
        for link in &self.links {
            let other = match (link.from == issue.id, link.to == issue.id) {
                (true, _) => link.to,
                (_, true) => link.from,
                _ => continue,
            };
            let kind = self.link_types.iter().find(|kind| kind.id == link.kind);
            let other = self.issues.get(&other).filter(|other| self.sees(other, call.me.as_deref()));
            let (Some(kind), Some(other)) = (kind, other) else { continue };
            let side = if link.from == issue.id { "outwardIssue" } else { "inwardIssue" };
            found.push(json!({
                "id": link.id.to_string(), "self": format!("{}/issueLink/{}", call.api, link.id),
                "type": {
                    "id": kind.id.to_string(), "name": kind.name, "inward": kind.inward, "outward": kind.outward,
                    "self": format!("{}/issueLinkType/{}", call.api, kind.id),
                },
                side: self.issue_ref(call, other),
            }));
        }
        Value::Array(found)
    }

    fn time_tracking(&self, issue: &Issue) -> Value {
        let mut json = Map::new();
        let hours = self.settings.worker_hours.max(1);
        let mut put = |name: &str, secs: Option<u64>| {
            if let Some(secs) = secs {
                json.insert(name.to_owned(), json!(pretty(secs, hours)));
                json.insert(format!("{name}Seconds"), json!(secs));
            }
        };
        put("originalEstimate", issue.estimate);
        put("remainingEstimate", issue.remaining);
        put("timeSpent", issue.spent);
        Value::Object(json)
    }

    /// Its own times and those of its sub-tasks, not of what stands below an epic.
    fn aggregate(&self, issue: &Issue) -> (Option<u64>, Option<u64>, Option<u64>) {
        let below = self.sub_tasks(issue.id);
        let add = |a: Option<u64>, b: Option<u64>| if a.is_none() { b } else { Some(a.unwrap_or(0) + b.unwrap_or(0)) };
        below.fold((issue.estimate, issue.remaining, issue.spent), |sum, one| {
            (add(sum.0, one.estimate), add(sum.1, one.remaining), add(sum.2, one.spent))
        })
    }

    /// The first of them, as an issue carries them.
    fn embedded_comments(&self, call: &Call<'_>, issue: &Issue) -> Value {
        let shown = self.settings.comments_embedded;
        let comments: Vec<Value> =
            issue.comments.iter().take(shown).map(|comment| self.comment_json(call, issue, comment, false)).collect();
        let max_results = comments.len();
        json!({
            "comments": comments, "self": format!("{}/issue/{}/comment", call.api, issue.id),
            "maxResults": max_results, "total": issue.comments.len(), "startAt": 0,
        })
    }

    pub(super) fn comment_json(&self, call: &Call<'_>, issue: &Issue, comment: &Comment, properties: bool) -> Value {
        let body = match &comment.body {
            body if call.adf => body.as_adf(),
            body => json!(body.as_wiki()),
        };
        let mut json = json!({
            "self": format!("{}/issue/{}/comment/{}", call.api, issue.id, comment.id), "id": comment.id.to_string(),
            "body": body, "created": call.stamp(comment.created_at), "updated": call.stamp(comment.updated_at),
        });
        if let Some(author) = &comment.author {
            json["author"] = self.user_json(call, author);
        }
        if let Some(editor) = &comment.editor {
            json["updateAuthor"] = self.user_json(call, editor);
        }
        if let Some(visibility) = &comment.visibility {
            json["visibility"] = visibility.clone();
        }
        if call.is_cloud() {
            json["jsdPublic"] = json!(!comment.internal());
        }
        if properties {
            let all = comment.properties.iter().map(|(key, value)| json!({ "key": key, "value": value }));
            json["properties"] = all.collect();
        }
        json
    }

    pub(super) fn worklogs_json(&self, call: &Call<'_>, issue: &Issue, start: usize, count: usize) -> Value {
        let one = |log: &super::model::Worklog| {
            json!({
                "self": format!("{}/issue/{}/worklog/{}", call.api, issue.id, log.id), "id": log.id.to_string(),
                "issueId": issue.id.to_string(), "author": self.user_json(call, &log.author),
                "updateAuthor": self.user_json(call, &log.author), "created": call.stamp(log.at),
                "updated": call.stamp(log.at), "started": call.stamp(log.at), "timeSpentSeconds": log.secs,
                "timeSpent": pretty(log.secs, self.settings.worker_hours.max(1)),
            })
        };
        let rows: Vec<Value> = issue.worklogs.iter().skip(start).take(count).map(one).collect();
        json!({ "startAt": start, "maxResults": count, "total": issue.worklogs.len(), "worklogs": rows })
    }
}

fn progress(spent: Option<u64>, remaining: Option<u64>) -> Value {
    let done = spent.unwrap_or(0);
    let total = done + remaining.unwrap_or(0);
    let mut json = json!({ "progress": done, "total": total });
    if let Some(percent) = (done * 100).checked_div(total) {
        json["percent"] = json!(percent);
    }
    json
}

/// `1d 4h`, by the site's working hours.
fn pretty(secs: u64, hours: u64) -> String {
    let day = hours * 3_600;
    let parts = [(secs / day, 'd'), (secs % day / 3_600, 'h'), (secs % 3_600 / 60, 'm')];
    let shown: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if shown.is_empty() { "0m".to_owned() } else { shown.join(" ") }
}

impl Text {
    /// A body as it came in.
    pub(super) fn of(call: &Call<'_>, body: &Value) -> Option<Text> {
        if call.adf { Some(Text::Adf(body.clone())) } else { body.as_str().map(|text| Text::Wiki(text.to_owned())) }
    }
}
