//! What the site tells of itself: its version, who asks and with which rights, its fields, statuses, priorities and people.

use serde_json::{Value, json};

use super::model::{Edition, Named, Project};
use super::site::Site;
use super::{Call, bad, error, unauthorized};
use crate::reply::Reply;

/// Rights that are known, and what they are called.
const PERMISSIONS: [(&str, &str); 10] = [
    ("BROWSE_PROJECTS", "Browse Projects"),
    ("ADD_COMMENTS", "Add Comments"),
    ("EDIT_OWN_COMMENTS", "Edit Own Comments"),
    ("EDIT_ALL_COMMENTS", "Edit All Comments"),
    ("DELETE_OWN_COMMENTS", "Delete Own Comments"),
    ("DELETE_ALL_COMMENTS", "Delete All Comments"),
    ("VIEW_VOTERS_AND_WATCHERS", "View Voters and Watchers"),
    ("EDIT_ISSUES", "Edit Issues"),
    ("USER_PICKER", "Browse users and groups"),
    ("ADMINISTER", "Administer Jira"),
];

/// System fields: id, name, type.
const SYSTEM_FIELDS: [(&str, &str, &str); 37] = [
    ("summary", "Summary", "string"),
    ("description", "Description", "string"),
    ("status", "Status", "status"),
    ("statusCategory", "Status Category", "statusCategory"),
    ("statuscategorychangedate", "Status Category Changed", "datetime"),
    ("resolution", "Resolution", "resolution"),
    ("resolutiondate", "Resolved", "datetime"),
    ("created", "Created", "datetime"),
    ("updated", "Updated", "datetime"),
    ("duedate", "Due date", "date"),
    ("priority", "Priority", "priority"),
    ("labels", "Labels", "array"),
    ("project", "Project", "project"),
    ("issuetype", "Issue Type", "issuetype"),
    ("assignee", "Assignee", "user"),
    ("reporter", "Reporter", "user"),
    ("creator", "Creator", "user"),
    ("parent", "Parent", ""),
    ("subtasks", "Sub-tasks", "array"),
    ("issuelinks", "Linked Issues", "array"),
    ("fixVersions", "Fix versions", "array"),
    ("versions", "Affects versions", "array"),
    ("components", "Components", "array"),
    ("timetracking", "Time tracking", "timetracking"),
    ("timeoriginalestimate", "Original estimate", "number"),
    ("timeestimate", "Remaining Estimate", "number"),
    ("timespent", "Time Spent", "number"),
    ("aggregatetimeoriginalestimate", "Σ Original Estimate", "number"),
    ("aggregatetimeestimate", "Σ Remaining Estimate", "number"),
    ("aggregatetimespent", "Σ Time Spent", "number"),
    ("progress", "Progress", "progress"),
    ("aggregateprogress", "Σ Progress", "progress"),
    ("workratio", "Work Ratio", "number"),
    ("watches", "Watchers", "watches"),
    ("comment", "Comment", "comments-page"),
    ("worklog", "Log Work", "array"),
    ("security", "Security Level", "securitylevel"),
];

/// Fields that only Cloud has.
const CLOUD_FIELDS: [&str; 3] = ["statusCategory", "statuscategorychangedate", "parent"];

impl Site {
    pub(super) fn server_info(&self, call: &Call<'_>) -> Reply {
        let (version, kind) = match call.edition {
            Edition::Cloud => ("1001.0.0-SNAPSHOT", "Cloud"),
            Edition::Server => ("10.3.24", "Server"),
        };
        let numbers: Vec<u32> = version.split(['.', '-']).filter_map(|part| part.parse().ok()).collect();
        // At the gateway, too, the site tells where its pages are.
        let base = match call.edition {
            Edition::Cloud => format!("{}{}", self.base, super::CLOUD_PATH),
            Edition::Server => call.base.clone(),
        };
        Reply::json(
            200,
            &json!({
                "baseUrl": base, "displayUrl": base, "version": version, "versionNumbers": numbers, "deploymentType": kind,
                "buildNumber": 100_300, "buildDate": "2026-01-12T00:00:00.000+0000", "scmInfo": "0f1e2d3c", "serverTitle": "Jira",
                "serverTime": call.stamp(call.now), "serverTimeZone": "Etc/UTC",
            }),
        )
    }

