//! A working model of GitHub's API for issues and projects.
//!
//! This file holds the state as a whole and finds out which answer a path wants; of GraphQL, `graphql` answers the
//! operations of a reader, and 404 where it is switched off. The traps the real thing has are kept: redirects after a rename, page numbers that end, 404
//! for what one may not see, entity tags that belong to a token, pull requests among the issues.

mod apps;
mod comments;
mod deeds;
mod events;
mod graphql;
mod guard;
mod handle;
mod issues;
mod listing;
mod model;
mod pages;
mod projects;
mod render;
mod switches;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use serde_json::{json, value::RawValue};

use apps::{Apps, Who};
pub use handle::{CommentSeen, Github, IssueDraft, IssueSeen};
pub(crate) use listing::{Listing, Row};
pub use model::{CommentWrite, WriteKind};
use model::{Relations, Repo, Settings, User};
use pages::{Around, Params, tagged};
pub use projects::ProjectValue;

use crate::reply::Reply;
use crate::server::Asked;
use crate::text::digest;
use crate::world::World;

/// Numbers given so far. Ids of issues and comments lie above 2^31, as the real ones do.
#[derive(Debug, Default)]
struct Ids(u64);

impl Ids {
    fn next(&mut self, base: u64) -> u64 {
        self.0 += 1;
        base + self.0
    }

    fn user(&mut self) -> u64 {
        self.next(4_000_000)
    }

    fn repo(&mut self) -> u64 {
        self.next(700_000_000)
    }

    fn milestone(&mut self) -> u64 {
        self.next(12_000_000)
    }

    fn issue(&mut self) -> u64 {
        self.next(2_900_000_000)
    }

    fn comment(&mut self) -> u64 {
        self.next(3_100_000_000)
    }

    fn event(&mut self) -> u64 {
        self.next(17_000_000_000)
    }
}

/// Calls of this hour, and comments made lately, for the limits.
#[derive(Debug, Default)]
struct Budget {
    used: u64,
    resets_at: Timestamp,
    made: VecDeque<Timestamp>,
}

/// All of GitHub.
pub(crate) struct Hub {
    /// `http://127.0.0.1:PORT/github`
    base: String,
    /// Where a hostile `next` link leads.
    foreign: String,
    ids: Ids,
    users: BTreeMap<String, User>,
    repos: Vec<Repo>,
    /// By lower-case `owner/name`.
    names: HashMap<String, usize>,
    old_names: HashMap<String, usize>,
    /// Issue id to index of its repository and number.
    places: HashMap<u64, (usize, u64)>,
    relations: Relations,
    settings: Settings,
    apps: Apps,
    budget: Budget,
    writes: Vec<CommentWrite>,
    answered: u64,
    graphql: graphql::Graphql,
    projects: Vec<projects::Project>,
    /// What only GraphQL tells of what happened.
    timeline: Vec<projects::Moment>,
    /// The organisation's own fields, by issue id and name.
    field_values: HashMap<u64, BTreeMap<String, ProjectValue>>,
    /// When the request that is answered came.
    asked_at: Timestamp,
}

impl Hub {
    pub(crate) fn new(base: String, foreign: String) -> Hub {
        Hub {
            base,
            foreign,
            ids: Ids::default(),
            users: BTreeMap::new(),
            repos: Vec::new(),
            names: HashMap::new(),
            old_names: HashMap::new(),
            places: HashMap::new(),
            relations: Relations::default(),
            settings: Settings::default(),
            apps: Apps::default(),
            budget: Budget::default(),
            writes: Vec::new(),
            answered: 0,
            graphql: graphql::Graphql::default(),
            projects: Vec::new(),
            timeline: Vec::new(),
            field_values: HashMap::new(),
            asked_at: Timestamp::UNIX_EPOCH,
        }
    }
}

/// A request whose credential was accepted.
struct Call<'a> {
    asked: &'a Asked,
    params: Params,
    now: Timestamp,
    /// Whose credential it is.
    who: Who,
    /// Lower-case login of the credential's account; empty for an App itself.
    me: String,
}

