//! Jira, in both editions, over one world of issues: Cloud (REST v3, and v2 with wiki text) below the site's address and
//! below Atlassian's gateway, and Data Center (REST v2) below a context path; the agile API below all of them.
//!
//! Addresses: [`crate::Simulator::jira_cloud_url`], [`crate::Simulator::jira_gateway_url`],
//! [`crate::Simulator::jira_dc_url`]. The world is changed and looked at through [`Jira`]:
//!
//! - people: `person`, `app`, `deactivate`, `hide_email`, `set_zone`, `account_id`, `user_key`
//! - projects: `project`, `service_project`, `archive`, `hide`, `deny_comments`, `deny_edits`, `lead`
//! - issues: `issue` with an [`IssueDraft`], then `status`, `assign`, `due`, `comment`, `delete_comment`, `tick`, `link`,
//!   `unlink`, `label`, `unlabel`, `estimate`, `log_work`, `flag`, `rename`, `describe`, `priority`, `rank`, `remote_link`,
//!   `reparent`, `fix_versions`, `set_field`, `move_to`, `delete`, `security`, `fill`, `unresolve`, `migrate_workflow`
//! - around them: `add_status`, `set_category`, `rename_link_type`, `add_field`, `board`, `kanban`, `sprint`,
//!   `start_sprint`, `close_sprint`, `move_sprint_end`, `to_sprint`, `version`, `release`
//! - credentials: `unscoped`, `scoped`, `pat`, `password`, `expire`, `lack_scope`, `captcha`, `html_login_page`,
//!   `default_user`
//! - search: `lag`, `lag_by_dice`, `page_cap`, `repeating_token`; limits: `write_limit`, `user_limit`,
//!   `comments_embedded`, `linking`
//! - recordings: `serve`, `as_of`; looks: `comments`, `look`, `issues`, `writes`
//!
//! `jira.at(instant)` and `jira.acting(login)` say when, and by whom, what names nobody is done.

mod adf;
mod boards;
mod checks;
mod comments;
mod deeds;
mod directory;
mod guard;
mod handle;
mod history;
mod jql;
mod model;
mod projects;
mod properties;
mod query;
mod recorded;
mod render;
mod rewind;
mod search;
mod site;
mod switches;
#[cfg(test)]
mod tests;

use http::Method;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

pub use handle::Jira;
pub use model::{CommentSeen, IssueDraft, IssueSeen, Write, WriteKind};
pub use recorded::JiraRecorded;

pub(crate) use site::{CLOUD_ID, Site};

use model::Edition;
use query::Asker;

use crate::reply::Reply;
use crate::server::Asked;
use crate::text::pairs;
use crate::world::World;

/// Path of the Cloud site.
pub(crate) const CLOUD_PATH: &str = "/jira-cloud";
/// Path of Atlassian's gateway, before the site's id.
pub(crate) const GATEWAY_PATH: &str = "/gateway/ex/jira";
/// Context path of the Data Center.
pub(crate) const SERVER_PATH: &str = "/jira-dc";

/// Whether a path is one of Jira's.
pub(crate) fn is_ours(path: &str) -> bool {
    let below = |base: &str| path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    below(CLOUD_PATH) || below(GATEWAY_PATH) || below(SERVER_PATH)
}

/// By which address a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Cloud,
    Gateway,
    Server,
}

impl Door {
    fn edition(self) -> Edition {
        if self == Door::Server { Edition::Server } else { Edition::Cloud }
    }
}

/// A request that was let in, as somebody or as nobody.
struct Call<'a> {
    asked: &'a Asked,
    edition: Edition,
    /// Text as documents, as of version 3.
    adf: bool,
    /// What `self` links begin with, up to the version: `http://…/rest/api/3`.
    api: String,
    /// The same without `/rest/…`.
    base: String,
    query: Vec<(String, String)>,
    me: Option<String>,
    zone: TimeZone,
    now: Timestamp,
}