    pub(super) fn myself(&self, call: &Call<'_>) -> Reply {
        let Some(me) = &call.me else { return unauthorized() };
        let mut body = self.user_json(call, me);
        body["locale"] = json!("en_US");
        body["groups"] = json!({ "size": 2, "items": [] });
        body["applicationRoles"] = json!({ "size": 1, "items": [] });
        body["expand"] = json!("groups,applicationRoles");
        Reply::json(200, &body)
    }

    fn has_right(&self, call: &Call<'_>, key: &str, project: Option<&Project>) -> bool {
        let seen = |project: &&Project| !project.hidden;
        let is_open = |project: &Project| match key {
            "ADD_COMMENTS" => !project.comments_denied && !project.archived,
            "EDIT_OWN_COMMENTS" | "DELETE_OWN_COMMENTS" => !project.edits_denied && !project.archived,
            "EDIT_ISSUES" => !project.archived,
            _ => true,
        };
        if call.me.is_none() || matches!(key, "ADMINISTER" | "EDIT_ALL_COMMENTS" | "DELETE_ALL_COMMENTS") {
            return false;
        }
        match project {
            Some(project) => is_open(project),
            // Without a project: whether there is any in which it holds.
            None => self.projects.iter().filter(seen).any(is_open) || key == "USER_PICKER",
        }
    }

    pub(super) fn my_permissions(&self, call: &Call<'_>) -> Reply {
        let named = call.get("projectKey").or(call.get("projectId"));
        let by_issue = call.get("issueKey").or(call.get("issueId"));
        let project = match (named, by_issue) {
            (Some(name), _) => {
                let found = self
                    .projects
                    .iter()
                    .find(|one| !one.hidden && call.me.is_some() && (one.key == name || one.id.to_string() == name));
                match found {
                    Some(project) => Some(project),
                    None => return error(404, &format!("No project could be found with key '{name}'.")),
                }
            }
            (None, Some(name)) => match self.issue_named(name).filter(|issue| self.sees(issue, call.me.as_deref())) {
                Some(issue) => self.project(issue.project),
                None => return super::no_issue(),
            },
            (None, None) => None,
        };
        let asked = call.all("permissions");
        if call.is_cloud() {
            if asked.is_empty() {
                return bad("The 'permissions' query parameter is required.");
            }
            let is_unknown = |key: &&String| !PERMISSIONS.iter().any(|(known, _)| known == key);
            let unknown: Vec<&str> = asked.iter().filter(is_unknown).map(String::as_str).collect();
            if !unknown.is_empty() {
                return bad(&format!("Unrecognized permissions: {}", unknown.join(", ")));
            }
        }
        let rows = PERMISSIONS
            .iter()
            .enumerate()
            .filter(|(_, (key, _))| !call.is_cloud() || asked.iter().any(|one| one == key));
        let rows = rows.map(|(at, (key, name))| {
            let row = json!({
                "id": (at + 10).to_string(), "key": key, "name": name,
                "type": if matches!(*key, "ADMINISTER" | "USER_PICKER") { "GLOBAL" } else { "PROJECT" },
                "description": "", "havePermission": self.has_right(call, key, project),
            });
            ((*key).to_owned(), row)
        });
        let rows: serde_json::Map<String, Value> = rows.collect();
        Reply::json(200, &json!({ "permissions": rows }))
    }

    pub(super) fn configuration(&self, call: &Call<'_>) -> Reply {
        if call.me.is_none() {
            return unauthorized();
        }
        Reply::json(
            200,
            &json!({
                "votingEnabled": true, "watchingEnabled": true, "unassignedIssuesAllowed": true, "subTasksEnabled": true,
                "issueLinkingEnabled": self.settings.linking, "timeTrackingEnabled": true, "attachmentsEnabled": true,
                "timeTrackingConfiguration": {
                    "workingHoursPerDay": self.settings.worker_hours as f64, "workingDaysPerWeek": 5.0,
                    "timeFormat": "pretty", "defaultUnit": "minute",
                },
            }),
        )
    }

