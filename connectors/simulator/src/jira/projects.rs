//! Projects and their versions.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::model::{Project, Version};
use super::site::Site;
use super::{Call, error, unauthorized};
use crate::reply::Reply;

/// Projects in a page.
const PAGE: usize = 100;

impl Site {
    fn project_json(&self, call: &Call<'_>, project: &Project, expand: &[String]) -> Value {
        let wants = |what: &str| expand.iter().any(|one| one == what);
        let mut json = json!({
            "expand": "description,lead,issueTypes,url,projectKeys,permissions,insight",
            "self": format!("{}/project/{}", call.api, project.id), "id": project.id.to_string(), "key": project.key,
            "name": project.name, "projectTypeKey": if project.service { "service_desk" } else { "software" },
            "avatarUrls": { "48x48": format!("{}/secure/projectavatar?pid={}", call.base, project.id) },
        });
        if call.is_cloud() {
            json["style"] = json!("classic");
            json["simplified"] = json!(false);
            json["isPrivate"] = json!(false);
            json["properties"] = json!({});
            if wants("insight") {
                let total = self.issues.values().filter(|issue| issue.project == project.id).count();
                let mut insight = json!({ "totalIssueCount": total });
                if let Some(at) = project.last_update {
                    insight["lastIssueUpdateTime"] = json!(call.stamp(at));
                }
                json["insight"] = insight;
            }
        }
        if project.archived {
            json["archived"] = json!(true);
        }
        if wants("lead")
            && let Some(lead) = &project.lead
        {
            json["lead"] = self.user_json(call, lead);
        }
        json
    }

    fn visible_projects(&self, call: &Call<'_>) -> impl Iterator<Item = &Project> {
        let known = call.me.is_some();
        self.projects.iter().filter(move |project| known && !project.hidden)
    }

    pub(super) fn project_search(&self, call: &Call<'_>) -> Reply {
        let status = call.all("status");
        let (keys, ids, kinds) = (call.all("keys"), call.all("id"), call.all("typeKey"));
        let query = call.get("query").map(str::to_lowercase);
        let is_wanted = |project: &&Project| {
            let state = if project.archived { "archived" } else { "live" };
            let in_state = if status.is_empty() { state == "live" } else { status.iter().any(|one| one == state) };
            let kind = if project.service { "service_desk" } else { "software" };
            in_state
                && (keys.is_empty() || keys.iter().any(|key| key.eq_ignore_ascii_case(&project.key)))
                && (ids.is_empty() || ids.contains(&project.id.to_string()))
                && (kinds.is_empty() || kinds.iter().any(|one| one == kind))
                && query.as_ref().is_none_or(|text| {
                    project.name.to_lowercase().contains(text) || project.key.to_lowercase().contains(text)
                })
        };
        let mut found: Vec<&Project> = self.visible_projects(call).filter(is_wanted).collect();
        match call.get("orderBy") {
            Some("-lastIssueUpdatedDate") => found.sort_by_key(|one| std::cmp::Reverse(one.last_update)),
            Some("lastIssueUpdatedDate") | Some("+lastIssueUpdatedDate") => found.sort_by_key(|one| one.last_update),
            Some("-key") => found.sort_by(|a, b| b.key.cmp(&a.key)),
            Some("name") | Some("+name") => found.sort_by(|a, b| a.name.cmp(&b.name)),
            _ => found.sort_by(|a, b| a.key.cmp(&b.key)),
        }
        let expand = call.all("expand");
        let rows = found.into_iter().map(|project| self.project_json(call, project, &expand)).collect();
        self.page_reply(call, &format!("{}/project/search", call.api), rows, PAGE)
    }

    /// A plain list; archived ones only if they are asked for.
    pub(super) fn project_list(&self, call: &Call<'_>) -> Reply {
        let archived = call.get("includeArchived") == Some("true");
        let expand = call.all("expand");
        let found = self.visible_projects(call).filter(|project| archived || !project.archived);
        let rows: Vec<Value> = found.map(|project| self.project_json(call, project, &expand)).collect();
        Reply::json(200, &rows)
    }

