//! Histories: pages and bulk on Cloud, with ids of fields; inside the issue on Data Center, without.

use serde_json::{Value, json};

use super::model::{Edition, History, Issue, Item};
use super::site::Site;
use super::{Call, bad, no_issue};
use crate::reply::Reply;
use crate::text::digest;

/// Issues and fields that a bulk call may name, and histories in its page.
const BULK_ISSUES: usize = 1_000;
const BULK_FIELDS: usize = 10;
const BULK_PAGE: usize = 10_000;

/// The id of a system field whose history entries go by another name. `None`: its entries tell no id.
fn system_id(field: &str) -> Option<&str> {
    Some(match field {
        "Fix Version" => "fixVersions",
        "Version" => "versions",
        "Component" => "components",
        "Link"
        | "Key"
        | "Workflow"
        | "RemoteIssueLink"
        | "WorklogId"
        | "IssueParentAssociation"
        | "Parent"
        | "Attachment"
        | "Comment"
        | "Epic Child"
        | "ProjectImport" => return None,
        "Project" => "project",
        "type" | "Issue Type" => "issuetype",
        other => other,
    })
}

impl Site {
    /// The id under which a history entry's field is known. `None`: it has none.
    fn item_field_id(&self, call: &Call<'_>, item: &Item) -> Option<String> {
        if !item.custom {
            return system_id(&item.field).map(str::to_owned);
        }
        let found = self.fields.iter().rev().find(|field| field.name == item.field)?;
        Some(Site::field_id(found.number, call.edition))
    }

    fn item_json(&self, call: &Call<'_>, issue: &Issue, item: &Item) -> Value {
        let mut field = item.field.as_str();
        let mut custom = item.custom;
        if field == "IssueParentAssociation" && call.edition == Edition::Server {
            let is_sub = self.level(issue) < 0;
            field = if is_sub { "Parent" } else { "Epic Link" };
            custom = !is_sub;
        }
        let is_person = matches!(field, "assignee" | "reporter");
        let value = |value: &Option<String>| match value {
            Some(login) if is_person => self.users.get(login).map_or_else(
                || json!(login),
                |user| if call.is_cloud() { json!(user.account_id) } else { json!(user.key) },
            ),
            other => json!(other),
        };
        // The words of links changed on Cloud alone.
        let told = |text: &Option<String>| match text {
            Some(text) if field == "Link" && !call.is_cloud() => {
                json!(text.replacen("This work item", "This issue", 1))
            }
            other => json!(other),
        };
        let mut json = json!({
            "field": field, "fieldtype": if custom { "custom" } else { "jira" }, "from": value(&item.from),
            "fromString": told(&item.from_text), "to": value(&item.to), "toString": told(&item.to_text),
        });
        if call.is_cloud() {
            if let Some(id) = self.item_field_id(call, item) {
                json["fieldId"] = json!(id);
            }
            if is_person {
                json["tmpFromAccountId"] = json["from"].clone();
                json["tmpToAccountId"] = json["to"].clone();
            }
        }
        json
    }

    fn history_json(&self, call: &Call<'_>, issue: &Issue, history: &History) -> Value {
        let items: Vec<Value> = history.items.iter().map(|item| self.item_json(call, issue, item)).collect();
        let mut json = json!({ "id": history.id.to_string(), "created": call.stamp(history.at), "items": items });
        if let Some(author) = &history.author {
            json["author"] = self.user_json(call, author);
        }
        json
    }

    /// As a search or an issue carries it: the newest first and cut on Cloud, the oldest first and whole on Data Center.
    pub(super) fn changelog_inside(&self, call: &Call<'_>, issue: &Issue, most: usize) -> Value {
        let total = issue.histories.len();
        let render = |history: &History| self.history_json(call, issue, history);
        let rows: Vec<Value> = match call.edition {
            Edition::Cloud => issue.histories.iter().rev().take(most).map(render).collect(),
            Edition::Server => issue.histories.iter().map(render).collect(),
        };
        json!({ "startAt": 0, "maxResults": rows.len(), "total": total, "histories": rows })
    }