    pub(super) fn field_rows(&self, call: &Call<'_>) -> Vec<Value> {
        let system = SYSTEM_FIELDS.iter().filter(|(id, ..)| call.is_cloud() || !CLOUD_FIELDS.contains(id));
        let mut rows: Vec<Value> = system
            .map(|(id, name, kind)| {
                let mut row = json!({
                    "id": id, "key": id, "name": name, "custom": false, "orderable": true, "navigable": true, "searchable": true,
                    "clauseNames": [id],
                });
                if !kind.is_empty() {
                    row["schema"] = json!({ "type": kind, "system": id });
                }
                if !call.is_cloud()
                    && let Some(row) = row.as_object_mut()
                {
                    row.remove("key");
                }
                row
            })
            .collect();
        for field in &self.fields {
            let id = Site::field_id(field.number, call.edition);
            let number: u64 = id.trim_start_matches("customfield_").parse().unwrap_or(field.number);
            let mut schema = json!({ "type": field.kind, "custom": field.custom, "customId": number });
            if let Some(items) = field.items {
                schema["items"] = json!(items);
            }
            let mut row = json!({
                "id": id, "name": field.name, "custom": true, "orderable": true, "navigable": true, "searchable": true,
                "clauseNames": [format!("cf[{number}]"), field.name], "schema": schema,
            });
            if call.is_cloud() {
                row["key"] = json!(id);
                row["untranslatedName"] = json!(field.name);
            }
            if let Some(project) = field.scope.filter(|_| call.is_cloud()) {
                row["scope"] = json!({ "type": "PROJECT", "project": { "id": project.to_string() } });
            }
            rows.push(row);
        }
        rows
    }

    pub(super) fn field_list(&self, call: &Call<'_>) -> Reply {
        Reply::json(200, &self.field_rows(call))
    }

    /// The fields of given projects, or of the whole site; a field of one project alone is in no list but its own.
    pub(super) fn field_search(&self, call: &Call<'_>) -> Reply {
        if call.me.is_none() {
            return unauthorized();
        }
        let projects = call.all("projectIds");
        let kinds = call.all("type");
        let is_wanted = |row: &Value| {
            let kind = if row["custom"] == true { "custom" } else { "system" };
            let scope = row["scope"]["project"]["id"].as_str();
            (kinds.is_empty() || kinds.iter().any(|one| one == kind))
                && scope.is_none_or(|id| projects.iter().any(|one| one == id))
        };
        let mut rows: Vec<Value> = self.field_rows(call).into_iter().filter(is_wanted).collect();
        for row in rows.iter_mut().filter_map(Value::as_object_mut) {
            row.retain(|name, _| matches!(name.as_str(), "id" | "name" | "schema" | "key" | "scope"));
        }
        self.page_reply(call, &format!("{}/field/search", call.api), rows, 50)
    }

    pub(super) fn users_by_id(&self, call: &Call<'_>) -> Reply {
        if call.me.is_none() {
            return unauthorized();
        }
        let ids = call.all("accountId");
        let found = self.users.values().filter(|user| ids.contains(&user.account_id));
        let rows = found.map(|user| self.user_json(call, &user.login)).collect();
        self.page_reply(call, &format!("{}/user/bulk", call.api), rows, 200)
    }

    pub(super) fn status_list(&self, call: &Call<'_>) -> Reply {
        let rows: Vec<Value> = self
            .statuses
            .iter()
            .map(|status| {
                let mut row = self.status_json(call, status.id);
                if call.is_cloud() {
                    row["untranslatedName"] = json!(status.name);
                }
                row
            })
            .collect();
        Reply::json(200, &rows)
    }

    fn priority_rows(&self, call: &Call<'_>) -> Vec<Value> {
        let one = |priority: &Named| {
            let mut row = Site::named_json(call, "priority", priority);
            row["statusColor"] = json!("#d04437");
            row["description"] = json!("");
            if call.is_cloud() {
                row["isDefault"] = json!(priority.name == "Medium");
            }
            row
        };
        self.priorities.iter().map(one).collect()
    }

    pub(super) fn priority_list(&self, call: &Call<'_>) -> Reply {
        Reply::json(200, &self.priority_rows(call))
    }

    pub(super) fn priority_search(&self, call: &Call<'_>) -> Reply {
        let url = format!("{}/priority/search", call.api);
        self.page_reply(call, &url, self.priority_rows(call), 50)
    }

