//! GitHub's switches (credentials, permissions, limits, traps, recordings), and what tests look at afterwards.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Hub;
use super::handle::{CommentSeen, Github, IssueSeen};
use super::model::{CommentWrite, NextLink, WriteKind};
use crate::recorded::Recorded;

impl Github {
    /// Hides a repository: 404, as without permission.
    pub fn hide_repo(&self, repo: &str, hidden: bool) {
        self.with_repo(repo, |hub, index| hub.repos[index].hidden = hidden);
    }

    /// Leaves a repository out of every list of repositories, though it can still be asked for.
    pub fn unlist_repo(&self, repo: &str, unlisted: bool) {
        self.with_repo(repo, |hub, index| hub.repos[index].unlisted = unlisted);
    }

    /// Answers 403 below this repository, naming the permission that is missing. `None`: no more.
    pub fn forbid_repo(&self, repo: &str, permission: Option<&str>) {
        self.with_repo(repo, |hub, index| hub.repos[index].forbidden = permission.map(str::to_owned));
    }

    /// An owner is a person, no organisation.
    pub fn person_owner(&self, login: &str) {
        self.hub().settings.persons.insert(login.to_lowercase());
    }

    /// Puts an owner behind single sign-on; `url` is where a token is authorised. `None`: no more.
    pub fn sso_required(&self, owner: &str, url: Option<&str>) {
        let mut hub = self.hub();
        match url {
            Some(url) => hub.settings.sso_required.insert(owner.to_lowercase(), url.to_owned()),
            None => hub.settings.sso_required.remove(&owner.to_lowercase()),
        };
    }

    /// Tells scopes in each answer, as to a classic token.
    pub fn scopes(&self, scopes: Option<&str>) {
        self.hub().settings.scopes = scopes.map(str::to_owned);
    }

    /// It is an Enterprise Server of this version.
    pub fn server_version(&self, version: Option<&str>) {
        self.hub().settings.installed_version = version.map(str::to_owned);
    }

    /// Archives a repository: writes answer 403.
    pub fn archive_repo(&self, repo: &str, archived: bool) {
        self.with_repo(repo, |hub, index| hub.repos[index].archived = archived);
    }

    /// Switches issues off or on: 410 while they are off.
    pub fn issues_enabled(&self, repo: &str, on: bool) {
        self.with_repo(repo, |hub, index| hub.repos[index].has_issues = on);
    }

    /// Makes a repository public or private.
    pub fn public_repo(&self, repo: &str, public: bool) {
        self.with_repo(repo, |hub, index| hub.repos[index].private = !public);
    }

    /// Accepts this token as `login`'s; from the first on, only tokens named so are accepted.
    pub fn token(&self, token: &str, login: &str) {
        let mut hub = self.hub();
        hub.ensure_user(login);
        hub.settings.tokens.insert(token.to_owned(), login.to_owned());
        hub.settings.revoked.remove(token);
    }

    /// Refuses this token from now on: 401.
    pub fn revoke(&self, token: &str) {
        self.hub().settings.revoked.insert(token.to_owned());
    }

    /// Whose the token is while any is accepted; `gapwatch` if it is not said.
    pub fn default_user(&self, login: &str) {
        let mut hub = self.hub();
        hub.ensure_user(login);
        hub.settings.default_user = login.to_owned();
    }

    /// Says in each answer when the token expires.
    pub fn token_expires(&self, at: Option<Timestamp>) {
        self.hub().settings.token_expires_at = at;
    }

    /// Says in each answer that these organisations' results are missing (`"1,2"`).
    pub fn sso_partial(&self, organizations: Option<&str>) {
        self.hub().settings.sso_partial = organizations.map(str::to_owned);
    }

    /// The token may only read: writes answer 403 with the permission that is missing.
    pub fn read_only(&self, on: bool) {
        self.hub().settings.read_only = on;
    }

    /// Enforces so many calls an hour. `None`: none is enforced.
    pub fn hourly_limit(&self, calls: Option<u64>) {
        self.hub().settings.hourly_limit = calls;
    }

    /// Enforces GitHub's limit on new comments: 80 a minute, 500 an hour.
    pub fn content_limit(&self, on: bool) {
        self.hub().settings.content_limit = on;
    }