impl Call<'_> {
    fn is_read(&self) -> bool {
        matches!(self.asked.method, Method::GET | Method::HEAD)
    }

    fn is_post(&self) -> bool {
        self.asked.method == Method::POST
    }

    fn is_cloud(&self) -> bool {
        self.edition == Edition::Cloud
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a name, lists with commas taken apart.
    fn all(&self, name: &str) -> Vec<String> {
        let found = self.query.iter().filter(|(known, _)| known == name);
        let parts = found.flat_map(|(_, value)| value.split(','));
        parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    }

    fn number(&self, name: &str, otherwise: usize) -> usize {
        self.get(name).and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    }

    /// The body as an object. `Err` is the refusal.
    fn body(&self) -> Result<Value, Reply> {
        match serde_json::from_slice::<Value>(&self.asked.body) {
            Ok(body) if body.is_object() => Ok(body),
            _ => Err(bad("Invalid request payload. Refer to the REST API documentation and try again.")),
        }
    }

    fn asker(&self) -> Asker<'_> {
        Asker { me: self.me.as_deref(), zone: &self.zone, now: self.now }
    }

    /// `2026-04-28T15:54:48.559+0200`, in the caller's zone.
    fn stamp(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%z").to_string()
    }
}

/// Answers a request with its whole path.
pub(crate) fn answer(world: &World, asked: &Asked) -> Reply {
    let now = world.now();
    let mut site = world.site();
    site.answered += 1;
    site.catch_up(now);
    site.answer(asked, now)
}

impl Site {
    fn answer(&mut self, asked: &Asked, now: Timestamp) -> Reply {
        let gateway = format!("{GATEWAY_PATH}/{CLOUD_ID}");
        let doors = [(Door::Gateway, gateway.as_str()), (Door::Cloud, CLOUD_PATH), (Door::Server, SERVER_PATH)];
        let found = doors.iter().find_map(|(door, base)| Some((*door, *base, asked.path.strip_prefix(base)?)));
        let Some((door, base, path)) = found else { return no_such_site() };
        if door == Door::Cloud && path == "/_edge/tenant_info" {
            return Reply::json(200, &json!({ "cloudId": CLOUD_ID }));
        }
        let who = match self.admit(asked, door, path, now) {
            Ok(who) => who,
            Err(refusal) => return refusal,
        };
        let zone = who.me.as_ref().and_then(|login| self.users.get(login)).map_or("Etc/UTC", |user| user.zone.as_str());
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let parts: Vec<String> = path.split('/').skip(1).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let version = match parts.get(2) {
            Some(&"3") if door != Door::Server => "3",
            _ => "2",
        };
        let base = format!("{}{base}", self.base);
        let call = Call {
            asked,
            edition: door.edition(),
            adf: version == "3",
            api: format!("{base}/rest/api/{version}"),
            base,
            query: pairs(asked.query.as_bytes()),
            me: who.me.clone(),
            zone,
            now,
        };
        let reply = match parts.as_slice() {
            ["rest", "api", "3", rest @ ..] if call.is_cloud() => self.route(&call, rest),
            ["rest", "api", "2" | "latest", rest @ ..] => self.route(&call, rest),
            ["rest", "agile", "1.0" | "latest", rest @ ..] => self.agile(&call, rest),
            _ => unknown(&call),
        };
        self.finish(reply, &call, &who)
    }