    /// `{startAt, maxResults, total, isLast, values}`, with links where there is an address for them.
    pub(super) fn page_reply(&self, call: &Call<'_>, url: &str, rows: Vec<Value>, most: usize) -> Reply {
        let start = call.number("startAt", 0);
        let size = call.number("maxResults", 50).clamp(1, most);
        let total = rows.len();
        let values: Vec<Value> = rows.into_iter().skip(start).take(size).collect();
        let is_last = start + values.len() >= total;
        let mut body = json!({
            "maxResults": size, "startAt": start, "total": total, "isLast": is_last, "values": values,
        });
        if !url.is_empty() {
            body["self"] = json!(format!("{url}?maxResults={size}&startAt={start}"));
        }
        if !url.is_empty() && !is_last {
            body["nextPage"] = json!(format!("{url}?maxResults={size}&startAt={}", start + size));
        }
        Reply::json(200, &body)
    }

    pub(super) fn resolution_list(&self, call: &Call<'_>) -> Reply {
        let rows: Vec<Value> = self.resolutions.iter().map(|one| Site::named_json(call, "resolution", one)).collect();
        Reply::json(200, &rows)
    }

    pub(super) fn kind_list(&self, call: &Call<'_>) -> Reply {
        let rows: Vec<Value> = self.kinds.iter().map(|kind| self.kind_json(call, kind.id)).collect();
        Reply::json(200, &rows)
    }

    pub(super) fn link_type_list(&self, call: &Call<'_>) -> Reply {
        if !self.settings.linking {
            return error(404, "Issue linking is currently disabled.");
        }
        let rows: Vec<Value> = self
            .link_types
            .iter()
            .map(|kind| {
                json!({
                    "id": kind.id.to_string(), "name": kind.name, "inward": kind.inward, "outward": kind.outward,
                    "self": format!("{}/issueLinkType/{}", call.api, kind.id),
                })
            })
            .collect();
        Reply::json(200, &json!({ "issueLinkTypes": rows }))
    }

    /// Everybody, apps and those who left included; a page tells no total.
    pub(super) fn user_list(&self, call: &Call<'_>) -> Reply {
        if call.me.is_none() {
            return unauthorized();
        }
        let (start, size) = (call.number("startAt", 0), call.number("maxResults", 50).min(1_000));
        let logins = self.users.keys().skip(start).take(size);
        let rows: Vec<Value> = logins.map(|login| self.user_json(call, login)).collect();
        Reply::json(200, &rows)
    }

    /// By the beginning of a name or address on Cloud; by login, name or address on Data Center, `.` for everybody.
    pub(super) fn user_search(&self, call: &Call<'_>) -> Reply {
        if call.me.is_none() {
            return unauthorized();
        }
        let (start, size) = (call.number("startAt", 0), call.number("maxResults", 50).min(1_000));
        let text = if call.is_cloud() { call.get("query") } else { call.get("username") };
        let Some(text) = text.map(str::to_lowercase) else {
            return bad("The username query parameter was not provided");
        };
        let inactive = call.get("includeInactive") == Some("true") || call.is_cloud();
        let found = self.users.values().filter(|user| {
            let name = user.name.to_lowercase();
            let in_name = name.split_whitespace().any(|part| part.starts_with(&text)) || name.starts_with(&text);
            let in_email = !user.email_hidden && user.email.starts_with(&text);
            let in_login = !call.is_cloud() && (user.login.starts_with(&text) || text == ".");
            (in_name || in_email || in_login) && (user.active || inactive)
        });
        let rows: Vec<Value> = found.skip(start).take(size).map(|user| self.user_json(call, &user.login)).collect();
        Reply::json(200, &rows)
    }

    pub(super) fn one_user(&self, call: &Call<'_>) -> Reply {
        let found = self.users.values().find(|user| match call.edition {
            Edition::Cloud => call.get("accountId") == Some(user.account_id.as_str()),
            Edition::Server => {
                call.get("username") == Some(user.login.as_str()) || call.get("key") == Some(user.key.as_str())
            }
        });
        match found {
            _ if call.me.is_none() => unauthorized(),
            Some(user) => Reply::json(200, &self.user_json(call, &user.login)),
            None => error(404, "Specified user does not exist or you do not have required permissions"),
        }
    }
}