impl Call<'_> {
    fn is_read(&self) -> bool {
        matches!(self.asked.method, Method::GET | Method::HEAD)
    }
}

/// Answers a request below the base path.
pub(crate) fn answer(world: &World, asked: &Asked) -> Reply {
    let now = world.now();
    let mut hub = world.hub();
    hub.answered += 1;
    hub.asked_at = now;
    let reply = match hub.admit(asked, now) {
        Ok(who) => {
            let me = who.login().to_owned();
            hub.route(&Call { asked, params: Params::of(asked), now, who, me })
        }
        Err(refusal) => refusal,
    };
    hub.finish(asked, reply, now)
}

impl Hub {
    fn route(&mut self, call: &Call<'_>) -> Reply {
        let path: Vec<String> = call.asked.path.split('/').skip(1).map(decoded).collect();
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        if let Who::App(app) = call.who {
            return self.as_app(call, app, &parts);
        }
        match parts.as_slice() {
            ["repos", owner, name, rest @ ..] => self.by_name(call, &format!("{owner}/{name}"), rest),
            ["repositories", id, rest @ ..] => match self.repos.iter().position(|repo| repo.id.to_string() == *id) {
                Some(index) => self.repository(call, index, rest),
                None => not_found(),
            },
            ["graphql"] if call.asked.method == Method::POST => self.graphql(call),
            _ if !call.is_read() => not_found(),
            ["rate_limit"] => self.rate_limit(),
            ["meta"] => self.meta(),
            ["installation", "repositories"] => match &call.who {
                Who::Installation { owner, .. } => self.covered(call, owner),
                _ => error(
                    403,
                    "You must authenticate with an installation access token in order to list repositories for an installation.",
                ),
            },
            ["user"] | ["user", "repos"] if matches!(call.who, Who::Installation { .. }) => {
                error(403, "Resource not accessible by integration")
            }
            ["user"] => self.myself(&call.me),
            ["user", "repos"] => self.repo_list(call, None, true),
            ["orgs", owner, "repos"] => match self.org_trouble(owner) {
                Some(refusal) => refusal,
                None => self.repo_list(call, Some(owner), true),
            },
            ["users", owner, "repos"] => self.repo_list(call, Some(owner), false),
            ["users", login] => self.profile(&login.to_lowercase()),
            ["user", id] => {
                let login = self.users.values().find(|user| user.id.to_string() == *id);
                login.map(|user| user.login.to_lowercase()).map_or_else(not_found, |login| self.profile(&login))
            }
            _ => not_found(),
        }
    }

    /// A repository by its name: an old one is a redirect to its id, 301 for reads and 307 for the rest.
    fn by_name(&mut self, call: &Call<'_>, full_name: &str, rest: &[&str]) -> Reply {
        let key = full_name.to_lowercase();
        if let Some(index) = self.names.get(&key) {
            return self.repository(call, *index, rest);
        }
        let Some(repo) = self.old_names.get(&key).map(|index| &self.repos[*index]) else { return not_found() };
        if repo.hidden {
            return not_found();
        }
        let mut url = format!("{}/repositories/{}", self.base, repo.id);
        for part in rest {
            url.push('/');
            url.push_str(part);
        }
        if !call.asked.query.is_empty() {
            url.push('?');
            url.push_str(&call.asked.query);
        }
        moved(if call.is_read() { 301 } else { 307 }, url)
    }

