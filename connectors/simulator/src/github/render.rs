//! GitHub's JSON, with the members and the order of a recorded answer.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::Hub;
use super::listing::Row;
use super::model::{Comment, Event, Extra, Issue, Repo, User};
use crate::text::{digest, stamp};

/// Where a browser would find things. A reserved name: nobody lives there.
const HTML: &str = "https://github.example";

#[derive(Serialize)]
struct IssueOut<'a> {
    url: &'a str,
    repository_url: String,
    labels_url: String,
    comments_url: String,
    events_url: String,
    html_url: String,
    id: u64,
    node_id: String,
    number: u64,
    title: &'a str,
    user: Option<&'a RawValue>,
    labels: Vec<Value>,
    state: &'a str,
    locked: bool,
    assignees: Vec<&'a RawValue>,
    milestone: Option<Box<RawValue>>,
    comments: u32,
    created_at: String,
    updated_at: String,
    closed_at: Option<String>,
    assignee: Option<&'a RawValue>,
    author_association: &'a str,
    #[serde(rename = "type")]
    kind: (),
    active_lock_reason: (),
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_request: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_issue_url: Option<String>,
    sub_issues_summary: Value,
    issue_dependencies_summary: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_field_values: Option<Value>,
    body: Option<&'a str>,
    closed_by: Option<&'a RawValue>,
    reactions: Value,
    timeline_url: String,
    performed_via_github_app: (),
    state_reason: Option<&'a str>,
    pinned_comment: (),
}