    fn route(&mut self, call: &Call<'_>, parts: &[&str]) -> Reply {
        let (read, post, cloud) = (call.is_read(), call.is_post(), call.is_cloud());
        match parts {
            ["serverInfo"] if read => self.server_info(call),
            ["myself"] if read => self.myself(call),
            ["mypermissions"] if read => self.my_permissions(call),
            ["configuration"] if read => self.configuration(call),
            ["field"] if read => self.field_list(call),
            ["field", "search"] if read && cloud => self.field_search(call),
            ["status"] if read => self.status_list(call),
            ["priority"] if read => self.priority_list(call),
            ["priority", "search"] if read && cloud => self.priority_search(call),
            ["resolution"] if read => self.resolution_list(call),
            ["issuetype"] if read => self.kind_list(call),
            ["issueLinkType"] if read => self.link_type_list(call),
            ["project", "search"] if read && cloud => self.project_search(call),
            ["project"] if read => self.project_list(call),
            ["project", name] if read => self.one_project(call, name),
            ["project", name, "statuses"] if read => self.project_statuses(call, name),
            ["project", name, "versions"] if read => self.version_list(call, name),
            ["project", name, "version"] if read => self.version_page(call, name),
            ["users", "search"] if read && cloud => self.user_list(call),
            ["user", "search"] if read => self.user_search(call),
            ["user", "bulk"] if read && cloud => self.users_by_id(call),
            ["user"] if read => self.one_user(call),
            ["search", "jql"] if cloud && (read || post) => self.search_by_token(call),
            ["search", "approximate-count"] if cloud && post => self.approximate_count(call),
            ["search"] if cloud => gone(),
            ["search"] if read || post => self.search_by_offset(call),
            ["jql", "parse"] if cloud && post => self.parse_queries(call),
            ["jql", "match"] if cloud && post => self.match_queries(call),
            ["issue", "bulkfetch"] if cloud && post => self.bulk_fetch(call),
            ["changelog", "bulkfetch"] if cloud && post => self.bulk_changelog(call),
            ["comment", "list"] if cloud && post => self.comments_by_id(call),
            ["comment", id, "properties", rest @ ..] => self.comment_properties(call, id, rest),
            ["issue", name, rest @ ..] => self.below_issue(call, name, rest),
            _ => unknown(call),
        }
    }

    fn below_issue(&mut self, call: &Call<'_>, name: &str, rest: &[&str]) -> Reply {
        let found = self.issue_named(name).filter(|issue| self.sees(issue, call.me.as_deref()));
        let Some(id) = found.map(|issue| issue.id) else { return no_issue() };
        match rest {
            [] if call.is_read() => self.one_issue(call, id),
            ["changelog"] if call.is_read() && call.is_cloud() => self.changelog_page(call, id),
            ["worklog"] if call.is_read() => self.worklog_page(call, id),
            ["watchers"] if call.is_read() => self.watcher_list(call, id),
            ["comment"] if call.is_read() => self.comment_page(call, id),
            ["comment"] if call.is_post() => self.post_comment(call, id),
            ["comment", comment] => self.one_comment(call, id, comment),
            _ => unknown(call),
        }
    }
}

/// Percent-decoded, as keys and names are in a path.
fn decoded(part: &str) -> String {
    let pair = format!("x={}", part.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map_or_else(String::new, |(_, value)| value.into_owned())
}

/// A refusal in Jira's form.
fn errors(status: u16, messages: &[String]) -> Reply {
    Reply::json(status, &json!({ "errorMessages": messages, "errors": {} }))
}

fn error(status: u16, message: &str) -> Reply {
    errors(status, &[message.to_owned()])
}

fn bad(message: &str) -> Reply {
    error(400, message)
}

/// A refusal that names the field.
fn bad_field(name: &str, message: &str) -> Reply {
    Reply::json(400, &json!({ "errorMessages": [], "errors": { name: message } }))
}

fn no_issue() -> Reply {
    error(404, "Issue does not exist or you do not have permission to see it.")
}

fn gone() -> Reply {
    error(
        410,
        "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline \
         is available at https://developer.atlassian.com/changelog/#CHANGE-2046",
    )
}

fn unauthorized() -> Reply {
    error(401, "Client must be authenticated to access this resource.")
}

fn unknown(call: &Call<'_>) -> Reply {
    let known = call.asked.path.contains("/rest/");
    let status = if known && !call.is_read() { 405 } else { 404 };
    let message = if status == 405 {
        "HTTP 405 Method Not Allowed".to_owned()
    } else {
        format!("null for uri: {}", call.asked.path)
    };
    Reply::json(status, &json!({ "message": message, "status-code": status }))
}

fn no_such_site() -> Reply {
    Reply::json(404, &json!({ "errorMessage": "Site temporarily unavailable" }))
}