    fn repository(&mut self, call: &Call<'_>, index: usize, rest: &[&str]) -> Reply {
        if self.repos[index].hidden || !call.who.sees(&self.repos[index]) {
            return not_found();
        }
        if let Some(refusal) = self.refuse_repository(call, index) {
            return refusal;
        }
        // A list may lag behind; an issue asked for by itself never does.
        let is_direct = matches!(rest, ["issues", number, ..] if number.parse::<u64>().is_ok());
        let lags = call.now.duration_since(self.repos[index].refreshed_at) < self.settings.list_lag;
        if is_direct || !lags {
            self.refresh(index);
            self.repos[index].refreshed_at = call.now;
        }
        let read = call.is_read();
        if let Some(refusal) = (!read).then(|| self.refuse_write(call, index)).flatten() {
            return refusal;
        }
        match rest {
            [] if read => self.repo(call, index),
            ["milestones"] if read => self.milestones(call, index),
            ["labels"] if read => self.labels(call, index),
            ["assignees"] if read => self.assignees(call),
            ["issues", ..] if !self.repos[index].has_issues => {
                error(410, "Issues has been disabled in this repository.")
            }
            ["issues"] if read => self.issue_list(call, index),
            ["issues", "comments"] if read => self.comments_of_repo(call, index),
            ["issues", "comments", id] => self.one_comment(call, index, id),
            ["issues", "events"] if read => self.events_of_repo(call, index),
            ["issues", number, rest @ ..] => match number.parse() {
                Ok(number) => self.below_issue(call, index, number, rest),
                Err(_) => not_found(),
            },
            _ => not_found(),
        }
    }

    fn below_issue(&mut self, call: &Call<'_>, index: usize, number: u64, rest: &[&str]) -> Reply {
        if let Some(away) = self.away(index, number, rest) {
            return away;
        }
        match rest {
            ["comments"] if call.asked.method == Method::POST => self.post_comment(call, index, number),
            _ if !call.is_read() => not_found(),
            [] => self.one_issue(call, index, number),
            ["comments"] => self.comments_of_issue(call, index, number),
            ["events"] => self.events_of_issue(call, index, number, false),
            ["timeline"] => self.events_of_issue(call, index, number, true),
            ["sub_issues"] => self.related(call, index, number, |relations| &relations.children),
            ["dependencies", "blocked_by"] => self.related(call, index, number, |relations| &relations.blocked_by),
            ["dependencies", "blocking"] => self.related(call, index, number, |relations| &relations.blocking),
            ["parent"] => self.parent(call, index, number),
            _ => not_found(),
        }
    }

    /// A page of a list by page number: bodies in order, which the list holds all of.
    fn page_of(&self, call: &Call<'_>, url: String, all: &[Box<RawValue>]) -> Reply {
        let offset = match call.params.offset(self.settings.page_cap) {
            Ok(offset) => offset,
            Err(refusal) => return refusal,
        };
        let per_page = call.params.per_page();
        let rows: Vec<&RawValue> = all.iter().skip(offset).take(per_page).map(|body| &**body).collect();
        let more = offset.saturating_add(per_page) < all.len();
        let around =
            Around { url, params: &call.params, page: call.params.page(), more, after: None, total: Some(all.len()) };
        let link = around.link(&self.settings, &self.foreign);
        let print = digest((rows.iter().map(|row| row.get()).collect::<Vec<_>>(), &link));
        tagged(call.asked, with_link(array(&rows), link), print)
    }

    /// `…/repositories/7/issues`, as links name a list.
    fn list_url(&self, index: usize, rest: &str) -> String {
        format!("{}/repositories/{}/{rest}", self.base, self.repos[index].id)
    }

    fn repo(&self, call: &Call<'_>, index: usize) -> Reply {
        let body = self.repo_json(&self.repos[index]).to_string();
        let print = digest(&body);
        tagged(call.asked, Reply::json_text(200, body), print)
    }

    fn repo_list(&mut self, call: &Call<'_>, owner: Option<&str>, private: bool) -> Reply {
        // Each shows how much is open in it.
        (0..self.repos.len()).for_each(|index| self.refresh(index));
        let is_wanted = |repo: &Repo| {
            let is_owners = owner.is_none_or(|owner| repo.owner().eq_ignore_ascii_case(owner));
            !repo.hidden && !repo.unlisted && is_owners && (private || !repo.private)
        };
        let found = self.repos.iter().filter(|repo| is_wanted(repo));
        let all: Vec<_> =
            found.filter_map(|repo| serde_json::value::to_raw_value(&self.repo_json(repo)).ok()).collect();
        self.page_of(call, format!("{}{}", self.base, call.asked.path), &all)
    }

