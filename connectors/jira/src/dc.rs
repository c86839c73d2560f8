//! What is Data Center's own: searches by number, histories within them.

use connector_kit::http::Method;
use serde_json::json;

use crate::SEARCH;
use crate::call::Call;
use crate::search::Search;

/// Issues on a page that brings their histories as well: old issues have long ones.
pub(crate) const PAGE: u32 = 50;

/// The largest page of bare ids; the server may give less.
pub(crate) const CENSUS_PAGE: u32 = 1_000;

/// What is asked of every issue, beside the site's own fields.
pub(crate) const FIELDS: &[&str] = &[
    "summary",
    "status",
    "created",
    "updated",
    "resolutiondate",
    "duedate",
    "priority",
    "labels",
    "project",
    "issuetype",
    "assignee",
    "reporter",
    "parent",
    "subtasks",
    "issuelinks",
    "fixVersions",
    "timeoriginalestimate",
    "timeestimate",
    "timespent",
    "comment",
    "description",
    "security",
];

/// `POST search`, which tells how many there are.
pub(crate) fn search(asked: &Search) -> Call {
    let mut body = json!({
        "jql": asked.jql, "fields": asked.fields, "maxResults": asked.size, "startAt": asked.offset, "validateQuery": true
    });
    if asked.with_history {
        body["expand"] = json!(["changelog"]);
    }
    Call::new(Method::POST, "search").json(&body).budget(SEARCH)
}