impl Hub {
    pub(crate) fn user_json(&self, user: &User) -> Box<RawValue> {
        let (api, login) = (format!("{}/users/{}", self.base, user.login), &user.login);
        let kind = if user.bot { "Bot" } else { "User" };
        raw(&json!({
            "login": login, "id": user.id, "node_id": format!("U_sim{}", user.id),
            "avatar_url": format!("{HTML}/avatars/{}", user.id), "gravatar_id": "", "url": api,
            "html_url": format!("{HTML}/{login}"), "followers_url": format!("{api}/followers"),
            "following_url": format!("{api}/following{{/other_user}}"), "gists_url": format!("{api}/gists{{/gist_id}}"),
            "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"), "subscriptions_url": format!("{api}/subscriptions"),
            "organizations_url": format!("{api}/orgs"), "repos_url": format!("{api}/repos"),
            "events_url": format!("{api}/events{{/privacy}}"), "received_events_url": format!("{api}/received_events"),
            "type": kind, "user_view_type": "public", "site_admin": false,
        }))
    }

    /// `null` for an account that was deleted.
    fn who(&self, login: &str) -> Option<&RawValue> {
        self.users.get(login).filter(|user| !user.gone).map(|user| &*user.json)
    }

    pub(crate) fn repo_url(&self, repo: &Repo) -> String {
        format!("{}/repos/{}", self.base, repo.full_name)
    }

    /// Brings the list of a repository up to date.
    pub(crate) fn refresh(&mut self, index: usize) {
        let dirty = std::mem::take(&mut self.repos[index].dirty);
        if !dirty.is_empty() {
            self.repos[index].count_milestones();
        }
        for number in dirty {
            if self.is_hidden_by_lag(index, number) {
                self.repos[index].dirty.insert(number);
                continue;
            }
            if let Some(row) = self.repos[index].issues.get(&number).map(|issue| self.row(index, issue)) {
                self.repos[index].listing.put(row);
            }
        }
    }

    /// True while lists do not show an issue's last change yet.
    fn is_hidden_by_lag(&self, index: usize, number: u64) -> bool {
        let (Some((dice, secs)), Some(issue)) = (self.settings.lag, self.repos[index].issues.get(&number)) else {
            return false;
        };
        let since = self.asked_at.duration_since(issue.updated_at).as_secs();
        let late = digest((dice, number, issue.updated_at.as_second())) % (secs + 1);
        u64::try_from(since).is_ok_and(|since| since < late)
    }

    fn row(&self, index: usize, issue: &Issue) -> Row {
        let body = self.issue_json(index, issue);
        Row {
            number: issue.number,
            id: issue.id,
            created_at: issue.created_at,
            updated_at: issue.updated_at,
            closed: issue.is_closed(),
            comments: issue.comments,
            labels: issue.labels.iter().map(|label| label.to_lowercase()).collect(),
            assignees: issue.assignees.clone(),
            creator: issue.author.clone(),
            milestone: issue.milestone,
            unlisted: issue.unlisted,
            print: digest(body.get()),
            body,
        }
    }

    fn issue_json(&self, index: usize, issue: &Issue) -> Box<RawValue> {
        let repo = &self.repos[index];
        let repository_url = self.repo_url(repo);
        let url = format!("{repository_url}/issues/{}", issue.number);
        let assignees: Vec<&RawValue> = issue.assignees.iter().filter_map(|login| self.who(login)).collect();
        let path = if issue.pull { "pull" } else { "issues" };
        let html_url = format!("{HTML}/{}/{path}/{}", repo.full_name, issue.number);
        let milestone = issue.milestone.and_then(|number| self.milestone_json(index, number));
        let out = IssueOut {
            url: &url,
            labels_url: format!("{url}/labels{{/name}}"),
            comments_url: format!("{url}/comments"),
            events_url: format!("{url}/events"),
            timeline_url: format!("{url}/timeline"),
            reactions: reactions(&url),
            draft: issue.pull.then_some(false),
            pull_request: issue.pull.then(|| pull_json(&repository_url, &html_url, issue.number)),
            html_url,
            repository_url,
            id: issue.id,
            node_id: format!("I_sim{}", issue.id),
            number: issue.number,
            title: &issue.title,
            user: self.who(&issue.author),
            labels: issue.labels.iter().map(|label| self.label_json(repo, label)).collect(),
            state: if issue.is_closed() { "closed" } else { "open" },
            locked: issue.locked,
            assignee: assignees.first().copied(),
            assignees,
            milestone,
            comments: issue.comments,
            created_at: stamp(issue.created_at),
            updated_at: stamp(issue.updated_at),
            closed_at: issue.closed_at.map(stamp),
            author_association: "MEMBER",
            kind: (),
            active_lock_reason: (),
            parent_issue_url: self.relations.parent.get(&issue.id).and_then(|parent| self.issue_url(*parent)),
            sub_issues_summary: self.sub_issues_summary(issue.id),
            issue_dependencies_summary: self.dependencies_summary(issue.id),
            issue_field_values: self.field_values_json(issue.id),
            body: issue.body.as_deref(),
            closed_by: issue.closed_by.as_deref().and_then(|login| self.who(login)),
            performed_via_github_app: (),
            state_reason: issue.state_reason.as_deref(),
            pinned_comment: (),
        };
        raw(&out)
    }

    pub(crate) fn issue_url(&self, id: u64) -> Option<String> {
        let (repo, number) = self.places.get(&id)?;
        Some(format!("{}/issues/{number}", self.repo_url(&self.repos[*repo])))
    }

    fn closed(&self, id: u64) -> bool {
        self.places.get(&id).and_then(|place| self.issue(*place)).is_some_and(Issue::is_closed)
    }

    pub(crate) fn sub_issues_summary(&self, id: u64) -> Value {
        let children = self.relations.children.get(&id).map_or(&[][..], Vec::as_slice);
        // Every closed child counts as completed at GitHub, given up or not.
        let completed = children.iter().filter(|child| self.closed(**child)).count();
        let percent = (completed * 100).checked_div(children.len()).unwrap_or(0);
        json!({ "total": children.len(), "completed": completed, "percent_completed": percent })
    }

    pub(crate) fn dependencies_summary(&self, id: u64) -> Value {
        let count = |all: Option<&Vec<u64>>| {
            let all = all.map_or(&[][..], Vec::as_slice);
            (all.iter().filter(|other| !self.closed(**other)).count(), all.len())
        };
        let (blocked_by, total_blocked_by) = count(self.relations.blocked_by.get(&id));
        let (blocking, total_blocking) = count(self.relations.blocking.get(&id));
        json!({
            "blocked_by": blocked_by, "total_blocked_by": total_blocked_by,
            "blocking": blocking, "total_blocking": total_blocking,
        })
    }

    pub(crate) fn label_json(&self, repo: &Repo, label: &str) -> Value {
        let id = digest((repo.id, label)) >> 24;
        let path: String = url::form_urlencoded::byte_serialize(label.as_bytes()).collect();
        json!({
            "id": id, "node_id": format!("LA_sim{id}"), "url": format!("{}/labels/{path}", self.repo_url(repo)),
            "name": label, "color": format!("{:06x}", id & 0xff_ffff), "default": false, "description": null,
        })
    }

    pub(crate) fn milestone_json(&self, index: usize, number: u64) -> Option<Box<RawValue>> {
        let repo = &self.repos[index];
        let milestone = repo.milestones.iter().find(|milestone| milestone.number == number)?;
        let (open, closed) = repo.counts.get(&number).copied().unwrap_or_default();
        let url = format!("{}/milestones/{number}", self.repo_url(repo));
        Some(raw(&json!({
            "url": url, "html_url": format!("{HTML}/{}/milestone/{number}", repo.full_name),
            "labels_url": format!("{url}/labels"), "id": milestone.id, "node_id": format!("MI_sim{}", milestone.id),
            "number": number, "title": milestone.title, "description": null, "creator": null,
            "open_issues": open, "closed_issues": closed,
            "state": if milestone.closed_at.is_some() { "closed" } else { "open" },
            "created_at": stamp(milestone.created_at), "updated_at": stamp(milestone.updated_at),
            "due_on": milestone.due_on.map(stamp), "closed_at": milestone.closed_at.map(stamp),
        })))
    }

    pub(crate) fn repo_json(&self, repo: &Repo) -> Value {
        let (url, name) = (self.repo_url(repo), &repo.full_name);
        let open = repo.listing.rows().filter(|row| !row.closed).count();
        let mut out = json!({
            "id": repo.id, "node_id": format!("R_sim{}", repo.id), "name": repo.name(), "full_name": name,
            "private": repo.private, "owner": self.owner_json(repo.owner()), "html_url": format!("{HTML}/{name}"),
            "description": null, "fork": false, "url": url, "events_url": format!("{url}/events"),
            "comments_url": format!("{url}/comments{{/number}}"), "issues_url": format!("{url}/issues{{/number}}"),
            "milestones_url": format!("{url}/milestones{{/number}}"), "labels_url": format!("{url}/labels{{/name}}"),
            "created_at": stamp(repo.created_at), "updated_at": stamp(repo.created_at),
            "pushed_at": stamp(repo.created_at), "homepage": null, "size": 1, "language": null,
        });
        let more = json!({
            "has_issues": repo.has_issues, "has_projects": true, "has_downloads": true, "has_wiki": false,
            "has_pages": false, "has_discussions": false, "forks_count": 0, "stargazers_count": 0, "watchers_count": 0,
            "archived": repo.archived, "disabled": false, "open_issues_count": open, "license": null,
            "allow_forking": false, "is_template": false, "web_commit_signoff_required": false, "topics": [],
            "visibility": if repo.private { "private" } else { "public" }, "forks": 0, "open_issues": open,
            "watchers": 0, "default_branch": "main",
            "permissions": {
                "admin": false, "maintain": false, "push": !self.settings.read_only,
                "triage": !self.settings.read_only, "pull": true,
            },
        });
        if let (Value::Object(out), Value::Object(more)) = (&mut out, more) {
            out.extend(more);
        }
        out
    }

    fn owner_json(&self, owner: &str) -> Value {
        let id = 50_000_000 + (digest(owner) >> 40);
        json!({
            "login": owner, "id": id, "node_id": format!("O_sim{id}"), "url": format!("{}/users/{owner}", self.base),
            "html_url": format!("{HTML}/{owner}"), "type": "Organization", "user_view_type": "public",
            "site_admin": false,
        })
    }

    pub(crate) fn comment_json(&self, repo: &Repo, comment: &Comment) -> Box<RawValue> {
        #[derive(Serialize)]
        struct CommentOut<'a> {
            url: String,
            html_url: String,
            issue_url: String,
            id: u64,
            node_id: String,
            user: Option<&'a RawValue>,
            created_at: String,
            updated_at: String,
            body: &'a str,
            author_association: &'a str,
            reactions: Value,
            performed_via_github_app: Value,
        }
        let app = self.app_of_bot(&comment.author).map(|(id, slug)| json!({ "id": id, "slug": slug, "name": slug }));
        let url = format!("{}/issues/comments/{}", self.repo_url(repo), comment.id);
        raw(&CommentOut {
            html_url: format!("{HTML}/{}/issues/{}#issuecomment-{}", repo.full_name, comment.issue, comment.id),
            issue_url: format!("{}/issues/{}", self.repo_url(repo), comment.issue),
            id: comment.id,
            node_id: format!("IC_sim{}", comment.id),
            user: self.who(&comment.author),
            created_at: stamp(comment.created_at),
            updated_at: stamp(comment.updated_at),
            body: &comment.body,
            author_association: "MEMBER",
            reactions: reactions(&url),
            performed_via_github_app: app.unwrap_or_default(),
            url,
        })
    }

    /// An event as a list shows it; with its whole issue, as it is now, where the list is the repository's.
    pub(crate) fn event_json(&self, repo: &Repo, event: &Event, with_issue: bool) -> Box<RawValue> {
        let mut out = json!({
            "id": event.id, "node_id": format!("EV_sim{}", event.id),
            "url": format!("{}/issues/events/{}", self.repo_url(repo), event.id), "actor": self.who(&event.actor),
            "event": event.kind, "commit_id": null, "commit_url": null, "created_at": stamp(event.at),
            "performed_via_github_app": null,
        });
        self.add_extra(&mut out, event);
        let mut text = out.to_string();
        if let Some(row) = repo.listing.get(event.issue).filter(|_| with_issue) {
            // Put in as text: reading it again would cost more than all the rest.
            text.pop();
            text.push_str(",\"issue\":");
            text.push_str(row.body.get());
            text.push('}');
        }
        RawValue::from_string(text).expect("an object with one more member")
    }

    fn add_extra(&self, out: &mut Value, event: &Event) {
        match &event.extra {
            Extra::Nothing => {}
            Extra::Assignee(login) => {
                out["assignee"] = json!(self.who(login));
                out["assigner"] = json!(self.who(&event.actor));
            }
            Extra::Reason(reason) => out["state_reason"] = json!(reason),
            Extra::Label(label) => {
                out["label"] = json!({ "name": label, "color": format!("{:06x}", digest(label) & 0xff_ffff) });
            }
            Extra::Milestone(title) => out["milestone"] = json!({ "title": title }),
            Extra::Rename { from, to } => out["rename"] = json!({ "from": from, "to": to }),
            Extra::Other(name, id) => out[*name] = self.reference_json(*id),
        }
    }

    fn reference_json(&self, id: u64) -> Value {
        let Some((index, issue)) = self.places.get(&id).and_then(|place| Some((place.0, self.issue(*place)?))) else {
            return Value::Null;
        };
        let repo = &self.repos[index];
        json!({
            "number": issue.number, "title": issue.title, "state": if issue.is_closed() { "closed" } else { "open" },
            "state_reason": issue.state_reason, "issue_type": null,
            "repository": {
                "id": repo.id, "node_id": format!("R_sim{}", repo.id), "name": repo.name(),
                "full_name": repo.full_name, "private": repo.private, "url": self.repo_url(repo),
            },
        })
    }
}

fn pull_json(repository_url: &str, html_url: &str, number: u64) -> Value {
    json!({
        "url": format!("{repository_url}/pulls/{number}"), "html_url": html_url,
        "diff_url": format!("{html_url}.diff"), "patch_url": format!("{html_url}.patch"), "merged_at": null,
    })
}

fn reactions(url: &str) -> Value {
    json!({
        "url": format!("{url}/reactions"), "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "hooray": 0,
        "confused": 0, "heart": 0, "rocket": 0, "eyes": 0,
    })
}

fn raw(value: &impl Serialize) -> Box<RawValue> {
    to_raw_value(value).expect("our own answers have string keys and finite numbers")
}