    /// An Enterprise Server tells its version.
    fn meta(&self) -> Reply {
        let mut body = json!({ "verifiable_password_authentication": false });
        if let Some(version) = &self.settings.installed_version {
            body["installed_version"] = json!(version);
        }
        Reply::json(200, &body)
    }

    fn milestones(&self, call: &Call<'_>, index: usize) -> Reply {
        let repo = &self.repos[index];
        if let Some(recorded) = &repo.recorded {
            return self.page_of(call, self.list_url(index, "milestones"), &recorded.milestones());
        }
        let state = call.params.get("state").unwrap_or("open");
        let is_wanted = |closed: bool| state == "all" || closed == (state == "closed");
        let mut found: Vec<_> = repo.milestones.iter().filter(|one| is_wanted(one.closed_at.is_some())).collect();
        // Milestones without a date come last, either way.
        found.sort_by_key(|milestone| (milestone.due_on.is_none(), milestone.due_on, milestone.number));
        if call.params.get("direction") == Some("desc") {
            found.reverse();
        }
        let all: Vec<_> = found.iter().filter_map(|one| self.milestone_json(index, one.number)).collect();
        self.page_of(call, self.list_url(index, "milestones"), &all)
    }

    fn labels(&self, call: &Call<'_>, index: usize) -> Reply {
        let repo = &self.repos[index];
        let labels = repo.labels.iter().map(|label| self.label_json(repo, label));
        let all: Vec<_> = labels.filter_map(|label| serde_json::value::to_raw_value(&label).ok()).collect();
        self.page_of(call, self.list_url(index, "labels"), &all)
    }

    fn assignees(&self, call: &Call<'_>) -> Reply {
        let people = self.users.values().filter(|user| !user.bot && !user.gone);
        let all: Vec<_> = people.map(|user| user.json.clone()).collect();
        self.page_of(call, format!("{}{}", self.base, call.asked.path), &all)
    }

    fn myself(&mut self, me: &str) -> Reply {
        self.profile(me)
    }

    fn profile(&self, login: &str) -> Reply {
        let Some(user) = self.users.get(login).filter(|user| !user.gone) else { return not_found() };
        let mut body: serde_json::Value = serde_json::from_str(user.json.get()).unwrap_or_default();
        body["name"] = json!(user.name);
        body["email"] = json!(user.email);
        body["company"] = json!(null);
        body["location"] = json!(null);
        Reply::json(200, &body)
    }
}

/// Percent-decoded, as owner, repository and labels are in a path.
fn decoded(part: &str) -> String {
    if !part.contains('%') {
        return part.to_owned();
    }
    // A plus sign is no space in a path.
    let pair = format!("x={}", part.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map_or_else(String::new, |(_, value)| value.into_owned())
}

/// `[…]` of bodies that are text already.
fn array(rows: &[&RawValue]) -> Reply {
    let length: usize = rows.iter().map(|row| row.get().len() + 1).sum();
    let mut out = Vec::with_capacity(length + 2);
    out.push(b'[');
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(row.get().as_bytes());
    }
    out.push(b']');
    Reply::new(200, Bytes::from(out)).with("content-type", "application/json; charset=utf-8")
}

fn with_link(reply: Reply, link: Option<String>) -> Reply {
    match link {
        Some(link) => reply.with("link", link),
        None => reply,
    }
}

fn error(status: u16, message: &str) -> Reply {
    let body = json!({
        "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string(),
    });
    Reply::json(status, &body)
}

fn not_found() -> Reply {
    error(404, "Not Found")
}

fn moved(status: u16, url: String) -> Reply {
    let body = json!({
        "message": "Moved Permanently", "url": url, "documentation_url": "https://docs.github.com/v3/#http-redirects",
    });
    Reply::json(status, &body).with("location", url)
}