    /// Items that can be reached by page number; 10,000 if it is not said.
    pub fn page_cap(&self, items: u64) {
        self.hub().settings.page_cap = items;
    }

    /// Makes `rel="next"` lead to the foreign host.
    pub fn hostile_next_link(&self, on: bool) {
        self.hub().settings.next_link = if on { NextLink::Foreign } else { NextLink::Honest };
    }

    /// Makes `rel="next"` lead to the page it stands on.
    pub fn repeating_next_link(&self, on: bool) {
        self.hub().settings.next_link = if on { NextLink::Itself } else { NextLink::Honest };
    }

    /// Lets lists lag behind what has happened by up to so long.
    pub fn list_lag(&self, lag: SignedDuration) {
        self.hub().settings.list_lag = lag;
    }

    /// Lists, and single looks, show a change of an issue up to so many seconds late and out of order, by these dice; 0: at
    /// once. A read is answered by whichever replica is asked.
    pub fn lag(&self, dice: u64, secs: u64) {
        self.hub().settings.lag = (secs > 0).then_some((dice, secs));
    }

    /// A bot that answers every comment made over the wire.
    pub fn echo_bot(&self, login: Option<&str>) {
        self.hub().settings.echo_bot = login.map(str::to_owned);
    }

    /// Serves recorded bodies as this repository's issues, byte for byte.
    pub fn serve_recorded(&self, repo: &str, mut recorded: Recorded) {
        let now = self.now();
        let mut hub = self.hub();
        let index = hub.ensure_repo(repo, now);
        let repo = &mut hub.repos[index];
        recorded.next_into(&mut repo.listing);
        repo.private = false;
        repo.recorded = Some(recorded);
    }

    /// Shows the next poll of every recording, and tells how many bodies it brought; 0 at the end.
    pub fn next_poll(&self) -> usize {
        self.hub().next_poll()
    }

    /// Comments of an issue, the oldest first.
    pub fn comments(&self, repo: &str, number: u64) -> Vec<CommentSeen> {
        self.with_repo(repo, |hub, index| {
            let found = hub.repos[index].comments.values().filter(|comment| comment.issue == number);
            let seen = found.map(|comment| CommentSeen {
                id: comment.id,
                author: hub.users.get(&comment.author).map_or_else(String::new, |user| user.login.clone()),
                body: comment.body.clone(),
                created_at: comment.created_at,
                updated_at: comment.updated_at,
                edits: comment.edits,
            });
            seen.collect()
        })
    }

    /// An issue as it stands. `None`: not there.
    pub fn look(&self, repo: &str, number: u64) -> Option<IssueSeen> {
        self.with_repo(repo, |hub, index| {
            let issue = hub.issue((index, number))?;
            Some(IssueSeen {
                number,
                title: issue.title.clone(),
                body: issue.body.clone().unwrap_or_default(),
                closed: issue.is_closed(),
                assignees: issue.assignees.clone(),
                milestone: issue.milestone.and_then(|number| hub.milestone_title(index, number)),
                updated_at: issue.updated_at,
            })
        })
    }

    /// Every issue of a repository by number, pull requests left out.
    pub fn issues(&self, repo: &str) -> Vec<IssueSeen> {
        let all = |hub: &mut Hub, index: usize| -> Vec<u64> {
            hub.repos[index].issues.values().filter(|issue| !issue.pull).map(|issue| issue.number).collect()
        };
        let numbers = self.with_repo(repo, all);
        numbers.into_iter().filter_map(|number| self.look(repo, number)).collect()
    }

    /// Every write that came over the wire, the oldest first, even when its comment is gone.
    pub fn writes(&self) -> Vec<CommentWrite> {
        self.hub().writes.clone()
    }

    /// How often each hidden mark (the first HTML comment of a text) was posted in a new comment: 2 is a duplicate.
    pub fn markers(&self) -> BTreeMap<String, u32> {
        self.hub().markers()
    }
}

impl Hub {
    pub(super) fn markers(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for write in self.writes.iter().filter(|write| write.kind == WriteKind::Created) {
            if let Some(marker) = first_html_comment(&write.body) {
                *counts.entry(marker.to_owned()).or_default() += 1;
            }
        }
        counts
    }
}

fn first_html_comment(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<!--")?;
    Some(rest.split_once("-->")?.0.trim())
}