    pub(super) fn changelog_page(&self, call: &Call<'_>, id: u64) -> Reply {
        let Some(issue) = self.issues.get(&id) else { return no_issue() };
        let start = call.number("startAt", 0);
        let size = call.number("maxResults", 100).clamp(1, 100);
        let rows = issue.histories.iter().skip(start).take(size);
        let values: Vec<Value> = rows.map(|history| self.history_json(call, issue, history)).collect();
        let total = issue.histories.len();
        let url = format!("{}/issue/{}/changelog", call.api, issue.key);
        let page = |start: usize| format!("{url}?maxResults={size}&startAt={start}");
        let is_last = start + values.len() >= total;
        let mut body = json!({
            "self": page(start), "maxResults": size, "startAt": start, "total": total, "isLast": is_last,
            "values": values,
        });
        if !is_last {
            body["nextPage"] = json!(page(start + size));
        }
        Reply::json(200, &body)
    }

    /// Every history of many issues by date, then issue; here an instant is a number.
    pub(super) fn bulk_changelog(&self, call: &Call<'_>) -> Reply {
        let body = match call.body() {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        let Some(names) = body["issueIdsOrKeys"].as_array().filter(|names| !names.is_empty()) else {
            return bad("issueIdsOrKeys must not be empty.");
        };
        if names.len() > BULK_ISSUES {
            return bad("The number of issues exceeds the maximum of 1000.");
        }
        let fields: Vec<&str> = body["fieldIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if fields.len() > BULK_FIELDS {
            return bad("The number of fieldIds exceeds the maximum of 10.");
        }
        let size = body["maxResults"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(1_000);
        if size == 0 || size > BULK_PAGE {
            return bad("maxResults must be between 1 and 10000.");
        }
        let mut found: Vec<(&Issue, &History)> = Vec::new();
        let mut ids: Vec<u64> = names
            .iter()
            .filter_map(|name| self.issue_named(name.as_str()?))
            .filter(|issue| self.sees(issue, call.me.as_deref()))
            .map(|issue| issue.id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        for issue in ids.iter().filter_map(|id| self.issues.get(id)) {
            let is_wanted = |item: &Item| {
                fields.is_empty() || self.item_field_id(call, item).is_some_and(|id| fields.contains(&id.as_str()))
            };
            let wanted = issue.histories.iter().filter(|history| history.items.iter().any(is_wanted));
            found.extend(wanted.map(|history| (issue, history)));
        }
        found.sort_by_key(|(issue, history)| (history.at, issue.id, history.id));
        let print = digest((&ids, &fields));
        let start = match body["nextPageToken"].as_str() {
            None => 0,
            Some(token) => match place(token, print) {
                Some(start) => start,
                None => return bad("The provided next page token is invalid or expired."),
            },
        };
        let page = found.iter().skip(start).take(size);
        let mut logs: Vec<Value> = Vec::new();
        for (issue, history) in page {
            let mut json = self.history_json(call, issue, history);
            json["created"] = json!(history.at.as_millisecond());
            if !fields.is_empty()
                && let Some(items) = json["items"].as_array_mut()
            {
                items.retain(|item| item["fieldId"].as_str().is_some_and(|id| fields.contains(&id)));
            }
            let id = issue.id.to_string();
            match logs.iter_mut().find(|log| log["issueId"] == id.as_str()) {
                Some(log) => {
                    if let Some(all) = log["changeHistories"].as_array_mut() {
                        all.push(json);
                    }
                }
                None => logs.push(json!({ "issueId": id, "changeHistories": [json] })),
            }
        }
        let mut body = json!({ "issueChangeLogs": logs });
        if start + size < found.len() {
            body["nextPageToken"] = json!(format!("{print:016x}.{:x}", start + size));
        }
        Reply::json(200, &body)
    }
}

/// Where a token goes on, if it belongs to this question.
fn place(token: &str, print: u64) -> Option<usize> {
    let (known, start) = token.split_once('.')?;
    (known == format!("{print:016x}")).then(|| usize::from_str_radix(start, 16).ok()).flatten()
}