    fn visible_project(&self, call: &Call<'_>, name: &str) -> Result<&Project, Reply> {
        let found =
            self.visible_projects(call).find(|one| one.key.eq_ignore_ascii_case(name) || one.id.to_string() == name);
        found.ok_or_else(|| error(404, &format!("No project could be found with key '{name}'.")))
    }

    pub(super) fn one_project(&self, call: &Call<'_>, name: &str) -> Reply {
        match self.visible_project(call, name) {
            Ok(project) => {
                let mut expand = call.all("expand");
                expand.push("lead".to_owned());
                let mut json = self.project_json(call, project, &expand);
                json["issueTypes"] = self.kinds.iter().map(|kind| self.kind_json(call, kind.id)).collect();
                json["versions"] = self.version_rows(call, project.id).into();
                Reply::json(200, &json)
            }
            Err(refusal) => refusal,
        }
    }

    /// Each type of issue with the statuses it may pass through; here they are the same for all.
    pub(super) fn project_statuses(&self, call: &Call<'_>, name: &str) -> Reply {
        if let Err(refusal) = self.visible_project(call, name) {
            return refusal;
        }
        let statuses: Vec<Value> = self.statuses.iter().map(|status| self.status_json(call, status.id)).collect();
        let of_kind = |kind: &super::model::Kind| {
            let mut json = self.kind_json(call, kind.id);
            json["statuses"] = json!(statuses);
            json
        };
        Reply::json(200, &self.kinds.iter().map(of_kind).collect::<Vec<_>>())
    }

    fn version_rows(&self, call: &Call<'_>, project: u64) -> Vec<Value> {
        let today = call.now.to_zoned(TimeZone::UTC).date();
        let one = |version: &Version| {
            let mut json = self.version_json(call, version);
            json["projectId"] = json!(version.project);
            if let Some(day) = version.release_date {
                json["overdue"] = json!(!version.released && day < today);
                json["userReleaseDate"] = json!(day.strftime("%d/%b/%y").to_string());
            }
            json
        };
        self.versions.iter().filter(|version| version.project == project).map(one).collect()
    }

    pub(super) fn version_list(&self, call: &Call<'_>, name: &str) -> Reply {
        match self.visible_project(call, name) {
            Ok(project) => Reply::json(200, &self.version_rows(call, project.id)),
            Err(refusal) => refusal,
        }
    }

    pub(super) fn version_page(&self, call: &Call<'_>, name: &str) -> Reply {
        match self.visible_project(call, name) {
            Ok(project) => {
                let url = format!("{}/project/{name}/version", call.api);
                self.page_reply(call, &url, self.version_rows(call, project.id), 50)
            }
            Err(refusal) => refusal,
        }
    }

    pub(super) fn watcher_list(&self, call: &Call<'_>, id: u64) -> Reply {
        let Some(issue) = self.issues.get(&id) else { return super::no_issue() };
        let rows: Vec<Value> = issue.watchers.iter().map(|login| self.user_json(call, login)).collect();
        Reply::json(200, &json!({ "watchCount": rows.len(), "isWatching": false, "watchers": rows }))
    }

    pub(super) fn worklog_page(&self, call: &Call<'_>, id: u64) -> Reply {
        let Some(issue) = self.issues.get(&id) else { return super::no_issue() };
        if call.me.is_none() {
            return unauthorized();
        }
        let (start, size) = (call.number("startAt", 0), call.number("maxResults", 5_000).min(5_000));
        Reply::json(200, &self.worklogs_json(call, issue, start, size))
    }

    /// An instant as the agile API writes it: `Z` on Cloud, with an offset on Data Center.
    pub(super) fn agile_stamp(call: &Call<'_>, at: Timestamp) -> String {
        if call.is_cloud() {
            at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
        } else {
            at.to_zoned(call.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
        }
    }
}
